"""The values that a rule's texts name: this app's ids, and what its settings should be, ready to be pasted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from workshop.core.well_known import GRAPH_APP_ID
from workshop.registration.app_roles import needed_roles
from workshop.registration.aspects import ACCOUNT_TYPES
from workshop.registration.codec import client_json, permissions_json, redirects_json, role_json, scope_json
from workshop.registration.consent import wanted_grants
from workshop.registration.declarations import Declaration, DeclaredRole, DeclaredScope
from workshop.registration.resource_uri import OTHERWISE, lent_by, unverified
from workshop.registration.rules.python_lines import python
from workshop.registration.rules.rules_credentials import EXCHANGE, audience_fault, issuer_fault, subject_fault
from workshop.registration.rules.rules_directory import PUBLISHED, unpublished
from workshop.registration.seen import App, ExposedScope, Federated, Preauthorized, Role, SeenPermission, Snapshot
from workshop.registration.wanted_app import role_as_declared, scope_as_declared

GRAPH = "https://graph.microsoft.com/v1.0"


def facts(app: App, snapshot: Snapshot, declaration: Declaration) -> Mapping[str, str]:
    """Return what `$name` stands for in the texts of the rules."""
    directory = snapshot.directory
    return {
        "name": app.display_name or declaration.display_name,
        "client_id": app.client_id,
        "app": f'graph.applications.by_application_id("{app.object_id}")',
        "application_url": f"{GRAPH}/applications/{app.object_id}",
        "tenant_id": directory.tenant_id if directory else "your tenant's id",
        "file": snapshot.values.place if snapshot.values else ".env",
        "secret_name": declaration.names.client_secret,
        "credential_name": declaration.secret.name if declaration.secret else "workshop",
        "certificate_path": snapshot.values.certificate if snapshot.values else declaration.names.certificate,
        "graph_app_id": GRAPH_APP_ID,
        **_single_facts(app, snapshot, declaration),
        **_address_facts(app, snapshot, declaration),
        **_redirect_facts(app, declaration),
        **_scope_facts(app, declaration),
        **_permission_facts(app, snapshot, declaration),
        **_principal_facts(app, snapshot, declaration),
        **_federated_facts(app, snapshot, declaration),
    }


def _single_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    identifier = declaration.identifier_uri.format(client_id=app.client_id)
    others = [uri for uri in app.identifier_uris if uri.rstrip("/").lower() != identifier.lower()]
    uris = [identifier, *others]
    return {
        "token_version": str(declaration.token_version),
        "audience": declaration.account_types,
        "account_types": ACCOUNT_TYPES[declaration.account_types],
        "identifier_uri": identifier,
        "identifier_uris": " ".join(uris),
        "identifier_uris_list": _python(uris),
        "other_owner": snapshot.owners.get(identifier, ""),
    }


def _address_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    domains = snapshot.directory.domains if snapshot.directory else ()
    sent = declaration.sent_as
    uris = [sent, *(uri for uri in app.identifier_uris if uri.rstrip("/").lower() != sent.lower())]
    texts = {
        "sent_as": sent,
        "address_portal": f"Expose an API: Application ID URI > Add (or Edit), {sent}; token version 2 comes first",
        "address_az": f"az ad app update --id {app.client_id} --identifier-uris {' '.join(uris)}",
        "address_python": f'await graph.applications.by_application_id("{app.object_id}").patch('
        f"Application(identifier_uris={_python(uris)}))",
        "uri_otherwise": f". {OTHERWISE}" if any(unverified(uri, domains) for uri in app.identifier_uris) else "",
    }
    if unverified(sent, domains) or lent_by(urlsplit(sent).hostname or ""):
        texts |= {
            "address_portal": OTHERWISE,
            "address_az": "az rest --method GET --url https://graph.microsoft.com/v1.0/domains  # the verified ones",
            "address_python": "await graph.organization.get()  # its verified_domains",
        }
    return texts


def _redirect_facts(app: App, declaration: Declaration) -> dict[str, str]:
    declared = declaration.web_redirect_uris
    web = [*app.web, *(uri for uri in declared if uri not in app.web)]
    spa = [uri for uri in app.spa if uri not in declared]
    public = [uri for uri in app.public if uri not in declared]
    platforms = {"web": redirects_json(web), "spa": redirects_json(spa), "publicClient": redirects_json(public)}
    return {
        "callback": ", ".join(declared) or "none",
        "web_uris": " ".join(web),
        "web_uris_list": _python(web),
        "platforms_body": _json(platforms),
        "platforms_model": python(platforms, "Application"),
    }


def _scope_facts(app: App, declaration: Declaration) -> dict[str, str]:
    scopes = _mended_scopes(app, declaration)
    ids = tuple(
        scope.id
        for scope in scopes
        if any(scope.value == declared_scope.value for declared_scope in declaration.scopes)
    )
    known = {scope.id for scope in scopes}
    declared = {client.app_id for client in declaration.preauthorized}
    clients = [Preauthorized(app_id, ids) for app_id in declared]
    clients += [
        replace(client, scope_ids=tuple(id_ for id_ in client.scope_ids if id_ in known))
        for client in app.preauthorized
        if client.app_id not in declared
    ]
    admins = {True: "Admins only", False: "Admins and users"}
    scopes_json = [scope_json(scope) for scope in scopes]
    clients_json = [client_json(client) for client in clients]
    return {
        "scopes": ", ".join(declared_scope.value for declared_scope in declaration.scopes),
        "scopes_consent": ", ".join(
            dict.fromkeys(admins[declared_scope.admins_only] for declared_scope in declaration.scopes)
        ),
        "scopes_body": _json({"api": {"oauth2PermissionScopes": scopes_json}}),
        "scopes_list": python(scopes_json, "PermissionScope"),
        "preauthorized": ", ".join(f"{client.name} ({client.app_id})" for client in declaration.preauthorized),
        "preauthorized_body": _json({"api": {"preAuthorizedApplications": clients_json}}),
        "preauthorized_list": python(clients_json, "PreAuthorizedApplication"),
    }


def _mended_scopes(app: App, declaration: Declaration) -> list[ExposedScope]:
    """Return the scopes as they are, the declared ones put right and the missing ones added."""
    wanted = {declared.value: declared for declared in declaration.scopes}
    kept = [_mended_scope(app, wanted[scope.value], scope) if scope.value in wanted else scope for scope in app.scopes]
    return [
        *kept,
        *(_mended_scope(app, declared, None) for declared in declaration.scopes if app.scope(declared.value) is None),
    ]


def _mended_scope(app: App, wanted: DeclaredScope, there: ExposedScope | None) -> ExposedScope:
    declared = scope_as_declared(wanted, app, _new_id(app))
    return replace(there, enabled=True, type=declared.type) if there else declared


def _new_id(app: App) -> Callable[[str], str]:
    return lambda name: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{app.client_id}/{name}"))


def _permission_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    published = {name: id_ for id_, name in PUBLISHED.items()}
    ids = dict(snapshot.directory.graph_permissions) if snapshot.directory else published
    wanted = [SeenPermission(GRAPH_APP_ID, ids.get(name, name), "Scope") for name in declaration.graph_permissions]
    needed = needed_roles(app, snapshot, declaration)
    roles = [_mended_role(app, role) for role in needed]
    roles += [role for role in app.roles if all(role.value != declared.value for declared in needed)]
    left_out = (*wanted, *unpublished(app, snapshot))
    there = [permission for permission in app.permissions if permission not in left_out]
    permissions, roles_json = permissions_json([*wanted, *there]), [role_json(role) for role in roles]
    return {
        "permissions": ", ".join(declaration.graph_permissions) or "none",
        "permissions_words": '"' + " ".join(declaration.graph_permissions) + '"',
        "permissions_body": _json(permissions),
        "permissions_list": python(permissions, "RequiredResourceAccess"),
        "app_roles": ", ".join(_in_words(declared) for declared in needed),
        "app_roles_body": _json(roles_json),
        "app_roles_list": python(roles_json, "AppRole"),
    }


def _mended_role(app: App, wanted: DeclaredRole) -> Role:
    there, declared = app.role(wanted.value), role_as_declared(wanted, None, _new_id(app))
    if there is None:
        return declared
    lacks = wanted.for_applications and "Application" not in there.members
    members = (*there.members, *(("Application",) if lacks else ()))
    return replace(there, enabled=True, members=tuple(sorted(members)))


def _in_words(role: DeclaredRole) -> str:
    return f"{role.value} (for Applications)" if role.for_applications else role.value


def _principal_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    principal = snapshot.principal
    item = f'graph.service_principals.by_service_principal_id("{principal.id if principal else ""}")'
    az = f"az ad sp update --id {app.client_id} --set accountEnabled=true"
    python = f"await {item}.patch(ServicePrincipal(account_enabled=True))"
    if principal is None:
        az = f"az ad sp create --id {app.client_id}"
        python = f'await graph.service_principals.post(ServicePrincipal(app_id="{app.client_id}"))'
    return {
        "principal_id": principal.id if principal else "",
        "principal_az": az,
        "principal_python": python,
        "consent_python": _consent_python(snapshot, declaration),
    }


def _consent_python(snapshot: Snapshot, declaration: Declaration) -> str:
    wanted = next(
        (grant for grant in wanted_grants(declaration, snapshot) if grant.resource == "Microsoft Graph"), None
    )
    scope = " ".join(declaration.graph_permissions)
    if wanted and wanted.grants:
        item = f'graph.oauth2_permission_grants.by_o_auth2_permission_grant_id("{wanted.grants[0].id}")'
        return f'await {item}.patch(OAuth2PermissionGrant(scope="{scope}"))'
    return (
        "await graph.oauth2_permission_grants.post(OAuth2PermissionGrant("
        f'client_id="{snapshot.principal.id if snapshot.principal else ""}", consent_type="AllPrincipals", '
        f'resource_id="{wanted.resource_id if wanted else ""}", scope="{scope}"))'
    )


def _federated_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    tenant = snapshot.directory.tenant_id if snapshot.directory else "<tenant id>"
    declared = next(iter(declaration.federated), None)
    issuer = declared.issuer if declared else f"https://login.microsoftonline.com/{tenant}/v2.0"
    subject = declared.subject if declared else "<principal (object) id of the managed identity>"
    audience = declared.audience if declared else EXCHANGE
    there = _first_at_fault(app, snapshot, declaration)
    name = there.name if there else declared.name if declared else "workshop"
    body = _json({"name": name, "issuer": issuer, "subject": subject, "audiences": [audience]})
    model = f'issuer="{issuer}", subject="{subject}", audiences=["{audience}"]'
    credentials = f'graph.applications.by_application_id("{app.object_id}").federated_identity_credentials'
    az = f"az ad app federated-credential create --id {app.client_id} --parameters '{body}'"
    python = f'await {credentials}.post(FederatedIdentityCredential(name="{name}", {model}))'
    if there:
        item = f'{credentials}.by_federated_identity_credential_id("{there.id}")'
        az = (
            f"az ad app federated-credential update --id {app.client_id} "
            f"--federated-credential-id {there.id} --parameters '{body}'"
        )
        python = f"await {item}.patch(FederatedIdentityCredential({model}))"
    return {
        "federated_issuer": issuer,
        "federated_subject": subject,
        "federated_audience": audience,
        "federated_az": az,
        "federated_python": python,
    }


def _first_at_fault(app: App, snapshot: Snapshot, declaration: Declaration) -> Federated | None:
    judges = (issuer_fault, subject_fault, audience_fault)
    for credential in snapshot.federated:
        if any(judge(credential, app, snapshot, declaration) for judge in judges):
            return credential
    return None


def _python(texts: Iterable[str]) -> str:
    return repr(list(texts))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
