"""The claims of tokens: their members against published and recorded ones, and what they say of whom."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid

import jwt
import pytest

from .browser import KIM, upn
from .credentials import base64url
from .process import GRAPH, LOGIN
from .tokens import claims, ok, verified
from .world import GRAPH_APP, App, World, scope_entry

USER_READ = f"{GRAPH}/User.Read"
MEMBER, GUEST = "b79fbf4d-3ef9-4689-8143-76b194e85509", "13bd1c72-6f4a-4dcf-985f-18d3b80f208a"
ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
FABRIKAM = "kim@fabrikam.example"

# Member sets, each with where it was published.
# [CAP] an app-only token of a v2 resource, captured 2026-08-13: it has no idtyp and no scp.
APP_V2 = {
    *("aio", "aud", "azp", "azpacr", "exp", "iat", "iss", "nbf", "oid", "rh", "sub", "tid", "uti", "ver"),
    "xms_ftd",
}
# [DOC] access-token-claims-reference: version 1.0 names the client appid; idp [REC] in recorded app-only tokens.
APP_V1 = (APP_V2 - {"azp", "azpacr"}) | {"appid", "appidacr", "idp"}
# [DOC] access-token-claims-reference: what version 2.0 says of a user unless it is configured.
USER_V2 = APP_V2 | {"name", "preferred_username", "scp"}
# [DOC] "Payload claims" of version 1.0 and v1.0-specific optional claims, which version 1.0 always has.
USER_V1 = (APP_V2 - {"azp", "azpacr"}) | {
    *("acr", "amr", "appid", "appidacr", "family_name", "given_name", "ipaddr", "name", "scp", "unique_name", "upn"),
}
# [DOC] https://learn.microsoft.com/entra/external-id/user-token: a guest who came from another directory.
# given_name and family_name are there because the practice tenant knows them of Kim.
GUEST_V1 = (USER_V1 - {"upn"}) | {"altsecid", "email", "idp"}
# [REC] a user's token for Microsoft Graph of 2026-02, without the opaque xms_acd, xms_act_fct, xms_idrel, xms_sub_fct,
# xms_tnt_fct, xms_rd and xms_pftexp, which nobody outside Microsoft can read.
GRAPH_USER = USER_V1 | {
    *("acct", "app_displayname", "idtyp", "platf", "puid", "sid", "tenant_region_scope", "wids", "xms_st", "xms_tcdt"),
}
# [REC] an app-only token for Microsoft Graph of 2026-03, without the same.
GRAPH_APP_ONLY = APP_V1 | {"app_displayname", "idtyp", "tenant_region_scope", "wids", "xms_tcdt"}
# [DOC] id-token-claims-reference; sid and rh [REC].
ID_TOKEN = {*("aio", "aud", "exp", "iat", "iss", "nbf", "rh", "sid", "sub", "tid", "uti", "ver")}


def account(client_info: str) -> dict[str, str]:
    """Return what MSAL reads of an account."""
    return dict(json.loads(base64.urlsafe_b64decode(client_info + "==")))


@pytest.fixture(scope="module")
def keys(world: World) -> jwt.PyJWKSet:
    """The tenant's keys, as any client gets them."""
    return jwt.PyJWKSet.from_dict(world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json())


class TestMembers:
    def test_a_user_at_a_v2_resource(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        token = world.tokens(app, "robin")["access_token"]
        assert list(jwt.get_unverified_header(token)) == ["typ", "alg", "kid"]
        found = verified(keys, token, app.client_id)
        assert set(found) == USER_V2
        assert found["iss"] == f"{LOGIN}/{world.tenant.id}/v2.0"
        assert (found["tid"], found["ver"], found["scp"]) == (world.tenant.id, "2.0", "access")
        assert (found["azp"], found["azpacr"]) == (app.client_id, "1")
        assert (found["name"], found["preferred_username"]) == ("Robin Marsh", upn("robin"))
        assert list(found) == sorted(found)

    def test_a_user_at_a_v1_resource(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register(version=1)
        token = world.tokens(app, "robin")["access_token"]
        header = jwt.get_unverified_header(token)
        assert list(header) == ["typ", "alg", "x5t", "kid"]
        assert header["x5t"] == header["kid"]
        found = verified(keys, token, app.uri)
        assert set(found) == USER_V1
        assert found["iss"] == f"https://sts.windows.net/{world.tenant.id}/"
        assert (found["appid"], found["appidacr"], found["ver"]) == (app.client_id, "1", "1.0")
        assert found["upn"] == found["unique_name"] == upn("robin")
        assert (found["given_name"], found["family_name"]) == ("Robin", "Marsh")

    def test_an_application_at_a_v2_resource(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        found = verified(keys, ok(world.client_credentials(app))["access_token"], app.client_id)
        assert set(found) == APP_V2
        assert found["sub"] == found["oid"] == app.principal_id
        assert (found["azp"], found["azpacr"], found["ver"]) == (app.client_id, "1", "2.0")

    def test_an_application_at_a_v1_resource(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register(version=1)
        found = verified(keys, ok(world.client_credentials(app))["access_token"], app.uri)
        assert set(found) == APP_V1
        assert found["iss"] == found["idp"] == f"https://sts.windows.net/{world.tenant.id}/"

    def test_a_user_at_microsoft_graph(self, world: World) -> None:
        app = world.register("Reader")
        answer = world.tokens(app, scope=f"openid profile {USER_READ}")
        found = claims(answer["access_token"])
        assert set(found) == GRAPH_USER
        assert (found["ver"], found["app_displayname"], found["idtyp"], found["acct"]) == ("1.0", "Reader", "user", 0)
        assert set(found["scp"].split()) == {"User.Read", "openid", "profile"}
        assert found["wids"] == [MEMBER]
        identity = claims(answer["id_token"])
        assert (found["xms_st"], found["sid"]) == ({"sub": identity["sub"]}, identity["sid"])

    def test_an_application_at_microsoft_graph(self, world: World, app: App) -> None:
        found = claims(ok(world.client_credentials(app, f"{GRAPH}/.default"))["access_token"])
        assert set(found) == GRAPH_APP_ONLY
        assert (found["idtyp"], found["ver"], found["sub"]) == ("app", "1.0", found["oid"])

    def test_an_id_token(self, world: World, app: App, keys: jwt.PyJWKSet) -> None:
        token = world.tokens(app, scope=f"openid profile email {app.scope}", nonce="n")["id_token"]
        assert list(jwt.get_unverified_header(token)) == ["typ", "alg", "kid"]
        found = verified(keys, token, app.client_id)
        assert set(found) == ID_TOKEN | {"name", "oid", "preferred_username", "email", "nonce"}
        assert (found["iss"], found["ver"]) == (f"{LOGIN}/{world.tenant.id}/v2.0", "2.0")
        assert found["email"] == found["preferred_username"] == upn("robin")

    def test_an_id_token_says_no_more_than_was_asked(self, world: World, app: App) -> None:
        """Source: "The profile scope is required to receive this claim", of oid, name and preferred_username."""
        assert set(claims(world.tokens(app, scope=f"openid {app.scope}")["id_token"])) == ID_TOKEN


class TestGuests:
    def test_a_v1_token_says_where_they_come_from_and_has_no_upn(self, world: World) -> None:
        found = claims(world.tokens(world.register(version=1), "kim")["access_token"])
        assert set(found) == GUEST_V1
        home = found["idp"].removeprefix("https://sts.windows.net/").removesuffix("/")
        assert str(uuid.UUID(home)) == home != world.tenant.id
        assert (found["unique_name"], found["email"], found["tid"]) == (FABRIKAM, FABRIKAM, world.tenant.id)
        assert found["altsecid"].startswith("5::")

    def test_other_tokens_too(self, world: World, app: App) -> None:
        answer = world.tokens(app, "kim")
        access, identity = claims(answer["access_token"]), claims(answer["id_token"])
        assert set(access) == USER_V2 | {"email", "idp"}
        assert set(identity) == ID_TOKEN | {"name", "oid", "preferred_username", "email", "idp"}
        for found in (access, identity):
            assert (found["preferred_username"], found["email"]) == (FABRIKAM, FABRIKAM)
            assert found["tid"] == world.tenant.id not in found["idp"]

    def test_graph_tells_them_from_members(self, world: World) -> None:
        found = claims(world.tokens(world.register(), "kim", scope=f"openid {USER_READ}")["access_token"])
        assert (found["acct"], found["wids"]) == (1, [GUEST])

    def test_the_account_is_that_of_home(self, world: World, app: App) -> None:
        """Source: MSAL's home account id; two directories' tokens of one guest belong to one account."""
        first = ok(world.redeem(app, world.code(app, "kim"), client_info="1"))["client_info"]
        again = ok(world.redeem(app, world.code(app, KIM), client_info="1"))["client_info"]
        assert first == again
        info = account(first)
        assert info["utid"] in claims(world.tokens(app, "kim")["access_token"])["idp"]
        assert info["uid"] != world.user_id(KIM)


class TestValues:
    @pytest.mark.parametrize("version", [1, None])
    def test_an_unset_version_is_1(self, world: World, version: int | None) -> None:
        app = world.register()
        world.change(app, api={"requestedAccessTokenVersion": version})
        assert claims(ok(world.client_credentials(app))["access_token"])["ver"] == "1.0"

    def test_a_v1_audience_is_what_the_client_wrote_and_a_v2_one_the_id(self, world: World) -> None:
        one, two = world.register(version=1), world.register(version=2)
        for app, by_uri in ((one, one.uri), (two, two.client_id)):
            for prefix, audience in ((app.uri, by_uri), (app.client_id, app.client_id)):
                token = ok(world.client_credentials(app, f"{prefix}/.default"))["access_token"]
                assert claims(token)["aud"] == audience

    def test_times(self, world: World, app: App) -> None:
        answer = world.tokens(app)
        found = claims(answer["access_token"])
        assert found["nbf"] == found["iat"]
        assert time.time() - 360 < found["iat"] < time.time() - 240
        assert found["exp"] - found["iat"] == answer["expires_in"] + 300
        assert all(type(found[name]) is int for name in ("iat", "nbf", "exp"))

    def test_sub_is_pairwise_and_oid_is_not(self, world: World) -> None:
        one, two = world.register(), world.register()
        first, again, second = (claims(world.tokens(app)["access_token"]) for app in (one, one, two))
        assert first["oid"] == second["oid"]
        assert first["sub"] == again["sub"] != second["sub"]
        assert claims(world.tokens(one)["id_token"])["sub"] == first["sub"]

    def test_all_that_is_granted_of_the_resource_is_in_scp(self, world: World) -> None:
        app = world.register(scopes=[scope_entry("other")])
        world.tokens(app, scope=f"openid {app.scope} {app.uri}/other")
        answer = world.tokens(app, scope=f"openid {app.scope}")
        assert claims(answer["access_token"])["scp"].split() == ["access", "other"]
        assert answer["scope"].split() == [app.scope, f"{app.uri}/other"]

    def test_a_scope_in_other_letters_is_the_same(self, world: World, app: App) -> None:
        answer = world.tokens(app, scope=f"openid {app.uri}/ACCESS")
        assert claims(answer["access_token"])["scp"] == "access"

    def test_sid_is_the_session_state_of_the_answer(self, world: World, app: App) -> None:
        answer = world.browser().sign_in(app.asks())
        tokens = ok(world.redeem(app, answer["code"]))
        assert claims(tokens["id_token"])["sid"] == answer["session_state"]

    def test_the_issuer_follows_the_cloud_and_the_direct_listener(self, world: World, app: App) -> None:
        us = "https://login.microsoftonline.us"
        assert claims(ok(world.client_credentials(app, host=us))["access_token"])["iss"].startswith(us + "/")
        alias = ok(world.client_credentials(app, host="https://login.windows.net"))
        assert claims(alias["access_token"])["iss"].startswith(LOGIN + "/")
        form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.secret}
        with world.tenant.direct() as http:
            answer = http.post(
                f"/{world.tenant.id}/oauth2/v2.0/token", data=form | {"scope": f"{app.client_id}/.default"}
            )
        expected = f"{world.tenant.said['https']}/{world.tenant.id}/v2.0"
        assert claims(ok(answer)["access_token"])["iss"] == expected


class TestGraphsToken:
    def test_its_signature_is_over_the_hash_of_its_nonce(self, world: World, keys: jwt.PyJWKSet) -> None:
        app = world.register()
        token = world.tokens(app, scope=f"openid {USER_READ}")["access_token"]
        header = jwt.get_unverified_header(token)
        assert list(header) == ["typ", "alg", "nonce", "x5t", "kid"]
        with pytest.raises(jwt.InvalidSignatureError):
            verified(keys, token, GRAPH)
        signed_nonce = base64url(hashlib.sha256(header["nonce"].encode()).digest())
        signed_header = base64url(json.dumps(header | {"nonce": signed_nonce}, separators=(",", ":")).encode())
        verified(keys, f"{signed_header}{token[token.index('.') :]}", GRAPH)
        assert world.graph("GET", "/me", token).status_code == 200

    def test_openid_scopes_alone_are_graphs(self, world: World) -> None:
        answer = world.tokens(world.register(), scope="openid profile")
        assert claims(answer["access_token"])["aud"] in (GRAPH, GRAPH_APP)
        assert set(claims(answer["access_token"])["scp"].split()) == {"openid", "profile"}
