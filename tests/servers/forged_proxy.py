"""Forged and misdirected tokens of the proxy's own kind: what its clients hold instead of Entra's token."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastmcp.server.auth.jwt_issuer import JWTIssuer, derive_jwt_key
from joserfc import jwk, jwt

from .forge import Claims, b64, decoded, segment

SALT = "fastmcp-jwt-signing-key"


@dataclass(frozen=True)
class Held:
    """A genuine token of the proxy, and what it was made with.

    Attributes:
        entra: the token of Entra that it stands for.
        secret: the client secret, from which the proxy derives its key.
    """

    token: str
    entra: str
    secret: str

    @property
    def claims(self) -> Claims:
        """The claims of the token."""
        return decoded(self.token, 1)

    def key(self, secret: str | None = None) -> bytes:
        """Return the key that a proxy derives from a client secret."""
        return derive_jwt_key(high_entropy_material=secret or self.secret, salt=SALT)

    def but(self, *, secret: str | None = None, **changes: Any) -> str:
        """Return the token with other claims, signed with the proxy's key or another; None leaves a claim out."""
        claims = {name: value for name, value in (self.claims | changes).items() if value is not None}
        key = jwk.import_key(self.key(secret), "oct")
        return jwt.encode({"alg": "HS256", "typ": "JWT"}, claims, key, algorithms=["HS256"])

    def unsigned(self, header: Claims, **changes: Any) -> str:
        """Return the token with another header and no signature."""
        return f"{segment(header)}.{segment(self.claims | changes)}."

    def refresh_token(self) -> str:
        """Return a refresh token of the same proxy for the same sign-in."""
        issuer = JWTIssuer(self.claims["iss"], self.claims["aud"], self.key())
        return issuer.issue_refresh_token("c", ["access"], self.claims["jti"], 3600)

    def changed(self, part: int) -> str:
        """Return the token with another part: header, payload or signature."""
        parts = self.token.split(".")
        parts[part] = [segment({"alg": "HS256"}), segment(self.claims | {"client_id": "another"}), b64(b"x" * 32)][part]
        return ".".join(parts)


@dataclass(frozen=True)
class ProxyKind:
    """One way to be wrong at the proxy's door."""

    name: str
    make: Callable[[Held], str]


PROXY_KINDS = (
    ProxyKind("Entra's own token", lambda held: held.entra),
    ProxyKind("of another server with the same secret", lambda held: held.but(aud="http://localhost:8999/mcp")),
    ProxyKind("of another issuer", lambda held: held.but(iss="http://localhost:8999/")),
    ProxyKind("signed with another secret", lambda held: held.but(secret="practice.another-secret-of-this-app")),
    ProxyKind("algorithm none", lambda held: held.unsigned({"alg": "none"})),
    ProxyKind("header changed", lambda held: held.changed(0)),
    ProxyKind("payload changed", lambda held: held.changed(1)),
    ProxyKind("signature changed", lambda held: held.changed(2)),
    ProxyKind("expired", lambda held: held.but(exp=int(time.time()) - 1)),
    ProxyKind("exp as text", lambda held: held.but(exp=str(int(time.time()) + 3600))),
    ProxyKind("refresh token as access token", lambda held: held.refresh_token()),
    ProxyKind("unknown id (jti)", lambda held: held.but(jti="another")),
    ProxyKind("no id (jti)", lambda held: held.but(jti=None)),
    ProxyKind("as if by identity assertion", lambda held: held.but(fastmcp_grant="id_jag", sub="somebody")),
)
