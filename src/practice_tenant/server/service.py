"""What every endpoint needs, in one place: the directory, the keys, the log, the time, and randomness."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass

from practice_tenant.server.directory import ids
from practice_tenant.server.directory.settings import SettingsOfDirectories
from practice_tenant.server.directory.store import Store
from practice_tenant.server.faults import Faults
from practice_tenant.server.requestlog import RequestLog
from practice_tenant.server.signing.keys import KeyRings


@dataclass(frozen=True)
class Service:
    """The running practice tenant.

    Args:
        clock: this machine's time in Unix seconds; what a directory issues or checks goes by ``Call.now``.
        entropy: that many random bytes.
    """

    store: Store
    keys: KeyRings
    settings: SettingsOfDirectories
    faults: Faults
    log: RequestLog
    clock: Callable[[], float]
    entropy: Callable[[int], bytes]

    def forget_settings(self, tenant_id: str | None = None) -> None:
        """Forget what is held in memory for one directory, or for all, after its rows are gone."""
        self.settings.forget(tenant_id)
        self.faults.forget(tenant_id)
        self.keys.forget(tenant_id)

    def guid(self) -> str:
        return ids.of_bytes(self.entropy(16))

    def opaque(self, size: int) -> str:
        """Return a random URL-safe string made from ``size`` bytes."""
        return base64.urlsafe_b64encode(self.entropy(size)).rstrip(b"=").decode()
