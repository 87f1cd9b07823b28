"""A registration that is there when a lesson needs it: found, or in the practice tenant made on the spot."""

from __future__ import annotations

import os
from dataclasses import dataclass

from workshop.core.off_loop import off_the_loop
from workshop.core.private_files import locked, make_private_folder
from workshop.core.settings import Settings, load
from workshop.errors import TOLD, WorkshopError
from workshop.registration.approach import as_kept
from workshop.registration.declarations import ON_BEHALF_OF, PROXY, Declaration
from workshop.registration.desk import Desk
from workshop.registration.sign_in import ADMINISTRATOR
from workshop.servers.settings import TENANT_ID


@dataclass(frozen=True)
class Registration:
    """An app registration that a server can work with; its secret stands in ``file`` and nowhere else."""

    display_name: str
    client_id: str
    tenant_id: str
    found: bool
    file: str

    def __repr__(self) -> str:
        how = "was there already" if self.found else f"was made just now, by {ADMINISTRATOR}"
        return (
            f"The app registration {self.display_name!r} {how}.\n"
            f"Application (client) id: {self.client_id}\n"
            f"Its values, and its secret, are kept in {self.file}."
        )


def ready(settings: Settings, declaration: Declaration = PROXY) -> Registration:
    """Return a registration, and put its values where the servers read them.

    In the practice tenant a missing one is made on the spot, by its administrator. In your own tenant it has to be
    in ``.env`` (lesson 01).

    Raises:
        SettingMissing: in your own tenant, a value is missing.
        WorkshopError: the practice tenant refused a step.
    """
    current = load(project=settings.project)
    names = [TENANT_ID, declaration.names.client_id, *([declaration.names.client_secret] if declaration.secret else [])]
    if current.mode == "own":
        for name in names:
            current.require(name)
        return _registration(declaration, current, found=True)
    # One at a time: two kernels that register the same app at once would each replace the other's secret.
    with locked(make_private_folder(settings.state) / "registration.lock"):
        current = load(project=settings.project)
        found = all(current.get(name) for name in names) and off_the_loop(lambda: _still_good(current, declaration))
        if not found:
            try:
                Desk(current).apply(as_kept(declaration, Desk(current).keeper), replace_values=True)
            except TOLD as error:
                raise WorkshopError(f"The app could not be registered: {error}") from error
            current = load(project=settings.project)
    os.environ.update({name: current.require(name) for name in names})
    if uri := current.get(declaration.names.identifier_uri):
        os.environ[declaration.names.identifier_uri] = uri
    return _registration(declaration, current, found=found)


def as_proxy(settings: Settings, declaration: Declaration = ON_BEHALF_OF) -> dict[str, str]:
    """Return the process environment with another app in the place of the proxy's, if the other one is known.

    The servers that act on behalf of users read the proxy's names: a team has one app for both.
    """
    settings = load(project=settings.project)
    environ = dict(os.environ)
    if settings.get(declaration.names.client_id):
        environ[PROXY.names.client_id] = settings.require(declaration.names.client_id)
        environ[PROXY.names.client_secret] = settings.require(declaration.names.client_secret)
    return environ


def _registration(declaration: Declaration, settings: Settings, *, found: bool) -> Registration:
    return Registration(
        display_name=declaration.display_name,
        client_id=settings.require(declaration.names.client_id),
        tenant_id=settings.require(TENANT_ID),
        found=found,
        file=settings.file.name,
    )


def _still_good(settings: Settings, declaration: Declaration) -> bool:
    """Ask the practice tenant whether it knows the kept values: after a reset they are worth nothing."""
    client_id, tenant_id = settings.require(declaration.names.client_id), settings.require(TENANT_ID)
    if declaration.secret:
        from workshop.registration.probe import secret_accepted

        return secret_accepted(tenant_id, client_id, settings.require(declaration.names.client_secret))[0] is True
    desk = Desk(settings)
    return not desk.plan(as_kept(declaration, desk.keeper)).changes
