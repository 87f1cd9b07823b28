"""Faults that a teacher switches on for one directory: throttling, server errors, slow answers.

They strike when a call enters the directory (``Call.enter``), before anything else is checked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from practice_tenant.server.directory.settings import BadSetting, Number, OneOf
from practice_tenant.server.directory.store import Store

# What a path belongs to: the first piece that stands in it.
ENDPOINTS: Mapping[str, Sequence[str]] = {
    "token": ("/oauth2/v2.0/token", "/oauth2/token"),
    "devicecode": ("/oauth2/v2.0/devicecode",),
    "discovery": ("/.well-known/openid-configuration", "/discovery/instance"),
    "keys": ("/discovery/v2.0/keys", "/discovery/keys"),
    "management": ("/tenants", "/subscriptions"),
    "managed_identity": ("/msi/token", "/metadata/identity"),
    "graph": ("/v1.0/", "/beta/"),
    "pages": ("/",),
}
STATUSES = ("500", "502", "503", "504")


@dataclass(frozen=True)
class DirectoryFault:
    """One fault of a directory.

    Args:
        kind: "throttle" (429), "error" (a server error) or "slow".
        at: the endpoint it strikes; "all" for every one.
        times: how many calls it still strikes; None until it is removed.
        retry_after: seconds named in the Retry-After header of "throttle" and "error"; None for no header.
        status: HTTP status of "error".
        seconds: how long a "slow" answer is held back.
    """

    id: int
    kind: str
    at: str
    times: int | None = None
    retry_after: int | None = None
    status: int = 503
    seconds: float = 5

    def __str__(self) -> str:
        effect = f"{self.seconds:g} s" if self.kind == "slow" else str(self.told_status)
        return f"a fault the teacher switched on: {self.kind} ({effect}) at {self.at}"

    @property
    def told_status(self) -> int:
        return 429 if self.kind == "throttle" else self.status

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": str(self.retry_after)}


@dataclass(eq=False)
class Struck(Exception):
    """A call that a fault keeps from being answered."""

    fault: DirectoryFault

    def __str__(self) -> str:
        return str(self.fault)


_KINDS: Mapping[str, tuple[str, ...]] = {
    "throttle": ("at", "times", "retry_after"),
    "error": ("at", "times", "retry_after", "status"),
    "slow": ("at", "times", "seconds"),
}
_RULES: Mapping[str, Number | OneOf] = {
    "at": OneOf(("all", *ENDPOINTS)),
    "times": Number(1, 1_000_000, "a number"),
    "retry_after": Number(0, 86_400),
    "status": OneOf(STATUSES),
    "seconds": Number(0, 120),
}
_WHOLE = frozenset({"times", "retry_after", "status"})


class Faults:
    """The faults of every directory, in memory and in the directory's file."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._of: dict[str, list[DirectoryFault]] = {}
        for tenant_id, text in store.all("SELECT tenant_id, fault FROM faults ORDER BY id"):
            self._of.setdefault(tenant_id, []).append(DirectoryFault(**json.loads(text)))

    def of(self, tenant_id: str) -> Sequence[DirectoryFault]:
        return self._of.get(tenant_id, ())

    def strike(self, tenant_id: str, path: str) -> float:
        """Meet the faults of a directory: return for how many seconds the answer is held back.

        Raises:
            Struck: a fault answers in the handler's place.
        """
        if tenant_id not in self._of:
            return 0.0
        here = endpoint_of(path)
        seconds = 0.0
        for fault in list(self.of(tenant_id)):
            if fault.at not in ("all", here):
                continue
            self._count(tenant_id, fault)
            if fault.kind != "slow":
                raise Struck(fault)
            seconds += fault.seconds
        return seconds

    def add(self, tenant_id: str, values: Mapping[str, Any]) -> DirectoryFault:
        """Switch a fault on.

        Raises:
            BadSetting: the line lists what there is.
        """
        kind = values.get("kind")
        if not isinstance(kind, str) or kind not in _KINDS:
            raise BadSetting(f"there is no fault {str(kind)[:60]!r}: the faults are {', '.join(_KINDS)}")
        options = {name: value for name, value in values.items() if name != "kind" and value is not None}
        for name, value in options.items():
            _check(kind, name, value)
        numbers = {name: int(value) for name, value in options.items() if name in _WHOLE}
        last = self.store.one("SELECT max(id) FROM faults")
        fault = DirectoryFault(
            **{"id": int((last and last[0]) or 0) + 1, "kind": kind, "at": "all", **options, **numbers}
        )
        self._write(tenant_id, [*self.of(tenant_id), fault])
        return fault

    def remove(self, tenant_id: str, fault_id: int | None = None) -> int:
        """Switch one fault off, or all of them; return how many there were."""
        kept = [fault for fault in self.of(tenant_id) if fault_id is not None and fault.id != fault_id]
        removed = len(self.of(tenant_id)) - len(kept)
        self._write(tenant_id, kept)
        return removed

    def forget(self, tenant_id: str | None = None) -> None:
        """Forget the faults of one directory, or of all; the rows are dropped by who resets the file."""
        if tenant_id is None:
            self._of.clear()
        else:
            self._of.pop(tenant_id, None)

    def _count(self, tenant_id: str, struck: DirectoryFault) -> None:
        if struck.times is not None:
            left = [replace(struck, times=struck.times - 1)] if struck.times > 1 else []
            faults = [each for fault in self.of(tenant_id) for each in (left if fault.id == struck.id else [fault])]
            self._write(tenant_id, faults)

    def _write(self, tenant_id: str, faults: list[DirectoryFault]) -> None:
        with self.store.transaction():
            self.store.run("DELETE FROM faults WHERE tenant_id = ?", tenant_id)
            for fault in faults:
                self.store.run("INSERT INTO faults VALUES (?, ?, ?)", tenant_id, fault.id, json.dumps(asdict(fault)))
        if faults:
            self._of[tenant_id] = faults
        else:
            self._of.pop(tenant_id, None)


def endpoint_of(path: str) -> str:
    """Return the name of the endpoint a path belongs to: the one of which the path has the longest piece."""
    found = ((len(piece), name) for name, pieces in ENDPOINTS.items() for piece in pieces if piece in path)
    return max(found, key=lambda one: one[0])[1]


def _check(kind: str, name: str, value: object) -> None:
    if name not in _KINDS[kind]:
        raise BadSetting(f"{kind} has no {name[:60]!r}: it takes {', '.join(_KINDS[kind])}")
    text = str(value) if name == "status" else value
    if not _RULES[name].accepts(text):
        raise BadSetting(f"{name} takes {_RULES[name]}, not {json.dumps(value)[:60]}")
