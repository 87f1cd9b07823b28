"""What the server for pre-authorized clients must be told: where each value stands and what it means."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from . import environment as env
from .app_settings import CLIENT_ID_NAME, REQUIRED_SCOPES, AppSettings
from .environment import variable

PREFIX = "ENTRA_PREAUTHORIZED"
CLIENT_ID = f"{PREFIX}_AZURE_CLIENT_ID"


@dataclass(frozen=True, kw_only=True)
class PreauthorizedSettings(AppSettings):
    """What a server needs of its app registration in Entra when its clients bring Entra's own tokens.

    A credential is needed only to act on behalf of the user: tokens are verified without one.
    """

    PREFIX: ClassVar[str] = PREFIX

    client_id: str = field(
        kw_only=False,
        metadata=variable(
            env.guid,
            "Its application (client) id. `workshop register preauthorized` makes the app and writes it here.",
            name=CLIENT_ID_NAME,
        ),
    )
    required_scopes: tuple[str, ...] = field(default=("user_impersonation",), metadata=REQUIRED_SCOPES)


PREAUTHORIZED = PreauthorizedSettings.variables()

load = PreauthorizedSettings.load
