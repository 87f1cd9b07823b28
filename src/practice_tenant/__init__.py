"""A practice tenant: Microsoft Entra's protocol on this machine, for lessons and tests.

    import practice_tenant

    with practice_tenant.running() as tenant:
        tenant.environment()  # the variables that lead unmodified libraries to it

Whoever runs the tenant itself pays for nothing of this: names are looked up when they are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from practice_tenant.client.control import ANSWER_SECONDS, Exchange, Log, Running, found
    from practice_tenant.client.directory import Change, Directory
    from practice_tenant.client.environment import Environment
    from practice_tenant.client.lease import obtain

__all__ = [
    "ANSWER_SECONDS",
    "Change",
    "Directory",
    "Environment",
    "Exchange",
    "Log",
    "Running",
    "found",
    "obtain",
]

_ROOMS = {
    "control": ("ANSWER_SECONDS", "Exchange", "Log", "Running", "found"),
    "directory": ("Change", "Directory"),
    "environment": ("Environment",),
    "lease": ("obtain",),
}


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"practice_tenant.client.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
