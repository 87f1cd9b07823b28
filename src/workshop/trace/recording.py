"""Record the hops of a block of code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from workshop.errors import TOLD
from workshop.trace import bus, sources
from workshop.trace.hop import Hop, Sighting
from workshop.trace.merging import merged
from workshop.trace.symbols import symbolic, symbols_of

if TYPE_CHECKING:
    from workshop.show.frame import Words
    from workshop.show.table import Table
    from workshop.trace.diagram import Diagram

_SETTLE_SECONDS = 120.0


class Recording:
    """The hops of one block of code; they are complete once the block is left."""

    def __init__(self, tenant: sources.Tenant | None = None, names: Mapping[str, str] | None = None) -> None:
        """Record nothing yet; `recording` does."""
        self._tenant = tenant
        self._names = names
        self._after = tenant.last_exchange() if tenant else 0
        self._sightings: list[Sighting] = []

    @property
    def hops(self) -> tuple[Hop, ...]:
        """Every hop once, the earliest first, secrets masked."""
        return merged(self._sightings)

    def take(self, sighting: Sighting) -> None:
        """Take what an observer saw."""
        self._sightings.append(sighting)

    def finish(self) -> None:
        """Wait until the observers have handed in what they saw, and fetch what the tenant recorded."""
        bus.settle(_SETTLE_SECONDS)
        if self._tenant is not None:
            # A tenant that ended meanwhile must not hide what the block itself raised.
            with suppress(*TOLD):
                self._sightings += sources.of_tenant(self._tenant, self._after)

    def diagram(self) -> Diagram:
        """Return the sequence diagram; it is the same for the same flow, whatever its ids and ports."""
        from workshop.trace.diagram import Diagram

        return Diagram(self._symbolic())

    def scopes(self) -> Table:
        """Return a table of where a scope was named: advertised, asked for, granted."""
        from workshop.trace.scopes import table

        return table(self._symbolic())

    def refusal(self) -> Words:
        """Return why it came to nothing, in the words of the one who refused; empty if nothing was refused."""
        from workshop.show.frame import Words
        from workshop.trace.scopes import refusal

        return Words(refusal(self._symbolic()))

    def follow(self, *names: str) -> Table:
        """Return where the secrets of these names travel, such as `code_challenge` and `code_verifier`."""
        from workshop.trace.following import follow

        return follow(self.hops, names)

    def _symbolic(self) -> tuple[Hop, ...]:
        known = self._names or ({self._tenant.tenant_id: "{tenant}"} if self._tenant else {})
        hops = self.hops
        return symbolic(hops, symbols_of(hops, known))

    def __repr__(self) -> str:
        return repr(self.diagram())

    def _repr_html_(self) -> str:
        return self.diagram().to_html()


@contextmanager
def recording(tenant: sources.Tenant | None = None, names: Mapping[str, str] | None = None) -> Iterator[Recording]:
    """Record every hop between the MCP client, the browser, the MCP server and Entra.

    Args:
        tenant: the practice tenant whose log is read; the one of `use_tenant` if None. Without
            any, the requests that httpx2 logs are recorded in its place, with address and status only.
        names: what ids are called in diagrams and tables; if None, the tenant's default directory is {tenant}.
    """
    tenant = tenant or _default
    if tenant is None:
        sources.hear_library()
    recorded = Recording(tenant, names)
    with bus.listening(recorded.take):
        try:
            yield recorded
        finally:
            recorded.finish()


def use_tenant(tenant: sources.Tenant | None) -> None:
    """Let every later recording in this process read this practice tenant's log."""
    global _default
    _default = tenant


_default: sources.Tenant | None = None
