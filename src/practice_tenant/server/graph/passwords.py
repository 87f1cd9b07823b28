"""``passwordCredentials``: client secrets, made here and shown once.

Source: https://learn.microsoft.com/graph/api/application-addpassword and
https://learn.microsoft.com/graph/api/application-removepassword
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.graph import errors, odata
from practice_tenant.server.graph.times import iso, seconds
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call

LIFETIME_YEARS = 2
LONGEST_NAME = 256


def asked(call: Call, now: float) -> dict[str, Any]:
    """Return the new secret as the request wants it, in Graph's form but without the secret itself.

    Raises:
        GraphError: 400.
    """
    credential = odata.body(call, optional=True).get("passwordCredential")
    credential = {} if credential is None else credential
    if not isinstance(credential, dict):
        raise errors.invalid_value("passwordCredential", "Application")
    name = credential.get("displayName")
    if name is not None and not (isinstance(name, str) and len(name) <= LONGEST_NAME):
        raise errors.invalid_value("displayName", "PasswordCredential")
    begins = _time(credential, "startDateTime", now)
    ends = _time(credential, "endDateTime", begins + LIFETIME_YEARS * 365 * 86_400)
    if ends <= begins:
        raise errors.bad_request("Password credential end date is invalid.")
    return {
        "customKeyIdentifier": None,
        "displayName": name,
        "endDateTime": iso(ends),
        "hint": "",
        "keyId": call.service.guid(),
        "secretText": None,
        "startDateTime": iso(begins),
    }


def secret(service: Service) -> str:
    """Return a new client secret; its form says whose it is, and no scanner takes it for Microsoft's."""
    return f"practice.{service.opaque(30)}"


def without(call: Call, credentials: Sequence[Mapping[str, Any]]) -> tuple[str, list[Mapping[str, Any]]]:
    """Return the id of the secret that a request removes, and the credentials that stay.

    Raises:
        GraphError: 400.
    """
    key_id = odata.body(call).get("keyId")
    if not (isinstance(key_id, str) and is_guid(key_id)):
        raise errors.invalid_value("keyId", "PasswordCredential")
    kept = [entry for entry in credentials if entry["keyId"] != key_id.lower()]
    if len(kept) == len(credentials):
        raise errors.bad_request("No credentials found to be removed.")
    return key_id.lower(), kept


def _time(credential: dict[str, Any], name: str, default: float) -> float:
    if credential.get(name) is None:
        return default
    try:
        return seconds(credential[name])
    except ValueError:
        raise errors.invalid_value(name, "PasswordCredential") from None
