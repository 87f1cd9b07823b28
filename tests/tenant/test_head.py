"""What stands in the head of the identity platform's answers, as it was recorded.

Sources: recordings of the Azure SDKs, 2021 and 2022; logs of azure-identity, 2025 and 2026; an answer to msal.js of
2024-10-10.
"""

from __future__ import annotations

import uuid

import httpx
import pytest

from .process import LOGIN
from .world import App, World, is_guid

JSON = "application/json; charset=utf-8"
EVERY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "p3p": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    "x-ms-srs": "1.P",
    "x-xss-protection": "0",
}


def answers(world: World, app: App) -> dict[str, httpx.Response]:
    home = f"{LOGIN}/{world.tenant.id}"
    return {
        "metadata": world.http.get(f"{home}/v2.0/.well-known/openid-configuration"),
        "keys": world.http.get(f"{home}/discovery/v2.0/keys"),
        "token": world.client_credentials(app),
        "refusal": world.client_credentials(app, client_secret="wrong"),
        "device code": world.http.post(
            f"{home}/oauth2/v2.0/devicecode", data={"client_id": app.client_id, "scope": app.scope}
        ),
        "page": world.http.get(f"{home}/oauth2/v2.0/authorize", params=app.asks()),
        "error page": world.http.get(f"{home}/oauth2/v2.0/authorize", params=app.asks(client_id=str(uuid.uuid4()))),
        "redirect": world.http.get(f"{home}/oauth2/v2.0/authorize", params=app.asks(prompt="none")),
    }


def test_every_answer_says_who_gave_it_and_under_which_id(world: World, app: App) -> None:
    found = answers(world, app)
    for what, answer in found.items():
        assert {name: answer.headers.get(name) for name in EVERY} == EVERY, what
        assert "PRACTICE" in answer.headers["x-ms-ests-server"]
        assert is_guid(answer.headers["x-ms-request-id"])
    assert len({answer.headers["x-ms-request-id"] for answer in found.values()}) == len(found)
    assert found["refusal"].json()["trace_id"] == found["refusal"].headers["x-ms-request-id"]


def test_json_names_its_charset(world: World, app: App) -> None:
    found = answers(world, app)
    for what in ("metadata", "keys", "token", "refusal", "device code"):
        assert found[what].headers["content-type"] == JSON


def test_a_script_may_read_the_metadata(world: World, app: App) -> None:
    for what in ("metadata", "keys"):
        assert answers(world, app)[what].headers["access-control-allow-methods"] == "GET, OPTIONS"


def test_the_trace_id_is_not_the_correlation_id(world: World, app: App) -> None:
    told = world.client_credentials(app, client_secret="wrong").json()
    assert is_guid(told["correlation_id"])
    assert told["correlation_id"] != told["trace_id"]


class TestTheClientsOwnId:
    """Source: pull request 6070 of AzureAD/microsoft-authentication-library-for-dotnet."""

    OWN = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

    @pytest.mark.parametrize("secret", [None, "wrong"])
    def test_it_comes_back_where_the_client_asks_for_that(self, world: World, app: App, secret: str | None) -> None:
        changes = {} if secret is None else {"client_secret": secret}
        headers = {"client-request-id": self.OWN.upper(), "return-client-request-id": "True"}
        answer = world.client_credentials(app, headers=headers, **changes)
        assert answer.headers["client-request-id"] == self.OWN
        assert answer.headers["x-ms-request-id"] != self.OWN

    def test_it_may_stand_in_the_query(self, world: World) -> None:
        where = f"{LOGIN}/common/v2.0/.well-known/openid-configuration"
        query = {"client-request-id": self.OWN, "return-client-request-id": "true"}
        assert world.http.get(where, params=query).headers["client-request-id"] == self.OWN

    @pytest.mark.parametrize(
        "headers",
        [
            {"client-request-id": OWN},
            {"client-request-id": OWN, "return-client-request-id": "false"},
            {"return-client-request-id": "true"},
            {"client-request-id": "a line\tof text", "return-client-request-id": "true"},
        ],
    )
    def test_else_it_does_not(self, world: World, app: App, headers: dict[str, str]) -> None:
        assert "client-request-id" not in world.client_credentials(app, headers=headers).headers

    def test_in_the_form_it_is_not_looked_at(self, world: World, app: App) -> None:
        """Source: pull request 7385 of AzureAD/microsoft-authentication-library-for-js."""
        answer = world.client_credentials(app, client_secret="wrong", **{"client-request-id": self.OWN})
        assert answer.json()["correlation_id"] != self.OWN


def test_a_script_may_read_the_ids_of_its_answer(world: World) -> None:
    page = world.register(platform="spa", redirects=["https://page.example/"])
    answer = world.refresh(page, "nonsense", headers={"Origin": "https://page.example"})
    exposed = answer.headers["access-control-expose-headers"].split(",")
    assert {"x-ms-request-id", "x-ms-srs"} <= set(exposed)
