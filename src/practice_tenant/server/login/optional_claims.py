"""The claims that a registration asks for beyond those of every token: one function each, in a literal table.

A claim is left out where there is no value for it. In the practice tenant there never is one for ``fwd``, ``vnet``,
``ztdid``, ``xms_pdl``, ``onprem_sid``, ``pwd_exp``, ``pwd_url``, ``in_corp`` and ``verified_secondary_email``.

Source: https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from practice_tenant.server.directory.objects import Application, TokenKind
from practice_tenant.server.login import accounts
from practice_tenant.server.login.person import Person

LONGEST_REQUEST = 4_096
ADDRESS = "127.0.0.1"
REGION = "NA"

Claim = Callable[[Person, frozenset[str]], Any]


def of(application: Application, kind: TokenKind, version: int, person: Person) -> dict[str, Any]:
    """Return the optional claims of a user's token.

    Args:
        application: whose registration decides: the resource for an access token, the client for an id token.
        version: of the token; in version 1.0 the ``profile`` scope is not needed.
    """
    claims: dict[str, Any] = {}
    for name, shape in application.optional_claims(kind).items():
        claim = CLAIMS.get(name)
        unasked = version == 2 and name in NEED_PROFILE and "profile" not in person.oidc
        if claim is None or unasked:
            continue
        value = claim(person, shape)
        if value is not None and value != "":
            claims[name] = value
    return claims


def of_an_application(resource: Application) -> dict[str, Any]:
    """Return the optional claims of a token without a user."""
    return {"idtyp": "app"} if "idtyp" in resource.optional_claims("accessToken") else {}


def capabilities(requested: str) -> tuple[str, ...]:
    """Return the client's capabilities from its ``claims`` parameter; ``cp1`` says that it can handle challenges.

    Source: https://learn.microsoft.com/entra/identity-platform/claims-challenge
    """
    try:
        values = json.loads(requested[:LONGEST_REQUEST])["access_token"]["xms_cc"]["values"]
        return tuple(value for value in values if value == "cp1")
    except (ValueError, KeyError, TypeError, RecursionError):
        return ()


def _upn(person: Person, shape: frozenset[str]) -> str:
    """Return the user principal name; a guest's is that of home unless the registration asks for the one here."""
    if "include_externally_authenticated_upn" in shape:
        return person.user.upn
    if "include_externally_authenticated_upn_without_hash" in shape:
        return person.user.upn.replace("#", "_")
    return person.user.sign_in_name


def _verified(person: Person) -> bool:
    """Say whether the domain of the person's address is verified in the directory."""
    domain = str(person.user.graph.get("mail") or "").rpartition("@")[2].lower()
    return any(each["name"].lower() == domain for each in person.directory.graph["verifiedDomains"])


def _country(value: object) -> str | None:
    return value if isinstance(value, str) and len(value) == 2 else None


CLAIMS: Mapping[str, Claim] = {
    "acct": lambda person, _: int(person.user.is_guest),
    "auth_time": lambda person, _: int(person.auth_time),
    "ctry": lambda person, _: _country(person.user.graph.get("country")),
    "email": lambda person, _: person.user.graph.get("mail"),
    "family_name": lambda person, _: person.user.graph.get("surname"),
    "given_name": lambda person, _: person.user.graph.get("givenName"),
    "idtyp": lambda _person, shape: "user" if "include_user_token" in shape else None,
    "ipaddr": lambda _person, _: ADDRESS,
    "login_hint": lambda person, _: accounts.hint(person.user),
    "preferred_username": lambda person, _: person.user.sign_in_name,
    "sid": lambda person, _: person.sid,
    "tenant_ctry": lambda person, _: _country(person.directory.graph.get("countryLetterCode")),
    "tenant_region_scope": lambda _person, _: REGION,
    "upn": _upn,
    "verified_primary_email": lambda person, _: [person.user.graph["mail"]] if _verified(person) else None,
    "xms_cc": lambda person, _: list(person.capabilities) or None,
    "xms_edov": lambda person, _: _verified(person) if person.user.graph.get("mail") else None,
    "xms_pl": lambda person, _: (person.user.graph.get("preferredLanguage") or "").lower(),
    "xms_tpl": lambda person, _: (person.directory.graph.get("preferredLanguage") or "")[:2].lower(),
}
# Source: "Requires the profile scope", v2.0-specific optional claims set
NEED_PROFILE = frozenset({"family_name", "given_name", "upn"})
