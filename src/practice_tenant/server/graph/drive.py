"""Drives and the files in them.

Source: https://learn.microsoft.com/graph/api/resources/drive and https://learn.microsoft.com/graph/api/resources/driveitem
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote

from practice_tenant.server.directory import files, people
from practice_tenant.server.directory.files import DriveItem
from practice_tenant.server.directory.objects import User
from practice_tenant.server.graph import drive_items, errors, found, kinds, odata
from practice_tenant.server.graph.caller import Caller, caller
from practice_tenant.server.graph.permissions import READ_FILES, WRITE_FILES, Needed
from practice_tenant.server.http.messages import RedirectResponse, Response
from practice_tenant.server.web import Call

DRIVE = rf"(?:{found.PERSON}/drive|drives/[^/]+)"
ITEM = r"(?:root:/[^:]+:?|root|items/[^/:]+)"
LONGEST_NAME = 255

_FORBIDDEN_IN_NAMES = re.compile(r'["*:<>?/\\|\x00-\x1f]')


async def read(call: Call) -> Response:
    """Answer GET /me/drive, /users/{id}/drive and /drives/{id}."""
    owner, _ = _opened(call, READ_FILES)
    return odata.entity(call, kinds.DRIVE, drive_items.drive(owner))


async def of_person(call: Call) -> Response:
    """Answer GET /me/drives and /users/{id}/drives."""
    owner, _ = _opened(call, READ_FILES)
    return odata.collection(call, kinds.DRIVE, [drive_items.drive(owner)])


async def item(call: Call) -> Response:
    """Answer GET /{drive}/root, /{drive}/items/{id} and /{drive}/root:/{path}."""
    owner, root = _opened(call, READ_FILES)
    drive_item = _named(call, owner, root)
    return odata.entity(call, kinds.DRIVE_ITEM, _shown(call, owner, drive_item), within=_within(owner))


async def children(call: Call) -> Response:
    """Answer GET .../children: what is in a folder."""
    owner, root = _opened(call, READ_FILES)
    drive_item = _named(call, owner, root)
    inside = files.children(call.service.store, owner.tenant_id, drive_item) if drive_item.is_folder else []
    shown = [_shown(call, owner, each) for each in inside]
    return odata.collection(call, kinds.DRIVE_ITEM, shown, within=_within(owner))


async def search(call: Call) -> Response:
    """Answer GET /{drive}/root/search(q='{text}'): files whose name or content has the text in it."""
    owner, _ = _opened(call, READ_FILES)
    text = call.path["text"].replace("''", "'").lower()
    every = files.everything(call.service.store, owner.tenant_id, owner.id)
    hits = [
        drive_item
        for drive_item in every
        if text in drive_item.name.lower() or text.encode() in (drive_item.content or b"").lower()
    ]
    return odata.collection(
        call, kinds.DRIVE_ITEM, [_shown(call, owner, drive_item) for drive_item in hits], within=_within(owner)
    )


async def content(call: Call) -> Response:
    """Answer GET .../content: where the file can be fetched for a while without a token."""
    owner, root = _opened(call, READ_FILES)
    drive_item = _named(call, owner, root)
    if drive_item.is_folder:
        raise errors.GraphError(400, "invalidRequest", "You cannot get content for a folder")
    response = RedirectResponse(drive_items.download_url(call, owner, drive_item), 302)
    response.headers.update({name: value for name, value in odata.nothing(call).headers.items() if name != "location"})
    return response


async def download(call: Call) -> Response:
    """Answer GET /practice-download/{tenant}/{item}: the file itself, to whom was given its address."""
    store, tenant_id = call.service.store, call.path["tenant"]
    call.enter(tenant_id)
    owner = people.user(store, tenant_id, call.value("owner"))
    drive_item = files.item(store, tenant_id, owner.id, call.path["id"]) if owner else None
    if (
        owner is None
        or drive_item is None
        or drive_item.content is None
        or not drive_items.may_download(call, owner, drive_item)
    ):
        raise errors.GraphError(401, "unauthenticated", "The download address is not valid or no longer valid.")
    return Response(
        drive_item.content,
        media_type=drive_items.media_type(drive_item.name),
        headers={"ETag": drive_items.etag(drive_item)},
    )


async def upload(call: Call) -> Response:
    """Answer PUT .../content: a new file, or a file's new content."""
    owner, root = _opened(call, WRITE_FILES)
    store = call.service.store
    there = _find(call, owner, root)
    if there is not None and there.is_folder:
        raise errors.GraphError(409, "nameAlreadyExists", "Name already exists")
    if there is not None:
        changed = replace(there, content=call.body, modified=call.now(owner.tenant_id))
    else:
        parent, name = _place(call, owner, root)
        now = call.now(owner.tenant_id)
        changed = DriveItem(drive_items.new_id(call), owner.id, parent.id, name, now, now, call.body)
    with store.transaction():
        files.save(store, owner.tenant_id, changed)
    status = 201 if there is None else 200
    return odata.entity(call, kinds.DRIVE_ITEM, _shown(call, owner, changed), status, within=_within(owner))


async def delete(call: Call) -> Response:
    """Answer DELETE /{drive}/items/{id}."""
    owner, root = _opened(call, WRITE_FILES)
    drive_item = _named(call, owner, root)
    if drive_item.id == root.id:
        raise errors.GraphError(400, "invalidRequest", "Cannot delete the root of a drive")
    with call.service.store.transaction():
        files.remove(call.service.store, owner.tenant_id, drive_item)
    return odata.nothing(call)


def _opened(call: Call, needed: Needed) -> tuple[User, DriveItem]:
    """Return whose drive it is, and its root; with a user behind the call it has to be their own.

    Raises:
        GraphError: 403, 404 for someone who has no drive.
    """
    who = caller(call)
    if not who.may(needed):
        raise _denied()
    owner = _owner(call, who)
    if who.user is not None and owner.id != who.user.id:
        raise _denied()
    root = files.root(call.service.store, owner.tenant_id, owner.id)
    if root is None:
        raise errors.GraphError(404, "ResourceNotFound", "User's mysite not found.")
    return owner, root


def _owner(call: Call, who: Caller) -> User:
    if "person" in call.path:
        return found.person(call, who)
    address = call.path["drive"]
    if not address.lower().startswith("drives/"):
        return found.person(call, who, address.rpartition("/")[0])
    drive_id = address.partition("/")[2]
    for user in people.users(call.service.store, who.directory.tenant_id):
        if drive_items.drive_id(user) == drive_id:
            return user
    raise errors.GraphError(404, "itemNotFound", "The resource could not be found.")


def _named(call: Call, owner: User, root: DriveItem) -> DriveItem:
    drive_item = _find(call, owner, root)
    if drive_item is None:
        raise errors.GraphError(404, "itemNotFound", "The resource could not be found.")
    return drive_item


def _find(call: Call, owner: User, root: DriveItem) -> DriveItem | None:
    store, address = call.service.store, call.path["item"]
    if address.lower() == "root":
        return root
    if address.lower().startswith("items/"):
        item_id = address.partition("/")[2]
        return root if item_id.lower() == "root" else files.item(store, owner.tenant_id, owner.id, item_id)
    drive_item: DriveItem | None = root
    for name in _names(address):
        drive_item = (
            files.child(store, owner.tenant_id, drive_item, name) if drive_item and drive_item.is_folder else None
        )
    return drive_item


def _place(call: Call, owner: User, root: DriveItem) -> tuple[DriveItem, str]:
    """Return the folder and the name of a file that is about to be made; the folders on the way are made too."""
    address = call.path["item"]
    names = _names(address) if address.lower().startswith("root:") else []
    if not names:
        raise errors.GraphError(404, "itemNotFound", "The resource could not be found.")
    if any(len(name) > LONGEST_NAME or _FORBIDDEN_IN_NAMES.search(name) or name in (".", "..") for name in names):
        raise errors.GraphError(400, "invalidRequest", "The provided name cannot contain these characters.")
    store, parent, now = call.service.store, root, call.now(owner.tenant_id)
    for name in names[:-1]:
        folder = files.child(store, owner.tenant_id, parent, name)
        if folder is None:
            folder = DriveItem(drive_items.new_id(call), owner.id, parent.id, name, now, now, None)
            files.save(store, owner.tenant_id, folder)
        if not folder.is_folder:
            raise errors.GraphError(409, "nameAlreadyExists", "Name already exists")
        parent = folder
    return parent, names[-1]


def _names(address: str) -> list[str]:
    return [unquote(name) for name in address.partition(":/")[2].rstrip(":").split("/") if name]


def _shown(call: Call, owner: User, drive_item: DriveItem) -> dict[str, object]:
    return drive_items.item(call, owner, drive_item)


def _within(owner: User) -> str:
    return f"users('{owner.id}')/drive/items"


def _denied() -> errors.GraphError:
    return errors.GraphError(403, "accessDenied", "Access denied")
