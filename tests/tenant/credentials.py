"""What clients prove themselves with besides secrets: certificates, and the tokens of other issuers."""

from __future__ import annotations

import base64
import hashlib
import json
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from .process import LOGIN
from .world import App, World

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"
EXCHANGE_APP = "fb60f99c-7a34-4190-8149-302f77469936"
OUTSIDE = "https://issuer.example"
SUBJECT = "repo:contoso/expenses:ref:refs/heads/main"
HOUR = 3_600


@dataclass(frozen=True)
class Certificate:
    """A certificate with its private key."""

    key: rsa.RSAPrivateKey
    der: bytes

    @cached_property
    def sha1(self) -> str:
        """Return its ``x5t``."""
        return base64url(hashlib.sha1(self.der, usedforsecurity=False).digest())

    @cached_property
    def sha256(self) -> str:
        """Return its ``x5t#S256``."""
        return base64url(hashlib.sha256(self.der).digest())

    @cached_property
    def thumbprint(self) -> str:
        """Return the thumbprint that the portal shows."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @cached_property
    def pem(self) -> str:
        """Return the private key and the certificate, as a program reads them."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = x509.load_der_x509_certificate(self.der).public_bytes(serialization.Encoding.PEM)
        return (private + public).decode()

    @cached_property
    def graph(self) -> dict[str, str]:
        """Return it as Graph wants it."""
        return {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(self.der).decode()}


@cache
def certificate(number: int = 0, begins: int = -HOUR, ends: int = 90 * 24 * HOUR) -> Certificate:
    """Return a self-signed certificate, the same for the same number; times in seconds from now."""
    key = private_key(number)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expenses")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now + timedelta(seconds=begins)).not_valid_after(now + timedelta(seconds=ends))
    return Certificate(key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.DER))


@cache
def private_key(number: int = 0) -> rsa.RSAPrivateKey:
    """Return a key, the same for the same number."""
    assert number >= 0
    return rsa.generate_private_key(65_537, 2_048)


def with_certificate(world: World, app: App, one: Certificate | None = None) -> Certificate:
    """Register a certificate with an application and return it."""
    one = one or certificate()
    world.change(app, keyCredentials=[one.graph])
    return one


def plain_claims(world: World, app: App) -> dict[str, Any]:
    """Return the claims of an assertion that a client signs itself."""
    now = int(time.time())
    return {
        "aud": f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/token",
        "iss": app.client_id,
        "sub": app.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
    }


def signed(
    world: World,
    app: App,
    by: Certificate,
    *,
    algorithm: str = "PS256",
    header: dict[str, Any] | None = None,
    **claims: Any,
) -> str:
    """Return a client assertion; a claim that is None is left out."""
    header = {"x5t#S256": by.sha256} if header is None else header
    said = {name: value for name, value in (plain_claims(world, app) | claims).items() if value is not None}
    return jwt.encode(said, by.key, algorithm, header)


def proof(assertion: str) -> dict[str, str | None]:
    """Return the parameters of a client that shows an assertion in place of its secret."""
    return {"client_secret": None, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def trusts(world: World, app: App, issuer: str = OUTSIDE, subject: str = SUBJECT, audience: str = EXCHANGE) -> None:
    """Let an application trust an issuer."""
    body = {"name": f"n{uuid.uuid4().hex[:8]}", "issuer": issuer, "subject": subject, "audiences": [audience]}
    world.made(f"/applications/{app.object_id}/federatedIdentityCredentials", body)


def publish(world: World, issuer: str = OUTSIDE, number: int = 0, kid: str = "one") -> None:
    """Let an outside issuer publish a key: the practice tenant fetches nothing, so it is put where it looks."""
    public = jwt.algorithms.RSAAlgorithm.to_jwk(private_key(number).public_key(), as_dict=True)
    world.teach("POST", "/issuers", issuer=issuer, jwks={"keys": [{**public, "kid": kid, "use": "sig"}]})


def outside(number: int = 0, kid: str | None = "one", algorithm: str = "RS256", **claims: Any) -> str:
    """Return a token of the outside issuer; a claim that is None is left out."""
    now = int(time.time())
    plain = {"iss": OUTSIDE, "sub": SUBJECT, "aud": EXCHANGE, "iat": now, "nbf": now, "exp": now + 300}
    said = {name: value for name, value in (plain | claims).items() if value is not None}
    return jwt.encode(said, private_key(number), algorithm, {"kid": kid} if kid else {})


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def raw(claims: dict[str, Any], key: rsa.RSAPrivateKey, header: dict[str, Any]) -> str:
    """Sign claims with RS256 whatever they are: PyJWT would refuse some."""
    signed_part = f"{base64url(json.dumps(header).encode())}.{base64url(json.dumps(claims).encode())}"
    signature = key.sign(signed_part.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed_part}.{base64url(signature)}"


def with_header(token: str, header: dict[str, Any], signature: str) -> str:
    """Return a token with another header and another signature."""
    return f"{base64url(json.dumps(header).encode())}.{token.split('.')[1]}.{signature}"
