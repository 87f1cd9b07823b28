"""Faults of the client's credential: secret, certificate, another issuer's token, platform."""

from __future__ import annotations

import base64
import time
import uuid
from datetime import UTC, datetime, timedelta
from functools import cache

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import Scene
from workshop.breaking.stage import CALLBACK, LOGIN, redirects

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
EXCHANGE = "api://AzureADTokenExchange"
ISSUER = "https://issuer.example"
PRINCIPAL = "5f8c2a51-7c52-4a6e-9d3f-2b0a4c1d9b10"
DAY = 86_400
BARE = {"web": redirects(), "spa": redirects(), "publicClient": redirects()}


def secret_id(scene: Scene) -> Mend:
    """Show the Secret ID and not the Value."""
    scene.credential = {"client_secret": str(uuid.uuid4())}
    return lambda: _with_secret(scene, scene.app.secret)


def secret_expired(scene: Scene) -> Mend:
    """Show a secret that ended yesterday by the directory's clock."""
    ends = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    short = {"passwordCredential": {"displayName": "short", "endDateTime": ends}}
    path = f"/applications/{scene.app.object_id}/addPassword"
    _with_secret(scene, scene.stage.graph("POST", path, short)["secretText"])
    scene.closing.append(scene.stage.directory.clock(2 * DAY).undo)
    return lambda: _with_secret(scene, scene.stage.graph("POST", path, {})["secretText"])


def certificate_unregistered(scene: Scene) -> Mend:
    """Sign with a certificate that was never uploaded."""
    key, der = _certificate()
    now = int(time.time())
    claims = {
        "aud": f"{LOGIN}/{scene.stage.tenant_id}/oauth2/v2.0/token",
        "iss": scene.app.client_id, "sub": scene.app.client_id,
        "jti": str(uuid.uuid4()), "nbf": now, "exp": now + 600,
    }  # fmt: skip
    digest = hashes.Hash(hashes.SHA256())
    digest.update(der)
    name = base64.urlsafe_b64encode(digest.finalize()).rstrip(b"=").decode()
    _with_assertion(scene, jwt.encode(claims, key, "PS256", {"x5t#S256": name}))
    public = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der).decode()}
    return lambda: scene.stage.change(scene.app, keyCredentials=[public])


def secret_missing(scene: Scene) -> Mend:
    """Redeem the code of a Web redirect URI with no secret."""
    scene.credential = {"client_id": scene.app.client_id}
    return lambda: _with_secret(scene, scene.app.secret)


def public_with_secret(scene: Scene) -> Mend:
    """Register the server's redirect URI under Mobile and desktop applications."""
    scene.stage.change(scene.app, **(BARE | {"publicClient": redirects(CALLBACK)}))
    return lambda: scene.stage.change(scene.app, **(BARE | {"web": redirects(CALLBACK)}))


def single_page(scene: Scene) -> Mend:
    """Register the server's redirect URI under Single-page application, and redeem without secret and PKCE."""
    scene.stage.change(scene.app, **(BARE | {"spa": redirects(CALLBACK)}))
    scene.credential = {"client_id": scene.app.client_id}

    def to_web() -> None:
        scene.stage.change(scene.app, **(BARE | {"web": redirects(CALLBACK)}))
        _with_secret(scene, scene.app.secret)

    return to_web


def federated_subject(scene: Scene) -> Mend:
    """Trust a managed identity by its client id, where its object id belongs."""
    key, _ = _certificate()
    public = jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
    scene.stage.directory.trust_issuer(ISSUER, {"keys": [{**public, "kid": "one", "use": "sig"}]})
    now = int(time.time())
    claims = {"iss": ISSUER, "sub": PRINCIPAL, "aud": EXCHANGE, "iat": now, "nbf": now, "exp": now + 300}
    _with_assertion(scene, jwt.encode(claims, key, "RS256", {"kid": "one"}))
    path = f"/applications/{scene.app.object_id}/federatedIdentityCredentials"
    named = {"name": "identity", "issuer": ISSUER, "audiences": [EXCHANGE]}
    made = scene.stage.graph("POST", path, named | {"subject": scene.app.client_id})
    return lambda: scene.stage.graph("PATCH", f"{path}/{made['id']}", {"subject": PRINCIPAL})


def _with_secret(scene: Scene, secret: str) -> None:
    scene.credential = {"client_secret": secret}


def _with_assertion(scene: Scene, assertion: str) -> None:
    scene.credential = {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


@cache
def _certificate() -> tuple[rsa.RSAPrivateKey, bytes]:
    """Return a key and its self-signed certificate, the same ones for this process."""
    key = rsa.generate_private_key(65_537, 2_048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expenses")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=90))
    return key, builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


FAULTS = (
    InjectedFault(
        "federated-subject-wrong", 23, 3, "directory", "credential",
        "The federated credential's subject is a client id; the token's is the identity's object id.",
        federated_subject, "an issuer of its own stands for the managed identity",
    ),
    InjectedFault("secret-wrong", 24, 1, "client", "credential", "The Secret ID was pasted, not the Value.", secret_id),
    InjectedFault("secret-expired", 24, 1, "clock", "credential", "The secret ended yesterday.", secret_expired),
    InjectedFault(
        "certificate-not-registered", 24, 2, "directory", "credential",
        "The certificate was never uploaded.", certificate_unregistered,
    ),
    InjectedFault("secret-missing", 24, 1, "client", "credential", "No secret is sent.", secret_missing),
    InjectedFault(
        "secret-of-a-public-client", 24, 2, "directory", "redirect platform",
        "The redirect URI stands under Mobile and desktop applications.", public_with_secret,
    ),
    InjectedFault(
        "single-page-redirect", 24, 2, "directory", "redirect platform and credential",
        "The redirect URI stands under Single-page application.", single_page,
    ),
)  # fmt: skip
