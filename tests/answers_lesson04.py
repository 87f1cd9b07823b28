"""Answers to the exercises of lesson 04: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from workshop.servers.preauthorized_settings import PreauthorizedSettings

Answers = list[tuple[str, object]]
Metadata = Mapping[str, Any]


def asked(metadata: Metadata, ending: str = "/v2.0") -> tuple[str, object]:
    return metadata["authorization_servers"][0].removesuffix(ending), metadata["scopes_supported"]


def listed(client_id: str, scope_id: str) -> list[dict[str, object]]:
    return [{"appId": client_id, "delegatedPermissionIds": [scope_id]}]


def only(settings: PreauthorizedSettings, client_id: str) -> PreauthorizedSettings:
    return replace(settings, allowed_clients=(client_id,))


RIGHT: Answers = [
    ("read-the-sign", asked),
    ("read-the-sign", lambda metadata: list(asked(metadata))),
    ("read-the-sign", lambda metadata: (metadata["authorization_servers"][0][:-5], metadata["scopes_supported"])),
    ("list-a-client", listed),
    ("let-one-in", only),
    ("let-one-in", lambda settings, client_id: replace(settings, allowed_clients=[client_id])),
]

WRONG: Answers = [
    ("read-the-sign", ("https://login.microsoftonline.com/x", [])),
    ("read-the-sign", lambda metadata: metadata),
    ("read-the-sign", lambda metadata: asked(metadata)[::-1]),
    ("read-the-sign", lambda metadata: asked(metadata, "/v1.0")),
    ("read-the-sign", lambda metadata: (asked(metadata)[0], metadata["scopes_supported"][0])),
    ("read-the-sign", lambda metadata: (asked(metadata)[0], ["user_impersonation"])),
    ("read-the-sign", lambda metadata: ("https://login.microsoftonline.com/common", metadata["scopes_supported"])),
    ("read-the-sign", lambda metadata: metadata["issuer"]),
    ("list-a-client", []),
    ("list-a-client", lambda client_id, scope_id: listed(client_id, scope_id)[0]),
    ("list-a-client", lambda client_id, scope_id: listed(scope_id, client_id)),
    ("list-a-client", lambda client_id, scope_id: [{"appId": client_id, "delegatedPermissionIds": scope_id}]),
    ("list-a-client", lambda client_id, scope_id: [{"appid": client_id, "delegatedPermissionIds": [scope_id]}]),
    ("list-a-client", lambda client_id, _: listed(client_id, "user_impersonation")),
    ("list-a-client", lambda client_id, scope_id: listed(client_id, scope_id) * 2),
    ("list-a-client", lambda client_id: client_id),
    ("let-one-in", "settings"),
    ("let-one-in", lambda settings, _: settings),
    ("let-one-in", lambda settings, client_id: replace(settings, allowed_clients=client_id)),
    ("let-one-in", lambda settings, client_id: replace(settings, allowed_clients=(client_id, settings.client_id))),
    ("let-one-in", lambda settings, _: replace(settings, allowed_clients=("another",))),
    ("let-one-in", lambda settings, client_id: replace(settings, allowed_clients=(client_id,), required_scopes=())),
    ("let-one-in", lambda settings, client_id: replace(settings, clients=(client_id,))),
    ("let-one-in", lambda _, client_id: (client_id,)),
]

BEGUN: Answers = [(name, lambda *_: ...) for name in ("read-the-sign", "list-a-client", "let-one-in")]
