"""Whether Entra takes the credential that is kept: asked by getting a token with it, which is thrown away."""

from __future__ import annotations

import re
from pathlib import Path

from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientSecretCredential

from workshop.registration.quiet import quiet

REFUSED = frozenset({"7000215", "7000222", "700027"})
"""Wrong secret, expired secret, unknown certificate: about the credential itself, not about the app around it."""

_CODE = re.compile(r"AADSTS(\d+)")


def secret_accepted(tenant_id: str, client_id: str, secret: str) -> tuple[bool | None, str]:
    """Ask for a token with a client secret.

    Returns:
        Whether the secret is right (None if something else was wrong), and the code of the refusal.
    """
    with quiet(), ClientSecretCredential(tenant_id, client_id, secret) as credential:
        return _accepted(credential, client_id)


def certificate_accepted(tenant_id: str, client_id: str, path: Path) -> tuple[bool | None, str]:
    """Ask for a token with a certificate and its key in a PEM file; see `secret_accepted`."""
    try:
        credential = CertificateCredential(tenant_id, client_id, str(path))
    except (OSError, ValueError):
        return False, "unreadable"
    with quiet(), credential:
        return _accepted(credential, client_id)


def _accepted(credential: ClientSecretCredential | CertificateCredential, client_id: str) -> tuple[bool | None, str]:
    try:
        credential.get_token(f"{client_id}/.default")
    except ClientAuthenticationError as error:
        named = _CODE.search(str(error))
        code = named[1] if named else "unknown"
        return (False if code in REFUSED else None), f"AADSTS{code}"
    return True, ""
