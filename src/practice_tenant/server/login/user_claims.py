"""What the tokens of a user say of them: names, home, roles, groups, and what the registration asks for beyond that.

Source: https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference,
https://learn.microsoft.com/entra/external-id/user-token and
https://learn.microsoft.com/entra/identity-platform/optional-claims-reference
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from practice_tenant.server.directory.objects import Application, EntraTenant, TokenKind
from practice_tenant.server.directory.store import Store
from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.login import assignment, group_claims, optional_claims
from practice_tenant.server.login.person import Person

PLATFORM_UNKNOWN = "14"


def of_access_token(store: Store, resource: Application, person: Person) -> dict[str, Any]:
    """Return the claims about the user in an access token, in the version that the resource asks for."""
    user = person.user
    claims: dict[str, Any] = {"name": user.display_name, **_of_a_guest(person)}
    if resource.token_version == 2:
        claims["preferred_username"] = user.sign_in_name
    else:
        claims |= _of_version_1(person)
    return claims | _by_registration(store, resource, "accessToken", resource.token_version, person)


def of_id_token(store: Store, client: Application, person: Person, version: int) -> dict[str, Any]:
    """Return the claims about the user in an id token; in version 2.0 as far as the scopes allow."""
    user = person.user
    claims = _of_a_guest(person)
    if version == 1:
        told = {name: value for name, value in _of_version_1(person).items() if name not in ("acr", "altsecid")}
        claims |= {"name": user.display_name, "oid": user.id, **told}
        return claims | _by_registration(store, client, "idToken", version, person)
    if "profile" in person.oidc:
        claims |= {"name": user.display_name, "oid": user.id, "preferred_username": user.sign_in_name}
    if "email" in person.oidc and user.graph.get("mail"):
        claims["email"] = user.graph["mail"]
    return claims | _by_registration(store, client, "idToken", 2, person)


def of_graph(person: Person, sub_of_client: str) -> dict[str, Any]:
    """Return what only Microsoft Graph's tokens say of a user.

    Args:
        sub_of_client: the user's ``sub`` in id tokens of the client.
    """
    user = person.user
    claims: dict[str, Any] = {
        "acct": int(user.is_guest),
        "idtyp": "user",
        "platf": PLATFORM_UNKNOWN,
        "puid": "1003200" + hashlib.sha256(user.id.encode()).hexdigest()[:9].upper(),
        "sid": person.sid,
        "wids": group_claims.directory_roles(user),
        "xms_st": {"sub": sub_of_client},
    }
    return {name: value for name, value in claims.items() if value != ""}


def of_directory(directory: EntraTenant) -> dict[str, Any]:
    """Return what Microsoft Graph's tokens say of the directory: its region, and when it began, in Unix seconds."""
    began = datetime.fromisoformat(directory.graph["createdDateTime"])
    return {"tenant_region_scope": optional_claims.REGION, "xms_tcdt": int(began.timestamp())}


def _of_a_guest(person: Person) -> dict[str, Any]:
    if person.is_at_home:
        return {}
    mail = person.user.graph.get("mail")
    return {"idp": person.home.identity_provider, **({"email": mail} if mail else {})}


def _of_version_1(person: Person) -> dict[str, Any]:
    user = person.user
    claims = {
        "acr": "1",
        "altsecid": None if person.is_at_home else f"5::{hashlib.sha256(user.sign_in_name.encode()).hexdigest()[:16]}",
        "amr": list(person.amr),
        "family_name": user.graph.get("surname"),
        "given_name": user.graph.get("givenName"),
        "ipaddr": optional_claims.ADDRESS,
        "unique_name": user.sign_in_name,
        "upn": user.upn if person.is_at_home else None,
    }
    return {name: value for name, value in claims.items() if value}


def _by_registration(
    store: Store, application: Application, kind: TokenKind, version: int, person: Person
) -> dict[str, Any]:
    """Return roles, groups and optional claims; groups that are emitted as roles stand in place of the roles."""
    held = assignment.roles(store, person.directory, application, person.user)
    claims: dict[str, Any] = {"roles": list(held)} if held else {}
    if application.app_id != GRAPH:
        claims |= group_claims.of(store, application, kind, person.user)
        claims |= optional_claims.of(application, kind, version, person)
    return claims
