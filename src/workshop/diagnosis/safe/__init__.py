"""The section "safe?": what an attacker would try on a server, tried harmlessly on one's own.

Nothing is sent anywhere but to the host and port that the user named. Nobody signs in, but for a person of the practice
tenant where the server is one of this machine and signs its users in there.
"""

from __future__ import annotations

from workshop.diagnosis.findings import SafetyFinding
from workshop.diagnosis.reading import shown
from workshop.diagnosis.safe.check import SafetyCheck, Seen
from workshop.diagnosis.safe.site import NotTried, Site
from workshop.diagnosis.safe.table import CHECKS
from workshop.diagnosis.web import NoAnswer

__all__ = ["CHECKS", "WHAT_IS_SENT", "Site", "examine"]

WHAT_IS_SENT = (
    "calls with a foreign Origin and Host, sign-ins that are to lead to evil.example, malformed requests, and up to "
    "six registrations of clients, some of them too large; what is registered stays where the server can't delete it"
)


def examine(site: Site) -> tuple[SafetyFinding, ...]:
    """Make every check, and say what is left behind."""
    found = [_found(check, site) for check in CHECKS]
    return (*found, *_left(site))


def _found(check: SafetyCheck, site: Site) -> SafetyFinding:
    try:
        seen = check.look(site)
    except NotTried as reason:
        seen = Seen("not tried", "nothing", str(reason))
    except NoAnswer as error:
        seen = Seen("note", "what belongs to it", f"no answer: {error}")
    sent, came = shown(seen.sent), shown(seen.came)
    return SafetyFinding(check.name, check.title, sent, came, seen.result, check.why, check.source, check.mend)


def _left(site: Site) -> tuple[SafetyFinding, ...]:
    count = len(site.registered)
    if not count:
        return ()
    stay = site.remove_clients()
    gone = count - len(stay)
    came = f"{gone} deleted; still there: {', '.join(stay) or 'none'}"
    return (
        SafetyFinding(
            "left-behind",
            "Clients that were registered for this",
            f"{count} registrations, and their deletion where the server offers it",
            shown(came),
            "note" if stay else "well",
            "A server that keeps every client for ever keeps these as well.",
            "https://www.rfc-editor.org/rfc/rfc7592#section-2.3",
            "Delete them from the server's storage; let clients that never signed in expire",
        ),
    )
