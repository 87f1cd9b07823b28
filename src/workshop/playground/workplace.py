"""Where a notebook registers apps: a directory tenant of its own in practice, your own tenant otherwise."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from practice_tenant import Running
from workshop.core import azure_cli
from workshop.core.private_files import make_private_folder
from workshop.core.settings import Settings
from workshop.playground import directory_tenant
from workshop.playground.directory_tenant import ADMINISTRATOR, DirectoryTenant, OnlyInPractice
from workshop.registration.declarations import PROXY
from workshop.registration.desk import Desk

if TYPE_CHECKING:
    from workshop.playground.colleague import ColleaguesApp
    from workshop.registration.az import Az
    from workshop.registration.by_hand import ByHand


@dataclass(frozen=True)
class Workplace:
    """A directory, and desks in it, each with a file of its own.

    Attributes:
        running: the practice tenant; None in your own one.
        directory: in the practice tenant; None in your own one, where the sign-in decides.
        folder: of the files, which only you can read.
    """

    settings: Settings
    running: Running | None
    directory: DirectoryTenant | None
    folder: Path

    @property
    def tenant_id(self) -> str:
        """The directory's id; empty in your own tenant."""
        return self.directory.tenant_id if self.directory else ""

    @property
    def domain(self) -> str:
        """What stands behind the @ of its accounts; empty in your own tenant."""
        return self.directory.domain if self.directory else ""

    def account(self, name: str) -> str:
        """Return the user principal name of somebody, such as that of "avery"."""
        return self.directory.account(name) if self.directory else ""

    def desk(self, name: str) -> Desk:
        """Return a desk that keeps its values in a file of this name."""
        file = self.folder / f"{name}.env"
        desk = Desk(self.settings, tenant_id=self.tenant_id, file=file)
        return desk.as_user(self.account(ADMINISTRATOR)) if self.directory else desk

    def practice(self) -> Running:
        """Return the practice tenant.

        Raises:
            OnlyInPractice: this is an own tenant.
        """
        if self.running is None:
            raise OnlyInPractice
        return self.running

    def by_hand(self, display_name: str) -> ByHand:
        """Return the app of this name that you registered by hand; until then one made in Python stands in for it."""
        from workshop.registration.by_hand import by_hand

        return by_hand(self.desk("by-hand"), PROXY.named(display_name))

    def az(self, display_name: str) -> Az:
        """Return the Azure CLI, signed in here; where there is none, or WORKSHOP_AZURE_CLI is off, what was recorded.

        Args:
            display_name: of the app that its lines make.
        """
        from workshop.registration.az import opened

        off = os.environ.get("WORKSHOP_AZURE_CLI") == "off"
        program = None if off else azure_cli.find(self.settings.project)
        return opened(program, self.running, self.desk("by-az"), PROXY.named(display_name))

    def colleague(self) -> ColleaguesApp:
        """Register a colleague's app, with five mistakes.

        Raises:
            OnlyInPractice: this is an own tenant.
        """
        from workshop.playground.colleague import make

        self.practice()
        return make(self.desk("colleague"), self.account("sam"))

    def names(self, **ids: str) -> Mapping[str, str]:
        """Return what ids are called in outputs: the directory's, and those given by name."""
        known = {self.tenant_id: "{tenant}", self.domain: "{domain}"}
        return {id_: name for id_, name in (known | {id_: f"{{{name}}}" for name, id_ in ids.items()}).items() if id_}

    def __repr__(self) -> str:
        if self.running:
            return "A directory tenant of this notebook's own, with the same people as always and no app of yours yet."
        return "Your own tenant. What you register here is real."


def make(settings: Settings, running: Running | None, name: str) -> Workplace:
    """Make a workplace.

    Args:
        name: what tells the directory from the others, and the folder too.
    """
    folder = make_private_folder(settings.state / "workplaces" / name)
    if running is None:
        return Workplace(settings, None, None, folder)
    for left in folder.glob("*.env"):  # an earlier process of the same name
        left.unlink()
    return Workplace(settings, running, directory_tenant.make(running, name), folder)
