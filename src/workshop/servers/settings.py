"""What a server must be told: the values of its app registration, from the environment or a ``.env`` file."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dotenv import dotenv_values

CLIENT_ID = "ENTRA_PROXY_AZURE_CLIENT_ID"
CLIENT_SECRET = "ENTRA_PROXY_AZURE_CLIENT_SECRET"  # noqa: S105 - the name of a variable
TENANT_ID = "AZURE_TENANT_ID"


class SettingsError(Exception):
    """A value is missing or malformed; the message is one line that names it and where it was looked for."""


@dataclass(frozen=True)
class ProxySettings:
    """What the OAuth proxy needs of its app registration in Entra."""

    client_id: str
    client_secret: str = field(repr=False)
    tenant_id: str


def load(environ: Mapping[str, str] | None = None, folder: Path | None = None) -> ProxySettings:
    """Read the settings: the environment wins over the file.

    Args:
        environ: the process environment; ``os.environ`` if None.
        folder: where ``.env`` stands; the current folder if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    file = (folder or Path.cwd()) / ".env"
    found = {**dotenv_values(file), **(os.environ if environ is None else environ)}
    values = {name: (found.get(name) or "").strip() for name in (CLIENT_ID, CLIENT_SECRET, TENANT_ID)}
    for name, value in values.items():
        if not value:
            raise SettingsError(f"{name} is not set. Looked in the environment and in {file}.")
    for name in (CLIENT_ID, TENANT_ID):
        if not _is_guid(values[name]):
            raise SettingsError(f"{name} is not a GUID such as 00000000-0000-0000-0000-000000000000.")
    if _is_guid(values[CLIENT_SECRET]):
        raise SettingsError(f"{CLIENT_SECRET} looks like the Secret ID; use the secret's Value.")
    return ProxySettings(values[CLIENT_ID], values[CLIENT_SECRET], values[TENANT_ID])


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False
