"""A token: what a server would refuse in it."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from server_help import serving

from workshop import tokens
from workshop.diagnosis import Expected, diagnose
from workshop.servers import preauthorized
from workshop.servers.preauthorized_settings import PreauthorizedSettings

from .conftest import Entra

NOW = 1_800_000_000.0
TENANT = "22222222-2222-2222-2222-222222222222"
CLIENT = "11111111-1111-1111-1111-111111111111"
EXPECTED = Expected(TENANT, CLIENT, ("read",))
RIGHT: dict[str, Any] = {
    "aud": CLIENT, "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0", "ver": "2.0", "tid": TENANT,
    "oid": "o", "sub": "s", "azp": "a", "scp": "read write",
    "iat": int(NOW) - 300, "nbf": int(NOW) - 300, "exp": int(NOW) + 3600,
}  # fmt: skip


def token(header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in (RIGHT | changes).items() if value is not None}
    return jwt.encode(claims, "k" * 32, algorithm="HS256", headers=header)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (token(), ()),
        (token(iss=f"https://sts.windows.net/{TENANT}/", ver="1.0", aud=f"api://{CLIENT}"), ("token-version-1",)),
        (token({"nonce": "n"}, aud="https://graph.microsoft.com", iss="https://sts.windows.net/t/"), ("graphs-token",)),
        (token(exp=int(NOW) - 60), ("token-expired",)),
        (token(nbf=int(NOW) + 900, iat=int(NOW) + 900, exp=int(NOW) + 9000), ("token-from-the-future",)),
        (token(nbf=int(NOW) + 25), ()),
        (token(nbf=int(NOW) + 35), ("token-from-the-future",)),
        (token(iat=int(NOW) + 295), ()),
        (token(iat=int(NOW) + 305), ("token-from-the-future",)),
        (token(aud="other"), ("token-for-another-api",)),
        (token(aud=["other", CLIENT]), ()),
        (token(scope="nothing"), ("required-scope-missing",)),
        (token(scp="write"), ("required-scope-missing",)),
        (token(scp=None, sub="o"), ("app-only-token",)),
        (token(scp=None, preferred_username="r"), ("id-token-instead",)),
        (token(tid="33333333-3333-3333-3333-333333333333"), ("token-from-another-issuer",)),
        (token(_claim_names={"groups": "src1"}), ("groups-overage",)),
        (token(iss="https://login.microsoftonline.com/organizations/v2.0"), ("token-refused",)),
    ],
)
def test_what_is_found(text: str, names: tuple[str, ...]) -> None:
    said = diagnose(f"Bearer {text}", expected=EXPECTED, now=NOW)
    assert said.names == names
    assert text not in said.text()
    assert "signature was not looked at" in said.text()


def test_a_scope_required_by_its_long_name() -> None:
    expected = Expected(TENANT, CLIENT, (f"api://{CLIENT}/read",))
    assert diagnose(token(), expected=expected, now=NOW).names == ("required-scope-by-its-long-name",)


def test_without_a_server_to_hold_it_against() -> None:
    assert diagnose(token(aud="other", scp="x"), now=NOW).names == ()


def test_what_is_no_token() -> None:
    said = diagnose("eyJhbGciOi.eyJhbGciOi.x", now=NOW)
    assert said.exit_code == 2


def test_hostile_claims_do_no_harm() -> None:
    strange: dict[str, Any] = {"exp": 10**400, "nbf": [], "aud": {}, "scp": 5, "_claim_names": 3, "iss": None}
    assert diagnose(token(**strange), expected=EXPECTED, now=NOW).exit_code in (0, 1)


def test_what_a_server_said_of_a_token(entra: Entra) -> None:
    told = PreauthorizedSettings(entra.app.client_id, entra.tenant.id, required_scopes=("access",))
    good = entra.world.tokens(entra.app)["access_token"]
    graphs = entra.world.tokens(entra.app, scope="openid https://graph.microsoft.com/User.Read")["access_token"]
    old = entra.world.tokens(entra.world.register("Version 1", version=1))["access_token"]
    with serving(lambda url: preauthorized.build(url, told), name="verified") as server:
        assert diagnose(tokens.verify(good, server)).names == ()
        assert diagnose(tokens.verify(good, server, changed={"scp": "other"})).names == (
            "signature-not-verified",
            "required-scope-missing",
        )
        assert diagnose(tokens.verify(graphs, server)).names == ("graphs-token",)
        assert diagnose(tokens.verify(old, server)).names == ("token-version-1",)
