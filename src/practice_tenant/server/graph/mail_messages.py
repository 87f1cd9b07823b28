"""The JSON of a message: reading the one that a client sends, and completing it.

Source: https://learn.microsoft.com/graph/api/resources/message
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.objects import User
from practice_tenant.server.graph import errors
from practice_tenant.server.graph.times import iso
from practice_tenant.server.web import Call

RECIPIENTS = ("toRecipients", "ccRecipients", "bccRecipients")
ADDRESSES = (*RECIPIENTS, "replyTo")
LONGEST_SUBJECT = 255
LONGEST_BODY = 500_000
MOST_RECIPIENTS = 500
PREVIEW = 255
IMPORTANCE = ("low", "normal", "high")

_ADDRESS = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]{1,255}")
_TAGS = re.compile(r"<[^>]{0,2000}>")


def read(sent: Any) -> dict[str, Any]:
    """Return what a client says of a message.

    Raises:
        GraphError: 400, or 501 for what can't be in a message here.
    """
    if not isinstance(sent, dict):
        raise errors.bad_request("The Message parameter is missing.", "ErrorInvalidParameter")
    message: dict[str, Any] = {"subject": "", "importance": "normal", "body": {"contentType": "text", "content": ""}}
    for name, value in sent.items():
        if name in ADDRESSES:
            message[name] = [_recipient(entry) for entry in _list(name, value)]
        elif name == "subject":
            message[name] = _text(name, value or "", LONGEST_SUBJECT)
        elif name == "body":
            message[name] = _body(value)
        elif name == "importance" and str(value).lower() in IMPORTANCE:
            message[name] = str(value).lower()
        else:
            raise errors.missing_here("POST", f"/sendMail with {name[:100]}")
    recipients = [entry for name in RECIPIENTS for entry in message.get(name, ())]
    if not 1 <= len(recipients) <= MOST_RECIPIENTS:
        raise errors.bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")
    return message


def whole(call: Call, sender: User, message: Mapping[str, Any], folder_id: str, *, unread: bool) -> dict[str, Any]:
    """Return a message with every property, as it lies in a folder."""
    made = "AAMk" + base64.urlsafe_b64encode(call.service.entropy(48)).decode()
    now = iso(call.now(sender.tenant_id))
    content = str(message["body"]["content"])
    plain = _TAGS.sub(" ", content) if message["body"]["contentType"] == "html" else content
    address = {"emailAddress": {"name": sender.display_name, "address": str(sender.graph["mail"] or sender.upn)}}
    return {
        "id": made,
        "createdDateTime": now,
        "lastModifiedDateTime": now,
        "changeKey": call.service.opaque(18),
        "categories": [],
        "receivedDateTime": now,
        "sentDateTime": now,
        "hasAttachments": False,
        "internetMessageId": f"<{call.service.guid()}@{sender.upn.rpartition('@')[2]}>",
        "subject": message["subject"],
        "bodyPreview": " ".join(plain.split())[:PREVIEW],
        "importance": message["importance"],
        "parentFolderId": folder_id,
        "conversationId": call.service.opaque(24),
        "conversationIndex": base64.b64encode(call.service.entropy(22)).decode(),
        "isDeliveryReceiptRequested": False,
        "isReadReceiptRequested": False,
        "isRead": not unread,
        "isDraft": False,
        "webLink": f"https://outlook.office365.com/owa/?ItemID={made}",
        "inferenceClassification": "focused",
        "body": message["body"],
        "sender": address,
        "from": address,
        **{name: message.get(name, []) for name in ADDRESSES},
        "flag": {"flagStatus": "notFlagged"},
    }


def _list(name: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise errors.bad_request(f"Invalid value specified for property '{name}'.", "ErrorInvalidParameter")
    return value


def _recipient(entry: Any) -> dict[str, Any]:
    address = entry.get("emailAddress") if isinstance(entry, dict) else None
    text = address.get("address") if isinstance(address, dict) else None
    name = address.get("name") if isinstance(address, dict) else None
    if not (isinstance(text, str) and _ADDRESS.fullmatch(text) and isinstance(name, str | None)):
        raise errors.bad_request("At least one recipient isn't valid.", "ErrorInvalidRecipients")
    return {"emailAddress": {"name": (name or text)[:LONGEST_SUBJECT], "address": text}}


def _body(value: Any) -> dict[str, str]:
    kind = str(value.get("contentType", "text")).lower() if isinstance(value, dict) else ""
    if kind not in ("text", "html"):
        raise errors.bad_request("Invalid value specified for property 'body'.", "ErrorInvalidParameter")
    return {"contentType": kind, "content": _text("body", value.get("content") or "", LONGEST_BODY)}


def _text(name: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or len(value) > longest:
        raise errors.bad_request(f"Invalid value specified for property '{name}'.", "ErrorInvalidParameter")
    return value
