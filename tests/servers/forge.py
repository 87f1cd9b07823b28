"""What an attacker, or a mistake, can make of the practice tenant's tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .conftest import Entra

Claims = dict[str, Any]

LOGIN = "https://login.microsoftonline.com"
ANOTHER = f"{LOGIN}/22222222-3333-4444-5555-666666666666/v2.0"
GUISES: Mapping[str, Mapping[str, Any]] = {
    "sound": {},
    "any-tenants": {"issuer": f"{LOGIN}/{{tenantid}}/v2.0"},
    "says-what-for": {"alg": "RS256", "key_ops": ["verify"]},
    "another-tenants": {"issuer": ANOTHER},
    "another-clouds": {"issuer": "https://login.microsoftonline.us/{tenantid}/v2.0"},
    "version-ones": {"issuer": "https://sts.windows.net/{tenantid}/"},
    "a-slash-more": {"issuer": f"{LOGIN}/{{tenantid}}/v2.0/"},
    "nobodys": {"issuer": None},
    "of-nobody": {"issuer": ""},
    "of-many": {"issuer": [f"{LOGIN}/{{tenantid}}/v2.0"]},
    "for-encryption": {"use": "enc"},
    "for-signing-only": {"use": None, "key_ops": ["sign"]},
    "for-nothing": {"use": None, "key_ops": "verify"},
    "for-another-algorithm": {"alg": "RSA-OAEP"},
    "for-ps256": {"alg": "PS256"},
    "twice": {},
}
"""What a key of the tenant's set says of itself, by its id; the first three are as Entra's or better."""


@dataclass(frozen=True)
class Attempt:
    """What a request brings; `token` is put into the Authorization header unless `headers` are given."""

    token: str = ""
    headers: tuple[tuple[str, bytes], ...] = ()
    query: str = ""
    body: str = ""

    @property
    def sent(self) -> tuple[tuple[str, bytes], ...]:
        """The headers beside those of every request."""
        return self.headers or (bearer(self.token),)


def bearer(token: str) -> tuple[str, bytes]:
    """Return the header that carries a token."""
    return "Authorization", f"Bearer {token}".encode("utf-8", "surrogateescape")


def b64(raw: bytes) -> str:
    """Return base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def segment(value: object) -> str:
    """Return one part of a JSON Web Token."""
    return b64(json.dumps(value).encode())


@dataclass(frozen=True)
class Forge:
    """What an attacker, or a mistake, can make of the tenant's tokens: the tenant's own key is in its hands."""

    entra: Entra
    other_key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @cached_property
    def genuine(self) -> dict[str, Any]:
        """The answer of the token endpoint for a user who signed in to the app."""
        return self.entra.world.tokens(self.entra.app)

    @property
    def token(self) -> str:
        """An access token as it should be."""
        return str(self.genuine["access_token"])

    @cached_property
    def header(self) -> Claims:
        """The header of that token."""
        return decoded(self.token, 0)

    @cached_property
    def claims(self) -> Claims:
        """The claims of that token."""
        return decoded(self.token, 1)

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """The key that the tenant signs with."""
        ((pem,),) = self.entra.tenant.sql("SELECT private_pem FROM signing_keys")
        found = serialization.load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, None)
        assert isinstance(found, rsa.RSAPrivateKey)
        return found

    def signed(
        self,
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
        key: rsa.RSAPrivateKey | None = None,
    ) -> str:
        """Return a token with these claims, signed with RS256 by the tenant's key or another."""
        text = f"{segment(header or self.header)}.{segment(claims or self.claims)}"
        signature = (key or self.key).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{text}.{b64(signature)}"

    def but(self, **changes: Any) -> str:
        """Return the token with other claims, rightly signed; None leaves a claim out."""
        claims = {name: value for name, value in (self.claims | changes).items() if value is not None}
        return self.signed(claims)

    def unsigned(self, header: Claims, signature: bytes = b"") -> str:
        """Return the token with another header and any signature."""
        return f"{segment(self.header | header)}.{segment(self.claims)}.{b64(signature)}"

    def public_pem(self) -> bytes:
        """Return the tenant's public key as the verifier holds it."""
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def hmac(self, secret: bytes, **header: Any) -> str:
        """Return the token signed with HS256."""
        text = f"{segment(self.header | {'alg': 'HS256'} | header)}.{segment(self.claims)}"
        return f"{text}.{b64(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"

    def by_attacker(self, **header: Any) -> str:
        """Return the token signed by another key, with more in its header."""
        return self.signed(header=self.header | header, key=self.other_key)

    def jwk(self, **members: Any) -> Claims:
        """Return the other key's public half as a JSON Web Key, with other members; None leaves one out."""
        numbers = self.other_key.public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        key = {"kty": "RSA", "kid": "mine", "n": b64(numbers.n.to_bytes(size, "big")), "e": "AQAB"} | members
        return {name: value for name, value in key.items() if value is not None}

    def key_set(self) -> dict[str, list[Claims]]:
        """Return the keys that the tenant publishes, and beside them the other key in many guises."""
        published = self.entra.world.http.get(f"{LOGIN}/{self.entra.tenant.id}/discovery/v2.0/keys").json()
        plain = {"use": "sig", "issuer": self.claims["iss"]}
        odd = [self.jwk(kid=kid, **{**plain, **members}) for kid, members in GUISES.items()]
        # A second key of the same id: which of the two signed is nobody's guess.
        return {"keys": [*published["keys"], *odd, self.jwk(kid="twice", **plain, alg="RS512")]}

    def by_published(self, kid: str, **claims: Any) -> str:
        """Return the token signed by the other key, under an id of `key_set`."""
        return self.signed(self.claims | claims, self.header | {"kid": kid}, self.other_key)

    def parts(self) -> list[str]:
        """Return header, payload and signature of the genuine token."""
        return self.token.split(".")


def decoded(token: str, part: int) -> Claims:
    """Read one part of a JSON Web Token without verifying it."""
    text = token.split(".")[part]
    return dict(json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))))
