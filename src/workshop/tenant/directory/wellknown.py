"""Ids that Microsoft publishes: first-party applications and Microsoft Graph permissions.

Source: https://learn.microsoft.com/graph/permissions-reference and
https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
"""

from __future__ import annotations

GRAPH = "00000003-0000-0000-c000-000000000000"
GRAPH_URI = "https://graph.microsoft.com"
MANAGEMENT = "797f4846-ba00-4fd7-ba43-dac1f8f63013"
MANAGEMENT_URIS = (
    "https://management.core.windows.net/",
    "https://management.core.windows.net",
    "https://management.azure.com/",
    "https://management.azure.com",
)
USER_IMPERSONATION = "41094075-9dad-400e-a0bd-54e686782033"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
# What a token is for that an application shows as a federated credential.
EXCHANGE = "fb60f99c-7a34-4190-8149-302f77469936"
EXCHANGE_URI = "api://AzureADTokenExchange"

OIDC_SCOPES = ("openid", "profile", "email", "offline_access")

# Delegated permissions: (value, id, admin consent needed, what the consent page says)
GRAPH_SCOPES: tuple[tuple[str, str, bool, str], ...] = (
    ("openid", "37f7f235-527c-4136-accd-4a02d197296e", False, "Sign you in"),
    ("profile", "14dad69e-099b-42c9-810b-d002981feec1", False, "View your basic profile"),
    ("email", "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", False, "View your email address"),
    (
        "offline_access",
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
        False,
        "Maintain access to data you have given it access to",
    ),
    ("User.Read", "e1fe6dd8-ba31-4d61-89e7-88639da4683d", False, "Sign you in and read your profile"),
    ("User.ReadBasic.All", "b340eb25-3456-403f-be2f-af7a0d370277", False, "Read all users' basic profiles"),
    ("User.Read.All", "a154be20-db9c-4678-8ab7-66f6cc099a59", True, "Read all users' full profiles"),
    ("User.ReadWrite", "b4e74841-8e56-480b-be8b-910348b18b4c", False, "Read and update your profile"),
    (
        "User.ReadWrite.All",
        "204e0828-b5ca-4ad8-b9f3-f32a958e7cc4",
        True,
        "Read and write all users' profiles",
    ),
    ("Group.ReadWrite.All", "4e46008b-f24c-477d-8fff-7bb4ec7aafe0", True, "Read and write all groups"),
    ("GroupMember.Read.All", "bc024368-1153-4739-b217-4326f2e966d0", True, "Read group memberships"),
    ("Directory.Read.All", "06da0dbc-49e2-44d2-8312-53f166ab848a", True, "Read directory data"),
    (
        "Directory.AccessAsUser.All",
        "0e263e50-5827-48a4-b97c-d940288653c7",
        True,
        "Access the directory as you",
    ),
    ("Application.Read.All", "c79f8feb-a9db-4090-85f9-90d820caa0eb", True, "Read applications"),
    (
        "Application.ReadWrite.All",
        "bdfbf15f-ee85-4955-8675-146e8e5296b5",
        True,
        "Read and write applications",
    ),
    (
        "DelegatedPermissionGrant.ReadWrite.All",
        "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
        True,
        "Manage all delegated permission grants",
    ),
    (
        "AppRoleAssignment.ReadWrite.All",
        "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
        True,
        "Manage app permission grants and app role assignments",
    ),
    (
        "Policy.ReadWrite.Authorization",
        "edd3c878-b384-41fd-95ad-e7407dd775be",
        True,
        "Read and write your organization's authorization policy",
    ),
    ("AuditLog.Read.All", "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20", True, "Read audit log data"),
    ("Files.Read", "10465720-29dd-4523-a11a-6a75c743c9d9", False, "Read your files"),
    ("Files.ReadWrite", "5c28f0bf-8a70-41f1-8ab2-9032436ddb65", False, "Have full access to your files"),
    (
        "Files.Read.All",
        "df85f4d6-205c-4ac5-a5ea-6bf408dba283",
        False,
        "Read all files that you have access to",
    ),
    ("Mail.Read", "570282fd-fa5c-430d-a7fd-fc8dc98a9dca", False, "Read your mail"),
    ("Mail.ReadWrite", "024d486e-b451-40bb-833d-3e66d98c5c73", False, "Read and write access to your mail"),
    ("Mail.Send", "e383f46e-2787-4529-855e-0e479a3ffac0", False, "Send mail as you"),
    (
        "Sites.Read.All",
        "205e70e5-aba6-4c52-a976-6d2d46c48043",
        False,
        "Read items in all site collections",
    ),
)

# Application permissions: (value, id)
GRAPH_ROLES: tuple[tuple[str, str], ...] = (
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("Policy.ReadWrite.Authorization", "fb221be6-99f2-473f-bd32-01c6a0e9ca3b"),
    ("Files.Read.All", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"),
)

# What the Azure CLI holds on Microsoft Graph in every directory, with no consent page.
AZURE_CLI_GRAPH_SCOPES = (
    "Application.ReadWrite.All",
    "AppRoleAssignment.ReadWrite.All",
    "AuditLog.Read.All",
    "DelegatedPermissionGrant.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "email",
    "Group.ReadWrite.All",
    "openid",
    "profile",
    "offline_access",
    "User.Read.All",
    "User.ReadWrite.All",
)

VISUAL_STUDIO_CODE_GRAPH_SCOPES = ("email", "openid", "profile", "offline_access", "User.Read")
