"""A registration from a file, where one may not read the directory.

Takes the portal's manifest (Microsoft Graph format) and what `az ad app show` prints: both are Graph's JSON.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

from workshop.errors import FileUnusable
from workshop.registration import codec
from workshop.registration.declarations import Names
from workshop.registration.keeper import Keeper
from workshop.registration.seen import Part, Snapshot
from workshop.registration.values import values_of

OLD_FORMAT = ("replyUrlsWithType", "oauth2Permissions", "accessTokenAcceptedVersion")


def read(path: Path, now: datetime) -> Snapshot:
    """Return what a manifest tells.

    Raises:
        FileUnusable: it can't be read, or is not a manifest.
    """
    graph = _object(path)
    if any(name in graph for name in OLD_FORMAT):
        raise FileUnusable(path, "is the old Azure AD Graph manifest. Download the tab Microsoft Graph App Manifest.")
    if not isinstance(graph.get("appId"), str) or "signInAudience" not in graph:
        raise FileUnusable(path, "is no application manifest: it has no appId and signInAudience.")
    parts: frozenset[Part] = frozenset({"application"})
    return Snapshot(source=path.name, at=now, parts=parts, app=codec.application(graph))


def with_values(snapshot: Snapshot, keeper: Keeper, names: Names) -> Snapshot:
    """Add what is kept on this machine for the same app. Nobody is asked anything.

    Raises:
        FileUnusable: the file of values can't be read.
    """
    values = values_of(keeper, names)
    if snapshot.app is None or values.client_id != snapshot.app.client_id:
        return snapshot
    parts: frozenset[Part] = snapshot.parts | {"values"}
    return Snapshot(snapshot.source, snapshot.at, parts, snapshot.app, values=values)


def _object(path: Path) -> dict[str, Any]:
    try:
        # PowerShell's `>` writes UTF-16.
        raw = path.read_bytes()
        text = raw.decode("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
        graph = json.loads(text)
    except (OSError, UnicodeDecodeError, ValueError, RecursionError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not JSON text"
        raise FileUnusable(path, f"can't be read: {reason}.") from error
    if not isinstance(graph, dict):
        raise FileUnusable(path, "is no application manifest: it is not one JSON object.")
    return graph
