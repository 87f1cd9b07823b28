"""A code or a refresh token counts once. Shown twice, it ends what came of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from workshop.servers import families
from workshop.servers.families import TokenFamilies

from .conftest import Entra
from .raw_client import RawClient, raw_client


@pytest.fixture(scope="module")
def client(entra: Entra) -> Iterator[RawClient]:
    with raw_client(entra) as made:
        yield made


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a client that repeats itself always be too late."""
    monkeypatch.setattr(families, "REPEAT_SECONDS", 0.001)


def test_a_sign_in_goes_on_from_refresh_to_refresh(client: RawClient) -> None:
    tokens = client.tokens()
    for _ in range(3):
        assert client.call(tokens["access_token"]) == 200
        answer = client.refresh(tokens["refresh_token"])
        assert answer.status_code == 200
        tokens = answer.json()


@pytest.mark.usefixtures("later")
def test_a_spent_refresh_token_ends_the_family(client: RawClient) -> None:
    """RFC 9700 section 4.14.2: nobody knows whether the thief or the client came first."""
    first = client.tokens()
    second = client.refresh(first["refresh_token"]).json()
    third = client.refresh(second["refresh_token"]).json()
    again = client.refresh(first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")
    assert [client.call(tokens["access_token"]) for tokens in (first, second, third)] == [401, 401, 401]
    assert client.refresh(third["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.usefixtures("later")
def test_it_ends_no_other_family(client: RawClient) -> None:
    kept, lost = client.tokens(), client.tokens()
    client.refresh(lost["refresh_token"])
    assert client.refresh(lost["refresh_token"]).status_code == 401
    assert client.call(kept["access_token"]) == 200
    assert client.refresh(kept["refresh_token"]).status_code == 200


def test_a_client_whose_answer_was_lost_gets_it_once_more(client: RawClient) -> None:
    tokens = client.tokens()
    lost = client.refresh(tokens["refresh_token"]).json()
    again = client.refresh(tokens["refresh_token"])
    assert (again.status_code, again.json()) == (200, lost)
    assert client.call(lost["access_token"]) == 200
    goes_on = client.refresh(lost["refresh_token"])
    assert goes_on.status_code == 200
    assert client.refresh(tokens["refresh_token"]).status_code == 401, "once means once"
    assert client.call(goes_on.json()["access_token"]) == 401


def test_it_was_not_lost_if_it_was_used(client: RawClient) -> None:
    tokens = client.tokens()
    used = client.refresh(tokens["refresh_token"]).json()
    last = client.refresh(used["refresh_token"]).json()
    assert client.refresh(tokens["refresh_token"]).status_code == 401
    assert client.call(last["access_token"]) == 401


def test_two_windows_that_refresh_at_the_same_time_both_go_on(client: RawClient) -> None:
    tokens = client.tokens()
    with ThreadPoolExecutor(2) as windows:
        both = list(windows.map(lambda _: client.refresh(tokens["refresh_token"]), range(2)))
    assert [answer.status_code for answer in both] == [200, 200]
    assert both[0].json() == both[1].json()
    assert client.call(both[0].json()["access_token"]) == 200


def test_another_client_gets_nothing_for_it_and_ends_nothing(client: RawClient) -> None:
    tokens = client.tokens()
    spent = tokens["refresh_token"]
    tokens = client.refresh(spent).json()
    other = client.another()
    for stolen in (spent, tokens["refresh_token"]):
        assert other.refresh(stolen).json()["error"] == "invalid_grant"
        assert other.refresh(stolen, client_id=client.client_id + "x").status_code == 401
    assert client.call(tokens["access_token"]) == 200


def test_a_code_that_is_shown_twice_ends_what_it_yielded(client: RawClient) -> None:
    """RFC 6749 section 4.1.2."""
    code = client.code()
    tokens = client.redeem(code).json()
    tokens = client.refresh(tokens["refresh_token"]).json()
    assert client.call(tokens["access_token"]) == 200
    again = client.redeem(code)
    assert (again.status_code, again.json()["error"]) == (401, "invalid_grant")
    assert client.call(tokens["access_token"]) == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_of_two_who_redeem_a_code_at_the_same_time_none_keeps_tokens(client: RawClient) -> None:
    code = client.code()
    with ThreadPoolExecutor(2) as racers:
        both = list(racers.map(lambda _: client.redeem(code), range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 401]
    won = next(answer for answer in both if answer.status_code == 200)
    assert client.call(won.json()["access_token"]) == 401


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_a_token_is_given_back(client: RawClient, which: str) -> None:
    """RFC 7009: with the token its whole family; a stranger gives back nothing."""
    offered = client.get("/.well-known/oauth-authorization-server").json()
    assert offered["revocation_endpoint"] == f"{client.server.base_url}/revoke"
    tokens = client.tokens()
    assert client.another().revoke(tokens[which]).status_code == 200
    assert client.call(tokens["access_token"]) == 200, "not by another client"
    assert client.revoke(tokens[which]).status_code == 200
    assert client.call(tokens["access_token"]) == 401
    assert client.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"
    assert client.revoke(tokens[which]).status_code == 200, "nor is it an error to do it twice"


def test_no_part_of_it_lives_a_year(entra: Entra, tmp_path: Path) -> None:
    """A sign-in ends after 14 days, and nothing of it is kept for longer; of a client in use something is."""
    with raw_client(entra, storage=str(tmp_path / "kept")) as client:
        tokens = client.tokens()
        client.refresh(tokens["refresh_token"])
        proxy: Any = client.server.auth
        assert isinstance(proxy, TokenFamilies)
        payload = proxy.jwt_issuer.verify_token(tokens["refresh_token"], expected_token_use="refresh")
        assert payload["exp"] - payload["iat"] == 14 * 86_400
    ends = {path: json.loads(path.read_text()).get("expires_at") for path in tmp_path.glob("kept/*/*.json")}
    assert len(ends) > 5
    assert None not in ends.values()
    latest = datetime.now(UTC) + timedelta(days=14, minutes=1)
    longer = {path.parent.name for path, at in ends.items() if datetime.fromisoformat(at) > latest}
    assert {re.sub(r"\W", "_", name).startswith("S_mcp_oauth_proxy_cl") for name in longer} == {True}, longer
