"""Mail: reading one's messages, and sending some. What is sent stays in the directory.

Source: https://learn.microsoft.com/graph/api/user-list-messages and https://learn.microsoft.com/graph/api/user-sendmail
"""

from __future__ import annotations

from typing import Any

from practice_tenant.server.directory import mail, people
from practice_tenant.server.directory.mail import FOLDERS, INBOX, SENT, Message
from practice_tenant.server.directory.objects import User
from practice_tenant.server.graph import errors, found, kinds, mail_messages, odata
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_MAIL, READ_MAIL_BODIES, SEND_MAIL, WRITE_MAIL, Needed
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

WITHOUT_BODY = ("body", "bodyPreview", "uniqueBody")


async def listed(call: Call) -> Response:
    """Answer GET /{person}/messages and /{person}/mailFolders/{folder}/messages, the newest first."""
    who, owner = _opened(call, READ_MAIL)
    folder = _folder(owner, call.path["folder"]) if "folder" in call.path else ""
    there = mail.messages(call.service.store, owner.tenant_id, owner.id, folder)
    return odata.collection(
        call, kinds.MESSAGE, [_shown(who, message) for message in there], within=_within(owner, "messages")
    )


async def read(call: Call) -> Response:
    """Answer GET /{person}/messages/{id}."""
    who, owner = _opened(call, READ_MAIL)
    return odata.entity(call, kinds.MESSAGE, _shown(who, _named(call, owner)), within=_within(owner, "messages"))


async def update(call: Call) -> Response:
    """Answer PATCH /{person}/messages/{id}: whether it was read."""
    who, owner = _opened(call, WRITE_MAIL)
    message = _named(call, owner)
    changes = odata.body(call)
    for name in changes:
        if name != "isRead" or not isinstance(changes[name], bool):
            raise errors.missing_here("PATCH", f"/messages with {name[:100]}")
    changed = Message(message.id, message.user_id, message.folder, message.received, {**message.graph, **changes})
    mail.save(call.service.store, owner.tenant_id, changed)
    return odata.entity(call, kinds.MESSAGE, _shown(who, changed), within=_within(owner, "messages"))


async def delete(call: Call) -> Response:
    """Answer DELETE /{person}/messages/{id}."""
    _, owner = _opened(call, WRITE_MAIL)
    mail.remove(call.service.store, owner.tenant_id, _named(call, owner).id)
    return odata.nothing(call)


async def folders(call: Call) -> Response:
    """Answer GET /{person}/mailFolders."""
    _, owner = _opened(call, READ_MAIL)
    shown = [_folder_shown(call, owner, name) for name in FOLDERS]
    return odata.collection(call, kinds.MAIL_FOLDER, shown, within=_within(owner, "mailFolders"))


async def folder(call: Call) -> Response:
    """Answer GET /{person}/mailFolders/{folder}."""
    _, owner = _opened(call, READ_MAIL)
    shown = _folder_shown(call, owner, _folder(owner, call.path["folder"]))
    return odata.entity(call, kinds.MAIL_FOLDER, shown, within=_within(owner, "mailFolders"))


async def send(call: Call) -> Response:
    """Answer POST /{person}/sendMail: into Sent Items, and into the inboxes of the recipients who are here."""
    who = caller(call)
    if not who.may(SEND_MAIL):
        raise _denied()
    sender = _mailbox(call, who)
    body = {name.lower(): value for name, value in odata.body(call).items()}  # msgraph-sdk writes ``Message``
    message = mail_messages.read(body.get("message"))
    keep = body.get("savetosentitems", True)
    if not isinstance(keep, bool):
        raise errors.bad_request("Invalid value specified for property 'saveToSentItems'.", "ErrorInvalidRequest")
    store = call.service.store
    with store.transaction():
        if keep:
            mail.save(store, sender.tenant_id, _filed(call, sender, sender, SENT, message))
        for recipient in _here(call, sender.tenant_id, message):
            mail.save(store, sender.tenant_id, _filed(call, sender, recipient, INBOX, message))
    return odata.nothing(call, 202)


def _opened(call: Call, needed: Needed) -> tuple[Caller, User]:
    who = caller(call)
    if not who.may(needed):
        raise _denied()
    return who, _mailbox(call, who)


def _mailbox(call: Call, who: Caller) -> User:
    """Return whose mailbox it is; with a user behind the call it has to be their own.

    Raises:
        GraphError: 403, 404 for someone who has no mailbox here.
    """
    owner = found.person(call, who)
    if who.user is not None and owner.id != who.user.id:
        raise _denied()
    if owner.is_guest:
        raise errors.GraphError(
            404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or is hosted on-premise."
        )
    return owner


def _named(call: Call, owner: User) -> Message:
    message = mail.message(call.service.store, owner.tenant_id, owner.id, call.path["id"])
    if message is None:
        raise errors.GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return message


def _shown(who: Caller, message: Message) -> dict[str, Any]:
    shown = dict(message.graph)
    if who.may(READ_MAIL_BODIES):
        return shown
    return {name: value for name, value in shown.items() if name not in WITHOUT_BODY}


def _filed(call: Call, sender: User, owner: User, where: str, message: dict[str, Any]) -> Message:
    """Return a message as it lies in a folder."""
    made = mail_messages.whole(call, sender, message, mail.folder_id(owner.id, where), unread=where == INBOX)
    return Message(made["id"], owner.id, where, call.now(owner.tenant_id), made)


def _here(call: Call, tenant_id: str, message: dict[str, Any]) -> list[User]:
    """Return the recipients that have a mailbox in this directory."""
    wanted = {
        entry["emailAddress"]["address"].lower()
        for name in mail_messages.RECIPIENTS
        for entry in message.get(name) or ()
    }
    every = people.users(call.service.store, tenant_id)
    return [
        user for user in every if not user.is_guest and {str(user.graph["mail"]).lower(), user.upn.lower()} & wanted
    ]


def _folder(owner: User, wanted: str) -> str:
    """Return the well-known name of a folder that is given by name or id."""
    for name in FOLDERS:
        if wanted.lower() == name or wanted == mail.folder_id(owner.id, name):
            return name
    raise errors.GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _folder_shown(call: Call, owner: User, name: str) -> dict[str, Any]:
    there = mail.messages(call.service.store, owner.tenant_id, owner.id, name)
    return {
        "id": mail.folder_id(owner.id, name),
        "displayName": FOLDERS[name],
        "parentFolderId": mail.folder_id(owner.id, "msgfolderroot"),
        "childFolderCount": 0,
        "unreadItemCount": sum(not message.graph["isRead"] for message in there),
        "totalItemCount": len(there),
        "sizeInBytes": sum(len(message.graph["body"]["content"]) for message in there),
        "isHidden": False,
    }


def _within(owner: User, name: str) -> str:
    return f"users('{owner.id}')/{name}"


def _denied() -> errors.GraphError:
    return errors.GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
