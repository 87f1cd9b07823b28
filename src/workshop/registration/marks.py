"""How the workshop knows its own registrations again, and whose they are.

A tag names the declaration and the object id of whoever made it: in a team's tenant many people run the workshop, and
nobody may be handed, or delete, the registration of someone else.
"""

from __future__ import annotations

import json
import secrets

from workshop.registration.keeper import Keeper
from workshop.registration.seen import App

PREFIX = "entra-mcp-workshop"


def mark(key: str, maker: str) -> str:
    """Return the tag of a declaration's registration.

    Args:
        key: of the declaration.
        maker: object id of the person, or of the application, that makes it.
    """
    return f"{prefix(maker)}{key}"


def prefix(maker: str) -> str:
    """Return how the tags of one maker's registrations begin."""
    return f"{PREFIX}:{maker}:"


def key_of(app: App, maker: str) -> str | None:
    """Return the key of the declaration an application was made from by `maker`; None if it is not theirs."""
    begins = prefix(maker)
    return next((tag.removeprefix(begins) for tag in app.tags if tag.startswith(begins)), None)


def is_ours(app: App) -> bool:
    """Say whether the workshop made it, for whomever."""
    return any(tag.startswith(PREFIX + ":") for tag in app.tags)


class Journal:
    """The name under which a registration is being made, written down before Graph is asked.

    Graph makes an application under a `uniqueName` at most once. Whoever is interrupted finds the name here and asks
    again under the same one. It is random because a deleted application keeps its name for 30 days.

    Source: https://learn.microsoft.com/graph/api/application-upsert
    """

    def __init__(self, keeper: Keeper, key: str, tenant_id: str) -> None:
        """Open the journal of one declaration in one directory; nothing is written yet."""
        self.keeper = keeper
        self.key = key
        self.tenant_id = tenant_id
        self.note = f"registering-{key}.json"

    def name(self) -> str | None:
        """Return the name of an unfinished attempt in this directory."""
        try:
            noted = json.loads(self.keeper.noted(self.note) or "null")
        except ValueError:
            return None
        fits = isinstance(noted, dict) and noted.get("tenant_id") == self.tenant_id
        return str(noted["unique_name"]) if fits and "unique_name" in noted else None

    def begin(self) -> str:
        """Return the name of the attempt, an unfinished one's or a new one that is on disk by now."""
        name = self.name()
        if name is None:
            name = f"{PREFIX}-{self.key}-{secrets.token_hex(8)}"
            self.keeper.note(self.note, json.dumps({"tenant_id": self.tenant_id, "unique_name": name}))
        return name

    def end(self) -> None:
        """Forget the attempt: its client id is kept by now."""
        self.keeper.note(self.note, None)
