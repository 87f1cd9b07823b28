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
    assigned = read(store, tenant_id)["defaultUserRolePermissions"]["permissionGrantPoliciesAssigned"]
    return any(name.lower().startswith("managepermissiongrantsforself.") for name in assigned)
