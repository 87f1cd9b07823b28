"""Workload identity federation: a token of another issuer stands in for a client's secret.

The issuer is this practice tenant (the token of a managed identity) or one outside. Entra fetches an outside issuer's
keys from it; this tenant connects to nobody, so they come from ``directory.issuers``, and an issuer that is not there
counts as one that can't be reached.

Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation and
https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity
"""

from __future__ import annotations

from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa

from practice_tenant.server.directory import apps, issuers
from practice_tenant.server.directory.objects import Application
from practice_tenant.server.directory.wellknown import EXCHANGE, EXCHANGE_URI
from practice_tenant.server.login import assertions, errors, jws
from practice_tenant.server.login.errors import texts
from practice_tenant.server.web import Call
from practice_tenant.well_known import LOGIN_HOSTS

# Issuers that sign in another way are not supported.
# Source: https://learn.microsoft.com/entra/workload-id/workload-identity-federation-considerations
ALGORITHM = "RS256"
MANAGED_IDENTITY = "ManagedIdentity"


def check(call: Call, client: Application, token: jws.SignedToken, now: float) -> None:
    """Check a federated assertion against the application's federated identity credentials.

    Args:
        now: by the directory's clock, in Unix seconds.

    Raises:
        LoginError: 5002738; 700211, 700213, 7002138 or 700212 when no credential matches; 50166 when the issuer can't
            be reached; 700027; 700024; 700236, 700229 or 700226 for a token of Entra's that may not be used here.
    """
    if token.algorithm != ALGORITHM:
        raise errors.unsupported_algorithm(token.algorithm)
    entra = _issuing_tenant(call, token)
    _check_match(client, token, of_entra=bool(entra))
    if entra and entra != client.tenant_id:
        raise errors.federated_issuer_of_another_tenant(token.text("iss")[:300])
    key = _own_key(call, entra, token) if entra else _outside_key(call, client, token)
    if key is None:
        raise errors.assertion_signature(texts.KEY_NOT_FOUND, client.app_id)
    if not token.signed_by(key):
        raise errors.assertion_signature(texts.KEY_FAILED, client.app_id)
    assertions.check_times(now, token)
    if entra:
        _check_bearer(call, entra, token)


def _issuing_tenant(call: Call, token: jws.SignedToken) -> str:
    """Return the tenant id when the issuer is Entra, else an empty string."""
    try:
        parts = urlsplit(token.text("iss"))
    except ValueError:
        return ""
    return parts.path.split("/")[1] if parts.netloc in {call.host, *LOGIN_HOSTS} and "/" in parts.path else ""


def _check_match(client: Application, token: jws.SignedToken, *, of_entra: bool) -> None:
    issuer, subject = token.text("iss"), token.text("sub")
    credentials = client.federated_credentials
    of_issuer = [credential for credential in credentials if credential["issuer"] == issuer]
    if not of_issuer:
        raise errors.federated_issuer(issuer[:300])
    of_subject = [credential for credential in of_issuer if credential["subject"] == subject]
    if not of_subject:
        if any(credential["subject"].lower() == subject.lower() for credential in of_issuer):
            raise errors.federated_subject_case(subject[:300])
        raise errors.federated_subject(subject[:300])
    # Entra's own token for the exchange carries the id of the exchange's application, a credential its URI.
    presented = {EXCHANGE_URI if of_entra and audience == EXCHANGE else audience for audience in token.texts("aud")}
    if not any(presented & set(credential["audiences"]) for credential in of_subject):
        raise errors.federated_audience(" ".join(token.texts("aud"))[:300])


def _own_key(call: Call, tenant_id: str, token: jws.SignedToken) -> rsa.RSAPublicKey | None:
    return next(
        (key.private.public_key() for key in call.service.keys.of(tenant_id).keys if key.kid == token.named("kid")),
        None,
    )


def _outside_key(call: Call, client: Application, token: jws.SignedToken) -> rsa.RSAPublicKey | None:
    published = issuers.key_set(call.service.store, client.tenant_id, token.text("iss"))
    if published is None:
        raise errors.issuer_not_reached()
    for jwk in published.get("keys", ()):
        if isinstance(jwk, dict) and jwk.get("kid") == token.named("kid"):
            try:
                return jws.public_key(jwk)
            except ValueError:
                return None
    return None


def _check_bearer(call: Call, tenant_id: str, token: jws.SignedToken) -> None:
    """Check that a token of Entra's is that of a managed identity."""
    if "scp" in token.claims:
        raise errors.federated_token_of_a_user()
    principal = apps.principal(call.service.store, tenant_id, token.text("oid"))
    if principal is None or principal.graph["servicePrincipalType"] != MANAGED_IDENTITY:
        raise errors.federated_token_of_an_application()
