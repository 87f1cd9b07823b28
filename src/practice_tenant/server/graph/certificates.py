"""``keyCredentials``: the certificates with which an application or a service principal proves who it is.

Source: https://learn.microsoft.com/graph/api/resources/keycredential and
https://learn.microsoft.com/graph/applications-how-to-add-certificate
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.graph import errors
from practice_tenant.server.graph.times import iso, seconds

TYPE = "AsymmetricX509Cert"
USAGES = ("Sign", "Verify")
LONGEST_NAME = 90
LARGEST_KEY = 16_384
MEMBERS = (
    *("customKeyIdentifier", "displayName", "endDateTime", "key", "keyId", "startDateTime", "type", "usage"),
    "hasExtendedValue",
)


def completed(
    entries: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]], guid: Callable[[], str]
) -> list[dict[str, Any]]:
    """Return the certificates as they are stored, after a request that sends the whole list.

    Args:
        given: what the request sends; an entry that was there already comes without its key.
        before: what is stored.
        guid: makes the id of a new entry.

    Raises:
        GraphError: 400.
    """
    kept = {entry["keyId"]: entry for entry in before}
    result: list[dict[str, Any]] = []
    for entry in entries:
        _check_members(entry)
        key_id = str(entry.get("keyId") or guid()).lower()
        old = kept.get(key_id)
        if old is None:
            result.append(_new(entry, key_id))
        elif entry.get("key") in (None, old["key"]):
            result.append(dict(old))
        else:
            raise errors.bad_request(f"Update to existing credential with KeyId '{key_id}' is not allowed.")
    if len({entry["keyId"] for entry in result}) < len(result):
        raise errors.bad_request("Request contains a property with duplicate values.", "DuplicateValue")
    return result


def shown(entries: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the certificates as most requests read them: without the key."""
    return [{**entry, "key": None} for entry in entries]


def _check_members(entry: Mapping[str, Any]) -> None:
    for name in ("customKeyIdentifier", "displayName", "keyId", "type", "usage"):
        if not isinstance(entry.get(name), str | None):
            raise errors.invalid_value(name, "KeyCredential")
    for name in entry:
        if name not in MEMBERS:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
    if entry.get("keyId") and not is_guid(entry["keyId"]):
        raise errors.invalid_value("keyId", "KeyCredential")


def _new(entry: Mapping[str, Any], key_id: str) -> dict[str, Any]:
    certificate = _certificate(entry.get("key"))
    if entry.get("type", TYPE) != TYPE:
        raise errors.invalid_value("type", "KeyCredential")
    if entry.get("usage") not in USAGES:
        raise errors.bad_request(
            'The value for the property "usage" in one of your credentials is invalid. Acceptable values are '
            "Sign, Verify."
        )
    begins, ends = _lifetime(entry, certificate)
    name = entry.get("displayName") or certificate.subject
    return {
        "customKeyIdentifier": entry.get("customKeyIdentifier") or thumbprint(certificate.der),
        "displayName": name[:LONGEST_NAME],
        "endDateTime": iso(ends),
        "key": base64.b64encode(certificate.der).decode(),
        "keyId": key_id,
        "startDateTime": iso(begins),
        "type": TYPE,
        "usage": entry["usage"],
    }


def thumbprint(der: bytes) -> str:
    """Return a certificate's SHA-1 in upper-case hexadecimal digits."""
    return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True)
class _Certificate:
    """What counts of a certificate; the times are in Unix seconds."""

    der: bytes
    subject: str
    begins: float
    ends: float


def _certificate(key: Any) -> _Certificate:
    """Read a certificate from the base64 of its DER or PEM form."""
    if not isinstance(key, str) or not key:
        raise errors.bad_request("KeyValue cannot be null or empty.", "KeyCredentialsInvalidValue")
    try:
        # The Azure CLI sends the lines of a PEM file as they stand, without the first and the last.
        raw = base64.b64decode("".join(key.split()), validate=True) if len(key) <= LARGEST_KEY else b""
        pem = raw.startswith(b"-----BEGIN CERTIFICATE-----")
        read = x509.load_pem_x509_certificate(raw) if pem else x509.load_der_x509_certificate(raw)
        return _Certificate(
            der=read.public_bytes(Encoding.DER),
            subject=read.subject.rfc4514_string(),
            begins=read.not_valid_before_utc.timestamp(),
            ends=read.not_valid_after_utc.timestamp(),
        )
    except (ValueError, TypeError, OverflowError, x509.InvalidVersion, UnsupportedAlgorithm):
        raise errors.bad_request("Key credential value is invalid.", "KeyCredentialsInvalidValue") from None


def _lifetime(entry: Mapping[str, Any], certificate: _Certificate) -> tuple[float, float]:
    """Return when the entry begins and ends, in Unix seconds: within the certificate's own lifetime."""
    begins = _time(entry, "startDateTime", certificate.begins)
    ends = _time(entry, "endDateTime", certificate.ends)
    if int(begins) < int(certificate.begins):
        raise errors.bad_request("Key credential start date is invalid.", "KeyCredentialsInvalidStartDate")
    if int(ends) > int(certificate.ends) or ends <= begins:
        raise errors.bad_request("Key credential end date is invalid.", "KeyCredentialsInvalidEndDate")
    return begins, ends


def _time(entry: Mapping[str, Any], name: str, default: float) -> float:
    if entry.get(name) is None:
        return default
    try:
        return seconds(entry[name])
    except ValueError:
        raise errors.invalid_value(name, "KeyCredential") from None
