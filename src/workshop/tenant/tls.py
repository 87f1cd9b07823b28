"""The certificate of the practice tenant: one leaf for every host, from an authority that is then thrown away."""

from __future__ import annotations

import os
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509

HOSTS = (
    "login.microsoftonline.com",
    "login.microsoft.com",
    "login.windows.net",
    "sts.windows.net",
    "login.microsoftonline.us",
    "graph.microsoft.com",
    "graph.microsoft.us",
    "management.azure.com",
    "microsoft.com",
    "www.microsoft.com",
    "entra.microsoft.com",
)
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")

LIFETIME = timedelta(days=365)
RENEW_BEFORE = timedelta(days=30)


def server_context(state: Path, now: datetime) -> ssl.SSLContext:
    """Return the TLS context of the listener, issuing its certificate when it is missing or ends soon.

    The authority's key exists only while the leaf is signed and is never written: nothing else can be issued.

    Args:
        state: the state folder; ``ca.pem`` (for clients) and ``leaf.pem`` (0600) stand in it.
        now: the present time, with its zone.
    """
    authority, leaf = state / "ca.pem", state / "leaf.pem"
    if not _still_good(authority, leaf, now):
        _issue(authority, leaf, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(leaf)
    return context


def _still_good(authority: Path, leaf: Path, now: datetime) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(leaf.read_bytes())
        signer = x509.load_pem_x509_certificate(authority.read_bytes())
    except (OSError, ValueError):
        return False
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    served = set(names.get_values_for_type(x509.DNSName))
    return (
        certificate.not_valid_after_utc - RENEW_BEFORE > now
        and certificate.issuer == signer.subject
        and served.issuperset(HOSTS)
    )


def _issue(authority: Path, leaf: Path, now: datetime) -> None:
    signer = trustme.CA(organization_name="PRACTICE tenant", organization_unit_name="not Microsoft")
    certificate = signer.issue_cert(*HOSTS, *LOCAL_NAMES, organization_name="PRACTICE tenant", not_after=now + LIFETIME)
    leaf_pem = b"".join([certificate.private_key_pem.bytes(), *(blob.bytes() for blob in certificate.cert_chain_pems)])
    write_private(leaf, leaf_pem)
    write_private(authority, signer.cert_pem.bytes())


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 so that it is there whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)


def utc_now() -> datetime:
    return datetime.now(UTC)
