"""The attacks are real: they succeed where nothing stops them, and say where they failed."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from fastmcp import FastMCP
from server_help import get, serving, signed_in_server

from workshop import signin
from workshop.attacks import Attacker, AttackFailed
from workshop.attacks.catcher import Catcher
from workshop.background import BackgroundServer
from workshop.signin import UserAgent

Attackers = Callable[[BackgroundServer], Attacker]


@pytest.fixture
def victim() -> UserAgent:
    return signin.install()


@pytest.fixture
def attackers() -> Iterator[Attackers]:
    """Make attackers of a server; they stop listening when the test ends."""
    with ExitStack() as ended:

        def one(server: BackgroundServer) -> Attacker:
            made = Attacker(server.url)
            ended.callback(made.close)
            return made

        yield one


def opens(victim: UserAgent, link: str, *, allows: bool) -> None:
    with victim.as_user(victim.account, allow_client=allows):
        victim.open(link)
        assert victim.wait()


def attacked(server: BackgroundServer, victim: UserAgent, *, allows: bool, behind_consent: bool = False) -> object:
    """Let the victim open the attacker's link and return what the attacker then reads."""
    attacker = Attacker(server.url)
    try:
        opens(victim, attacker.link_behind_consent() if behind_consent else attacker.link(), allows=allows)
        return asyncio.run(attacker.call_tool("hello", seconds=0))
    finally:
        attacker.close()


@pytest.mark.parametrize("behind_consent", [False, True])
def test_without_the_page_the_attacker_acts_as_the_victim(victim: UserAgent, behind_consent: bool) -> None:
    with signed_in_server(consent=False) as server:
        assert attacked(server, victim, allows=False, behind_consent=behind_consent) == "hello"


def test_with_the_page_a_no_keeps_the_attacker_out(victim: UserAgent) -> None:
    with signed_in_server() as server, pytest.raises(AttackFailed) as failed:
        attacked(server, victim, allows=False)
    assert str(failed.value) == "The attack failed at waiting for the code: the browser brought access_denied"


def test_and_a_yes_lets_the_attacker_in(victim: UserAgent) -> None:
    with signed_in_server() as server:
        assert attacked(server, victim, allows=True) == "hello"


def test_a_yes_in_the_attackers_own_browser_does_not(victim: UserAgent) -> None:
    with signed_in_server() as server, pytest.raises(AttackFailed, match="waiting for the code: no browser came"):
        attacked(server, victim, allows=True, behind_consent=True)
    assert victim.last is not None
    assert victim.last.outcome == "error"
    assert "Authorization session mismatch" in victim.last.error


def test_a_server_that_asks_for_nothing_can_not_be_attacked_so(attackers: Attackers) -> None:
    with serving(lambda _: FastMCP("open")) as server, pytest.raises(AttackFailed) as failed:
        attackers(server).link()
    assert failed.value.step == "reading where to sign in"


def test_a_code_of_somebody_else_is_worth_nothing(victim: UserAgent, attackers: Attackers) -> None:
    """The verifier is the attacker's: a code of another sign-in can't be swapped with it."""
    with signed_in_server(consent=False) as server:
        one, other = attackers(server), attackers(server)
        other.link()
        opens(victim, one.link(), allows=True)
        code = one.catcher.wait(5)["code"]
        get(f"{other.catcher.address}?code={code}")
        with pytest.raises(AttackFailed, match="swapping the code for a token: invalid_grant"):
            asyncio.run(other.call_tool("hello", seconds=5))


def test_it_asks_for_the_scope_that_the_server_names(attackers: Attackers) -> None:
    with signed_in_server(consent=False) as server:
        first, second = attackers(server), attackers(server)
        parameters = [dict(httpx.URL(each.link()).params) for each in (first, second)]
    assert parameters[0]["resource"] == server.url
    for name in ("client_id", "code_challenge", "state", "redirect_uri"):
        assert parameters[0][name] != parameters[1][name]


class TestCatcher:
    def test_it_says_practice_and_keeps_what_the_first_browser_brought(self) -> None:
        catcher = Catcher()
        assert catcher.wait(0) == {}
        page = get(f"{catcher.address}?code=one&state=s")
        get(f"{catcher.address}?code=two")
        assert "PRACTICE" in page.text
        assert catcher.wait(0) == {"code": "one", "state": "s"}
        catcher.close()

    def test_a_browser_that_brings_nothing_is_not_what_it_waits_for(self) -> None:
        catcher = Catcher()
        get(catcher.address.replace("/thanks", "/favicon.ico"))
        get(f"{catcher.address}?x=1")
        assert catcher.wait(0) == {}
        timer = threading.Timer(0.1, lambda: get(f"{catcher.address}?error=access_denied"))
        timer.start()
        assert catcher.wait(10) == {"error": "access_denied"}
        catcher.close()

    def test_it_listens_on_loopback_only_and_stops(self) -> None:
        catcher = Catcher()
        port = int(httpx.URL(catcher.address).port or 0)
        assert httpx.URL(catcher.address).host == "127.0.0.1"
        catcher.close()
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), timeout=2):
            pass
