"""What a teacher can do to one directory tenant; every change can be undone at the end of a `with` block."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Literal
from urllib.parse import quote

ControlCall = Callable[[str, str, dict[str, Any] | None], dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A change that is in force already. In a `with` statement it is undone when the block ends.

    Attributes:
        said: what the tenant answered.
    """

    said: dict[str, Any]
    undo: Callable[[], object] = field(repr=False)

    def __enter__(self) -> Change:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.undo()


@dataclass(frozen=True)
class Directory:
    """One directory tenant of the practice tenant.

    Attributes:
        tenant_id: its tenant id; its name or domain does as well.
        call: makes a control call: method, path, body.
    """

    tenant_id: str
    call: ControlCall = field(repr=False)

    def show(self) -> dict[str, Any]:
        """Return its time, its settings and what else a teacher changed."""
        return self._ask("GET", "")

    def set(self, **values: object) -> Change:
        """Change settings by their names; None brings Entra's own value back.

        Args:
            values: numbers of seconds for `clock`, `backdate`, `access_lifetime`, `id_lifetime`, `refresh_idle`,
                `replication_delay`; "checked" or "refused" for `resource_parameter`.

        Raises:
            TenantRefused: the message lists the names, or what the value may be.
        """
        said = self._ask("PATCH", "", values)
        return Change(said, lambda: self._ask("PATCH", "", said["before"]))

    def clock(self, seconds: float) -> Change:
        """Move its clock that many seconds ahead of this machine's, or behind; 0 puts it right.

        All that this directory issues or checks goes by it: tokens, codes, the end of secrets, Graph's dates.
        """
        return self.set(clock=seconds)

    def lifetimes(
        self, access: int | None = None, id_token: int | None = None, refresh_idle: int | None = None
    ) -> Change:
        """Set how long its tokens live.

        Args:
            access: seconds of an access token.
            id_token: seconds of an id token.
            refresh_idle: seconds that a refresh token may lie unused.
        """
        given = {"access_lifetime": access, "id_lifetime": id_token, "refresh_idle": refresh_idle}
        return self.set(**{name: value for name, value in given.items() if value is not None})

    def backdate(self, seconds: float) -> Change:
        """Let its tokens say that they were issued that long ago; the answer's `expires_in` stays as it was."""
        return self.set(backdate=seconds)

    def rotate_keys(self, old: Literal["kept", "dropped"] = "kept") -> dict[str, Any]:
        """Sign with a new key from now on; the old ones stay published, or go at once. It can't be undone."""
        return self._ask("POST", "/keys", {"old": old})

    def reset(self) -> None:
        """Put it back to its seed and to Entra's settings; the other directories are left alone."""
        self._ask("POST", "/reset")

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.call(method, f"/directories/{quote(self.tenant_id, safe='')}{path}", body)
