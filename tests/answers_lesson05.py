"""Answers to the exercises of lesson 05: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from typing import Any

import jwt

Claims = Mapping[str, Any]
Answers = list[tuple[str, object]]


def opened(token: str, part: int = 1, padding: str = "==") -> Any:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[part] + padding))


def opened_by_library(token: str) -> object:
    return jwt.decode(token, options={"verify_signature": False})


def opened_as_text(token: str) -> object:
    return base64.urlsafe_b64decode(token.split(".")[1] + "==").decode()


def opened_in_other_letters(token: str) -> object:
    return json.loads(base64.b64decode(token.split(".")[1] + "=="))


def client_of(claims: Claims) -> object:
    return claims["azp"] if "azp" in claims else claims["appid"]


def allowed(claims: Claims, tenant_id: str, clients: Collection[str], *, without: str = "") -> bool:
    """Let a token in; one check may be left out, to see that it is missed."""
    holds = {
        "exp": "exp" in claims,
        "nbf": "nbf" in claims,
        "tid": claims.get("tid") == tenant_id,
        "azp": claims.get("azp") in clients,
        "sub": claims.get("sub") != claims.get("oid"),
    }
    return all(good for name, good in holds.items() if name != without)


def lenient(claims: Claims, tenant_id: str, clients: Collection[str]) -> bool:
    """Take what a missing claim says for a yes."""
    return (
        "exp" in claims
        and "nbf" in claims
        and claims.get("tid", tenant_id) == tenant_id
        and claims.get("azp", clients[0] if isinstance(clients, tuple) else "") in clients
        and claims.get("sub") != claims.get("oid")
    )


RIGHT: Answers = [
    ("open-a-token", opened),
    ("open-a-token", opened_by_library),
    ("name-the-client", client_of),
    ("name-the-client", lambda claims: claims.get("azp") or claims.get("appid")),
    ("name-the-client", lambda claims: claims["azp" if claims["ver"] == "2.0" else "appid"]),
    ("check-the-rest", allowed),
]

WRONG: Answers = [
    ("open-a-token", "eyJ"),
    ("open-a-token", lambda token: opened(token, 0)),
    ("open-a-token", lambda token: opened(token, 1, "")),
    ("open-a-token", opened_as_text),
    ("open-a-token", opened_in_other_letters),
    ("open-a-token", lambda _: {"name": "Robin Marsh"}),
    ("open-a-token", lambda token: token),
    ("name-the-client", {"azp": "x"}),
    ("name-the-client", lambda claims: claims["azp"]),
    ("name-the-client", lambda claims: claims.get("azp")),
    ("name-the-client", lambda claims: claims["aud"]),
    ("name-the-client", lambda claims: claims["aud"].removeprefix("api://")),
    ("check-the-rest", True),
    ("check-the-rest", lambda *_: True),
    ("check-the-rest", lambda *_: False),
    ("check-the-rest", lambda claims: "exp" in claims),
    ("check-the-rest", lenient),
    ("check-the-rest", lambda *given: allowed(*given, without="exp")),
    ("check-the-rest", lambda *given: allowed(*given, without="nbf")),
    ("check-the-rest", lambda *given: allowed(*given, without="tid")),
    ("check-the-rest", lambda *given: allowed(*given, without="azp")),
    ("check-the-rest", lambda *given: allowed(*given, without="sub")),
]

BEGUN: Answers = [(name, lambda *_: ...) for name in ("open-a-token", "name-the-client", "check-the-rest")]
