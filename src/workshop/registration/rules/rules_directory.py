"""The app in its directory: who may have an account, the service principal, assignment, roles, permissions, consent."""

from __future__ import annotations

import re

from workshop.core.well_known import GRAPH_APP_ID
from workshop.registration.app_roles import needed_roles
from workshop.registration.aspects import ACCOUNT_TYPES
from workshop.registration.declarations import Declaration
from workshop.registration.rules.rule import Rule, SettingMend, SettingVerdict, listed, right, unclear, wrong
from workshop.registration.seen import App, SeenPermission, Snapshot

OBJECTS = "https://learn.microsoft.com/entra/identity-platform/app-objects-and-service-principals"
CONSENT = "https://learn.microsoft.com/entra/identity-platform/permissions-consent-overview"
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MANY = ("AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount")


def account_types(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict:
    """Compare who may sign in with the declared types and with the tenant setting."""
    types = ACCOUNT_TYPES.get(app.account_types, app.account_types or "not set")
    setting = snapshot.values.tenant.lower() if snapshot.values else ""
    home = snapshot.directory.tenant_id.lower() if snapshot.directory else ""
    if setting in ("organizations", "common") and app.account_types not in MANY:
        return wrong(f"{types}, but AZURE_TENANT_ID is {setting}")
    if GUID.fullmatch(setting) and home and setting != home and app.account_types not in MANY:
        return wrong(f"{types}, but AZURE_TENANT_ID names another directory, {setting}")
    return right(types) if app.account_types == declaration.account_types else wrong(types)


def service_principal(_: App, snapshot: Snapshot, __: Declaration) -> SettingVerdict:
    """See that the app is present in the directory and switched on."""
    if snapshot.principal is None:
        return wrong("there is none")
    return right("there, enabled") if snapshot.principal.enabled else wrong("there, but sign-in is disabled")


def assignment(_: App, snapshot: Snapshot, __: Declaration) -> SettingVerdict | None:
    """See that people can get past a required assignment."""
    principal = snapshot.principal
    if principal is None:
        return None
    if not principal.assignment_required:
        return right("not required")
    if principal.assigned is None:
        return right("required")
    return right(f"required, {principal.assigned} assigned") if principal.assigned else wrong("required, nobody is")


def app_roles(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """Look for each app role that should be there, switched on, and for applications where they are to hold it."""
    needed = needed_roles(app, snapshot, declaration)
    if not needed:
        return None
    there = {role.value: role for role in app.roles}
    faults = [f"{role.value} is missing" for role in needed if role.value not in there]
    faults += [f"{role.value} is disabled" for role in needed if role.value in there and not there[role.value].enabled]
    faults += [
        f"{role.value} is not for applications"
        for role in needed
        if role.for_applications and role.value in there and "Application" not in there[role.value].members
    ]
    return wrong(listed(faults)) if faults else right(listed(there))


def permissions(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """Look for each declared permission of Microsoft Graph, as a delegated one, and for ids that nobody publishes."""
    unknown = unpublished(app, snapshot)
    if unknown:
        return wrong(f"nobody publishes: {listed(_as_listed(permission, snapshot) for permission in unknown)}")
    if not declaration.graph_permissions:
        return None
    names = snapshot.directory.permission_names if snapshot.directory else PUBLISHED
    there = {
        permission.id: permission.kind for permission in app.permissions if permission.resource_app_id == GRAPH_APP_ID
    }
    delegated = {names.get(id_, id_) for id_, kind in there.items() if kind == "Scope"}
    faults = [name for name in declaration.graph_permissions if name not in delegated]
    if not faults:
        untold = sorted(id_ for id_ in there if snapshot.directory is None and id_ not in names)
        found = listed(sorted(delegated))
        return unclear(f"{found}; of {listed(untold)} only the directory can tell") if untold else right(found)
    others = [names.get(id_, id_) for id_, kind in there.items() if kind != "Scope"]
    more = f"; as application permission: {listed(sorted(others))}" if others else ""
    return wrong(f"missing: {listed(faults)}{more}")


def unpublished(app: App, snapshot: Snapshot) -> tuple[SeenPermission, ...]:
    """Return the permissions whose ids their API does not publish, or publishes as the other kind."""
    return tuple(
        permission
        for permission in app.permissions
        if permission.resource_app_id in snapshot.published
        and (permission.kind, permission.id.lower()) not in snapshot.published[permission.resource_app_id]
    )


def _as_listed(permission: SeenPermission, snapshot: Snapshot) -> str:
    """Return an id with its kind and its API, and what is wrong with it where that can be told."""
    there = snapshot.published[permission.resource_app_id]
    api = "Microsoft Graph" if permission.resource_app_id == GRAPH_APP_ID else permission.resource_app_id
    told = f"{permission.id} as {permission.kind} of {api}"
    other = "Scope" if permission.kind == "Role" else "Role"
    if not there:
        return f"{told}, which is not in this directory"
    return f"{told}, where it is a {other}" if (other, permission.id.lower()) in there else told


def consent(_: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that an administrator granted the declared permissions of Microsoft Graph to everyone."""
    if not declaration.graph_permissions or snapshot.directory is None or snapshot.principal is None:
        return None
    graph = snapshot.directory.graph_principal_id
    granted = {
        name for grant in snapshot.grants if grant.everyone and grant.resource_id == graph for name in grant.scopes
    }
    missing = [name for name in declaration.graph_permissions if name not in granted]
    return wrong(f"not granted: {listed(missing)}") if missing else right(listed(sorted(granted)))


PUBLISHED = {
    "37f7f235-527c-4136-accd-4a02d197296e": "openid",
    "14dad69e-099b-42c9-810b-d002981feec1": "profile",
    "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0": "email",
    "7427e0e9-2fba-42fe-b0c0-848c9e6a8182": "offline_access",
    "e1fe6dd8-ba31-4d61-89e7-88639da4683d": "User.Read",
    "bc024368-1153-4739-b217-4326f2e966d0": "GroupMember.Read.All",
    "10465720-29dd-4523-a11a-6a75c743c9d9": "Files.Read",
    "df85f4d6-205c-4ac5-a5ea-6bf408dba283": "Files.Read.All",
    "570282fd-fa5c-430d-a7fd-fc8dc98a9dca": "Mail.Read",
    "e383f46e-2787-4529-855e-0e479a3ffac0": "Mail.Send",
}
"""Microsoft Graph's delegated permissions by their published id, for where no directory can be asked.

Source: https://learn.microsoft.com/graph/permissions-reference
"""

RULES = (
    Rule(
        "account-types",
        "Supported account types",
        account_types,
        should="$account_types",
        why=(
            "They decide whose accounts may sign in, and must fit AZURE_TENANT_ID: AADSTS50194 for `organizations` "
            "with a single-tenant app, AADSTS700016 for another directory. Wider than needed, they let strangers in as "
            "far as your own checks."
        ),
        mend=SettingMend(
            portal=(
                "Authentication: Supported account types: $account_types, Save. And set AZURE_TENANT_ID to $tenant_id"
            ),
            az="az ad app update --id $client_id --sign-in-audience $audience",
            python='await $app.patch(Application(sign_in_audience="$audience"))',
        ),
        source="https://learn.microsoft.com/entra/identity-platform/single-and-multi-tenant-apps",
    ),
    Rule(
        "service-principal",
        "Enterprise application (service principal)",
        service_principal,
        should="there, enabled",
        why=(
            "The application object is a description; the service principal makes it exist in a directory. Without it "
            "Entra answers AADSTS500011 or AADSTS700016, disabled AADSTS7000112. The portal makes it for you, az and "
            "Graph do not."
        ),
        mend=SettingMend(
            portal=(
                "Overview: Managed application in local directory > Create Service Principal. If it is disabled: "
                "Enterprise applications > $name > Properties, Enabled for users to sign-in: Yes"
            ),
            az="$principal_az",
            python="$principal_python",
        ),
        source=OBJECTS,
        parts=frozenset({"principal"}),
    ),
    Rule(
        "assignment-required",
        "Assignment required",
        assignment,
        should="not required; or required, with people or groups assigned",
        why="Whoever is not assigned is turned away with AADSTS50105, and people can't consent for themselves.",
        mend=SettingMend(
            portal=(
                "Enterprise applications > $name > Users and groups: Add user/group. Or Properties, Assignment "
                "required: No"
            ),
            az="az ad sp update --id $client_id --set appRoleAssignmentRequired=false",
            python=(
                'await graph.service_principals.by_service_principal_id("$principal_id").patch('
                "ServicePrincipal(app_role_assignment_required=False))"
            ),
        ),
        source="https://learn.microsoft.com/entra/identity/enterprise-apps/what-is-access-management",
        parts=frozenset({"principal"}),
    ),
    Rule(
        "app-roles",
        "App roles",
        app_roles,
        should="$app_roles, enabled",
        why="A role that is missing or disabled never stands in a token: the server refuses who should pass.",
        mend=SettingMend(
            portal="App roles: Create app role (or open it), $app_roles, enabled",
            az="az ad app update --id $client_id --app-roles '$app_roles_body'",
            python="await $app.patch(Application(app_roles=$app_roles_list))",
        ),
        source="https://learn.microsoft.com/entra/identity-platform/howto-add-app-roles-in-apps",
    ),
    Rule(
        "graph-permissions",
        "API permissions for Microsoft Graph",
        permissions,
        should="delegated: $permissions",
        why=(
            "What stands here is what consent is asked for. “Application” permissions are for a server that acts "
            "without a user: they don't count when it acts for one. An id that its API does not publish as what it is "
            "listed makes Entra refuse the consent as a whole."
        ),
        mend=SettingMend(
            portal="API permissions: Add a permission > Microsoft Graph > Delegated permissions: $permissions",
            az="az ad app update --id $client_id --required-resource-accesses '$permissions_body'",
            python="await $app.patch(Application(required_resource_access=$permissions_list))",
        ),
        source=CONSENT,
    ),
    Rule(
        "admin-consent",
        "Admin consent for Microsoft Graph",
        consent,
        should="granted for everyone: $permissions",
        why=(
            "A server that acts on behalf of a user can't show a consent page: AADSTS65001. And where people may not "
            "consent themselves, nobody gets in."
        ),
        mend=SettingMend(
            portal="API permissions: Grant admin consent for your organization. It takes an administrator",
            az="az ad app permission grant --id $client_id --api $graph_app_id --scope $permissions_words",
            python="$consent_python",
        ),
        source=CONSENT,
        parts=frozenset({"consent", "directory"}),
    ),
)
