"""Certificates & secrets, each kind on a view of its own.

Source: https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any
from urllib.parse import quote

from practice_tenant.server.admin import html
from practice_tenant.server.admin.portal import Refused
from practice_tenant.server.admin.registration import app_of, off_unless_owner
from practice_tenant.server.admin.visit import Visit
from practice_tenant.server.graph.times import iso
from practice_tenant.server.http.messages import Response

LIFETIMES: tuple[tuple[str, str], ...] = (
    ("180", "Recommended: 180 days (6 months)"),
    ("90", "90 days (3 months)"),
    ("365", "365 days (12 months)"),
    ("545", "545 days (18 months)"),
    ("730", "730 days (24 months)"),
    ("custom", "Custom"),
)
AUDIENCE = "api://AzureADTokenExchange"
SECRETS, CERTIFICATES, FEDERATED = "credentials", "credentials/certificates", "credentials/federated"


async def secrets(visit: Visit) -> Response:
    """Show the client secrets: a new one with its value, once."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    fresh = visit.session.once.pop(app["id"], "")
    new_id, _, value = fresh.partition(" ")
    rows = [
        (
            escape(entry["displayName"] or "-"),
            html.day(entry["endDateTime"]),
            f'<code class="value">{escape(value)}</code>'
            if entry["keyId"] == new_id
            else html.code(f"{entry['hint']}******************"),
            html.code(entry["keyId"]),
            html.press(
                visit, "delete", entry["keyId"], "Delete", entry["displayName"] or entry["keyId"], off=bool(off)
            ),
        )
        for entry in app["passwordCredentials"]
    ]
    told = (
        '<div class="secret" role="note"><p><strong>Copy the Value now.</strong> It is shown this once and never '
        "again.</p><p>It is the Value that a server needs, not the Secret ID.</p></div>"
        if fresh
        else ""
    )
    heads = ("Description", "Expires", "Value", "Secret ID", "")
    form = "add"
    body = html.text(visit, form, "description", "Description")
    body += html.select(visit, form, "expires", "Expires", LIFETIMES, LIFETIMES[0][0])
    body += html.text(visit, form, "end", "End (only for Custom)", kind="date")
    sending = visit.draft is not None and visit.draft.action == form
    adding = html.opened(
        "New client secret",
        html.form(visit, form, body, "Add", off=off),
        is_open=sending or not (rows or fresh),
    )
    about = html.hint(
        "A secret string that the application uses to prove its identity when requesting a token. Also can be referred "
        "to as application password."
    )
    return _page(
        visit, app, SECRETS, f"{about}{told}{html.table('Client secrets', heads, rows, _none('secret'))}{adding}"
    )


async def add_secret(visit: Visit) -> Response:
    """Make a client secret."""
    app = await app_of(visit)
    now = visit.now
    wanted = visit.chosen("expires", tuple(key for key, _ in LIFETIMES))
    if wanted == "custom":
        ends = _end_of(visit.needed("end", "End"))
    else:
        ends = datetime.fromtimestamp(now, UTC) + timedelta(days=int(wanted))
    asked = {
        "displayName": visit.value("description") or None,
        "startDateTime": iso(now),
        "endDateTime": iso(ends.timestamp()),
    }
    field = "end" if wanted == "custom" else "description"
    made = await visit.graph.post(f"/applications/{app['id']}/addPassword", {"passwordCredential": asked}, field=field)
    visit.session.once[app["id"]] = f"{made['keyId']} {made['secretText']}"
    return visit.go(f"apps/{app['id']}/{SECRETS}", "Successfully added the client secret.")


def _end_of(day: str) -> datetime:
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1, seconds=-1)
    except (ValueError, OverflowError):
        raise Refused("Enter a date as year-month-day, such as 2027-01-31.", field="end") from None


async def delete_secret(visit: Visit) -> Response:
    """Delete a client secret."""
    await visit.graph.post(f"/applications/{visit.object_id}/removePassword", {"keyId": visit.value("which")})
    return visit.go(f"apps/{visit.object_id}/{SECRETS}", "Successfully deleted the client secret.")


async def certificates(visit: Visit) -> Response:
    """Show the certificates."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    rows = [
        (
            html.code(entry["customKeyIdentifier"] or "-"),
            escape(entry["displayName"] or "-"),
            html.day(entry["startDateTime"]),
            html.day(entry["endDateTime"]),
            html.code(entry["keyId"]),
            html.press(visit, "delete", entry["keyId"], "Delete", entry["displayName"] or "", off=bool(off)),
        )
        for entry in app["keyCredentials"]
    ]
    heads = ("Thumbprint", "Description", "Start date", "Expires", "Certificate ID", "")
    about = html.hint(
        "Certificates can be used as secrets to prove the application's identity when requesting a token. Also can be "
        "referred to as public keys."
    )
    form = "upload"
    body = html.text(
        visit,
        form,
        "file",
        "Certificate file",
        hint="One of the following file types: .cer, .pem, .crt. Without the private key: that stays with the server.",
        needed=True,
        kind="file",
    )
    body += html.text(visit, form, "description", "Description")
    adding = html.opened(
        "Upload certificate",
        html.form(visit, form, body, "Add", off=off, files=True),
        is_open=visit.draft is not None or not rows,
    )
    return _page(
        visit, app, CERTIFICATES, f"{about}{html.table('Certificates', heads, rows, _none('certificate'))}{adding}"
    )


async def upload(visit: Visit) -> Response:
    """Add a certificate."""
    app = await app_of(visit)
    file = visit.uploads.get("file")
    if file is None or not file.content:
        raise Refused("Choose a file.", field="file")
    if b"PRIVATE KEY" in file.content:
        raise Refused("This file holds a private key. Upload the certificate alone, and keep the key.", field="file")
    fresh = {
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "key": base64.b64encode(file.content).decode(),
        "displayName": visit.value("description") or None,
    }
    changes = {"keyCredentials": [*app["keyCredentials"], fresh]}
    await visit.graph.patch(f"/applications/{app['id']}", changes, field="file")
    return visit.go(f"apps/{app['id']}/{CERTIFICATES}", "Successfully added the certificate.")


async def delete_certificate(visit: Visit) -> Response:
    """Delete a certificate."""
    app = await app_of(visit)
    kept = [entry for entry in app["keyCredentials"] if entry["keyId"] != visit.value("which")]
    await visit.graph.patch(f"/applications/{app['id']}", {"keyCredentials": kept})
    return visit.go(f"apps/{app['id']}/{CERTIFICATES}", "Successfully deleted the certificate.")


async def federated(visit: Visit) -> Response:
    """Show the federated credentials."""
    app = await app_of(visit)
    off = off_unless_owner(visit, app)
    there = (await visit.graph.get(f"/applications/{app['id']}/federatedIdentityCredentials"))["value"]
    rows = [
        (
            escape(entry["name"]),
            escape(entry["issuer"]),
            escape(entry["subject"]),
            escape(", ".join(entry["audiences"])),
            html.press(visit, "delete", entry["id"], "Delete", entry["name"], off=bool(off)),
        )
        for entry in there
    ]
    heads = ("Name", "Issuer", "Subject identifier", "Audience", "")
    about = html.hint(
        "Allow other identities to impersonate this application by establishing a trust with an external OpenID "
        "Connect (OIDC) identity provider. This way no secret has to be kept."
    )
    form = "add"
    body = "".join(
        html.text(visit, form, name, label, value=value, needed=True)
        for name, label, value in (
            ("issuer", "Issuer", ""),
            ("subject", "Subject identifier", ""),
            ("name", "Name", ""),
            ("audience", "Audience", AUDIENCE),
        )
    )
    body += html.text(visit, form, "description", "Description")
    adding = html.opened(
        "Add credential (other issuer)",
        html.form(visit, form, body, "Add", off=off),
        is_open=visit.draft is not None or not rows,
    )
    none = _none("federated credential")
    return _page(visit, app, FEDERATED, f"{about}{html.table('Federated credentials', heads, rows, none)}{adding}")


async def add_federated(visit: Visit) -> Response:
    """Add a federated credential."""
    body = {
        "name": visit.needed("name", "Name"),
        "issuer": visit.needed("issuer", "Issuer"),
        "subject": visit.needed("subject", "Subject identifier"),
        "audiences": [visit.needed("audience", "Audience")],
        "description": visit.value("description") or None,
    }
    path = f"/applications/{visit.object_id}/federatedIdentityCredentials"
    try:
        await visit.graph.post(path, body)
    except Refused as refused:
        named = {"issuer": "issuer", "subject": "subject", "name": "name", "audiences": "audience"}
        refused.field = next((field for word, field in named.items() if f"'{word}'" in refused.message), "name")
        raise
    return visit.go(f"apps/{visit.object_id}/{FEDERATED}", "Successfully added the credential.")


async def delete_federated(visit: Visit) -> Response:
    """Delete a federated credential."""
    which = quote(visit.value("which"), safe="")
    await visit.graph.delete(f"/applications/{visit.object_id}/federatedIdentityCredentials/{which}")
    return visit.go(f"apps/{visit.object_id}/{FEDERATED}", "Successfully deleted the credential.")


def _none(kind: str) -> str:
    return f"No {kind} has been created for this application."


def _page(visit: Visit, app: Mapping[str, Any], view: str, body: str) -> Response:
    here = f"apps/{app['id']}/"
    views = (
        (CERTIFICATES, f"Certificates ({len(app['keyCredentials'])})"),
        (SECRETS, f"Client secrets ({len(app['passwordCredentials'])})"),
        (FEDERATED, "Federated credentials"),
    )
    tabs = html.tabs([(visit.link(here + name), words, name == view) for name, words in views])
    about = html.hint(
        "Credentials enable confidential applications to identify themselves to the authentication service when "
        "receiving tokens. For a higher level of assurance, use a certificate or a federated credential instead of a "
        "client secret."
    )
    return html.page(visit, "Certificates & secrets", f"{about}{tabs}{body}", app=app, current="credentials")
