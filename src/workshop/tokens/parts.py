"""Take a token apart, and change what it says. Whatever is given, the answer is its parts or one plain sentence."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from workshop.errors import WorkshopError
from workshop.servers.claims import LONGEST_TOKEN
from workshop.show.claims import printable

_BASE64URL = re.compile(r"[A-Za-z0-9_-]*")
_OPAQUE = re.compile(r"[\x21-\x7e]{16,}")
_SCHEME = re.compile(r"(?:authorization:\s*)?bearer\s+", re.IGNORECASE)
_ANSWERED = ("access_token", "accessToken", "token")
_READABLE = 1_000_000
_NAMES = ("header", "claims")


@dataclass(eq=False)
class Unreadable(WorkshopError):
    """A text from which no claims can be read.

    Attributes:
        what: it seems to be, in a few words.
        why: nothing more can be said, or what to do, in plain words.
    """

    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.what}. {self.why}"


@dataclass(frozen=True)
class Parts:
    """A JSON Web Token taken apart; nothing of it is verified. Source: RFC 7515 section 3.

    Attributes:
        text: the token itself, never to be shown.
        signed: what the signature is over.
        doubts: what a careful reader would notice of its form.
    """

    text: str
    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signature: bytes
    doubts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Parts(‹token›)"

    @property
    def signed(self) -> bytes:
        """Return the text the signature is over."""
        return self.text.rpartition(".")[0].encode("ascii")


def token_in(pasted: object) -> str:
    """Return the token in what people paste: with Bearer before it, in quotes, or in the JSON a token came in."""
    if isinstance(pasted, bytes):
        pasted = pasted.decode("utf-8", "replace")
    if not isinstance(pasted, str):
        raise Unreadable(f"Not a token, but a Python {type(pasted).__name__}", "A token is a text.")
    text = pasted.strip().lstrip("\ufeff")
    if text.startswith("{") and len(text) <= _READABLE:
        text = _answered(text)
    return _SCHEME.sub("", text, count=1).strip().strip("\"'")


def parts(pasted: object) -> Parts:
    """Take a token apart.

    Raises:
        Unreadable: it says what was given, and why it can't be read.
    """
    text = token_in(pasted)
    if not text:
        raise Unreadable("Nothing was given", "Copy the token again.")
    if len(text) > LONGEST_TOKEN:
        raise Unreadable(f"A text of {len(text)} characters", f"No server here takes more than {LONGEST_TOKEN}.")
    pieces = text.split(".")
    if len(pieces) != 3:
        raise _not_three(text, pieces)
    for name, piece in zip((*_NAMES, "signature"), pieces, strict=True):
        if not _BASE64URL.fullmatch(piece):
            raise Unreadable(f"Not a JSON Web Token: its {name} is not base64url", _base64_advice(text))
    header, claims = (_object(name, piece) for name, piece in zip(_NAMES, pieces, strict=False))
    doubts = tuple(
        f"The {name} name {twice!r} twice. Programs differ in which one they believe."
        for name, (_, twice) in zip(_NAMES, (header, claims), strict=True)
        if twice
    )
    return Parts(text, header[0], claims[0], _decoded("signature", pieces[2]), doubts)


def changed(token: object, claims: Mapping[str, Any]) -> str:
    """Return the token with other claims, as anyone can make it: the signature stays, and no longer fits.

    Args:
        token: as `parts` takes it.
        claims: None leaves one out. If they are no others, the token itself is returned.

    Raises:
        Unreadable: it is no token that can be read.
    """
    original = parts(token)
    if all(original.claims.get(name) == value for name, value in claims.items()):
        return original.text
    kept = {name: value for name, value in {**original.claims, **claims}.items() if value is not None}
    header, _, signature = original.text.split(".")
    return f"{header}.{_segment(kept)}.{signature}"


def _segment(value: object) -> str:
    """Return one part of a JSON Web Token. Source: RFC 7515 section 2."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _answered(text: str) -> str:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("Not a token: it begins like JSON, but is none", "Copy all of it.") from None
    for name in _ANSWERED:
        if isinstance(answer, dict) and isinstance(answer.get(name), str):
            return str(answer[name])
    raise Unreadable("Not a token, but JSON", "There is no access_token in it. Are these claims already?")


def _not_three(text: str, pieces: list[str]) -> Unreadable:
    if len(pieces) == 5:
        return _five(pieces)
    if len(pieces) == 1 and _OPAQUE.fullmatch(text):
        return Unreadable(
            "An opaque value",
            "It has no parts to read: only who issued it knows what it stands for. Refresh tokens and authorization "
            "codes of Entra look like this.",
        )
    if len(pieces) == 2:
        return Unreadable("Not a whole JSON Web Token: it has two parts of three", "Was its end cut off?")
    many = "no dots" if len(pieces) == 1 else f"{len(pieces)} parts"
    return Unreadable(f"Not a token: it has {many}", "A JSON Web Token has three parts with a dot between them.")


def _five(pieces: list[str]) -> Unreadable:
    try:
        header, _ = _object("header", pieces[0])
    except Unreadable:
        header = {}
    if "enc" in header:
        how = printable(str(header["enc"]))[:40]
        return Unreadable(
            f"An encrypted token (JWE, {how})", "Only the one it was made for can read it, with a private key."
        )
    return Unreadable("Not a token: it has 5 parts", "Encrypted tokens have five, but this header names no encryption.")


def _base64_advice(text: str) -> str:
    if any(sign.isspace() for sign in text):
        return "There are spaces or line breaks in it. Copy it again, in one line."
    if any(sign in text for sign in "+/="):
        return "The characters +, / and = belong to another kind of base64."
    return "Allowed are letters, digits, - and _. Was it cut, or shown masked?"


def _decoded(name: str, piece: str) -> bytes:
    try:
        return base64.b64decode(piece + "=" * (-len(piece) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        why = "A character is missing or too many. Copy it again."
        raise Unreadable(f"Not a JSON Web Token: its {name} is not base64url", why) from None


def _object(name: str, piece: str) -> tuple[dict[str, Any], str]:
    """Return a part as JSON, and a name in it that stands there twice."""
    twice: list[str] = []

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) < len(members):
            names = [name for name, _ in members]
            twice.extend(sorted({printable(name)[:40] for name in names if names.count(name) > 1})[:1])
        return made

    raw = _decoded(name, piece)
    try:
        value = json.loads(raw.decode("utf-8"), object_pairs_hook=pairs)
    except RecursionError:
        raise Unreadable(f"Its {name} is nested too deeply", "It was made to break programs, not to be read.") from None
    except ValueError:
        raise Unreadable(f"Not a JSON Web Token: its {name} is not JSON", "Was something changed in it?") from None
    if not isinstance(value, dict):
        raise Unreadable(f"Not a JSON Web Token: its {name} is no JSON object", "It holds names and values, in {}.")
    return value, next(iter(twice), "")
