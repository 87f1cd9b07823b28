"""The values that a rule's texts name: this app's ids, and what its settings should be, ready to be pasted."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace

from workshop.registration.compare import ACCOUNT_TYPES
from workshop.registration.consent import wanted_grants
from workshop.registration.declared import GRAPH_APP_ID, Declaration, DeclaredRole, DeclaredScope
from workshop.registration.rules.rules_credentials import EXCHANGE, audience_fault, issuer_fault, subject_fault
from workshop.registration.rules.rules_directory import PUBLISHED
from workshop.registration.seen import App, Federated, Permission, Preauthorized, Role, Scope, Snapshot

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


def _redirect_facts(app: App, declaration: Declaration) -> dict[str, str]:
    declared = declaration.web_redirect_uris
    web = [*app.web, *(uri for uri in declared if uri not in app.web)]
    spa = [uri for uri in app.spa if uri not in declared]
    public = [uri for uri in app.public if uri not in declared]
    platforms = {"web": web, "spa": spa, "publicClient": public}
    return {
        "callback": ", ".join(declared) or "none",
        "web_uris": " ".join(web),
        "web_uris_list": _python(web),
        "platforms_body": _json({name: {"redirectUris": uris} for name, uris in platforms.items()}),
        "platforms_model": (
            f"Application(web=WebApplication(redirect_uris={_python(web)}), "
            f"spa=SpaApplication(redirect_uris={_python(spa)}), "
            f"public_client=PublicClientApplication(redirect_uris={_python(public)}))"
        ),
    }


def _scope_facts(app: App, declaration: Declaration) -> dict[str, str]:
    scopes = _mended_scopes(app, declaration)
    ids = tuple(scope.id for scope in scopes if any(scope.value == one.value for one in declaration.scopes))
    known = {scope.id for scope in scopes}
    declared = {one.app_id for one in declaration.preauthorized}
    clients = [Preauthorized(one, ids) for one in declared]
    clients += [
        replace(one, scope_ids=tuple(id_ for id_ in one.scope_ids if id_ in known))
        for one in app.preauthorized
        if one.app_id not in declared
    ]
    admins = {True: "Admins only", False: "Admins and users"}
    return {
        "scopes": ", ".join(one.value for one in declaration.scopes),
        "scopes_consent": ", ".join(dict.fromkeys(admins[one.admins_only] for one in declaration.scopes)),
        "scopes_body": _json({"api": {"oauth2PermissionScopes": [scope_json(scope) for scope in scopes]}}),
        "scopes_list": f"[{', '.join(_scope_python(scope) for scope in scopes)}]",
        "preauthorized": ", ".join(f"{one.name} ({one.app_id})" for one in declaration.preauthorized),
        "preauthorized_body": _json({"api": {"preAuthorizedApplications": [client_json(one) for one in clients]}}),
        "preauthorized_list": f"[{', '.join(_client_python(one) for one in clients)}]",
    }


def _mended_scopes(app: App, declaration: Declaration) -> list[Scope]:
    """Return the scopes as they are, the declared ones put right and the missing ones added."""
    wanted = {one.value: one for one in declaration.scopes}
    kept = [_mended(scope, wanted.get(scope.value)) for scope in app.scopes]
    new = [_new_scope(app, one) for one in declaration.scopes if app.scope(one.value) is None]
    return [*kept, *new]


def _mended(scope: Scope, wanted: DeclaredScope | None) -> Scope:
    return replace(scope, enabled=True, type=_type(wanted)) if wanted else scope


def _new_scope(app: App, wanted: DeclaredScope) -> Scope:
    texts = (wanted.title, wanted.description) * 2
    return Scope(_guid(app, wanted.value), wanted.value, True, _type(wanted), texts)


def _type(wanted: DeclaredScope) -> str:
    return "Admin" if wanted.admins_only else "User"


def _guid(app: App, name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{app.client_id}/{name}"))


def _permission_facts(app: App, snapshot: Snapshot, declaration: Declaration) -> dict[str, str]:
    published = {name: id_ for id_, name in PUBLISHED.items()}
    ids = dict(snapshot.directory.graph_permissions) if snapshot.directory else published
    wanted = [Permission(GRAPH_APP_ID, ids.get(name, name), "Scope") for name in declaration.graph_permissions]
    roles = [_mended_role(app, one) for one in declaration.app_roles]
    roles += [role for role in app.roles if all(role.value != one.value for one in declaration.app_roles)]
    there = [one for one in app.permissions if one not in wanted]
    return {
        "permissions": ", ".join(declaration.graph_permissions),
        "permissions_words": '"' + " ".join(declaration.graph_permissions) + '"',
        "permissions_body": _json(resources([*wanted, *there])),
        "permissions_list": _resources_python([*wanted, *there]),
        "app_roles": ", ".join(one.value for one in declaration.app_roles),
        "app_roles_body": _json([role_json(role) for role in roles]),
        "app_roles_list": f"[{', '.join(_role_python(role) for role in roles)}]",
    }


def _mended_role(app: App, wanted: DeclaredRole) -> Role:
    there = next((role for role in app.roles if role.value == wanted.value), None)
    members = ("Application", "User") if wanted.for_applications else ("User",)
    new = Role(_guid(app, f"role {wanted.value}"), wanted.value, True, wanted.title, wanted.description, members)
    return replace(there, enabled=True) if there else new


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
    wanted = next((one for one in wanted_grants(declaration, snapshot) if one.resource == "Microsoft Graph"), None)
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
    for one in snapshot.federated:
        if any(judge(one, app, snapshot, declaration) for judge in judges):
            return one
    return None


def scope_json(scope: Scope) -> dict[str, object]:
    """Return a scope as Graph's JSON."""
    title, description, user_title, user_description = scope.texts
    return {
        "id": scope.id,
        "value": scope.value,
        "type": scope.type,
        "isEnabled": scope.enabled,
        "adminConsentDisplayName": title,
        "adminConsentDescription": description,
        "userConsentDisplayName": user_title,
        "userConsentDescription": user_description,
    }


def _scope_python(scope: Scope) -> str:
    title, description, user_title, user_description = scope.texts
    return (
        f'PermissionScope(id=UUID("{scope.id}"), value={scope.value!r}, type={scope.type!r}, '
        f"is_enabled={scope.enabled}, admin_consent_display_name={title!r}, "
        f"admin_consent_description={description!r}, user_consent_display_name={user_title!r}, "
        f"user_consent_description={user_description!r})"
    )


def client_json(client: Preauthorized) -> dict[str, object]:
    """Return a pre-authorized client as Graph's JSON."""
    return {"appId": client.app_id, "delegatedPermissionIds": list(client.scope_ids)}


def _client_python(client: Preauthorized) -> str:
    return f"PreAuthorizedApplication(app_id={client.app_id!r}, delegated_permission_ids={_python(client.scope_ids)})"


def role_json(role: Role) -> dict[str, object]:
    """Return an app role as Graph's JSON."""
    return {
        "id": role.id,
        "value": role.value,
        "displayName": role.title,
        "description": role.description,
        "isEnabled": role.enabled,
        "allowedMemberTypes": list(role.members),
    }


def _role_python(role: Role) -> str:
    return (
        f'AppRole(id=UUID("{role.id}"), value={role.value!r}, display_name={role.title!r}, '
        f"description={role.description!r}, is_enabled={role.enabled}, allowed_member_types={_python(role.members)})"
    )


def resources(permissions: Iterable[Permission]) -> list[dict[str, object]]:
    """Return permissions as Graph's JSON, by the resource they belong to."""
    grouped: dict[str, list[dict[str, str]]] = {}
    for one in permissions:
        grouped.setdefault(one.resource_app_id, []).append({"id": one.id, "type": one.kind})
    return [{"resourceAppId": resource, "resourceAccess": access} for resource, access in grouped.items()]


def _resources_python(permissions: Iterable[Permission]) -> str:
    grouped: dict[str, list[str]] = {}
    for one in permissions:
        grouped.setdefault(one.resource_app_id, []).append(f'ResourceAccess(id=UUID("{one.id}"), type={one.kind!r})')
    told = (
        f"RequiredResourceAccess(resource_app_id={resource!r}, resource_access=[{', '.join(access)}])"
        for resource, access in grouped.items()
    )
    return f"[{', '.join(told)}]"


def _python(texts: Iterable[str]) -> str:
    return repr(list(texts))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
