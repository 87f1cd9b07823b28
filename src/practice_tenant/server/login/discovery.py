"""What clients read before they sign anyone in: OpenID discovery, instance discovery, the keys.

Source: OpenID Connect Discovery 1.0; the members are those of Entra's own document.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from practice_tenant.server.http.messages import Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.login import envelope, errors, head, realm
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, JsonAnswer, Row, routes

_CACHED = {
    "Cache-Control": "max-age=86400, private",
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, OPTIONS",
}

_CLOUDS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "login.microsoftonline.com",
        "login.windows.net",
        ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    ),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ),
    (
        "login.microsoftonline.us",
        "login.microsoftonline.us",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    ),
    ("login.microsoftonline.de", "login.microsoftonline.de", ("login.microsoftonline.de",)),
    ("login-us.microsoftonline.com", "login-us.microsoftonline.com", ("login-us.microsoftonline.com",)),
)


async def openid_configuration(call: Call) -> Response:
    """Answer ``/{tenant}/v2.0/.well-known/openid-configuration``."""
    where = realm.realm(call, "invalid_tenant")
    base = realm.authority(call)
    tenant = where.directory.tenant_id if where.directory else where.segment
    graph = realm.GRAPH_OF.get(urlsplit(base).netloc, "graph.microsoft.com")
    return JsonAnswer(_document(base, tenant, _issuer(call, where), graph), headers=_CACHED)


async def openid_configuration_v1(call: Call) -> Response:
    """Answer ``/{tenant}/.well-known/openid-configuration``, the metadata of the endpoints of version 1.0.

    Source: documents captured from 2016 on, the last ones with ``device_authorization_endpoint``.
    """
    where = realm.realm(call, "invalid_tenant")
    base = realm.authority(call)
    tenant = where.directory.tenant_id if where.directory else where.segment
    graph = realm.GRAPH_OF.get(urlsplit(base).netloc, "graph.microsoft.com")
    return JsonAnswer(_document_v1(base, tenant, _issuer(call, where, 1), graph), headers=_CACHED)


def _issuer(call: Call, where: realm.Realm, version: int = 2) -> str:
    if where.directory:
        return realm.issuer(call, where.directory.tenant_id, version)
    return realm.issuer(call, realm.CONSUMERS_TENANT if where.segment == "consumers" else "{tenantid}", version)


def _document(base: str, tenant: str, issuer: str, graph: str) -> dict[str, Any]:
    v2 = f"{base}/{tenant}/oauth2/v2.0"
    return {
        "token_endpoint": f"{v2}/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
            "self_signed_tls_client_auth",
        ],
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{realm.graph_base(base)}/oidc/userinfo",
        "authorization_endpoint": f"{v2}/authorize",
        "device_authorization_endpoint": f"{v2}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{v2}/logout",
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash",
            "c_hash", "email",
        ],
        "kerberos_endpoint": f"{base}/{tenant}/kerberos",
        "mtls_endpoint_aliases": {"token_endpoint": f"https://mtlsauth.microsoft.com/{tenant}/oauth2/v2.0/token"},
        "tls_client_certificate_bound_access_tokens": True,
        **_cloud(base, tenant, graph),
    }  # fmt: skip


def _document_v1(base: str, tenant: str, issuer: str, graph: str) -> dict[str, Any]:
    v1 = f"{base}/{tenant}/oauth2"
    return {
        "token_endpoint": f"{v1}/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{base}/common/discovery/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "token id_token", "token"],
        "scopes_supported": ["openid"],
        "issuer": issuer,
        "microsoft_multi_refresh_token": True,
        "authorization_endpoint": f"{v1}/authorize",
        "device_authorization_endpoint": f"{v1}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{v1}/logout",
        "claims_supported": [
            "sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
            "aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname",
        ],
        "check_session_iframe": f"{v1}/checksession",
        "userinfo_endpoint": f"{base}/{tenant}/openid/userinfo",
        "kerberos_endpoint": f"{base}/{tenant}/kerberos",
        **_cloud(base, tenant, graph),
    }  # fmt: skip


def _cloud(base: str, tenant: str, graph: str) -> dict[str, Any]:
    """Return what the documents of both versions end with: which cloud it is, and its other hosts."""
    return {
        "tenant_region_scope": "NA" if "-" in tenant else None,
        "cloud_instance_name": "microsoftonline.us" if base.endswith(".us") else "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": graph,
        "rbac_url": "https://pas.windows.net",
    }


async def instance_discovery(call: Call) -> Response:
    """Answer ``/common/discovery/instance``, which MSAL asks about hosts it does not know."""
    authorization_endpoint = call.value("authorization_endpoint")
    if not authorization_endpoint:
        raise errors.missing_parameter("authorization_endpoint")
    try:
        endpoint = urlsplit(authorization_endpoint)
    except ValueError:
        raise errors.unknown_instance() from None
    known = {alias for _, _, aliases in _CLOUDS for alias in aliases}
    if endpoint.scheme != "https" or endpoint.netloc.lower() not in known | {call.host}:
        raise errors.unknown_instance()
    tenant = endpoint.path.strip("/").partition("/")[0] or "common"
    return JsonAnswer(
        {
            "tenant_discovery_endpoint": f"https://{endpoint.netloc}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": call.value("api-version") or "1.1",
            "metadata": [
                {"preferred_network": network, "preferred_cache": cache, "aliases": list(aliases)}
                for network, cache, aliases in _CLOUDS
            ],
        },
        headers=_CACHED,
    )


async def keys(call: Call) -> Response:
    """Answer the JSON Web Key Set of a tenant."""
    where = realm.realm(call, "invalid_tenant")
    issuer = realm.issuer(call, where.tenant_id or "{tenantid}")
    return await _key_set(call, where, issuer)


async def _key_set(call: Call, where: realm.Realm, issuer: str = "") -> Response:
    ring = call.keys if where.directory else call.service.keys.every()
    beside = await call.service.keys.announced.all(call.arrived)
    return JsonAnswer(ring.published(issuer, beside), headers=_CACHED)


async def keys_v1(call: Call) -> Response:
    """Answer the key set of the endpoints of version 1.0: its keys name no issuer.

    Source: captured 2021; AzureAD/MSIdentityTools (tests of Get-MsIdOpenIdProviderConfiguration).
    """
    return await _key_set(call, realm.realm(call, "invalid_tenant"))


# These rows stand apart from those of `routes`, so that the first answer of a start needs no module of the sign-in.
DISCOVERY: tuple[Row, ...] = (
    ("GET", "/{tenant}/v2.0/.well-known/openid-configuration", openid_configuration),
    ("GET", "/{tenant}/discovery/v2.0/keys", keys),
    ("GET", "/common/discovery/instance", instance_discovery),
    ("GET", "/{tenant}/.well-known/openid-configuration", openid_configuration_v1),
    ("GET", "/{tenant}/discovery/keys", keys_v1),
)


def discovery_routes(service: Service) -> list[HttpRoute]:
    return routes(service, DISCOVERY, envelope.answer_json, complete=head.complete)
