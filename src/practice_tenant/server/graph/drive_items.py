"""How drives and their items are shown, and the addresses under which files can be fetched."""

from __future__ import annotations

import base64
import hashlib
import hmac
import mimetypes
from typing import Any
from urllib.parse import quote

from practice_tenant.server.directory import files
from practice_tenant.server.directory.files import DriveItem
from practice_tenant.server.directory.ids import bytes_of
from practice_tenant.server.directory.objects import User
from practice_tenant.server.graph.times import iso
from practice_tenant.server.web import Call

QUOTA = 1_099_511_627_776
DOWNLOAD_SECONDS = 3_600

_TYPES = {".md": "text/markdown", ".csv": "text/csv", ".txt": "text/plain", ".json": "application/json"}


def drive_id(owner: User) -> str:
    """Return the id of a user's drive, in the form of SharePoint's."""
    raw = bytes_of(owner.tenant_id) + bytes_of(owner.id)
    return "b!" + base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def new_id(call: Call) -> str:
    """Return an id for a new item, in the form of SharePoint's."""
    return "01" + base64.b32encode(call.service.entropy(20)).decode()


def drive(owner: User) -> dict[str, Any]:
    return {
        "createdDateTime": owner.graph["createdDateTime"],
        "description": "",
        "id": drive_id(owner),
        "lastModifiedDateTime": owner.graph["createdDateTime"],
        "name": "OneDrive",
        "webUrl": _web_url(owner),
        "driveType": "business",
        "createdBy": {"user": {"displayName": "System Account"}},
        "lastModifiedBy": {"user": {"displayName": owner.display_name, "email": owner.upn, "id": owner.id}},
        "owner": {"user": {"email": owner.upn, "id": owner.id, "displayName": owner.display_name}},
        "quota": {"deleted": 0, "remaining": QUOTA, "state": "normal", "total": QUOTA, "used": 0},
    }


def item(call: Call, owner: User, one: DriveItem) -> dict[str, Any]:
    """Return a folder or a file with its place and its size in bytes."""
    by = {"user": {"email": owner.upn, "id": owner.id, "displayName": owner.display_name}}
    path, parent_name = _path(call, owner, one)
    shown: dict[str, Any] = {
        "createdDateTime": iso(one.created),
        "eTag": etag(one),
        "id": one.id,
        "lastModifiedDateTime": iso(one.modified),
        "name": one.name,
        "webUrl": f"{_web_url(owner)}{quote(path)}",
        "cTag": f'"c:{etag(one)[1:]}',
        "size": len(one.content or b""),
        "createdBy": by,
        "lastModifiedBy": by,
        "parentReference": {"driveType": "business", "driveId": drive_id(owner)},
        "fileSystemInfo": {"createdDateTime": iso(one.created), "lastModifiedDateTime": iso(one.modified)},
    }
    if one.parent_id:
        above = path.rpartition("/")[0]
        place = {"id": one.parent_id, "name": parent_name, "path": f"/drives/{drive_id(owner)}/root:{above}"}
        shown["parentReference"] |= place
    else:
        shown["root"] = {}
    if one.content is None:
        inside = files.children(call.service.store, owner.tenant_id, one)
        return {**shown, "size": _size(call, owner, one), "folder": {"childCount": len(inside)}}
    digest = base64.b64encode(hashlib.sha256(one.content).digest()).decode()
    kind = {"mimeType": media_type(one.name), "hashes": {"sha256Hash": digest}}
    return {"@microsoft.graph.downloadUrl": download_url(call, owner, one), **shown, "file": kind}


def etag(one: DriveItem) -> str:
    return f'"{hashlib.sha256(f"{one.id}{one.modified}".encode()).hexdigest()[:32]},1"'


def media_type(name: str) -> str:
    suffix = "." + name.rpartition(".")[2].lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def download_url(call: Call, owner: User, one: DriveItem) -> str:
    """Return an address that gives the file to whoever has it, for an hour, as a pre-authenticated one does."""
    until = int(call.now(owner.tenant_id)) + DOWNLOAD_SECONDS
    path = f"/v1.0/practice-download/{owner.tenant_id}/{one.id}"
    return f"https://{call.host}{path}?owner={owner.id}&until={until}&tempauth={_proof(call, owner, one, until)}"


def may_download(call: Call, owner: User, one: DriveItem) -> bool:
    """Say whether the address of this request was made here, and not too long ago."""
    until = call.value("until")
    if not (until.isascii() and until.isdigit() and len(until) < 12) or int(until) < call.now(owner.tenant_id):
        return False
    given = call.value("tempauth").encode("utf-8", "replace")
    return hmac.compare_digest(_proof(call, owner, one, int(until)).encode(), given)


def _proof(call: Call, owner: User, one: DriveItem, until: int) -> str:
    key = hashlib.sha256(b"download" + str(call.keys.current.private.private_numbers().d).encode()).digest()
    text = f"{owner.tenant_id} {owner.id} {one.id} {until}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _path(call: Call, owner: User, one: DriveItem) -> tuple[str, str]:
    """Return the path below the root, with a slash before each name, and the name of the folder it is in."""
    names: list[str] = []
    at: DriveItem | None = one
    while at is not None and at.parent_id:
        names.insert(0, at.name)
        at = files.item(call.service.store, owner.tenant_id, owner.id, at.parent_id)
    return "".join(f"/{name}" for name in names), names[-2] if len(names) > 1 else "root"


def _size(call: Call, owner: User, folder: DriveItem) -> int:
    inside = files.children(call.service.store, owner.tenant_id, folder)
    return sum(len(one.content) if one.content is not None else _size(call, owner, one) for one in inside)


def _web_url(owner: User) -> str:
    domain = owner.upn.rpartition("@")[2]
    account = owner.upn.lower().replace("@", "_").replace(".", "_")
    return f"https://{domain.partition('.')[0]}-my.sharepoint.com/personal/{quote(account)}/Documents"
