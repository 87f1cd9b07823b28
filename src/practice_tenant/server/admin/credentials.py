"""Certificates & secrets, each kind on a view of its own.

Source: https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials
"""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

from practice_tenant.server.admin.portal import FormRefused
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
    new_id, _, new_value = visit.session.once.pop(app["id"], "").partition(" ")
    return visit.page(
        "client-secrets",
        app,
        new_id=new_id,
        new_value=new_value,
        lifetimes=LIFETIMES,
        off=off_unless_owner(visit, app),
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
        raise FormRefused("Enter a date as year-month-day, such as 2027-01-31.", field="end") from None


async def delete_secret(visit: Visit) -> Response:
    """Delete a client secret."""
    await visit.graph.post(f"/applications/{visit.object_id}/removePassword", {"keyId": visit.value("which")})
    return visit.go(f"apps/{visit.object_id}/{SECRETS}", "Successfully deleted the client secret.")


async def certificates(visit: Visit) -> Response:
    """Show the certificates."""
    app = await app_of(visit)
    return visit.page("certificates", app, off=off_unless_owner(visit, app))


async def upload(visit: Visit) -> Response:
    """Add a certificate."""
    app = await app_of(visit)
    file = visit.uploads.get("file")
    if file is None or not file.content:
        raise FormRefused("Choose a file.", field="file")
    if b"PRIVATE KEY" in file.content:
        raise FormRefused(
            "This file holds a private key. Upload the certificate alone, and keep the key.", field="file"
        )
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
    entries = (await visit.graph.get(f"/applications/{app['id']}/federatedIdentityCredentials"))["value"]
    return visit.page(
        "federated-credentials", app, entries=entries, audience=AUDIENCE, off=off_unless_owner(visit, app)
    )


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
    except FormRefused as refused:
        named = {"issuer": "issuer", "subject": "subject", "name": "name", "audiences": "audience"}
        refused.field = next((field for word, field in named.items() if f"'{word}'" in refused.message), "name")
        raise
    return visit.go(f"apps/{visit.object_id}/{FEDERATED}", "Successfully added the credential.")


async def delete_federated(visit: Visit) -> Response:
    """Delete a federated credential."""
    which = quote(visit.value("which"), safe="")
    await visit.graph.delete(f"/applications/{visit.object_id}/federatedIdentityCredentials/{which}")
    return visit.go(f"apps/{visit.object_id}/{FEDERATED}", "Successfully deleted the credential.")
