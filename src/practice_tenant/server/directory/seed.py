"""What a new directory holds: the same people, groups and first-party applications every time.

| user (before the @) | kind | groups |
|---|---|---|
| avery | administrator (Global Administrator) | Engineering |
| robin | member | Finance, and through it Expense approvers |
| sam | member | Engineering |
| kim_fabrikam.example#EXT# | guest, from fabrikam.example | none |
| lee | member, account disabled | Finance |

Every id is derived from the directory's tenant id and the object's name, so it is the same in every practice tenant.
"""

from __future__ import annotations

from typing import Any

from practice_tenant.server.directory import apps, grants, groups, managed_identities, people, seed_content, wellknown
from practice_tenant.server.directory.groups import Group
from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.objects import (
    GLOBAL_ADMINISTRATOR,
    Application,
    EntraTenant,
    ServicePrincipal,
    User,
)
from practice_tenant.server.directory.shapes import OWN_OF_PRINCIPAL, application_json, principal_json
from practice_tenant.server.directory.sown import DEFAULT, VERSION, is_sown, tenant_id_of
from practice_tenant.server.directory.store import Store
from practice_tenant.well_known import AZURE_CLI

FOUNDED = "2026-01-05T09:00:00Z"

# (name, display name, given name, surname, job title, department, office, kind, groups)
PEOPLE: tuple[tuple[str, str, str, str, str, str, str, str, tuple[str, ...]], ...] = (
    ("avery", "Avery Lang", "Avery", "Lang", "IT administrator", "IT", "1/1010", "administrator", ("Engineering",)),
    ("robin", "Robin Marsh", "Robin", "Marsh", "Accountant", "Finance", "2/2040", "member", ("Finance",)),
    ("sam", "Sam Okafor", "Sam", "Okafor", "Software engineer", "Engineering", "1/1120", "member", ("Engineering",)),
    ("kim", "Kim Duarte", "Kim", "Duarte", "Auditor", "External", "", "guest", ()),
    ("lee", "Lee Novak", "Lee", "Novak", "Accountant", "Finance", "2/2041", "disabled", ("Finance",)),
)  # fmt: skip

# (display name, description, groups that are members of it)
GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Finance", "Everyone in the finance department", ()),
    ("Engineering", "Everyone in the engineering department", ()),
    ("Expense approvers", "May approve expenses; holds the Finance group", ("Finance",)),
)


def sow(store: Store, name: str = DEFAULT) -> EntraTenant:
    """Write a new directory with its seed, in one transaction, unless it is there; return it."""
    tenant_id = tenant_id_of(name)
    existing = people.directory(store, tenant_id)
    if existing:
        return existing
    directory = EntraTenant(tenant_id, name, f"{name}.onmicrosoft.com", _organization(tenant_id, name))
    with store.transaction():
        if not people.directories(store):
            store.run(f"PRAGMA user_version = {VERSION}")
        people.add_directory(store, directory)
        for row in PEOPLE:
            people.add_user(store, _user(directory, *row[:8]))
        for group, description, inside in GROUPS:
            members = [guid(tenant_id, "user", row[0]) for row in PEOPLE if group in row[8]]
            members += [guid(tenant_id, "group", other) for other in inside]
            group_id = guid(tenant_id, "group", group)
            groups.save(store, Group(group_id, tenant_id, _group(group_id, group, description)))
            for member in members:
                groups.add_member(store, tenant_id, group_id, member)
        _first_party(store, tenant_id)
        _first_party_consent(store, tenant_id)
        managed_identities.sow(store, tenant_id, FOUNDED)
        seed_content.sow(store, people.users(store, tenant_id))
    return directory


def renew(store: Store) -> None:
    """Bring a file that an earlier version has sown up to this one; what people did in it stays."""
    if is_sown(store):
        return
    with store.transaction():
        for directory in people.directories(store):
            _first_party(store, directory.tenant_id)
            _first_party_consent(store, directory.tenant_id)
            managed_identities.sow(store, directory.tenant_id, FOUNDED)
            seed_content.sow(store, people.users(store, directory.tenant_id))
        store.run(f"PRAGMA user_version = {VERSION}")


def _organization(tenant_id: str, name: str) -> dict[str, Any]:
    return {
        "id": tenant_id,
        "displayName": f"{name.capitalize()} (PRACTICE)",
        "createdDateTime": FOUNDED,
        "countryLetterCode": "US",
        "tenantType": "AAD",
        "verifiedDomains": [
            {
                "capabilities": "Email, OfficeCommunicationsOnline",
                "isDefault": True,
                "isInitial": True,
                "name": f"{name}.onmicrosoft.com",
                "type": "Managed",
            }
        ],
    }


def _user(
    directory: EntraTenant,
    name: str,
    display_name: str,
    given_name: str,
    surname: str,
    job_title: str,
    department: str,
    office: str,
    kind: str,
) -> User:
    guest = kind == "guest"
    upn = f"{name}_fabrikam.example#EXT#@{directory.domain}" if guest else f"{name}@{directory.domain}"
    user_id = guid(directory.tenant_id, "user", name)
    graph: dict[str, Any] = {
        "id": user_id,
        "businessPhones": [],
        "displayName": display_name,
        "givenName": given_name,
        "jobTitle": job_title,
        "mail": f"{name}@fabrikam.example" if guest else upn,
        "mobilePhone": None,
        "officeLocation": office or None,
        "preferredLanguage": "en-US",
        "surname": surname,
        "userPrincipalName": upn,
        "accountEnabled": kind != "disabled",
        "department": department,
        "userType": "Guest" if guest else "Member",
        "createdDateTime": FOUNDED,
    }
    roles = (GLOBAL_ADMINISTRATOR,) if kind == "administrator" else ()
    return User(user_id, directory.tenant_id, upn, roles, graph)


def _group(group_id: str, name: str, description: str) -> dict[str, Any]:
    return {
        "id": group_id,
        "createdDateTime": FOUNDED,
        "description": description,
        "displayName": name,
        "groupTypes": [],
        "mailEnabled": False,
        "securityEnabled": True,
    }


def _first_party(store: Store, tenant_id: str) -> None:
    """Add Microsoft's own applications: registered once for all directories, present in each."""
    for app_id, name, changes in _FIRST_PARTY:
        graph = application_json(guid("application", app_id), app_id, FOUNDED, {"displayName": name, **changes})
        registered = Application(graph["id"], MICROSOFT_TENANT, app_id, graph)
        apps.save_application(store, registered)
        before = apps.principal(store, tenant_id, app_id)
        own = {name: before.graph[name] for name in OWN_OF_PRINCIPAL if name in before.graph} if before else {}
        principal = principal_json(guid(tenant_id, "principal", app_id), registered, own)
        apps.save_principal(store, ServicePrincipal(principal["id"], tenant_id, app_id, principal))


def _first_party_consent(store: Store, tenant_id: str) -> None:
    graph = guid(tenant_id, "principal", wellknown.GRAPH)
    for app_id, scopes in (
        (AZURE_CLI, wellknown.AZURE_CLI_GRAPH_SCOPES),
        (wellknown.VISUAL_STUDIO_CODE, wellknown.VISUAL_STUDIO_CODE_GRAPH_SCOPES),
    ):
        client = guid(tenant_id, "principal", app_id)
        grants.add(store, tenant_id, client, graph, "", scopes)
    cli = guid(tenant_id, "principal", AZURE_CLI)
    for app_id in (wellknown.MANAGEMENT, wellknown.PORTAL_API):
        grants.add(store, tenant_id, cli, guid(tenant_id, "principal", app_id), "", ("user_impersonation",))


def _graph_api() -> dict[str, Any]:
    return {
        "identifierUris": [wellknown.GRAPH_URI, "https://graph.microsoft.us"],
        "api": {
            "requestedAccessTokenVersion": 1,
            "oauth2PermissionScopes": [
                {
                    "id": id_,
                    "value": value,
                    "type": "Admin" if admin else "User",
                    "isEnabled": True,
                    "adminConsentDisplayName": text,
                    "adminConsentDescription": text,
                    "userConsentDisplayName": text,
                    "userConsentDescription": text,
                }
                for value, id_, admin, text in wellknown.GRAPH_SCOPES
            ],
        },
        "appRoles": [
            {
                "id": id_,
                "value": value,
                "displayName": value,
                "description": value,
                "isEnabled": True,
                "allowedMemberTypes": ["Application"],
            }
            for value, id_ in wellknown.GRAPH_ROLES
        ],
    }


def _user_impersonation(scope_id: str, text: str) -> dict[str, Any]:
    return {
        "id": scope_id,
        "value": "user_impersonation",
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": text,
        "adminConsentDescription": text,
        "userConsentDisplayName": text,
        "userConsentDescription": text,
    }


# The directory in which Microsoft's own applications are registered (appOwnerOrganizationId).
MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"

_ARM_ACCESS = _user_impersonation(wellknown.USER_IMPERSONATION, "Access Azure Resource Manager as you")
# The id of this scope is not published; the one here is of the practice tenant alone.
_PORTAL_ACCESS = _user_impersonation(guid("scope", wellknown.PORTAL_API), "Access the Entra admin center as you")

_FIRST_PARTY: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (wellknown.GRAPH, "Microsoft Graph", {"signInAudience": "AzureADMultipleOrgs", **_graph_api()}),
    (
        AZURE_CLI,
        "Microsoft Azure CLI",
        {
            "signInAudience": "AzureADMultipleOrgs",
            "isFallbackPublicClient": True,
            "publicClient": {"redirectUris": ["http://localhost", "urn:ietf:wg:oauth:2.0:oob"]},
        },
    ),
    (
        wellknown.VISUAL_STUDIO_CODE,
        "Visual Studio Code",
        {
            "signInAudience": "AzureADMultipleOrgs",
            "isFallbackPublicClient": True,
            "publicClient": {"redirectUris": ["http://localhost", "https://vscode.dev/redirect"]},
        },
    ),
    (
        wellknown.MANAGEMENT,
        "Windows Azure Service Management API",
        {
            "signInAudience": "AzureADMultipleOrgs",
            "identifierUris": list(wellknown.MANAGEMENT_URIS),
            "api": {"requestedAccessTokenVersion": 1, "oauth2PermissionScopes": [_ARM_ACCESS]},
        },
    ),
    (
        wellknown.PORTAL_API,
        "ADIbizaUX",
        {
            "signInAudience": "AzureADMultipleOrgs",
            "api": {"requestedAccessTokenVersion": 1, "oauth2PermissionScopes": [_PORTAL_ACCESS]},
        },
    ),
    (
        wellknown.EXCHANGE,
        "AAD Token Exchange Endpoint: Public",
        {
            "signInAudience": "AzureADMultipleOrgs",
            "identifierUris": [wellknown.EXCHANGE_URI],
            "api": {"requestedAccessTokenVersion": 2},
        },
    ),
)
