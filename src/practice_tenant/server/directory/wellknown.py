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
# ADIbizaUX: what the Entra portal itself asks, and the Azure CLI for admin consent.
PORTAL_API = "74658136-14ec-4630-ad9b-26e160ff0fc6"
# The portals' own pages, the Entra admin center's among them.
AZURE_PORTAL = "c44b4083-3bb0-49c1-b47d-974e53cbdf3c"
VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
# What a token is for that an application shows as a federated credential.
EXCHANGE = "fb60f99c-7a34-4190-8149-302f77469936"
EXCHANGE_URI = "api://AzureADTokenExchange"

OIDC_SCOPES = ("openid", "profile", "email", "offline_access")

# Each id was found in at least two independent public places (registrations under test, lists of the service
# principal's own answer); less certain, found in one or from memory: Sites.Read.All as a role, and
# Policy.ReadWrite.Authorization. The texts are shortened.
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
    ("Group.Read.All", "5f8c59db-677d-491f-a6b8-5f174b11ec1d", True, "Read all groups"),
    ("GroupMember.ReadWrite.All", "f81125ac-d3b7-4573-a3b2-7099cc39df9e", True, "Read and write group memberships"),
    ("Directory.ReadWrite.All", "c5366453-9fb0-48a5-a156-24f0c49a4b84", True, "Read and write directory data"),
    ("Organization.Read.All", "4908d5b9-3fb2-4b1e-9336-1888b7937185", True, "Read organization information"),
    ("Policy.Read.All", "572fea84-0151-49b2-9301-11cb16974376", True, "Read your organization's policies"),
    (
        "Files.ReadWrite.All",
        "863451e7-0667-486c-a5d6-d135439485f0",
        False,
        "Have full access to all files you have access to",
    ),
    ("Mail.ReadBasic", "a4b8392a-d8d1-4954-a029-8e668a39a170", False, "Read your basic mail"),
    (
        "Sites.ReadWrite.All",
        "89fe6a52-be36-487e-b7d8-d061c450a026",
        False,
        "Edit or delete items in all site collections",
    ),
    (
        "Sites.Read.All",
        "205e70e5-aba6-4c52-a976-6d2d46c48043",
        False,
        "Read items in all site collections",
    ),
)

# Application permissions: (value, id)
GRAPH_ROLES: tuple[tuple[str, str], ...] = (
    ("User.ReadBasic.All", "97235f07-e226-4f63-ace3-39588e11d3a1"),
    ("User.Read.All", "df021288-bdef-4463-88db-98f22de89214"),
    ("User.ReadWrite.All", "741f803b-c850-494e-b5df-cde7c675a1ca"),
    ("Group.Read.All", "5b567255-7703-4780-807c-7be8301ae99b"),
    ("Group.ReadWrite.All", "62a82d76-70ea-41e2-9197-370581804d09"),
    ("GroupMember.Read.All", "98830695-27a2-44f7-8c18-0c3ebc9698f6"),
    ("GroupMember.ReadWrite.All", "dbaae8cf-10b5-4b86-a4a1-f871c94c6695"),
    ("Directory.Read.All", "7ab1d382-f21e-4acd-a863-ba3e13f7da61"),
    ("Directory.ReadWrite.All", "19dbc75e-c2e2-444c-a770-ec69d8559fc7"),
    ("Organization.Read.All", "498476ce-e0fe-48b0-b801-37ba7e2685c6"),
    ("Application.Read.All", "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30"),
    ("Application.ReadWrite.All", "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"),
    ("Application.ReadWrite.OwnedBy", "18a4783c-866b-4cc7-a460-3d5e5662c884"),
    ("AppRoleAssignment.ReadWrite.All", "06b708a9-e830-4db3-a914-8e69da51d44f"),
    ("DelegatedPermissionGrant.ReadWrite.All", "8e8e4742-1d95-4f68-9d56-6ee75648c72a"),
    ("Policy.Read.All", "246dd0d5-5bd0-4def-940b-0421030a5b68"),
    ("Policy.ReadWrite.Authorization", "fb221be6-99f2-473f-bd32-01c6a0e9ca3b"),
    ("Files.Read.All", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"),
    ("Files.ReadWrite.All", "75359482-378d-4052-8f01-80520e7db3cd"),
    ("Sites.Read.All", "332a536c-c7ef-4017-ab91-336970924f0d"),
    ("Sites.ReadWrite.All", "9492366f-7969-46a4-8d15-ed1a20078fff"),
    ("Mail.ReadBasic.All", "693c5e45-0940-467d-9b8a-1022fb9d42ef"),
    ("Mail.Read", "810c84a8-4a9e-49e6-bf7d-12d183f40d01"),
    ("Mail.ReadWrite", "e2a3a72e-5f79-4c64-b1b1-878b674786c9"),
    ("Mail.Send", "b633e1c5-b582-4048-a93e-9f11b44c7e96"),
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
