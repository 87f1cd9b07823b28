"""A practice tenant: Microsoft Entra's protocol on this machine, for lessons and tests.

    import practice_tenant

    with practice_tenant.running() as tenant:
        api = tenant.directory().register("Expenses")
        robin = tenant.directory().sign_in("robin", [api.scope()])

See the README beside this file. Whoever runs the tenant itself pays for nothing of this: names are looked up when they
are asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from practice_tenant.client import ANSWER_SECONDS
    from practice_tenant.client.browser import PracticeBrowser
    from practice_tenant.client.control import Exchange, Log, Running, found
    from practice_tenant.client.directory import Change, Directory
    from practice_tenant.client.environment import MEMBER, Environment
    from practice_tenant.client.lease import running
    from practice_tenant.client.registering import AdministratorRefused, DirectoryPerson, RegisteredApp
    from practice_tenant.client.signing_in import SignedIn, SignInFailed
    from practice_tenant.errors import PracticeTenantError
    from practice_tenant.well_known import AZURE_CLI

__all__ = [
    "ANSWER_SECONDS",
    "AZURE_CLI",
    "MEMBER",
    "AdministratorRefused",
    "Change",
    "Directory",
    "DirectoryPerson",
    "Environment",
    "Exchange",
    "Log",
    "PracticeBrowser",
    "PracticeTenantError",
    "RegisteredApp",
    "Running",
    "SignInFailed",
    "SignedIn",
    "found",
    "running",
]

_ROOMS = {
    "client": ("ANSWER_SECONDS",),
    "client.browser": ("PracticeBrowser",),
    "client.control": ("Exchange", "Log", "Running", "found"),
    "client.directory": ("Change", "Directory"),
    "client.environment": ("MEMBER", "Environment"),
    "well_known": ("AZURE_CLI",),
    "client.lease": ("running",),
    "client.registering": ("AdministratorRefused", "DirectoryPerson", "RegisteredApp"),
    "client.signing_in": ("SignInFailed", "SignedIn"),
    "errors": ("PracticeTenantError",),
}


def __getattr__(name: str) -> Any:
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"practice_tenant.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
