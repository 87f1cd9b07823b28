"""Verify a token for a server: each check with its result, and what the server answers."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from workshop.servers.claims import LONGEST_TOKEN
from workshop.show.claims import Values
from workshop.show.frame import AMBER, GREEN, Notice
from workshop.show.table import Table
from workshop.tokens import checks
from workshop.tokens.answering import Answer, ask
from workshop.tokens.checks import FASTMCP, OWN, CheckOutcome, TokenCheck
from workshop.tokens.doors import Door, door
from workshop.tokens.parts import Parts, Unreadable, parts, token_in
from workshop.tokens.parts import changed as with_claims

if TYPE_CHECKING:
    from workshop.tokens.doors import Server

SERVER = "the server"
MARKS = {True: "✓ passed", False: "✗ FAILED", None: "– not made"}


@dataclass(frozen=True, repr=False)
class Verification:
    """What became of a token at a server's door.

    Attributes:
        findings: each check, in the order in which they are made.
        answer: the server's own.
    """

    findings: tuple[TokenCheck, ...]
    answer: Answer
    _values: Values

    @property
    def failed(self) -> tuple[TokenCheck, ...]:
        """The checks that failed; the first is the one that turns the token away."""
        return tuple(finding for finding in self.findings if finding.passed is False)

    @property
    def let_in(self) -> bool:
        """Whether the server takes it."""
        return self.answer.let_in

    @property
    def verdict(self) -> str:
        """Say what the server answers, and because of which check."""
        if self.answer.why:
            return f"The server was not asked: {self.answer.why}."
        if self.let_in:
            return "LET IN: the server takes this token."
        first = next(iter(self.failed), None)
        because = f" because of {first.claim}" if first else ""
        if first and first.by == SERVER:
            because = " by a check of its own"
        return f"TURNED AWAY{because}: the server answers {self.answer.status}."

    def as_json(self) -> dict[str, Any]:
        """Return all of it for another program."""
        made = [asdict(finding) for finding in self.findings]
        answer = {"status": self.answer.status, "www_authenticate": self.answer.challenge}
        return {"let_in": self.let_in, "verdict": self.verdict, "checks": made, "answer": answer}

    def __repr__(self) -> str:
        lines = [f"{MARKS[f.passed]:12}{f.claim:11}{f.asks}  {f.found} ({f.by})" for f in self.findings]
        return "\n".join([self.verdict, *self._challenge(), "", *lines])

    def _repr_html_(self) -> str:
        rows = tuple((MARKS[f.passed], f.claim, f.asks, f.found, f.by) for f in self.findings)
        table = Table(("result", "looks at", "asks", "found", "made by"), rows)
        notice = Notice(self.verdict, tuple(self._challenge()), GREEN if self.let_in else AMBER)
        return f"{notice._repr_html_()}{table._repr_html_()}"

    def _challenge(self) -> list[str]:
        return [f"WWW-Authenticate: {self._values.text(self.answer.challenge)}"] if self.answer.challenge else []


def verify(
    token: object,
    for_: Server,
    *,
    changed: Mapping[str, Any] | None = None,
    known: Mapping[str, str] | None = None,
) -> Verification:
    """Bring a token to a server, and report each check by name; hostile tokens too get plain words.

    Args:
        token: as `read` takes it.
        for_: a running server, a server, or what stands before one (`fastmcp.server.auth`).
        changed: claims to change first, without a new signature; None leaves one out.
        known: names for ids and other words; if given, nothing is shown that differs from run to run.

    Raises:
        NoDoor: the server looks at no token.
    """
    values = Values(known)
    try:
        text = with_claims(token, changed) if changed else token_in(token)
        token_parts = parts(text)
    except Unreadable as error:
        return _unreadable(token, for_, error, values)
    where = door(for_, token_parts.claims)
    answer = ask(text, where.auth, where.url)
    return Verification(_agreed(_findings(where, token_parts, values, answer), answer, values), answer, values)


def _findings(where: Door, token_parts: Parts, values: Values, answer: Answer) -> tuple[TokenCheck, ...]:
    now = time.time()
    if where.ticket:
        made = list(checks.of_ticket(where.ticket, token_parts, values, now))
        sound = all(finding.passed for finding in made) and not answer.why
        return (*made, checks.of_store(answer.let_in if sound else None))
    assert where.verifier is not None
    keys = checks.fetched(where.verifier)
    made = list(checks.of_verifier(where.verifier, keys, token_parts, values, now))
    if where.rules:
        made += checks.of_key(keys, token_parts)
        made += checks.of_rules(where.rules, token_parts.claims, where.now())
    return tuple(made)


def _unreadable(token: object, for_: Server, error: Unreadable, values: Values) -> Verification:
    where = door(for_, {})
    made = TokenCheck(FASTMCP, "form", "is it a JSON Web Token?", False, str(error))
    try:
        text = token_in(token)
    except Unreadable:
        text = ""
    if not text:
        return Verification((made,), Answer(why="there is nothing to bring"), values)
    if len(text) > LONGEST_TOKEN:
        made = TokenCheck(OWN, "form", f"is it no longer than {LONGEST_TOKEN} characters?", False, str(error))
        return Verification((made,), Answer(why="no server takes a header of that length"), values)
    return Verification((made,), ask(text, where.auth, where.url), values)


def _agreed(findings: tuple[TokenCheck, ...], answer: Answer, values: Values) -> tuple[TokenCheck, ...]:
    """Add what the server knows beyond the token, and never let the table say otherwise than the server."""
    if answer.why:
        return findings
    failed = any(finding.passed is False for finding in findings)
    if failed != answer.let_in:
        return findings
    asks = "does the server itself say the same?"
    why = values.text(answer.said) or "it does not say why"
    became = "it was taken all the same" if answer.let_in else f"it was turned away: {why}"
    return (*findings, TokenCheck(SERVER, "answer", asks, *CheckOutcome(False, became)))
