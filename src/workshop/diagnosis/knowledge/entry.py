"""What is known of one failure: how it shows, why it happens, how it is mended."""

from __future__ import annotations

from dataclasses import dataclass

CODES = "https://learn.microsoft.com/en-us/entra/identity-platform/reference-error-codes"
"""Microsoft's page of all AADSTS codes: where an unknown one is looked up."""

LEARN = "https://learn.microsoft.com/entra"
GITHUB = "https://github.com"


@dataclass(frozen=True)
class Sign:
    """One way in which a failure shows: everything in it has to be found.

    Attributes:
        code: the AADSTS number; 0 for a failure that has none.
        says: regular expressions, without regard to case.
        lacks: the same, of which none may be found.
    """

    code: int = 0
    says: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Remedy:
    """What to do, by whichever way fits; an empty one has nothing to do there.

    Attributes:
        portal: in the Entra admin center.
        az: with the Azure CLI.
        python: in the server's code or settings, or with the Microsoft Graph SDK.
        client: at the MCP client.
    """

    portal: str = ""
    az: str = ""
    python: str = ""
    client: str = ""


@dataclass(frozen=True)
class Failure:
    """One failure.

    Attributes:
        name: a short one that stays the same, for scripts.
        title: what happens, in one line.
        signs: the ways in which it shows; empty where only a look at a token or a server finds it.
        source: a page or a thread about it.
        clients: which MCP clients meet it; "" for any.
        number: its place among the 25 most reported; 0 for the others. Several may share a place.
    """

    name: str
    title: str
    signs: tuple[Sign, ...]
    cause: str
    mend: Remedy
    source: str
    clients: str = ""
    number: int = 0


def codes(*numbers: int) -> tuple[Sign, ...]:
    """Return signs that are nothing but a code."""
    return tuple(Sign(number) for number in numbers)


def says(*patterns: str) -> tuple[Sign, ...]:
    """Return signs that are one pattern each."""
    return tuple(Sign(says=(pattern,)) for pattern in patterns)
