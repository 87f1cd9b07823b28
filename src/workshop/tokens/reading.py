"""Read a token: what it says, what that means, and what it doesn't say. Nothing is verified by reading."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workshop.show.claims import Values
from workshop.show.frame import AMBER, Notice
from workshop.show.table import Linked, Table
from workshop.tokens import meanings
from workshop.tokens.kinds import TokenKind, is_for_graph, kind_of, version_of
from workshop.tokens.meanings import Meaning
from workshop.tokens.parts import Parts, Unreadable, parts
from workshop.tokens.words import until

NOT_VERIFIED = "Anyone can write a token that says this. Whether it is true, only its signature tells: verify it."
_WIDTH, _INDENT = 110, 22


@dataclass(frozen=True)
class TokenMember:
    """One line of a token: a member of the header or a claim."""

    part: str
    name: str
    value: str
    meaning: str
    source: str

    @property
    def linked(self) -> str:
        """Return the name, with the page that explains it behind it."""
        return Linked(self.name, self.source) if self.source else self.name


@dataclass(frozen=True, repr=False)
class Reading:
    """What a token says.

    Attributes:
        header, claims: as they stand in it; empty if it can't be read.
        facts: whose it is, for whom, until when, and so on: (what, in words).
        entries: each member of the header and each claim, with its meaning.
        missing: claims that such a token should have.
        problem: why nothing could be read; empty if it could.
    """

    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    facts: tuple[tuple[str, str], ...] = ()
    entries: tuple[TokenMember, ...] = ()
    missing: tuple[str, ...] = ()
    problem: str = ""

    def fact(self, name: str) -> str:
        """Return one of the facts; nothing if there is none of this name."""
        return dict(self.facts).get(name, "")

    def as_json(self) -> dict[str, Any]:
        """Return all of it for another program; the token itself is not in it."""
        if self.problem:
            return {"problem": self.problem}
        summary = {
            "facts": dict(self.facts),
            "missing": list(self.missing),
            "header": self.header,
            "claims": self.claims,
        }
        return summary | {"meanings": {entry.name: entry.meaning for entry in self.entries}}

    def __repr__(self) -> str:
        if self.problem:
            return self._notice().__repr__()
        lines = [f"{name:{_INDENT}}{text}" for name, text in self.facts]
        for part in ("header", "claims"):
            lines += ["", part]
            for entry in (entry for entry in self.entries if entry.part == part):
                lines += _told(f"  {entry.name}", entry.value)
                lines += _told("", f"({entry.meaning})")
        return "\n".join([*lines, "", NOT_VERIFIED])

    def _repr_html_(self) -> str:
        if self.problem:
            return self._notice()._repr_html_()
        facts = Table(("what", "in words"), self.facts)
        rows = tuple((entry.part, entry.linked, entry.value, entry.meaning) for entry in self.entries)
        table = Table(("part", "name", "value", "what it means"), rows)
        return f"{facts._repr_html_()}{table._repr_html_()}<p>{NOT_VERIFIED}</p>"

    def _notice(self) -> Notice:
        return Notice("THIS CAN'T BE READ AS A TOKEN", (self.problem,), AMBER)


def read(token: object, *, known: Mapping[str, str] | None = None, now: float | None = None) -> Reading:
    """Read a token, whatever is given; it never raises, and never shows the whole token.

    Args:
        token: as people paste it: alone, with Bearer before it, or in the JSON of a token endpoint.
        known: names for ids and other words; if given, nothing is shown that differs from run to run.
        now: Unix time in seconds; this machine's if None.
    """
    try:
        token_parts = parts(token)
    except Unreadable as error:
        return Reading(problem=str(error))
    values = Values(known)
    kind = kind_of(token_parts.header, token_parts.claims)
    missing = tuple(name for name in kind.expected if name not in token_parts.claims)
    clock = time.time() if now is None else now
    return Reading(
        token_parts.header,
        token_parts.claims,
        tuple(_facts(token_parts, kind, missing, values, clock)),
        (
            *_entries("header", token_parts.header, meanings.HEADER, values),
            *_entries("claims", token_parts.claims, kind.meanings, values),
        ),
        missing,
    )


def _facts(
    token_parts: Parts, kind: TokenKind, missing: tuple[str, ...], values: Values, now: float
) -> list[tuple[str, str]]:
    claims = token_parts.claims

    def of(name: str) -> str:
        return values.shown(name, claims.get(name)) or "nobody named"

    client = next((name for name in ("azp", "appid", "client_id") if name in claims), "")
    facts = [("kind", kind.name), ("whose", f"{kind.whose}: {of('iss')}")]
    if version_of(claims):
        facts.append(("version", of("ver")))
    facts.append(("for whom", f"{kind.for_whom}: {of('aud')}"))
    if client:
        facts.append(("given to", f"the client {of(client)}"))
    who = next((of(name) for name in ("name", "preferred_username", "upn") if name in claims), "")
    facts.append(("on behalf of", f"{who}: {kind.acts}" if who else kind.acts))
    facts.append(("valid", until(claims, now, symbolic=values.symbolic)))
    if missing:
        facts.append(("missing", ", ".join(missing)))
    absent = [name for name in kind.asked_for if name not in claims]
    if absent:
        facts.append(("only on request", f"{', '.join(absent)}: the app it is for did not ask for them, or has none"))
    facts += [("doubt", doubt) for doubt in (*token_parts.doubts, *_doubts(token_parts))]
    return facts


def _doubts(token_parts: Parts) -> list[str]:
    doubts = []
    algorithm = token_parts.header.get("alg")
    if not token_parts.signature:
        doubts.append("It has no signature: nobody vouches for it.")
    elif isinstance(algorithm, str) and algorithm.lower() == "none":
        doubts.append("Its header says that it is not signed (alg none).")
    if "nonce" in token_parts.header and is_for_graph(token_parts.claims):
        doubts.append("It is for Microsoft Graph: to anybody else it proves nothing.")
    return doubts


def _entries(part: str, members: Mapping[str, Any], known: Mapping[str, Meaning], values: Values) -> list[TokenMember]:
    unknown = Meaning("none of the references explains it: build nothing on it", "")
    return [
        TokenMember(part, values.text(name), values.shown(name, value) or "nothing", *known.get(name, unknown))
        for name, value in members.items()
    ]


def _told(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, _WIDTH - _INDENT, break_on_hyphens=False) or [""]
    first = f"{name:{_INDENT}}{lines[0]}" if len(name) < _INDENT else f"{name}  {lines[0]}"
    return [first, *(f"{'':{_INDENT}}{line}" for line in lines[1:])]
