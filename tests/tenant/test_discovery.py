"""What clients read before they sign anyone in."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from .process import GRAPH, LOGIN, Tenant, serving
from .world import App, World, host_of

DOCUMENT = "/v2.0/.well-known/openid-configuration"
UNKNOWN = "11111111-2222-4333-8444-555555555555"
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}  # RFC 7518 sections 6.3.2 and 6.4
PUBLIC_MEMBERS = {"kty", "use", "kid", "x5t", "n", "e", "x5c", "cloud_instance_name", "issuer"}


def keys_of(world: World, tenant: str = "") -> list[dict[str, Any]]:
    answer = world.http.get(f"{LOGIN}/{tenant or world.tenant.id}/discovery/v2.0/keys")
    assert answer.status_code == 200
    return list(answer.json()["keys"])


def document(world: World, tenant: str, host: str = LOGIN) -> dict[str, Any]:
    answer = world.http.get(f"{host}/{tenant}{DOCUMENT}")
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.mark.parametrize("segment", ["", "common", "organizations", "consumers"])
def test_no_key_has_a_private_member(world: World, segment: str) -> None:
    keys = keys_of(world, segment)
    assert keys
    for key in keys:
        assert not PRIVATE_MEMBERS & set(key)
        assert set(key) == PUBLIC_MEMBERS  # and so no alg


def test_a_key_is_named_by_the_thumbprint_of_its_certificate(world: World) -> None:
    for key in keys_of(world):
        (encoded,) = key["x5c"]
        der = base64.b64decode(encoded, validate=True)
        certificate = x509.load_der_x509_certificate(der)
        certificate.verify_directly_issued_by(certificate)
        assert certificate.subject.rfc4514_string() == "CN=accounts.accesscontrol.windows.net"
        thumbprint = base64.urlsafe_b64encode(hashlib.sha1(der).digest()).decode().rstrip("=")  # noqa: S324
        assert key["kid"] == key["x5t"] == thumbprint
        public = jwt.PyJWK(key, "RS256").key
        assert isinstance(public, rsa.RSAPublicKey)
        assert public.public_numbers() == certificate.public_key().public_numbers()  # type: ignore[union-attr]
        assert (key["kty"], key["use"], key["e"]) == ("RSA", "sig", "AQAB")


def test_a_key_names_its_issuer(world: World) -> None:
    assert {key["issuer"] for key in keys_of(world)} == {f"{LOGIN}/{world.tenant.id}/v2.0"}
    assert {key["issuer"] for key in keys_of(world, "common")} == {f"{LOGIN}/{{tenantid}}/v2.0"}


def test_there_are_several_and_one_signs(world: World, app: App) -> None:
    """Source: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover."""
    token = world.client_credentials(app).json()["access_token"]
    for segment in ("", "common"):
        kids = [key["kid"] for key in keys_of(world, segment)]
        assert len(set(kids)) == len(kids) >= 3
        assert jwt.get_unverified_header(token)["kid"] in kids
    key = next(one for one in keys_of(world) if one["kid"] == jwt.get_unverified_header(token)["kid"])
    for one in keys_of(world):
        if one is not key and one["kid"] != key["kid"]:
            with pytest.raises(jwt.InvalidSignatureError):
                jwt.decode(token, jwt.PyJWK(one, "RS256"), ["RS256"], audience=app.client_id)


def test_those_beside_it_have_no_private_part_anywhere(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as tenant:
        world = World(tenant)
        before = keys_of(world)
        assert len(tenant.sql("SELECT kid FROM signing_keys")) == 1
        assert len(tenant.sql("SELECT * FROM announced_keys")[0]) == 2  # kid and certificate
        assert tenant.control().post("/reset").status_code == 200
        assert keys_of(world) == before
    with serving(tmp_path / "state") as tenant:
        assert keys_of(World(tenant)) == before


def test_the_key_survives_a_restart_and_another_state_has_another(tmp_path: Path) -> None:
    def kids(state: Path) -> set[str]:
        with serving(state) as tenant:
            return {key["kid"] for key in keys_of(World(tenant))}

    first = kids(tmp_path / "one")
    assert kids(tmp_path / "one") == first
    assert not kids(tmp_path / "two") & first


CLAIMS = [
    *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host"),
    *("aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver"),
    *("at_hash", "c_hash", "email"),
]


def expected_document(base: str, tenant: str, issuer: str) -> dict[str, Any]:
    """Return the members of a real document, and no others."""
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
        "userinfo_endpoint": f"{GRAPH}/oidc/userinfo",
        "authorization_endpoint": f"{v2}/authorize",
        "device_authorization_endpoint": f"{v2}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{v2}/logout",
        "claims_supported": CLAIMS,
        "kerberos_endpoint": f"{base}/{tenant}/kerberos",
        "mtls_endpoint_aliases": {"token_endpoint": f"https://mtlsauth.microsoft.com/{tenant}/oauth2/v2.0/token"},
        "tls_client_certificate_bound_access_tokens": True,
        "tenant_region_scope": None if tenant in ("common", "organizations", "consumers") else "NA",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }


ANY_TENANT = f"{LOGIN}/{{tenantid}}/v2.0"
CONSUMERS = f"{LOGIN}/9188040d-6c67-4c5b-b112-36a304b66dad/v2.0"


@pytest.mark.parametrize(
    ("segment", "issuer"),
    [("", ""), ("common", ANY_TENANT), ("organizations", ANY_TENANT), ("consumers", CONSUMERS)],
)
def test_the_document_is_entras_and_nothing_is_added(world: World, segment: str, issuer: str) -> None:
    tenant, issuer = segment or world.tenant.id, issuer or f"{LOGIN}/{world.tenant.id}/v2.0"
    found = document(world, tenant)
    assert found == expected_document(LOGIN, tenant, issuer)
    for absent in (
        "code_challenge_methods_supported",
        "registration_endpoint",
        "client_id_metadata_document_supported",
        "authorization_response_iss_parameter_supported",
    ):
        assert absent not in found


def test_the_document_may_be_cached_and_read_from_anywhere(world: World) -> None:
    for path in (DOCUMENT, "/discovery/v2.0/keys"):
        headers = world.http.get(f"{LOGIN}/{world.tenant.id}{path}").headers
        assert headers["cache-control"] == "max-age=86400, private"
        assert headers["access-control-allow-origin"] == "*"
        assert headers["content-type"].startswith("application/json")


def test_a_tenant_goes_by_its_domain_too(world: World) -> None:
    assert document(world, "Contoso.onmicrosoft.com") == document(world, world.tenant.id)


@pytest.mark.parametrize("path", [DOCUMENT, "/discovery/v2.0/keys"])
@pytest.mark.parametrize("unknown", [UNKNOWN, "nobody.onmicrosoft.com"])
def test_an_unknown_tenant(world: World, unknown: str, path: str) -> None:
    answer = world.http.get(f"{LOGIN}/{unknown}{path}")
    body = answer.json()
    assert answer.status_code == 400
    assert (body["error"], body["error_codes"]) == ("invalid_tenant", [90002])
    assert body["error_description"].startswith(f"AADSTS90002: Tenant '{unknown}' not found. Check to make sure you")
    assert body["error_uri"] == f"{LOGIN}/error?code=90002"


ALIASES = ("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net")


@pytest.mark.parametrize("host", ALIASES)
def test_aliases_speak_for_the_same_issuer(world: World, host: str) -> None:
    assert document(world, world.tenant.id, f"https://{host}") == document(world, world.tenant.id)


def test_the_government_cloud_goes_by_its_own_name(world: World) -> None:
    host = "https://login.microsoftonline.us"
    found = document(world, world.tenant.id, host)
    assert found["issuer"] == f"{host}/{world.tenant.id}/v2.0"
    assert found["token_endpoint"].startswith(f"{host}/{world.tenant.id}/")
    assert (found["msgraph_host"], found["cloud_instance_name"]) == ("graph.microsoft.us", "microsoftonline.us")
    keys = world.http.get(f"{host}/{world.tenant.id}/discovery/v2.0/keys").json()["keys"]
    assert {key["issuer"] for key in keys} == {found["issuer"]}


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_the_direct_listener_goes_by_the_host_header(tenant: Tenant, name: str) -> None:
    host = host_of(tenant.said["https"]).replace("localhost", name)
    with tenant.direct() as http:
        found = http.get(f"https://{host}/{tenant.id}{DOCUMENT}").json()
        common = http.get(f"https://{host}/common{DOCUMENT}").json()
        keys = http.get(f"https://{host}/{tenant.id}/discovery/v2.0/keys").json()["keys"]
    assert found["issuer"] == f"https://{host}/{tenant.id}/v2.0"
    assert common["issuer"] == f"https://{host}/{{tenantid}}/v2.0"
    assert {key["issuer"] for key in keys} == {found["issuer"]}
    for member in ("authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"):
        assert host_of(found[member]) == host


def test_a_host_that_is_not_ours_is_refused(tenant: Tenant) -> None:
    with tenant.direct() as http:
        for host in ("login.example.com", "localhost.example.com", "", "localhost:[", "localhost:x"):
            assert http.get(f"/common{DOCUMENT}", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/.well-known/oauth-authorization-server/{tenant}/v2.0"),
        ("GET", "/{tenant}/v2.0/.well-known/oauth-authorization-server"),
        ("GET", "/{tenant}/.well-known/oauth-authorization-server"),
        ("GET", "/.well-known/openid-configuration/{tenant}/v2.0"),
        ("GET", "/.well-known/openid-configuration"),
        ("POST", "/{tenant}/oauth2/v2.0/register"),
        ("POST", "/{tenant}/register"),
        ("POST", "/register"),
    ],
)
def test_where_entra_answers_404(world: World, method: str, path: str) -> None:
    for tenant in (world.tenant.id, "common"):
        assert world.http.request(method, LOGIN + path.format(tenant=tenant)).status_code == 404


def instance(world: World, **query: str) -> httpx.Response:
    return world.http.get(f"{LOGIN}/common/discovery/instance", params={"api-version": "1.1", **query})


@pytest.mark.parametrize("host", [*ALIASES, "login.microsoftonline.us"])
def test_instance_discovery(world: World, host: str) -> None:
    endpoint = f"https://{host}/{world.tenant.id}/oauth2/v2.0/authorize"
    body = instance(world, authorization_endpoint=endpoint).json()
    assert set(body) == {"tenant_discovery_endpoint", "api-version", "metadata"}
    assert body["tenant_discovery_endpoint"] == f"https://{host}/{world.tenant.id}{DOCUMENT}"
    assert body["api-version"] == "1.1"
    first = body["metadata"][0]
    assert (first["preferred_network"], first["preferred_cache"]) == ("login.microsoftonline.com", "login.windows.net")
    assert first["aliases"] == ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", ALIASES[3]]
    assert any("login.microsoftonline.us" in cloud["aliases"] for cloud in body["metadata"])


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://login.example.com/common/oauth2/v2.0/authorize",
        "http://login.microsoftonline.com/common/oauth2/v2.0/authorize",
        "https://[",
        "nonsense",
    ],
)
def test_an_unknown_instance(world: World, endpoint: str) -> None:
    answer = instance(world, authorization_endpoint=endpoint)
    assert answer.status_code == 400
    assert (answer.json()["error"], answer.json()["error_codes"]) == ("invalid_instance", [50049])  # [MEM]
