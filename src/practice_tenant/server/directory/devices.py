"""Sign-ins that a device asked for and a person makes elsewhere: pending, approved, declined, redeemed.

Source: RFC 8628.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from practice_tenant.server.directory import sign_ins
from practice_tenant.server.directory.sign_ins import StoredSignIn
from practice_tenant.server.directory.store import Store, digest

Status = Literal["pending", "approved", "declined", "redeemed"]

_DEVICE = "SELECT user_code, issued, status, flow FROM device_codes"


@dataclass(frozen=True)
class DeviceFlow:
    """What a device asked for.

    Args:
        issued: when, in Unix seconds.
        tenant_id: the directory it asked, '' for common, organizations and consumers.
        segment: the tenant as it wrote it.
        sign_in: who signed in and how, once it is decided.
    """

    user_code: str
    issued: float
    status: Status
    tenant_id: str
    segment: str
    client_id: str
    scope: str
    claims: str
    sign_in: StoredSignIn | None = None


def add(store: Store, device_code: str, flow: DeviceFlow) -> None:
    asked = {"tenant_id": flow.tenant_id, "segment": flow.segment, "client_id": flow.client_id}
    kept = {**asked, "scope": flow.scope, "claims": flow.claims, "sign_in": {}}
    store.run(
        "INSERT INTO device_codes VALUES (?, ?, ?, ?, ?)",
        digest(device_code), flow.user_code, flow.issued, flow.status, json.dumps(kept),
    )  # fmt: skip


def by_device_code(store: Store, device_code: str) -> DeviceFlow | None:
    row = store.one(f"{_DEVICE} WHERE digest = ?", digest(device_code))
    return _flow(row) if row else None


def by_user_code(store: Store, user_code: str) -> DeviceFlow | None:
    row = store.one(f"{_DEVICE} WHERE user_code = ?", user_code)
    return _flow(row) if row else None


def settle(store: Store, user_code: str, status: Status, sign_in: StoredSignIn | None) -> bool:
    """Say what the person decided; False when it was decided before."""
    return bool(
        store.run(
            "UPDATE device_codes SET status = ?, flow = json_set(flow, '$.sign_in', json(?))"
            " WHERE user_code = ? AND status = 'pending'",
            status, json.dumps(sign_in.members() if sign_in else {}), user_code,
        )
    )  # fmt: skip


def redeem(store: Store, device_code: str) -> bool:
    """Mark an approved device code as used; False when it was used before."""
    return bool(
        store.run(
            "UPDATE device_codes SET status = 'redeemed' WHERE digest = ? AND status = 'approved'", digest(device_code)
        )
    )


def _flow(row: tuple[Any, ...]) -> DeviceFlow:
    user_code, issued, status, text = row
    members = json.loads(text)
    kept = members.pop("sign_in")
    sign_in = sign_ins.read(kept, issued) if kept else None
    return DeviceFlow(user_code=user_code, issued=issued, status=status, sign_in=sign_in, **members)
