"""The checks of lesson 04, Pre-authorized clients."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workshop.core.settings import Settings
from workshop.lesson.checks.exercise import Exercise, Verdict
from workshop.lesson.checks.learner_code import outcome, shown

if TYPE_CHECKING:
    from workshop.servers.preauthorized_settings import PreauthorizedSettings

TENANTS = ("11111111-2222-4333-8444-555555555555", "99999999-2222-4333-8444-555555555555")
API = "aaaaaaaa-1111-4222-8333-bbbbbbbbbbbb"
CLIENTS = ("cccccccc-1111-4222-8333-dddddddddddd", "eeeeeeee-1111-4222-8333-ffffffffffff")
SCOPES = ("12121212-1111-4222-8333-343434343434", "56565656-1111-4222-8333-787878787878")


def read_the_sign(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the metadata of two servers."""
    if not callable(answer):
        return _no_function(answer)
    for tenant, scope in zip(TENANTS, ("user_impersonation", "expenses.read"), strict=True):
        authority = f"https://login.microsoftonline.com/{tenant}"
        scopes = [f"api://{API}/{scope}"]
        metadata = {
            "resource": "http://localhost:8000/mcp",
            "scopes_supported": scopes,
            "authorization_servers": [f"{authority}/v2.0"],
        }
        returned = outcome(answer, metadata)
        if not isinstance(returned, tuple | list) or len(returned) != 2:
            return Verdict(False, f"It returned {shown(returned)}. Return two values: the authority, and the scopes.")
        if returned[0] != authority:
            return Verdict(False, f"The authority should be {authority}, without /v2.0. It is {shown(returned[0])}.")
        if returned[1] != scopes:
            return Verdict(False, f"The scopes should be the list {scopes}. They are {shown(returned[1])}.")
    return Verdict(True, "It finds where to sign in and what to ask for, at any server that gives this sign.")


def list_a_client(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with the ids of clients and scopes."""
    if not callable(answer):
        return _no_function(answer)
    for client, scope in zip(CLIENTS, SCOPES, strict=True):
        returned = outcome(answer, client, scope)
        if not isinstance(returned, list) or len(returned) != 1 or not isinstance(returned[0], Mapping):
            return Verdict(False, f"It returned {shown(returned)}. Return a list with one dictionary in it.")
        names = set(returned[0])
        if names != {"appId", "delegatedPermissionIds"}:
            return Verdict(False, f"The names in it are {shown(sorted(map(str, names)))}. Graph wants the two above.")
        if returned[0]["appId"] != client:
            return Verdict(False, f"appId should be the client's id. It is {shown(returned[0]['appId'])}.")
        if returned[0]["delegatedPermissionIds"] != [scope]:
            scopes = shown(returned[0]["delegatedPermissionIds"])
            return Verdict(False, f"delegatedPermissionIds should be a list with the scope's id. It is {scopes}.")
    return Verdict(True, "Entra asks no user about this client and this scope any more.")


def let_one_in(answer: object, _settings: Settings) -> Verdict:
    """Call the learner's function with settings, and try the server's verifier with them."""
    from workshop.servers.preauthorized import verifier
    from workshop.servers.preauthorized_settings import PreauthorizedSettings

    if not callable(answer):
        return _no_function(answer)
    for listed, other in (CLIENTS, CLIENTS[::-1]):
        before = PreauthorizedSettings(client_id=API, tenant_id=TENANTS[0])
        changed = outcome(answer, before, listed)
        if not isinstance(changed, PreauthorizedSettings):
            return Verdict(False, f"It returned {shown(changed)}. Return settings, made from those it got.")
        if isinstance(changed.allowed_clients, str):
            return Verdict(False, "allowed_clients is text. A list in Python has brackets or a comma: (client,)")
        if replace(changed, allowed_clients=()) != before:
            return Verdict(False, "Something besides allowed_clients is different now.")
        taken = [client for client in (listed, other, API) if _takes(verifier(changed), client)]
        if listed not in taken:
            return Verdict(False, "The listed client is turned away.")
        if len(taken) > 1:
            return Verdict(False, "Another client still gets in.")
    return Verdict(True, "The server takes the tokens of the listed client, and of no other.")


def _takes(verifier: Any, client: str) -> bool:
    from workshop.servers.verifier import refusal

    now = 1_800_000_000
    tenant_id = next(iter(verifier.rules.tenant_ids))
    issuer = f"https://{verifier.rules.base_authority}/{tenant_id}/v2.0"
    claims = {"azp": client, "exp": now, "iat": now, "iss": issuer, "nbf": now, "oid": "o", "sub": "s"}
    granted = " ".join(verifier.rules.scopes)
    return refusal(claims | {"scp": granted, "tid": tenant_id, "ver": "2.0"}, verifier.rules, now) is None


def _no_function(answer: object) -> Verdict:
    return Verdict(False, f"{shown(answer)} is not a function. Give the name without parentheses.")


def own_read_the_sign() -> Callable[[Mapping[str, Any]], tuple[str, list[str]]]:
    """Return the workshop's own way to read the metadata."""
    return lambda metadata: (metadata["authorization_servers"][0].removesuffix("/v2.0"), metadata["scopes_supported"])


def own_list_a_client() -> Callable[[str, str], list[dict[str, object]]]:
    """Return the workshop's own list."""
    return lambda client_id, scope_id: [{"appId": client_id, "delegatedPermissionIds": [scope_id]}]


def own_let_one_in() -> Callable[[PreauthorizedSettings, str], PreauthorizedSettings]:
    """Return the workshop's own settings."""
    return lambda settings, client_id: replace(settings, allowed_clients=(client_id,))


EXERCISES = (
    Exercise(
        "read-the-sign",
        "Read the sign",
        4,
        read_the_sign,
        (
            "Both values stand in the document above: one in authorization_servers, one in scopes_supported.",
            'The first of the issuers, without its end: .removesuffix("/v2.0"). The scopes as they are.',
            'return metadata["authorization_servers"][0].removesuffix("/v2.0"), metadata["scopes_supported"]',
        ),
        own_read_the_sign,
    ),
    Exercise(
        "list-a-client",
        "Put a client on Entra's list",
        4,
        list_a_client,
        (
            "The form stands in the text above the cell. Put the two arguments into it.",
            "delegatedPermissionIds is a list too: there may be several scopes.",
            'return [{"appId": client_id, "delegatedPermissionIds": [scope_id]}]',
        ),
        own_list_a_client,
    ),
    Exercise(
        "let-one-in",
        "Keep a list of your own",
        3,
        let_one_in,
        (
            "dataclasses.replace makes a copy with something changed: replace(settings, name=value).",
            "allowed_clients is a tuple. One with one member is written with a comma: (client_id,)",
            "return replace(settings, allowed_clients=(client_id,))",
        ),
        own_let_one_in,
    ),
)
