"""A registration that is there when a lesson needs it: found, or in the practice tenant made on the spot."""

from __future__ import annotations

import asyncio
import os
import webbrowser
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from workshop.errors import WorkshopError
from workshop.registration.declared import PROXY, Declaration
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET, TENANT_ID
from workshop.settings import Settings, load, save
from workshop.signin import UserAgent

if TYPE_CHECKING:
    from workshop.registration.apply import Made

ADMINISTRATOR = "avery@contoso.onmicrosoft.com"

T = TypeVar("T")


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
    """Return the registration of the OAuth proxy, and put its values where the servers read them.

    In the practice tenant a missing one is made on the spot, by its administrator. In your own tenant it has to be
    in ``.env`` (lesson 01).

    Raises:
        SettingMissing: in your own tenant, a value is missing.
        WorkshopError: the practice tenant refused a step.
    """
    current = load(project=settings.project)
    values = {name: current.get(name) for name in (TENANT_ID, CLIENT_ID, CLIENT_SECRET)}
    if current.mode == "own":
        for name in values:
            current.require(name)
        return _registration(declaration, current, found=True)
    found = all(values.values()) and _in_a_thread(lambda: _still_good(current))
    if not found:
        made = _in_a_thread(lambda: _make(declaration))
        current = save(
            current, {TENANT_ID: made.tenant_id, CLIENT_ID: made.client_id, CLIENT_SECRET: made.client_secret}
        )
    os.environ.update({name: current.require(name) for name in values})
    return _registration(declaration, current, found=found)


def _registration(declaration: Declaration, settings: Settings, *, found: bool) -> Registration:
    return Registration(
        display_name=declaration.display_name,
        client_id=settings.require(CLIENT_ID),
        tenant_id=settings.require(TENANT_ID),
        found=found,
        file=settings.file.name,
    )


def _still_good(settings: Settings) -> bool:
    """Ask the practice tenant for a token with the kept values: after a reset they are worth nothing."""
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import ClientSecretCredential

    client_id = settings.require(CLIENT_ID)
    secret = settings.require(CLIENT_SECRET)
    with ClientSecretCredential(settings.require(TENANT_ID), client_id, secret) as credential:
        try:
            credential.get_token(f"api://{client_id}/.default")
        except ClientAuthenticationError:
            return False
    return True


def _make(declaration: Declaration) -> Made:
    from azure.core.exceptions import ClientAuthenticationError
    from azure.identity import InteractiveBrowserCredential
    from kiota_abstractions.api_error import APIError

    from workshop.registration.apply import apply

    try:
        with _as_administrator(), InteractiveBrowserCredential() as credential:
            return asyncio.run(apply(declaration, credential))
    except (APIError, ClientAuthenticationError) as error:
        reason = getattr(getattr(error, "error", None), "message", None) or str(error)
        raise WorkshopError(f"The app could not be registered: {reason}") from error


def _as_administrator() -> AbstractContextManager[object]:
    browser = webbrowser.get()
    return browser.as_user(ADMINISTRATOR) if isinstance(browser, UserAgent) else nullcontext()


def _in_a_thread(work: Callable[[], T]) -> T:
    """Run blocking work off the notebook's event loop."""
    with ThreadPoolExecutor(1, thread_name_prefix="registration") as pool:
        return pool.submit(work).result()
