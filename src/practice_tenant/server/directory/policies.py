"""Conditional Access policies of a directory, each kept as its Microsoft Graph JSON.

Source: https://learn.microsoft.com/graph/api/resources/conditionalaccesspolicy
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory.store import Store, parsed

ALL = "All"
SECONDS_OF = {"hours": 3_600, "days": 86_400}


@dataclass(frozen=True)
class Policy:
    """One policy of a directory."""

    id: str
    tenant_id: str
    graph: Mapping[str, Any]

    def covers(self, user_id: str, app_id: str) -> bool:
        """Say whether the policy is switched on and is about this user and this application."""
        if self.graph.get("state") != "enabled":
            return False
        conditions = self.graph.get("conditions") or {}
        return _covers(conditions, "users", "Users", user_id) and _covers(
            conditions, "applications", "Applications", app_id
        )

    @property
    def controls(self) -> frozenset[str]:
        """Return the grant controls: ``mfa``, ``block``."""
        return frozenset((self.graph.get("grantControls") or {}).get("builtInControls") or ())

    @property
    def sign_in_frequency(self) -> int | None:
        """Return how old a sign-in may be, in seconds; None where the policy does not say."""
        frequency = (self.graph.get("sessionControls") or {}).get("signInFrequency") or {}
        if not frequency.get("isEnabled"):
            return None
        return int(frequency["value"]) * SECONDS_OF[frequency["type"]]


def save(store: Store, tenant_id: str, graph: Mapping[str, Any]) -> None:
    """Write a policy; one of the same id is replaced."""
    store.run(
        "INSERT INTO policies VALUES (?, ?, ?) ON CONFLICT (tenant_id, id) DO UPDATE SET graph = excluded.graph",
        tenant_id, graph["id"], json.dumps(graph),
    )  # fmt: skip


def remove(store: Store, tenant_id: str, policy_id: str) -> bool:
    """Remove a policy; False when there was none of that id."""
    return bool(store.run("DELETE FROM policies WHERE tenant_id = ? AND id = ?", tenant_id, policy_id))


def all_of(store: Store, tenant_id: str) -> list[Policy]:
    rows = store.all("SELECT id, tenant_id, graph FROM policies WHERE tenant_id = ? ORDER BY rowid", tenant_id)
    return [Policy(row[0], row[1], parsed(row[2])) for row in rows]


def _covers(conditions: Mapping[str, Any], group: str, noun: str, wanted: str) -> bool:
    """Say whether a condition includes an id, and does not exclude it."""
    condition = conditions.get(group) or {}
    included = condition.get(f"include{noun}") or ()
    return (ALL in included or wanted in included) and wanted not in (condition.get(f"exclude{noun}") or ())
