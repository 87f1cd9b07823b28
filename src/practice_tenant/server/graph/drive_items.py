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


def item(call: Call, owner: User, drive_item: DriveItem) -> dict[str, Any]:
    """Return a folder or a file with its place and its size in bytes."""
    by = {"user": {"email": owner.upn, "id": owner.id, "displayName": owner.display_name}}
    path, parent_name = _path(call, owner, drive_item)
    shown: dict[str, Any] = {
        "createdDateTime": iso(drive_item.created),
        "eTag": etag(drive_item),
        "id": drive_item.id,
        "lastModifiedDateTime": iso(drive_item.modified),
        "name": drive_item.name,
        "webUrl": f"{_web_url(owner)}{quote(path)}",
        "cTag": f'"c:{etag(drive_item)[1:]}',
        "size": len(drive_item.content or b""),
        "createdBy": by,
        "lastModifiedBy": by,
        "parentReference": {"driveType": "business", "driveId": drive_id(owner)},
        "fileSystemInfo": {
            "createdDateTime": iso(drive_item.created),
            "lastModifiedDateTime": iso(drive_item.modified),
        },
    }
    if drive_item.parent_id:
        above = path.rpartition("/")[0]
        place = {"id": drive_item.parent_id, "name": parent_name, "path": f"/drives/{drive_id(owner)}/root:{above}"}
        shown["parentReference"] |= place
    else:
        shown["root"] = {}
    if drive_item.content is None:
        inside = files.children(call.service.store, owner.tenant_id, drive_item)
        return {**shown, "size": _size(call, owner, drive_item), "folder": {"childCount": len(inside)}}
    digest = base64.b64encode(hashlib.sha256(drive_item.content).digest()).decode()
    kind = {"mimeType": media_type(drive_item.name), "hashes": {"sha256Hash": digest}}
    return {"@microsoft.graph.downloadUrl": download_url(call, owner, drive_item), **shown, "file": kind}


def etag(drive_item: DriveItem) -> str:
    return f'"{hashlib.sha256(f"{drive_item.id}{drive_item.modified}".encode()).hexdigest()[:32]},1"'


def media_type(name: str) -> str:
    suffix = "." + name.rpartition(".")[2].lower()
    return _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"


def download_url(call: Call, owner: User, drive_item: DriveItem) -> str:
    """Return an address that gives the file to whoever has it, for an hour, as a pre-authenticated one does."""
    until = int(call.now(owner.tenant_id)) + DOWNLOAD_SECONDS
    path = f"/v1.0/practice-download/{owner.tenant_id}/{drive_item.id}"
    return f"https://{call.host}{path}?owner={owner.id}&until={until}&tempauth={_proof(call, owner, drive_item, until)}"


def may_download(call: Call, owner: User, drive_item: DriveItem) -> bool:
    """Say whether the address of this request was made here, and not too long ago."""
    until = call.value("until")
    if not (until.isascii() and until.isdigit() and len(until) < 12) or int(until) < call.now(owner.tenant_id):
        return False
    proof = call.value("tempauth").encode("utf-8", "replace")
    return hmac.compare_digest(_proof(call, owner, drive_item, int(until)).encode(), proof)


def _proof(call: Call, owner: User, drive_item: DriveItem, until: int) -> str:
    key = hashlib.sha256(b"download" + str(call.keys.current.private.private_numbers().d).encode()).digest()
    text = f"{owner.tenant_id} {owner.id} {drive_item.id} {until}".encode()
    return hmac.new(key, text, hashlib.sha256).hexdigest()


def _path(call: Call, owner: User, drive_item: DriveItem) -> tuple[str, str]:
    """Return the path below the root, with a slash before each name, and the name of the folder it is in."""
    names: list[str] = []
    at: DriveItem | None = drive_item
    while at is not None and at.parent_id:
        names.insert(0, at.name)
        at = files.item(call.service.store, owner.tenant_id, owner.id, at.parent_id)
    return "".join(f"/{name}" for name in names), names[-2] if len(names) > 1 else "root"


def _size(call: Call, owner: User, folder: DriveItem) -> int:
    inside = files.children(call.service.store, owner.tenant_id, folder)
    return sum(
        len(drive_item.content) if drive_item.content is not None else _size(call, owner, drive_item)
        for drive_item in inside
    )


def _web_url(owner: User) -> str:
    domain = owner.upn.rpartition("@")[2]
    account = owner.upn.lower().replace("@", "_").replace(".", "_")
    return f"https://{domain.partition('.')[0]}-my.sharepoint.com/personal/{quote(account)}/Documents"
