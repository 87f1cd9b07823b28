"""The key sets of outside OpenID Connect issuers.

Entra fetches them from the issuer (``/.well-known/openid-configuration`` and the ``jwks_uri`` in it). The practice
tenant opens no connection to anybody: what a fetch would bring is put here instead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.store import Store, parsed


def put(store: Store, tenant_id: str, issuer: str, key_set: Mapping[str, Any]) -> None:
    """Say which JSON Web Key Set (RFC 7517) this issuer publishes, as this directory sees it."""
    store.run(
        "INSERT INTO issuers VALUES (?, ?, ?) ON CONFLICT (tenant_id, issuer) DO UPDATE SET jwks = excluded.jwks",
        tenant_id, issuer, json.dumps(key_set),
    )  # fmt: skip


def key_set(store: Store, tenant_id: str, issuer: str) -> Mapping[str, Any] | None:
    """Return what the issuer publishes; None when the issuer can't be reached."""
    row = store.one("SELECT jwks FROM issuers WHERE tenant_id = ? AND issuer = ?", tenant_id, issuer)
    return parsed(row[0]) if row else None
