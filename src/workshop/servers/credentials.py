"""What the server's app proves itself with to Entra: a secret, a certificate, or a managed identity of its host.

Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials and
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

from __future__ import annotations

import asyncio
import base64
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from joserfc import jwk, jwt

from .app_settings import SYSTEM, AppSettings
from .environment import SettingsError

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange/.default"

# How long an assertion that the server signs itself is good for.
ASSERTION_SECONDS = 600


class Assertions(Protocol):
    """A source of client assertions: what an app shows in place of a secret (RFC 7523 section 2.2)."""

    async def prepare(self) -> None:
        """Fetch what can't be had without waiting."""

    def assertion(self, audience: str) -> str:
        """Return an assertion for a token endpoint."""


@dataclass(frozen=True)
class CertificateAssertions:
    """Assertions that a certificate's private key signs."""

    client_id: str
    key: jwk.RSAKey = field(repr=False)
    thumbprint: str
    now: Callable[[], float] = time.time

    async def prepare(self) -> None:
        """Do nothing: the key is here."""

    def assertion(self, audience: str) -> str:
        """Return an assertion for a token endpoint, good for ten minutes."""
        now = int(self.now())
        claims = {
            "aud": audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": str(uuid.uuid4()),
            "nbf": now,
            "exp": now + ASSERTION_SECONDS,
        }
        header = {"alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint}
        return jwt.encode(header, claims, self.key, algorithms=["PS256"])


class ManagedIdentityAssertions:
    """Assertions that the host's managed identity gets from Azure; the app trusts it by a federated credential."""

    def __init__(self, client_id: str | None) -> None:
        """Ask nobody yet.

        Args:
            client_id: of a user-assigned identity; None for the system-assigned one.
        """
        from azure.identity import ManagedIdentityCredential

        # Not the asynchronous one: it needs aiohttp. The token lasts a day and is kept.
        self._identity = ManagedIdentityCredential(client_id=client_id)
        self._token = ""

    async def prepare(self) -> None:
        """Fetch the identity's token, or take the kept one."""
        self._token = (await asyncio.to_thread(self._identity.get_token, EXCHANGE)).token

    def assertion(self, audience: str) -> str:  # noqa: ARG002 - it is for Entra's exchange, whichever endpoint asks
        """Return the token that was fetched."""
        return self._token


def assertions(settings: AppSettings) -> Assertions | None:
    """Return what signs the app in without a secret, or None if it has a secret or nothing.

    Raises:
        SettingsError: the certificate can't be read.
    """
    if settings.managed_identity:
        return ManagedIdentityAssertions(None if settings.managed_identity == SYSTEM else settings.managed_identity)
    if settings.certificate:
        return _with_certificate(settings.client_id, settings.certificate, settings.certificate_password)
    return None


def _with_certificate(client_id: str, path: Path, password: str | None) -> CertificateAssertions:
    try:
        content = path.expanduser().read_bytes()
    except OSError as error:
        raise SettingsError(f"The certificate {path} can't be read ({error.strerror}).") from error
    try:
        key, certificate = _pem(content, password) if b"-----BEGIN" in content else _pfx(content, password)
    except (ValueError, TypeError) as error:
        raise SettingsError(
            f"The certificate {path} can't be used: it should be a PEM or PFX file with an RSA private key and its "
            "certificate, and the password, if it has one, the right one."
        ) from error
    thumbprint = base64.urlsafe_b64encode(certificate.fingerprint(hashes.SHA256())).rstrip(b"=").decode()
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return CertificateAssertions(client_id, jwk.RSAKey.import_key(plain), thumbprint)


def _pem(content: bytes, password: str | None) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key = serialization.load_pem_private_key(content, password.encode() if password else None)
    return _rsa(key), x509.load_pem_x509_certificate(content)


def _pfx(content: bytes, password: str | None) -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    key, certificate, _ = pkcs12.load_key_and_certificates(content, password.encode() if password else None)
    if certificate is None:
        raise ValueError("no certificate")
    return _rsa(key), certificate


def _rsa(key: Any) -> rsa.RSAPrivateKey:
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("not an RSA key")
    return key
