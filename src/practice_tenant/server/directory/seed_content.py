"""The files and the mail that a new directory's people have: enough to tell one person's from another's.

Every member has a drive and a mailbox, guests have none. Ids and times are the same in every practice tenant.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from practice_tenant.server.directory import files, mail
from practice_tenant.server.directory.files import DriveItem
from practice_tenant.server.directory.mail import INBOX, SENT, Message
from practice_tenant.server.directory.objects import User
from practice_tenant.server.directory.store import Store

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp()
HOUR = 3_600

# (whose, folder or "", name, content)
FILES: tuple[tuple[str, str, str, str], ...] = (
    ("avery", "", "Onboarding checklist.md", "# Onboarding\n\n- account\n- groups\n- laptop\n"),
    ("avery", "Registrations", "Naming.md", "# App registrations\n\nOne for development, one for production.\n"),
    ("robin", "", "Expenses 2026.csv", "date,category,amount\n2026-03-02,travel,84.50\n2026-03-09,meals,23.10\n"),
    ("robin", "", "Travel policy.md", "# Travel policy\n\nTrains before planes. Keep every receipt.\n"),
    ("robin", "Receipts", "Hotel.txt", "Hotel, two nights: 212.00\n"),
    ("robin", "Receipts", "Train.txt", "Train, second class: 84.50\n"),
    ("sam", "", "Design notes.md", "# MCP server\n\nOne tool, one permission.\n"),
    ("sam", "Releases", "1.4.txt", "Release 1.4: sign-in with Entra ID\n"),
    ("lee", "", "Budget 2026.csv", "quarter,budget\nQ1,12000\nQ2,9000\n"),
)
# (from, to, subject, text), the oldest first
MAIL: tuple[tuple[str, str, str, str], ...] = (
    ("avery", "robin", "Welcome", "Hello Robin, your account is ready. Avery"),
    ("avery", "sam", "Welcome", "Hello Sam, your account is ready. Avery"),
    ("sam", "robin", "Invoice for the test server", "Hello Robin, the invoice is 120.00 a month. Sam"),
    ("robin", "sam", "Your travel expenses", "Hello Sam, the receipt of the hotel is missing. Robin"),
    ("robin", "avery", "Access for the auditor", "Hello Avery, Kim Duarte needs to see the expenses. Robin"),
)


def sow(store: Store, people: Iterable[User]) -> None:
    """Give files and mail to those members who have no drive yet; run it inside a transaction."""
    members = {user.upn.partition("@")[0]: user for user in people if not user.is_guest}
    new = {name: user for name, user in members.items() if not files.root(store, user.tenant_id, user.id)}
    for name, user in new.items():
        _sow_files(store, name, user)
    for number, (sender, recipient, subject, text) in enumerate(MAIL):
        if sender in members and recipient in members:
            letter = (number, members[sender], members[recipient], subject, text)
            if recipient in new:
                _file(store, members[recipient], INBOX, *letter)
            if sender in new:
                _file(store, members[sender], SENT, *letter)


def item_id(user: User, path: str) -> str:
    """Return the id of a seeded file or folder: always the same, in the form of SharePoint's."""
    return "01" + base64.b32encode(hashlib.sha256(f"{user.id} {path}".encode()).digest()[:20]).decode()


def _sow_files(store: Store, name: str, user: User) -> None:
    root = DriveItem(item_id(user, ""), user.id, "", "root", BEGAN, BEGAN, None)
    files.save(store, user.tenant_id, root)
    for number, (whose, folder, file_name, content) in enumerate(FILES):
        if whose != name:
            continue
        at, parent = BEGAN + number * HOUR, root
        if folder:
            parent = DriveItem(item_id(user, folder), user.id, root.id, folder, at, at, None)
            files.save(store, user.tenant_id, parent)
        path = f"{folder}/{file_name}"
        made = DriveItem(item_id(user, path), user.id, parent.id, file_name, at, at, content.encode())
        files.save(store, user.tenant_id, made)


def _file(
    store: Store, owner: User, folder: str, number: int, sender: User, recipient: User, subject: str, text: str
) -> None:
    at = BEGAN + number * HOUR
    when = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    digest = hashlib.sha256(f"{owner.id} {folder} {number}".encode()).digest()
    key = base64.urlsafe_b64encode(digest).decode()
    graph: dict[str, Any] = {
        "id": f"AAMk{key}",
        "createdDateTime": when,
        "lastModifiedDateTime": when,
        "changeKey": key[:24],
        "categories": [],
        "receivedDateTime": when,
        "sentDateTime": when,
        "hasAttachments": False,
        "internetMessageId": f"<{key[:24]}@{owner.upn.rpartition('@')[2]}>",
        "subject": subject,
        "bodyPreview": text,
        "importance": "normal",
        "parentFolderId": mail.folder_id(owner.id, folder),
        "conversationId": key[24:],
        "conversationIndex": base64.b64encode(digest[:22]).decode(),
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": folder == SENT,
        "isDraft": False,
        "webLink": f"https://outlook.office365.com/owa/?ItemID=AAMk{key}",
        "inferenceClassification": "focused",
        "body": {"contentType": "text", "content": text},
        "sender": _address(sender),
        "from": _address(sender),
        "toRecipients": [_address(recipient)],
        "ccRecipients": [],
        "bccRecipients": [],
        "replyTo": [],
        "flag": {"flagStatus": "notFlagged"},
    }
    mail.save(store, owner.tenant_id, Message(f"AAMk{key}", owner.id, folder, at, graph))


def _address(user: User) -> dict[str, Any]:
    return {"emailAddress": {"name": user.display_name, "address": user.upn}}
