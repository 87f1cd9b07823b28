"""Who may register, with what, for how long; and that the browser is sent nowhere else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop.servers.redirects import KNOWN_CLIENTS
from workshop.servers.registrations import LONGEST_NAME, MOST_URIS, is_same

from .conftest import Entra
from .known_clients import CLIENTS, KnownClient
from .raw_client import REDIRECT, RawClient, raw_client

EVIL = "https://evil.example/x"


@pytest.fixture(scope="module")
def client(entra: Entra) -> Iterator[RawClient]:
    """A client of a server as it is by default."""
    with raw_client(entra, consent=True) as made:
        yield made


@pytest.fixture(scope="module")
def anywhere(entra: Entra) -> Iterator[RawClient]:
    """A client of a server whose owner has written down that clients may be anywhere."""
    with raw_client(entra, consent=True, allowed_client_redirect_uris=("*",)) as made:
        yield made


def goes_on(answer: httpx.Response, client: RawClient) -> bool:
    """Say whether an authorization request leads to the proxy's own consent page."""
    return answer.status_code == 302 and answer.headers["location"].startswith(f"{client.server.base_url}/consent?")


def lets_in(client: RawClient, known: KnownClient) -> bool:
    """Say whether a known client comes as far as the consent page."""
    answer = client.post("/register", json=known.body)
    if answer.status_code != 201:
        assert answer.json()["error"] == "invalid_redirect_uri"
        return False
    asked = client.authorize(client_id=answer.json()["client_id"], redirect_uri=known.returns_to)
    assert goes_on(asked, client), asked.text
    return True


@pytest.mark.parametrize("known", CLIENTS, ids=lambda known: known.name)
def test_the_clients_people_use(client: RawClient, known: KnownClient) -> None:
    assert lets_in(client, known) == (not known.setting)


@pytest.mark.parametrize("name", KNOWN_CLIENTS)
def test_each_of_the_others_by_one_setting(entra: Entra, name: str) -> None:
    with raw_client(entra, consent=True, known_clients=(name,)) as client:
        for known in CLIENTS:
            assert lets_in(client, known) == (known.setting in ("", name)), known.name
        # A neighbour of theirs is no client of theirs.
        for pattern in KNOWN_CLIENTS[name]:
            for other in (
                pattern.replace("://", "://evil."),
                pattern.replace("/oauth", "/evil").replace("/redirect", "/"),
            ):
                if other not in KNOWN_CLIENTS[name]:
                    refused = client.post("/register", json={"redirect_uris": [other.replace("*", "x")]})
                    assert refused.status_code == 400, other


@pytest.mark.parametrize(
    "uri", [EVIL, "search-ms:query=x", "http://evil.example/", "ms-word:ofe|u|https://evil.example"]
)
@pytest.mark.parametrize("response_type", ["code", "token"])
def test_nobody_is_sent_away_without_signing_in(
    client: RawClient, anywhere: RawClient, entra: Entra, uri: str, response_type: str
) -> None:
    """RFC 9700 section 4.11.2: with the id of the app itself, which anybody can read in the address of Entra's page."""
    for server in (client, anywhere):
        for client_id in (entra.app.client_id, server.client_id):
            for more in ({}, {"code_challenge": ""}, {"scope": "nothing"}, {"code_challenge_method": "plain"}):
                asked = server.authorize(client_id=client_id, redirect_uri=uri, response_type=response_type, **more)
                assert asked.status_code == 400, asked.headers


def test_the_apps_own_id_is_taken_from_a_client_on_the_list(entra: Entra, client: RawClient) -> None:
    """Some clients are given it by hand, and don't register (claude.ai)."""
    assert goes_on(client.authorize(client_id=entra.app.client_id), client)
    callback = KNOWN_CLIENTS["claude"][0]
    assert client.authorize(client_id=entra.app.client_id, redirect_uri=callback).status_code == 400
    with raw_client(entra, consent=True, known_clients=("claude",)) as other:
        assert goes_on(other.authorize(client_id=entra.app.client_id, redirect_uri=callback), other)


@pytest.mark.parametrize(
    ("uri", "goes"),
    [
        (REDIRECT, True),
        (REDIRECT.replace("5555", "6666"), True),  # RFC 8252 section 7.3: the port of a loopback address is free
        (REDIRECT + "/", False),
        (REDIRECT + "?more=1", False),
        (REDIRECT.replace("callback", "other"), False),
        (REDIRECT.replace("localhost", "127.0.0.1"), False),
        (REDIRECT.replace("localhost", "127.0.0.2"), False),
        (REDIRECT.replace("localhost", "robin@localhost"), False),
        (REDIRECT.replace("http", "https"), False),
        ("https://vscode.dev/redirect", False),
        ("https://insiders.vscode.dev/redirect", False),
        ("http://[::1]:5555/callback", False),
        (EVIL, False),
    ],
)
def test_a_client_is_sent_where_it_registered(client: RawClient, anywhere: RawClient, uri: str, goes: bool) -> None:
    """With a list, which lets others be sent elsewhere, and without one."""
    for server in (client, anywhere):
        assert goes_on(server.authorize(redirect_uri=uri), server) == goes


def test_whoever_writes_down_a_star_gets_what_was_before(anywhere: RawClient) -> None:
    answer = anywhere.post("/register", json={"redirect_uris": [EVIL]})
    assert answer.status_code == 201
    asked = anywhere.authorize(client_id=answer.json()["client_id"], redirect_uri=EVIL)
    assert goes_on(asked, anywhere)


PLACES = st.tuples(
    st.sampled_from(("http", "https")),
    st.sampled_from(("localhost", "127.0.0.1", "[::1]", "a.example", "127.0.0.1.a.example", "localhost.a.example")),
    st.sampled_from(("", ":8000", ":8001")),
    st.sampled_from(("/", "/callback", "/callback/", "/Callback", "/callback?a=1", "/callback?a=2")),
)


@given(PLACES, PLACES)
def test_two_addresses_are_the_same_only_to_the_letter(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str]
) -> None:
    free = one[0] == "http" and one[1] in ("localhost", "127.0.0.1", "[::1]")
    same = one == other or (free and (*one[:2], one[3]) == (*other[:2], other[3]))
    assert is_same("{}://{}{}{}".format(*one), "{}://{}{}{}".format(*other)) == same


# --- what may be said of a client ---


@pytest.mark.parametrize(
    "body",
    [
        {"client_name": "x" * (LONGEST_NAME + 1)},
        {"redirect_uris": [f"http://localhost:{port}/" for port in range(1, MOST_URIS + 2)]},
        {"redirect_uris": ["http://localhost/" + "x" * 3000]},
    ],
    ids=["name", "number of addresses", "length of an address"],
)
def test_too_much_is_not_kept(client: RawClient, body: dict[str, Any]) -> None:
    answer = client.post("/register", json={"redirect_uris": [REDIRECT]} | body)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_client_metadata")


def test_a_client_nobody_signs_in_with_goes_and_one_in_use_stays(entra: Entra) -> None:
    with raw_client(entra, unused_client_seconds=100) as used:
        unused = used.another()
        proxy: Any = used.server.auth

        def lives(client: RawClient) -> float:
            _, ttl = asyncio.run(proxy._client_store.ttl(key=client.client_id))
            assert ttl is not None
            return float(ttl)

        assert 0 < lives(used) <= 100
        used.tokens()
        assert lives(used) > 86_400
        assert 0 < lives(unused) <= 100


# --- ids that can't be one ---

UNREADABLE = (
    "https://127.0.0.1:1%5C.example.com/x", "https://127.0.0.1:1\\.example.com/x", "https://[::1/x",
    "https://[x]/y", "https://a.example:99999/x", "https://a.example:port/x", "https://\x00.example/x",
    "https://xn--\u00fc.example/x", "https://" + "a." * 200 + "example/x", "https://a..example/x",
    "https://.example/x", "https://*/x", "https://a b/x", "https:///x", "https://a@b@c/x", "https://a.example/\r\nx",
    "x" * 5_000, "../../x", "\x00", "\u202e", "",
)  # fmt: skip


@pytest.mark.parametrize("client_id", UNREADABLE, ids=range(len(UNREADABLE)))
def test_no_id_is_an_error_of_the_server(client: RawClient, client_id: str) -> None:
    asked = client.authorize(client_id=client_id)
    assert asked.status_code in (400, 414, 431), asked.text
    for path in ("/token", "/revoke"):
        form = {"client_id": client_id, "token": "x", "grant_type": "refresh_token", "refresh_token": "x"}
        answer = client.post(path, data=form)
        assert answer.status_code in (400, 401), answer.text
    assert not [line for line in client.server.log if line.level == "error"]


def test_the_bodies_are_json_as_clients_send_it() -> None:
    """A table that no client could send would prove nothing."""
    for known in CLIENTS:
        assert json.loads(json.dumps(known.body)) == known.body
        assert known.seen
        assert set(known.setting.split()) <= KNOWN_CLIENTS.keys()
