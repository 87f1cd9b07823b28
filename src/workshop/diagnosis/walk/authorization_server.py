"""Authorization server metadata: where it is, in the specification's order, and what of it stops which client.

Source: RFC 8414 sections 3.1 and 3.3; MCP specification, 2026-07-28, authorization and security considerations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from workshop.diagnosis.walk.resource import Resource
from workshop.diagnosis.walk.route import Route, Stopped, listed, members, split, worded
from workshop.diagnosis.web import ENTRA

STEP = "authorization server metadata"
PKCE = "PKCE in the metadata"
REGISTRATION = "registration"
SCOPES = "scopes"

OIDC = frozenset({"openid", "profile", "email", "offline_access"})
STRICT = "claude.ai and others that refuse metadata without PKCE"
NEED_REGISTRATION = "clients that need DCR or CIMD (Claude, ChatGPT, Cursor, MCP Inspector) unless given a client id"
SENDS_RESOURCE = "clients that send resource (VS Code and all that keep to the specification)"


@dataclass(frozen=True)
class AuthorizationServer:
    """An authorization server and its metadata."""

    issuer: str
    metadata: dict[str, Any]

    @property
    def is_entra(self) -> bool:
        """Whether it is Entra itself."""
        return split(self.issuer).hostname in ENTRA

    def address(self, name: str) -> str:
        """Return an endpoint, "" if there is none."""
        value = self.metadata.get(name)
        return value if isinstance(value, str) else ""


def addresses(issuer: str) -> tuple[str, ...]:
    """Return where the metadata is looked for, in the order of the MCP specification."""
    parts = split(issuer)
    origin, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    oauth, openid = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    if not path:
        return f"{origin}{oauth}", f"{origin}{openid}"
    return f"{origin}{oauth}{path}", f"{origin}{openid}{path}", f"{origin}{path}{openid}"


def fetch(route: Route, resource: Resource) -> AuthorizationServer:
    """Fetch the metadata of the first authorization server and judge it.

    Raises:
        Stopped: there is none.
    """
    issuer = resource.servers[0]
    plain = route.lacks_tls(STEP, {"authorization_servers": issuer})
    tried = []
    for address in addresses(issuer):
        answer = route.call(STEP, "GET", address)
        metadata = members(answer)
        if metadata is not None:
            server = AuthorizationServer(issuer, metadata)
            _judge(route, server, f"GET {address}", plain=plain)
            return server
        tried.append(f"{answer.status_code} {address}")
    if route.found("metadata-at-another-path"):  # both come of the same wrong address
        route.step(STEP, "wrong", ", ".join(tried), stops="every client")
    else:
        route.wrong(STEP, "no-authorization-server", ", ".join(tried))
    raise Stopped


def _judge(route: Route, server: AuthorizationServer, request: str, *, plain: bool) -> None:
    endpoints = {name: value for name, value in server.metadata.items() if name.endswith("_endpoint")}
    plain = route.lacks_tls(STEP, endpoints) or plain
    named = worded(server.metadata.get("issuer"))
    if named != server.issuer and not plain:
        evidence = f"issuer is {named or 'missing'}, it was found by {server.issuer}"
        stops = "clients that compare the two, such as the Python SDK"
        route.wrong(STEP, "issuer-differs", evidence, request=request, stops=stops)
    elif not plain:
        route.step(STEP, "well", f"issuer {named}", request=request)
    _judge_pkce(route, server)
    _judge_registration(route, server)


def _judge_pkce(route: Route, server: AuthorizationServer) -> None:
    methods = server.metadata.get("code_challenge_methods_supported")
    if isinstance(methods, list) and "S256" in methods:
        route.step(PKCE, "well", "S256")
    elif server.is_entra:
        route.step(PKCE, "note", "Entra does PKCE and does not say so in its metadata", stops=STRICT)
    else:
        evidence = f"code_challenge_methods_supported is {_listed(methods)}"
        route.wrong(PKCE, "no-pkce-in-metadata", evidence, stops=STRICT)


def _listed(methods: object) -> str:
    return " ".join(listed(methods)) or worded(methods) or "missing"


def _judge_registration(route: Route, server: AuthorizationServer) -> None:
    ways = []
    if server.metadata.get("client_id_metadata_document_supported") is True:
        ways.append("by client id metadata document (CIMD)")
    if server.address("registration_endpoint"):
        ways.append("dynamic (DCR)")
    if ways:
        route.step(REGISTRATION, "well", " and ".join(ways))
    elif server.is_entra:
        evidence = "Entra registers no clients: they bring an id that is registered or pre-authorized there"
        route.step(REGISTRATION, "note", evidence, stops=NEED_REGISTRATION)
    else:
        route.wrong(REGISTRATION, "no-client-registration", "neither DCR nor CIMD", stops=NEED_REGISTRATION)


def judge_scopes(route: Route, server: AuthorizationServer, resource: Resource) -> None:
    """Hold the resource against the scopes: at Entra a scope names its resource."""
    if not server.is_entra:
        return
    scopes = [scope for scope in resource.scopes if scope not in OIDC]
    bare = [scope for scope in scopes if "/" not in scope]
    if bare:
        route.wrong(SCOPES, "scopes-without-prefix-advertised", f"advertised: {' '.join(bare)}")
        return
    others = [scope for scope in scopes if scope.rpartition("/")[0] != resource.name]
    if not others:
        route.step(SCOPES, "well", f"{' '.join(scopes) or 'none'}, of the resource itself")
        return
    evidence = f"resource is {resource.name}, the scope is {others[0]}: Entra refuses both together (AADSTS9010010)"
    if route.is_local:
        route.step(SCOPES, "note", f"{evidence}; localhost can't be an identifier URI", stops=SENDS_RESOURCE)
    else:
        route.wrong(SCOPES, "resource-not-an-identifier-uri", evidence, stops=SENDS_RESOURCE)
