"""The practice tenant seen from a program: find it or start it, keep it alive, and be led to it."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from practice_tenant import Running, found
from practice_tenant.client.environment import check_label
from practice_tenant.client.lease import Lease, obtain
from workshop.core.private_files import make_private_folder
from workshop.core.settings import REGISTRATION_VALUE, Mode, Settings
from workshop.errors import RestartNeeded, WorkshopError

_lock = threading.Lock()
_leases: dict[Path, Lease] = {}
_mode: Mode | None = None


def ensure(settings: Settings, holder: str) -> Running:
    """Find the practice tenant or start it, and hold a lease on it until this process ends.

    A second call in the same process returns the lease it has, under its first name; if the tenant has ended
    meanwhile, it is started again.

    Args:
        holder: a name for this user of the tenant, fit for a URL: letters, digits, dots, dashes, underscores.

    Raises:
        TenantDidNotStart: the message says why and what to do.
        TenantSilent: it runs and does not answer.
    """
    check_label(holder)
    state = make_private_folder(settings.state)
    with _lock:
        held = _leases.get(state)
        # An ending tenant keeps its leases open for a moment: ask the door too.
        if held and held.alive() and found(state):
            return held.running
        if held:
            held.close()
        _leases[state] = obtain(state, held.running.holder if held else holder)
        return _leases[state].running


def enter(settings: Settings, holder: str | None = None) -> Running:
    """Lead this process to the practice tenant: `ensure`, and put its variables into `os.environ`.

    The values of practice.env are put there too, so that a program that reads `os.environ` finds them;
    AZURE_TENANT_ID is the default directory's as long as no other is saved there. What names or proves an own
    tenant's app is taken out: no secret of it may come here. How a server behaves stays as it was set.

    Args:
        holder: the name of this process in the tenant's log; "kernel-<pid>" if None.

    Raises:
        RestartNeeded: this process is in the other mode, or imported aiohttp, which reads the CA at import.
        WorkshopError: the settings are those of an own tenant.
    """
    hold_mode(settings)
    if settings.mode != "practice":
        raise WorkshopError("There is no practice tenant to enter: WORKSHOP_TENANT is own.")
    if "aiohttp" in sys.modules and not _in_place(settings):
        raise RestartNeeded("The package aiohttp was imported before the start cell ran.")
    running = ensure(settings, holder or f"kernel-{os.getpid()}")
    for name in [name for name in os.environ if REGISTRATION_VALUE.fullmatch(name) and name.startswith("ENTRA_")]:
        del os.environ[name]  # of an own tenant, or an app of the practice tenant that is no more
    # First the saved values: whatever a file says, the proxy that refuses every other host wins.
    variables = running.environment(running.holder, os.environ)
    variables.put(os.environ)
    os.environ.update({"AZURE_TENANT_ID": running.tenant_id} | settings.saved() | variables.set)
    return running


def hold_mode(settings: Settings) -> None:
    """Bind this process to the mode of its first settings.

    Raises:
        RestartNeeded: it is bound to the other mode.
        WorkshopError: an own tenant is meant, but the variables of the practice tenant came from outside.
    """
    global _mode
    if _mode not in (None, settings.mode):
        raise RestartNeeded(f"WORKSHOP_TENANT is {settings.mode} now and was {_mode} when this kernel began.")
    if settings.mode == "own" and _in_place(settings):
        raise WorkshopError(
            "WORKSHOP_TENANT is own, but the practice tenant's variables are set (SSL_CERT_FILE). "
            "Start again from a terminal without them."
        )
    _mode = settings.mode


def _in_place(settings: Settings) -> bool:
    ca = str(settings.state / "ca.pem")
    return os.environ.get("SSL_CERT_FILE") == ca and "SSL_CERT_DIR" not in os.environ


def _forget_leases() -> None:
    """Close a forked child's copies: they would keep the tenant alive after the parent's end."""
    global _lock
    _lock = threading.Lock()
    for lease in _leases.values():
        lease.close()
    _leases.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_leases)
