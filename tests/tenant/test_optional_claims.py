"""Claims that a registration asks for beyond those of every token.

Source: https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from .browser import KIM, upn
from .test_claims import FABRIKAM
from .tokens import claims, ok
from .world import App, World

OF_ROBIN: dict[str, Any] = {
    "acct": 0,
    "email": upn("robin"),
    "family_name": "Marsh",
    "given_name": "Robin",
    "ipaddr": "127.0.0.1",
    "preferred_username": upn("robin"),
    "tenant_ctry": "US",
    "tenant_region_scope": "NA",
    "upn": upn("robin"),
    "verified_primary_email": [upn("robin")],
    "xms_edov": True,
    "xms_pl": "en-us",
}
# What the practice tenant knows no value of, so that it is never there.
NEVER = ("ctry", "fwd", "vnet", "ztdid", "in_corp", "onprem_sid", "pwd_exp", "verified_secondary_email", "xms_tpl")


def wanting(world: World, *names: str, version: int = 2, **shapes: list[str]) -> App:
    """Register an application that asks for claims in both kinds of token."""
    entries: list[dict[str, Any]] = [{"name": name} for name in names]
    entries += [{"name": name, "additionalProperties": properties} for name, properties in shapes.items()]
    return world.register(version=version, optionalClaims={"accessToken": entries, "idToken": entries})


class TestAUsersToken:
    @pytest.mark.parametrize("name", OF_ROBIN)
    def test_it_has_what_is_asked_for(self, world: World, name: str) -> None:
        app, without = wanting(world, name), world.register()
        for kind in ("access_token", "id_token"):
            found, plain = claims(world.tokens(app)[kind]), claims(world.tokens(without)[kind])
            assert found[name] == OF_ROBIN[name]
            assert set(found) - {name} == set(plain) - {name}

    def test_it_has_nothing_that_is_not_known_or_no_claim_at_all(self, world: World) -> None:
        answer, plain = (world.tokens(app) for app in (wanting(world, *NEVER, "nonsense", "aud"), world.register()))
        for kind in ("access_token", "id_token"):
            assert set(claims(answer[kind])) == set(claims(plain[kind]))

    def test_those_that_need_the_profile_scope(self, world: World) -> None:
        """Source: v2.0-specific optional claims set: "Requires the profile scope"."""
        names = ("family_name", "given_name", "upn")
        for version, there in ((2, False), (1, True)):
            app = wanting(world, *names, version=version)
            found = claims(world.tokens(app, scope=f"openid {app.scope}")["access_token"])
            assert {name in found for name in names} == {there}

    def test_when_and_in_which_session_they_signed_in(self, world: World) -> None:
        app = wanting(world, "auth_time", "sid", "login_hint")
        answer = world.browser().sign_in(app.asks())
        tokens = ok(world.redeem(app, answer["code"]))
        for kind in ("access_token", "id_token"):
            found = claims(tokens[kind])
            assert found["sid"] == answer["session_state"]
            assert time.time() - 60 < found["auth_time"] <= time.time()
            assert found["login_hint"].startswith("O.")
            assert upn("robin") not in found["login_hint"]
        again = claims(ok(world.refresh(app, tokens["refresh_token"]))["access_token"])
        assert (again["auth_time"], again["sid"]) == (found["auth_time"], found["sid"])

    def test_the_kind_of_token_only_where_it_is_wanted_of_users(self, world: World) -> None:
        plain, for_users = wanting(world, "idtyp"), wanting(world, idtyp=["include_user_token"])
        assert "idtyp" not in claims(world.tokens(plain)["access_token"])
        assert claims(world.tokens(for_users)["access_token"])["idtyp"] == "user"

    def test_what_the_client_says_it_can_do(self, world: World) -> None:
        """Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge"""
        app = wanting(world, "xms_cc")
        said = json.dumps({"access_token": {"xms_cc": {"values": ["cp1"]}}})
        tokens = ok(world.redeem(app, world.code(app), claims=said))
        assert claims(tokens["access_token"])["xms_cc"] == ["cp1"]
        assert "xms_cc" not in claims(world.tokens(app)["access_token"])

    def test_the_resource_decides_for_its_token_and_the_client_for_its_own(self, world: World) -> None:
        api, client = wanting(world, "acct"), wanting(world, "ipaddr")
        answer = world.tokens(client, scope=f"openid {api.scope}")
        access, identity = claims(answer["access_token"]), claims(answer["id_token"])
        assert ("acct" in access, "ipaddr" in access) == (True, False)
        assert ("acct" in identity, "ipaddr" in identity) == (False, True)


class TestAGuestsToken:
    def test_the_name_here_only_where_it_is_wanted(self, world: World) -> None:
        """Source: additional properties of upn."""
        shapes = {
            None: FABRIKAM,
            "include_externally_authenticated_upn": KIM,
            "include_externally_authenticated_upn_without_hash": KIM.replace("#", "_"),
        }
        for shape, expected in shapes.items():
            app = wanting(world, upn=[shape] if shape else [])
            assert claims(world.tokens(app, "kim")["access_token"])["upn"] == expected

    def test_they_are_guests_of_a_domain_that_is_not_the_directorys(self, world: World) -> None:
        app = wanting(world, "acct", "xms_edov", "verified_primary_email")
        found = claims(world.tokens(app, "kim")["access_token"])
        assert (found["acct"], found["xms_edov"]) == (1, False)
        assert "verified_primary_email" not in found


class TestAnApplicationsToken:
    def test_it_has_its_kind_and_no_claims_of_people(self, world: World) -> None:
        app = wanting(world, "idtyp", "acct", "email", "upn", "auth_time", "login_hint")
        found, plain = (claims(ok(world.client_credentials(each))["access_token"]) for each in (app, world.register()))
        assert found["idtyp"] == "app"
        assert set(found) - {"idtyp"} == set(plain)


class TestTheAudience:
    def test_of_version_1_as_an_id_where_that_is_wanted(self, world: World) -> None:
        """Source: additional property use_guid of aud."""
        plain, by_id = world.register(version=1), wanting(world, version=1, aud=["use_guid"])
        assert claims(ok(world.client_credentials(plain))["access_token"])["aud"] == plain.uri
        assert claims(ok(world.client_credentials(by_id))["access_token"])["aud"] == by_id.client_id


class TestTheRegistration:
    @pytest.mark.parametrize(
        "wrong",
        [
            "email",
            [],
            {"accessToken": {}},
            {"accessToken": ["email"]},
            {"accessToken": [{}]},
            {"accessToken": [{"name": 7}]},
            {"accessToken": [{"name": "email", "additionalProperties": "all"}]},
            {"refreshToken": []},
        ],
    )
    def test_graph_refuses_what_is_none(self, world: World, wrong: Any) -> None:
        app = world.register()
        answer = world.graph("PATCH", f"/applications/{app.object_id}", json={"optionalClaims": wrong})
        assert answer.status_code == 400

    def test_graph_gives_it_back_whole(self, world: World) -> None:
        app = world.register(optionalClaims={"idToken": [{"name": "email"}]})
        kept = world.graph("GET", f"/applications/{app.object_id}").json()["optionalClaims"]
        entry: dict[str, Any] = {"name": "email", "source": None, "essential": False, "additionalProperties": []}
        assert kept == {"idToken": [entry], "accessToken": [], "saml2Token": []}
