"""Try the attack on a server of these settings, and an honest client as well."""

from __future__ import annotations

from dataclasses import dataclass

from fastmcp import Client

from workshop import background
from workshop.attacks.confused_deputy import Attacker, AttackFailed
from workshop.background import BackgroundServer
from workshop.servers import proxy
from workshop.servers.settings import ProxySettings
from workshop.signin import UserAgent

NAME = "rehearsal"
SIGN_IN_SECONDS = 120.0


@dataclass(frozen=True)
class Rehearsal:
    """Who got in.

    Attributes:
        refused: why an honest client was refused; empty if it got in.
        stolen: what the victim had to do for the attacker to get in; empty if the attacker did not.
    """

    refused: str
    stolen: str


async def rehearse(settings: ProxySettings, victim: UserAgent) -> Rehearsal:
    """Run a server with these settings and let an honest client and then an attacker try to get in.

    Args:
        victim: a browser; it allows the honest client and no other.
    """
    server = background.start(lambda base_url: proxy.build(base_url, settings), name=NAME)
    try:
        refused = await _refused(server, victim)
        return Rehearsal(refused, "" if refused else await _stolen(server, victim))
    finally:
        server.stop()


async def _refused(server: BackgroundServer, victim: UserAgent) -> str:
    with victim.as_user(victim.account, allow_client=True):
        try:
            async with Client(server.url, auth="oauth") as client:
                await client.call_tool("list_expenses")
        except Exception as error:
            return str(error) or type(error).__name__
    return ""


async def _stolen(server: BackgroundServer, victim: UserAgent) -> str:
    for behind_consent in (False, True):
        attacker = Attacker(server.url)
        try:
            link = attacker.link_behind_consent() if behind_consent else attacker.link()
            with victim.as_user(victim.account, allow_client=False):
                victim.open(link)
                victim.wait(SIGN_IN_SECONDS)
            await attacker.call_tool("list_expenses", seconds=0)
        except AttackFailed:
            continue
        finally:
            attacker.close()
        return "opened a link that leads straight to Entra" if behind_consent else "opened a link"
    return ""
