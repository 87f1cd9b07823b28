"""Whose token it is, of which kind, for whom and on whose behalf; from its claims alone, nothing verified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from workshop.core.well_known import GRAPH_APP_ID
from workshop.tokens import meanings
from workshop.tokens.meanings import Meaning

ENTRA_HOSTS = (
    "login.microsoftonline.com",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "sts.windows.net",
    "sts.chinacloudapi.cn",
)
GRAPH = (
    GRAPH_APP_ID,
    "https://graph.microsoft.com",
    "https://graph.microsoft.us",
    "https://graph.windows.net",
)
EVERY = ("aud", "exp", "iat", "iss")
ASKED_FOR = ("email", "groups", "idtyp", "upn")


@dataclass(frozen=True)
class TokenKind:
    """A kind of token.

    Attributes:
        name: in a few words.
        whose: who says to have issued it.
        for_whom: what kind of program may take it; the id follows.
        acts: on whose behalf.
        meanings: of its claims.
        expected: claims that such a token has.
        asked_for: claims that it has only if its app asks for them.
    """

    name: str
    whose: str
    for_whom: str
    acts: str
    meanings: Mapping[str, Meaning]
    expected: tuple[str, ...]
    asked_for: tuple[str, ...] = ()


def kind_of(header: Mapping[str, Any], claims: Mapping[str, Any]) -> TokenKind:
    """Tell the kind of a token by its claims."""
    if _host(claims.get("iss")) in ENTRA_HOSTS:
        return _entras(claims)
    if header.get("alg") == "HS256" and {"client_id", "jti", "scope"} <= set(claims):
        return _fastmcps(claims)
    acts = "its subject, sub" if "sub" in claims else "nobody it names"
    return TokenKind("a token of another issuer", "the issuer it names", "whom it names", acts, meanings.ANY, EVERY)


def version_of(claims: Mapping[str, Any]) -> str:
    """Return the version an Entra token says it has; nothing if it says none."""
    version = claims.get("ver")
    return version if isinstance(version, str) else ""


def is_for_graph(claims: Mapping[str, Any]) -> bool:
    """Say whether a token is for Microsoft Graph."""
    audience = claims.get("aud")
    return isinstance(audience, str) and audience.rstrip("/") in GRAPH


def _entras(claims: Mapping[str, Any]) -> TokenKind:
    whose = "Entra ID"
    client = "azp" if version_of(claims) == "2.0" else "appid"
    if "azp" not in claims and "appid" not in claims and "scp" not in claims:
        acts = "nobody: it only tells its client who signed in"
        for_whom = "the client that signed the user in"
        return TokenKind("an ID token", whose, for_whom, acts, meanings.ENTRA, (*EVERY, "oid", "sub", "tid", "ver"))
    for_whom = "Microsoft Graph" if is_for_graph(claims) else "one app, the resource"
    expected = (*EVERY, "nbf", "oid", "sub", "tid", "ver", client)
    if claims.get("scp"):
        name = "an access token for a user (delegated)"
        acts = "a user, as far as scp says"
        return TokenKind(name, whose, for_whom, acts, meanings.ENTRA, (*expected, "scp"), ASKED_FOR)
    return TokenKind(
        "an access token for an app itself (app-only)", whose, for_whom, "no user", meanings.ENTRA, expected
    )


def _fastmcps(claims: Mapping[str, Any]) -> TokenKind:
    name = "a refresh token" if claims.get("token_use") == "refresh" else "an access token"
    return TokenKind(
        f"{name} of FastMCP's OAuth proxy",
        "an MCP server with FastMCP's proxy",
        "the same server",
        "whoever signed in when the server issued it",
        meanings.FASTMCP,
        (*EVERY, "client_id", "jti", "scope"),
    )


def _host(issuer: object) -> str:
    try:
        return urlsplit(issuer).hostname or "" if isinstance(issuer, str) else ""
    except ValueError:
        return ""
