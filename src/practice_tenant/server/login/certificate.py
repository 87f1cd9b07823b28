"""A client proves who it is with a certificate: an assertion that it signed itself.

Header: ``alg`` PS256 or RS256 with ``x5t#S256`` or ``x5t``; claims: ``iss`` and ``sub`` are the client id, ``aud`` is
the token endpoint, ``exp`` is a few minutes away.

Source: https://learn.microsoft.com/entra/identity-platform/certificate-credentials; RFC 7523 section 3.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from practice_tenant.server.directory.objects import Application
from practice_tenant.server.login import assertions, errors, jws
from practice_tenant.server.login.dotnet import key_lifetime
from practice_tenant.server.login.errors import texts
from practice_tenant.server.login.realm import Realm
from practice_tenant.server.web import Call
from practice_tenant.well_known import LOGIN_HOSTS

if TYPE_CHECKING:  # imported where it is used: no start of the tenant waits for it
    from cryptography import x509

_ENDPOINTS = ("oauth2/v2.0/token", "oauth2/token", "v2.0", "")


def check(call: Call, where: Realm, client: Application, token: jws.SignedToken, now: float) -> None:
    """Check an assertion against the application's certificates.

    Args:
        now: by the directory's clock, in Unix seconds.

    Raises:
        LoginError: 700021, 700024, 700023, or 700027 in one of its variants.
    """
    if {token.text("iss").lower(), token.text("sub").lower()} != {client.app_id.lower()}:
        raise errors.assertion_of_another_application()
    assertions.check_times(now, token)
    if not any(_is_here(call, where, audience) for audience in token.texts("aud")):
        raise errors.assertion_audience()
    certificate, thumbprint = _certificate(client, token)
    if certificate is None:
        raise errors.certificate_not_registered(thumbprint[:100], client.app_id)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    key = certificate.public_key()
    reason = ""
    if not begins.timestamp() <= now < ends.timestamp():
        reason = texts.KEY_EXPIRED
    elif not isinstance(key, rsa.RSAPublicKey) or not token.signed_by(key):
        reason = texts.KEY_FAILED
    if reason:
        raise errors.assertion_signature(reason, client.app_id, thumbprint, key_lifetime(begins, ends))


def _is_here(call: Call, where: Realm, audience: str) -> bool:
    """Say whether an audience is the token endpoint or the issuer of this tenant, by any of its names."""
    try:
        parts = urlsplit(audience)
    except ValueError:
        return False
    segment, _, rest = parts.path.strip("/").partition("/")
    names = {where.segment.lower()}
    if where.directory:
        names |= {where.directory.tenant_id, where.directory.domain.lower()}
    return (
        parts.scheme == "https"
        and parts.netloc.lower() in {call.host, *LOGIN_HOSTS}
        and segment.lower() in names
        and rest in _ENDPOINTS
    )


def _certificate(client: Application, token: jws.SignedToken) -> tuple[x509.Certificate | None, str]:
    """Return the registered certificate that the header names, and the name as the texts show it."""
    from cryptography import x509

    registered = [base64.b64decode(entry["key"]) for entry in client.certificates if entry.get("key")]
    name, sha256 = token.named("x5t#S256") or token.named("x5t"), bool(token.named("x5t#S256"))
    try:
        wanted = jws.bytes_of(name) if name else bytes.fromhex(token.named("kid"))
    except ValueError:
        return None, name or token.named("kid")
    matching = next((der for der in registered if _thumbprint(der, sha256=sha256) == wanted), None)
    return x509.load_der_x509_certificate(matching) if matching else None, wanted.hex().upper()


def _thumbprint(der: bytes, *, sha256: bool) -> bytes:
    return (hashlib.sha256(der) if sha256 else hashlib.sha1(der, usedforsecurity=False)).digest()
