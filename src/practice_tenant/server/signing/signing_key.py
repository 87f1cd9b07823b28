"""A signing key: it is loaded, and cryptography imported, when it is first needed: no start waits for it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from practice_tenant.server.encoding import base64url
from practice_tenant.server.signing.signing_process import load

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass(frozen=True)
class SigningKey:
    """An RSA key with its certificate.

    Args:
        kid: the certificate's SHA-1 thumbprint, as at Entra.
        pem: the private key.
        certificate: DER.
    """

    kid: str
    pem: bytes = field(repr=False)
    certificate: bytes

    @cached_property
    def private(self) -> rsa.RSAPrivateKey:
        return load(self.pem)

    def public_numbers(self) -> tuple[str, str]:
        """Return the modulus and the exponent, base64url."""
        return encoded_numbers(self.private.public_key())


def encoded_numbers(public: rsa.RSAPublicKey) -> tuple[str, str]:
    """Return a key's modulus and exponent, base64url. Source: RFC 7518 section 6.3.1."""
    numbers = public.public_numbers()
    size = (numbers.n.bit_length() + 7) // 8
    return base64url(numbers.n.to_bytes(size, "big")), base64url(numbers.e.to_bytes(3, "big"))


def make_key(now: float) -> SigningKey:
    """Make a new signing key with a new ``kid``."""
    from practice_tenant.server.issuing import signing_key

    pem, certificate = signing_key(now)
    thumbprint = hashlib.sha1(certificate, usedforsecurity=False).digest()
    return SigningKey(base64url(thumbprint), pem, certificate)
