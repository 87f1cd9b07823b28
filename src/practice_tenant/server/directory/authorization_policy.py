"""What a directory lets its users do by themselves; kept as the JSON of Microsoft Graph's authorizationPolicy.

Source: https://learn.microsoft.com/graph/api/resources/authorizationpolicy
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.store import Store, parsed

# "Allow user consent for apps": what a directory starts with here.
USER_CONSENT = "ManagePermissionGrantsForSelf.microsoft-user-default-legacy"

_FOR_SELF = "managepermissiongrantsforself."
# "Let Microsoft manage your consent settings", and what goes with it for a few mail clients, none of which is here.
MANAGED, MAIL_CLIENTS = "microsoft-user-default-recommended", "microsoft-user-default-allow-consent-apps"
# Of Microsoft Graph's delegated permissions those that no user consents to under Microsoft's managed policy: files and
# sites since August 2025, mail, calendars, chats and their kin since November 2025.
# Source: https://learn.microsoft.com/entra/identity/enterprise-apps/manage-app-consent-policies, of 2026-01-22
NOT_FOR_USERS = frozenset(
    {
        *("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"),
        *("Mail.Read", "Mail.ReadWrite", "Mail.ReadBasic", "Mail.Read.Shared", "Mail.ReadBasic.Shared"),
        *("Mail.ReadWrite.Shared", "MailboxItem.Read", "MailBoxFolder.Read", "MailBoxFolder.ReadWrite"),
        *("MailBoxSettings.Read", "MailBoxSettings.ReadWrite", "Calendars.Read", "Calendars.ReadBasic"),
        *("Calendars.ReadWrite", "Calendars.Read.Shared", "Calendars.ReadWrite.Shared", "Chat.Read", "Chat.ReadWrite"),
        *("OnlineMeetings.Read", "OnlineMeetings.ReadWrite", "Contacts.ReadWrite", "Contacts.Read.Shared"),
        *("Contacts.ReadWrite.Shared", "Tasks.Read", "Tasks.Read.Shared", "Tasks.ReadWrite", "Tasks.ReadWrite.Shared"),
        "People.Read",
    }
)

DEFAULT: Mapping[str, Any] = {
    "id": "authorizationPolicy",
    "allowInvitesFrom": "everyone",
    "allowedToSignUpEmailBasedSubscriptions": True,
    "allowedToUseSSPR": True,
    "allowEmailVerifiedUsersToJoinOrganization": False,
    "allowUserConsentForRiskyApps": False,
    "blockMsolPowerShell": False,
    "displayName": "Authorization Policy",
    "description": "Used to manage authorization related settings across the company.",
    "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
    "defaultUserRolePermissions": {
        "allowedToCreateApps": True,
        "allowedToCreateSecurityGroups": True,
        "allowedToReadOtherUsers": True,
        "permissionGrantPoliciesAssigned": [USER_CONSENT],
    },
}


def read(store: Store, tenant_id: str) -> Mapping[str, Any]:
    row = store.one("SELECT graph FROM authorization_policies WHERE tenant_id = ?", tenant_id)
    return parsed(row[0]) if row else DEFAULT


def save(store: Store, tenant_id: str, graph: Mapping[str, Any]) -> None:
    store.run(
        "INSERT INTO authorization_policies VALUES (?, ?)"
        " ON CONFLICT (tenant_id) DO UPDATE SET graph = excluded.graph",
        tenant_id, json.dumps(graph),
    )  # fmt: skip


def users_may_consent(store: Store, tenant_id: str) -> bool:
    """Say whether someone who is no administrator may consent for themselves.

    Source: https://learn.microsoft.com/entra/identity/enterprise-apps/configure-user-consent
    """
    return bool(_for_self(store, tenant_id))


def users_may_grant(store: Store, tenant_id: str, graph_permission: str) -> bool:
    """Say whether users may consent to a delegated permission of Microsoft Graph that needs no administrator by itself.

    One policy that allows it is enough. Source: as for ``NOT_FOR_USERS``.
    """
    return graph_permission not in NOT_FOR_USERS or bool(_for_self(store, tenant_id) - {MANAGED, MAIL_CLIENTS})


def _for_self(store: Store, tenant_id: str) -> set[str]:
    """Return the policies by which users consent for themselves."""
    assigned = read(store, tenant_id)["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"]
    lower = (name.lower() for name in assigned)
    return {name.removeprefix(_FOR_SELF) for name in lower if name.startswith(_FOR_SELF)}
