"""Mail: the messages of each user's mailbox. Nothing is ever sent out of the directory."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.directory.store import Store, parsed

INBOX = "inbox"
SENT = "sentitems"
FOLDERS: Mapping[str, str] = {INBOX: "Inbox", "drafts": "Drafts", SENT: "Sent Items", "deleteditems": "Deleted Items"}

_MESSAGE = "SELECT id, user_id, folder, received, graph FROM messages"


@dataclass(frozen=True)
class Message:
    """A message in a folder; ``received`` is in Unix seconds."""

    id: str
    user_id: str
    folder: str
    received: float
    graph: Mapping[str, Any]


def folder_id(user_id: str, name: str) -> str:
    """Return the id of a mailbox's folder: always the same one."""
    return "AAMk" + base64.urlsafe_b64encode(hashlib.sha256(f"{user_id} {name}".encode()).digest()).decode()


def save(store: Store, tenant_id: str, message: Message) -> None:
    store.run(
        "INSERT OR REPLACE INTO messages (id, tenant_id, user_id, folder, received, graph) VALUES (?, ?, ?, ?, ?, ?)",
        message.id, tenant_id, message.user_id, message.folder, message.received, json.dumps(message.graph),
    )  # fmt: skip


def messages(store: Store, tenant_id: str, user_id: str, folder: str = "") -> list[Message]:
    """Return a mailbox, or one of its folders, the newest message first."""
    rows = store.all(
        f"{_MESSAGE} WHERE tenant_id = ? AND user_id = ? AND (? = '' OR folder = ?) ORDER BY received DESC, rowid DESC",
        tenant_id, user_id, folder, folder,
    )  # fmt: skip
    return [_message(row) for row in rows]


def message(store: Store, tenant_id: str, user_id: str, message_id: str) -> Message | None:
    row = store.one(f"{_MESSAGE} WHERE tenant_id = ? AND user_id = ? AND id = ?", tenant_id, user_id, message_id)
    return _message(row) if row else None


def remove(store: Store, tenant_id: str, message_id: str) -> None:
    store.run("DELETE FROM messages WHERE tenant_id = ? AND id = ?", tenant_id, message_id)


def _message(row: tuple[Any, ...]) -> Message:
    return Message(row[0], row[1], row[2], row[3], parsed(row[4]))
