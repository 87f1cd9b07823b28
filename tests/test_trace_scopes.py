"""A recording tells where a scope was named, and why a sign-in came to nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from workshop.show.symbols import PUBLISHED
from workshop.trace import Hop, Recording
from workshop.trace.hop import Sighting
from workshop.trace.scopes import refusal, table
from workshop.trace.symbols import symbolic, symbols_of

SERVER = "http://localhost:PORT"
ENTRA = "https://login.microsoftonline.com/{tenant}/oauth2/v2.0"
GRAPH = "00000003-0000-0000-c000-000000000000"

CHALLENGE = Hop(
    at=0.0,
    source="MCP client",
    target="MCP server",
    method="POST",
    url=f"{SERVER}/mcp",
    sent=(("method", "tools/call"),),
    status=401,
    received=(("WWW-Authenticate", "Bearer"), ("scope", "read")),
    note="the request carries no bearer token",
)


def hop(url: str, **changes: Any) -> Hop:
    made = replace(CHALLENGE, url=url, sent=(), status=200, received=(), note="")
    return replace(made, **changes)


METADATA = hop(f"{SERVER}/.well-known/oauth-protected-resource/mcp", received=(("scopes_supported", "read"),))
CONSENT = hop(f"{SERVER}/consent", source="Browser", status=302, received=(("scope", "api://x/read"),))
ASKED = hop(f"{ENTRA}/authorize", source="Browser", target="Entra", method="GET", sent=(("scope", "api://x/read"),))
PICKED = hop(f"{ENTRA.removesuffix('/oauth2/v2.0')}/login", target="Entra", sent=(("scope", "api://x/read"),))
REDEEMED = hop(
    f"{ENTRA}/token",
    source="MCP server",
    target="Entra",
    sent=(("scope", "api://x/read openid"),),
    received=(("scope", "api://x/read"),),
)


def test_a_row_for_each_place_where_a_scope_is_named_and_none_for_what_only_carries_it_along() -> None:
    shown = table((CHALLENGE, METADATA, CONSENT, ASKED, PICKED, REDEEMED))
    assert shown.headings == ("from", "to", "request", "scope sent", "scope answered")
    assert shown.rows == (
        ("MCP client", "MCP server", "POST /mcp", "", "read"),
        ("MCP client", "MCP server", "POST /.well-known/oauth-protected-resource/mcp", "", "read"),
        ("Browser", "Entra", "GET /{tenant}/oauth2/v2.0/authorize", "api://x/read", ""),
        ("MCP server", "Entra", "POST /{tenant}/oauth2/v2.0/token", "api://x/read openid", "api://x/read"),
    )


def test_what_happened_twice_is_one_row() -> None:
    assert len(table((CHALLENGE, METADATA, CHALLENGE, METADATA)).rows) == 2


def test_the_answer_of_a_refused_request_is_the_reason_without_the_ids_of_one_run() -> None:
    note = "AADSTS28000: more than one resource. Trace ID: {guid} Correlation ID: {guid} Timestamp: {time}"
    refused = replace(REDEEMED, status=400, received=(("error", "invalid_request"),), note=note)
    assert table((refused,)).rows[0][-1] == "AADSTS28000: more than one resource."


def test_a_redirect_that_carries_an_error_is_a_refusal_and_its_location_is_no_answer() -> None:
    received = (("Location", f"{SERVER}/auth/callback"), ("error", "invalid_client"))
    refused = replace(ASKED, status=302, received=received, note="AADSTS650053: no such scope")
    assert table((refused,)).rows[0][3:] == ("api://x/read", "AADSTS650053: no such scope")
    sent_on = hop(f"{SERVER}/authorize", status=302, received=(("Location", "x"), ("scope", "api://x/read")))
    assert table((sent_on,)).rows == ()


SHORT = hop(f"{SERVER}/mcp", sent=(("Authorization", "Bearer ‹access_token›"),), status=401, note="missing scopes")
AT_ENTRA = replace(REDEEMED, status=400, note="AADSTS28000: two resources")
AT_CALLBACK = hop(f"{SERVER}/auth/callback", source="Browser", status=500, note="exchange failed: AADSTS28000")
TOLD = hop(f"{SERVER}/callback", source="Browser", target="MCP client", status=400, note="told by the user agent")


@pytest.mark.parametrize(
    ("hops", "reason"),
    [
        ((), ""),
        ((CHALLENGE, METADATA, REDEEMED), ""),
        ((CHALLENGE, SHORT, SHORT), "missing scopes"),
        ((CHALLENGE, AT_CALLBACK, AT_ENTRA, TOLD), "AADSTS28000: two resources"),
        ((CHALLENGE, TOLD), ""),
    ],
    ids=["nothing", "the first call", "at the server", "at Entra", "only passed on"],
)
def test_the_reason_is_that_of_the_one_who_refused(hops: Sequence[Hop], reason: str) -> None:
    assert refusal(hops) == reason


def test_an_id_that_microsoft_publishes_stays_as_it_is() -> None:
    assert GRAPH in PUBLISHED
    said = hop(f"{ENTRA}/authorize", note=f"no such scope on the resource '{GRAPH}'")
    assert symbolic([said], symbols_of([said]))[0].note == said.note


def test_names_that_were_given_stand_for_ids_of_another_directory() -> None:
    tenant_id, client_id = str(uuid.uuid4()), str(uuid.uuid4())
    recorded = Recording(names={tenant_id: "{tenant}", client_id: "{client}"})
    refreshed = replace(REDEEMED, url=ENTRA.replace("{tenant}", tenant_id) + "/token")
    recorded.take(Sighting(replace(refreshed, sent=(("scope", f"api://{client_id}/read"),)), "browser"))
    row = recorded.scopes().rows[0]
    assert row[2:4] == ("POST /{tenant}/oauth2/v2.0/token", "api://{client}/read")
