"""Whether a file holds the seed: every start asks that, few have to import the seed itself."""

from __future__ import annotations

from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.store import Store

DEFAULT = "contoso"
# Raised with every change of the seed that a file of an earlier version has to get as well.
VERSION = 3


def tenant_id_of(name: str) -> str:
    return guid("directory", name)


def is_sown(store: Store) -> bool:
    """Say whether the default directory is there, as this version sows it."""
    return store.one("PRAGMA user_version") == (VERSION,)
