"""Manifest: the registration's JSON in Microsoft Graph's form, to be read and changed.

Source: https://learn.microsoft.com/entra/identity-platform/reference-microsoft-graph-app-manifest
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.admin.portal import FormRefused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.http.messages import Response

LINES = 34


async def show(visit: Visit) -> Response:
    """Show the JSON."""
    app = await app_of(visit)
    text = _text(app)
    shown = visit.value("shown") if visit.draft else _digest(text)
    return visit.page("manifest", app, text=text, shown=shown, lines=LINES, off=off_unless_owner(visit, app))


async def save(visit: Visit) -> Response:
    """Send Graph the properties that were changed."""
    app = await app_of(visit)
    if not hmac.compare_digest(visit.value("shown").encode(), _digest(_text(app)).encode()):
        raise FormRefused(
            "The application was changed after this page was opened. Keep a copy of your text and open the page again.",
            field="manifest",
        )
    manifest = _read(visit.value("manifest"))
    before = _members(app)
    gone = [name for name in before if name not in manifest]
    if gone:
        raise FormRefused(f"The property '{gone[0]}' is missing. Give it an empty value instead.", field="manifest")
    changes = {name: value for name, value in manifest.items() if name not in before or before[name] != value}
    if changes:
        await visit.graph.patch(f"/applications/{app['id']}", changes, field="manifest")
    words = f"Successfully updated: {', '.join(changes)}." if changes else "Nothing was changed."
    return visit.go(f"apps/{app['id']}/manifest", words)


def _members(app: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in app.items() if "@odata" not in name}


def _text(app: Mapping[str, Any]) -> str:
    return json.dumps(_members(app), indent="\t", ensure_ascii=False)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read(text: str) -> dict[str, Any]:
    try:
        manifest = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FormRefused(f"This is not JSON: {error.msg} at {where}.", field="manifest") from None
    except RecursionError:
        raise FormRefused("This is not JSON: it is nested too deeply.", field="manifest") from None
    if not isinstance(manifest, dict):
        raise FormRefused("The manifest is one JSON object: it begins with { and ends with }.", field="manifest")
    return manifest
