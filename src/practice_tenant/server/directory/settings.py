"""What a teacher may set for one directory tenant: its clock, its tokens' lifetimes, and two switches.

They are kept in SQLite and read from memory: no request costs a query for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from practice_tenant.server.directory.store import Store

DAY = 86_400
YEARS = 20 * 365 * DAY


@dataclass(frozen=True)
class DirectorySettings:
    """The settings of one directory; the defaults are Entra's behavior.

    Args:
        clock: seconds that the directory's clock is ahead of this machine's; negative for behind.
        backdate: seconds that tokens claim to have been issued earlier than they were; negative for later.
        access_lifetime: seconds; None for Entra's (60 to 90 minutes at random, 3599 seconds for an app's own).
        id_lifetime: seconds.
        refresh_idle: seconds after which an unused refresh token is refused.
        resource_parameter: "checked" as since March 2026 (9010010), or "refused" as before (901002).
        replication_delay: seconds until Microsoft Graph shows what was just written.
    """

    clock: float = 0
    backdate: float = 0
    access_lifetime: int | None = None
    id_lifetime: int = 3_600
    refresh_idle: int = 90 * DAY
    resource_parameter: str = "checked"
    replication_delay: float = 0


@dataclass(frozen=True)
class Number:
    """A number, of seconds if nothing else is said, within limits."""

    least: float
    most: float
    unit: str = "seconds"

    def accepts(self, value: object) -> bool:
        return isinstance(value, int | float) and not isinstance(value, bool) and self.least <= value <= self.most

    def __str__(self) -> str:
        return f"{self.unit} from {self.least:.0f} to {self.most:.0f}"


@dataclass(frozen=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def accepts(self, value: object) -> bool:
        return value in self.words

    def __str__(self) -> str:
        return " or ".join(self.words)


RULES: Mapping[str, Number | OneOf] = {
    "clock": Number(-YEARS, YEARS),
    "backdate": Number(-YEARS, YEARS),
    "access_lifetime": Number(1, DAY),
    "id_lifetime": Number(1, DAY),
    "refresh_idle": Number(1, 10 * 365 * DAY),
    "resource_parameter": OneOf(("checked", "refused")),
    "replication_delay": Number(0, 60),
}
_WHOLE = frozenset({"access_lifetime", "id_lifetime", "refresh_idle"})
_DEFAULTS = DirectorySettings()


class BadSetting(ValueError):
    """A name nobody knows or a value that does not fit; the message lists what does."""


class SettingsOfDirectories:
    """The settings of every directory, in memory and in the directory's file."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._of: dict[str, DirectorySettings] = {}
        for tenant_id, text in store.all("SELECT tenant_id, settings FROM directory_settings"):
            kept = {name: value for name, value in json.loads(text).items() if name in RULES}
            self._of[tenant_id] = DirectorySettings(**kept)

    def of(self, tenant_id: str) -> DirectorySettings:
        return self._of.get(tenant_id, _DEFAULTS)

    def change(self, tenant_id: str, values: Mapping[str, Any]) -> None:
        """Set these values and keep the others; None brings a default back.

        Raises:
            BadSetting: nothing is changed then.
        """
        checked: dict[str, Any] = {name: _checked(name, value) for name, value in values.items()}
        changed = replace(self.of(tenant_id), **checked)
        shown = as_json(changed)
        self.store.run(
            "INSERT INTO directory_settings VALUES (?, ?)"
            " ON CONFLICT (tenant_id) DO UPDATE SET settings = excluded.settings",
            tenant_id, json.dumps(shown),
        )  # fmt: skip
        self._of[tenant_id] = changed

    def forget(self, tenant_id: str | None = None) -> None:
        """Go back to the defaults in one directory, or in all; the rows are dropped by who resets the file."""
        if tenant_id is None:
            self._of.clear()
        else:
            self._of.pop(tenant_id, None)

    def furthest_back(self) -> float:
        """Return how many seconds the slowest of the clocks is behind this machine's, as a number below zero."""
        return min([0.0, *(settings.clock for settings in self._of.values())])


def as_json(settings: DirectorySettings) -> dict[str, Any]:
    return {field.name: getattr(settings, field.name) for field in fields(settings)}


def _checked(name: str, value: object) -> object:
    rule = RULES.get(name)
    if rule is None:
        raise BadSetting(f"there is no setting {name[:60]!r}: the settings are {', '.join(RULES)}")
    if value is None:
        return getattr(_DEFAULTS, name)
    if not rule.accepts(value):
        raise BadSetting(f"{name} takes {rule}, not {json.dumps(value)[:60]}")
    return int(value) if name in _WHOLE and isinstance(value, float) else value
