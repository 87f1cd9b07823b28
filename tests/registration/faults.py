"""For each rule of the verification: a declaration it matters to, and the mistake made in the directory."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from workshop.registration import certificates
from workshop.registration.declarations import (
    PREAUTHORIZED,
    PROXY,
    VISUAL_STUDIO_CODE_CLIENT,
    Certificate,
    Declaration,
    DeclaredRole,
    FederatedCredential,
    Secret,
)

from .office import GRAPH_APP, Office

CALLBACK = "http://localhost:8000/auth/callback"
ISSUER = "https://login.microsoftonline.com/{tenant_id}/v2.0"
SUBJECT = "11111111-2222-4333-8444-555555555555"
ROLE = DeclaredRole("Approver", "Approver", "May approve expenses.")


@dataclass(frozen=True)
class Fault:
    """A mistake and what the verification should say.

    Attributes:
        evidence: a part of what the line says was found.
        declared: from the office, what is registered first.
        told_by: "graph", "manifest" (a manifest tells it too), or "machine" (the values on this machine tell it).
        besides: other rules that this mistake breaks too.
        held_against: from the office, what it is verified against, if not what is registered.
        left: what is still wrong after the mend.
        mended: whether the mend of the rule puts everything right; an own URI means a change of the server too.
    """

    make: Callable[[Office, Declaration], None]
    evidence: str
    declared: Callable[[Office], Declaration] = lambda _: PROXY
    told_by: str = "manifest"
    besides: frozenset[str] = frozenset()
    held_against: Callable[[Office], Declaration] | None = None
    left: frozenset[str] = frozenset()
    mended: bool = True


def patch(**properties: Any) -> Callable[[Office, Declaration], None]:
    """Return what changes properties of the application."""
    return lambda office, declaration: office.change(properties, declaration)


def web(*uris: str) -> Callable[[Office, Declaration], None]:
    return patch(web={"redirectUris": list(uris)})


def scope(**changes: Any) -> Callable[[Office, Declaration], None]:
    """Return what changes the first scope."""

    def make(office: Office, declaration: Declaration) -> None:
        first = office.app(declaration)["api"]["oauth2PermissionScopes"][0]
        office.change({"api": {"oauth2PermissionScopes": [first | changes]}}, declaration)

    return make


def no_scope(office: Office, declaration: Declaration) -> None:
    scope(isEnabled=False)(office, declaration)
    office.change({"api": {"oauth2PermissionScopes": []}}, declaration)


def no_secret(office: Office, declaration: Declaration) -> None:
    app = office.app(declaration)
    for secret in app["passwordCredentials"]:
        office.done("POST", f"/applications/{app['id']}/removePassword", {"keyId": secret["keyId"]})


def secret_id_for_value(office: Office, declaration: Declaration) -> None:
    secret_id = office.app(declaration)["passwordCredentials"][0]["keyId"]
    right = office.values()["ENTRA_PROXY_AZURE_CLIENT_SECRET"]
    office.file.write_text(office.file.read_text("utf-8").replace(right, secret_id), "utf-8")


def another_certificate(office: Office, declaration: Declaration) -> None:
    path = office.desk.keeper.path(declaration.names.certificate)
    certificates.make(path, "another one", 30, datetime.now(UTC))


def principal(**properties: Any) -> Callable[[Office, Declaration], None]:
    """Return what changes the service principal."""

    def make(office: Office, declaration: Declaration) -> None:
        found = office.principal(office.kept_id(declaration))
        office.done("PATCH", f"/servicePrincipals/{found['id']}", properties)

    return make


def no_principal(office: Office, declaration: Declaration) -> None:
    found = office.principal(office.kept_id(declaration))
    office.done("DELETE", f"/servicePrincipals/{found['id']}")


def no_consent(office: Office, declaration: Declaration) -> None:
    own, graph = (office.principal(one)["id"] for one in (office.kept_id(declaration), GRAPH_APP))
    for grant in office.got(f"/oauth2PermissionGrants?$filter=clientId eq '{own}'")["value"]:
        if grant["resourceId"] == graph:
            office.done("DELETE", f"/oauth2PermissionGrants/{grant['id']}")


def trusted(**changes: Any) -> Callable[[Office, Declaration], None]:
    """Return what changes the federated credential."""

    def make(office: Office, declaration: Declaration) -> None:
        base = f"/applications/{office.app(declaration)['id']}/federatedIdentityCredentials"
        (one,) = office.got(base)["value"]
        filled = {name: value.format(tenant_id=office.tenant_id) if isinstance(value, str) else value
                  for name, value in changes.items()}  # fmt: skip
        office.done("PATCH", f"{base}/{one['id']}", filled)

    return make


def someone_elses_uri(office: Office, _: Declaration) -> None:
    api = {"requestedAccessTokenVersion": 2}
    office.done(
        "POST", "/applications", {"displayName": "Other", "api": api, "identifierUris": ["api://contoso-expenses"]}
    )


def role_disabled(office: Office, declaration: Declaration) -> None:
    (role,) = office.app(declaration)["appRoles"]
    office.change({"appRoles": [role | {"isEnabled": False}]}, declaration)


def of_before_the_policy(office: Office, declaration: Declaration) -> None:
    """Make it an app of older times: Graph refuses to make one like this today, but those there are stay."""
    file = office.running.state / "directory.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            "UPDATE applications SET graph = json_set(graph, '$.api.requestedAccessTokenVersion', 1) WHERE app_id = ?",
            (office.kept_id(declaration),),
        )
    office.running.last_exchange()  # from this question on the tenant knows


def with_role(_: Office) -> Declaration:
    return replace(PROXY, app_roles=(ROLE,))


def with_free_uri(_: Office) -> Declaration:
    return replace(PROXY, identifier_uri="api://contoso-expenses")


def straight(office: Office) -> Declaration:
    return PREAUTHORIZED.known_by(f"https://expenses.{office.domain}/mcp")


def without_https(office: Office, declaration: Declaration) -> None:
    office.change({"identifierUris": [f"api://{office.kept_id(declaration)}"]}, declaration)


def with_certificate(_: Office) -> Declaration:
    return replace(PROXY, credentials=(Certificate(),))


def with_trust(office: Office) -> Declaration:
    trust = FederatedCredential("production", ISSUER.format(tenant_id=office.tenant_id), SUBJECT)
    return replace(PROXY, credentials=(trust,))


def deployed(_: Office) -> Declaration:
    return PROXY.at("https://mcp.contoso.example")


FAULTS: dict[str, Fault] = {
    "redirect-uri": Fault(web(), "none"),
    "redirect-path": Fault(web(CALLBACK + "/"), "/auth/callback/"),
    "redirect-platform": Fault(patch(web={"redirectUris": []}, spa={"redirectUris": [CALLBACK]}), "Single-page"),
    "redirect-scheme": Fault(web(CALLBACK.replace("http", "https")), "https://localhost"),
    "redirect-port": Fault(web("https://mcp.contoso.example:8443/auth/callback"), ":8443", deployed),
    "implicit-grant": Fault(patch(web={"implicitGrantSettings": {"enableIdTokenIssuance": True}}), "ID tokens"),
    "public-client-flows": Fault(patch(isFallbackPublicClient=True), "allowed"),
    "credential-present": Fault(no_secret, "none", besides=frozenset({"secret-value"})),
    "credential-expiry": Fault(
        lambda _, __: None, "in 19 days", lambda _: replace(PROXY, credentials=(Secret(days=20),))
    ),
    "secret-value": Fault(secret_id_for_value, "Secret ID of “workshop”", told_by="machine"),
    "certificate": Fault(another_certificate, "on this machine", with_certificate, told_by="machine"),
    "federated-issuer": Fault(
        trusted(issuer="https://sts.windows.net/{tenant_id}/"), "sts.windows.net", with_trust, told_by="graph"
    ),
    "federated-subject": Fault(
        trusted(subject="99999999-2222-4333-8444-555555555555"), "99999999", with_trust, told_by="graph"
    ),
    "federated-audience": Fault(
        trusted(audiences=["api://something-else"]), "api://something-else", with_trust, told_by="graph"
    ),
    "account-types": Fault(patch(signInAudience="AzureADMultipleOrgs"), "any organization"),
    "service-principal": Fault(no_principal, "there is none", told_by="graph", left=frozenset({"admin-consent"})),
    "assignment-required": Fault(principal(appRoleAssignmentRequired=True), "nobody is", told_by="graph"),
    "app-roles": Fault(role_disabled, "Approver is disabled", with_role),
    "graph-permissions": Fault(patch(requiredResourceAccess=[]), "missing: openid"),
    "admin-consent": Fault(no_consent, "not granted: openid", told_by="graph"),
    "access-token-version": Fault(patch(api={"requestedAccessTokenVersion": 1}), "1"),
    "identifier-uri": Fault(patch(identifierUris=[]), "none"),
    "identifier-uri-owner": Fault(
        someone_elses_uri, "holds api://contoso-expenses", told_by="graph", besides=frozenset({"identifier-uri"}),
        held_against=with_free_uri, mended=False,
    ),
    "identifier-uri-policy": Fault(
        of_before_the_policy, "outside the policy: api://contoso-expenses", with_free_uri,
        told_by="graph", besides=frozenset({"access-token-version"}), mended=False,
    ),
    "identifier-uri-address": Fault(
        without_https, "clients send https://expenses.", straight, besides=frozenset({"identifier-uri"})
    ),
    "scopes-exist": Fault(no_scope, "no scope"),
    "scopes-enabled": Fault(scope(isEnabled=False), "disabled: mcp-access"),
    "scopes-consent": Fault(scope(type="Admin"), "only admins"),
    "preauthorized-clients": Fault(
        patch(api={"preAuthorizedApplications": []}), f"{VISUAL_STUDIO_CODE_CLIENT.name} is not listed",
        lambda _: PREAUTHORIZED,
    ),
}  # fmt: skip
