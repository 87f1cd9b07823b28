"""Redeeming a refresh token: a new one each time, and the old one stays valid.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=refresh_token&client_id=...&client_secret=...&refresh_token=...&scope=...

Source: RFC 6749 section 6; https://learn.microsoft.com/entra/identity-platform/refresh-tokens
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from workshop.tenant.directory.store import StoredRefreshToken
from workshop.tenant.login import errors, issue, scopes
from workshop.tenant.login.issue import Redemption, TokenAnswer, UserGrant

SPA_SECONDS = 86_400


async def refresh_token(redemption: Redemption) -> TokenAnswer:
    """Exchange a refresh token for tokens of the same or of another consented resource.

    Raises:
        LoginError: for a token that is malformed, foreign or expired; for the client's authentication; 90009 when an
            application asks for a token for itself without a scope; 65001 when the resource is not consented.
    """
    call = redemption.call
    given = call.value("refresh_token")
    if not given:
        raise errors.missing_parameter("refresh_token")
    stored = call.service.store.refresh_token(given)
    if stored is None:
        raise errors.malformed("invalid_grant")
    sign_in = stored.sign_in
    call.enter(sign_in["tenant_id"])
    if redemption.client.app_id != sign_in["client_id"]:
        raise errors.issued_to_another_client(redemption.client.app_id)
    issue.authenticate(redemption, sign_in["platform"])
    issue.check_origin(redemption, sign_in["platform"])
    if call.now - stored.last_used > call.settings.refresh_idle:
        raise errors.refresh_token_idle(_date(stored.issued), _span(call.settings.refresh_idle))
    if sign_in["platform"] == "spa" and call.now - stored.issued > SPA_SECONDS:
        raise errors.spa_refresh_token_expired(_date(stored.issued))
    grant = _grant(redemption, stored)
    call.service.store.touch_refresh_token(given, call.now)
    return await issue.user_tokens(redemption, grant, sign_in)


def _grant(redemption: Redemption, stored: StoredRefreshToken) -> UserGrant:
    call, client, sign_in = redemption.call, redemption.client, stored.sign_in
    directory, user = issue.user_of(redemption, sign_in)
    store = call.service.store
    wanted = call.value("scope").strip()
    if not wanted and sign_in["scope"] and _for_itself(redemption, sign_in):
        raise errors.token_for_itself(client.app_id, client.display_name)
    text = wanted or sign_in["scope"] or "openid"
    request = scopes.read(store, directory.tenant_id, directory.display_name, client, text)
    scopes.check_resource_parameter(call.value("resource"), request)
    return UserGrant(
        directory=directory,
        user=user,
        platform=sign_in["platform"],
        oidc=tuple(dict.fromkeys([*sign_in["oidc"], *request.oidc])),
        asked=scopes.one_resource(request, store, directory.tenant_id),
        nonce="",
        sid=sign_in.get("sid", ""),
        since=stored.issued if sign_in["platform"] == "spa" else call.now,
    )


def _for_itself(redemption: Redemption, sign_in: Mapping[str, Any]) -> bool:
    prefixes = {word.rpartition("/")[0] for word in sign_in["scope"].split()}
    return bool(prefixes & set(redemption.client.identifier_uris))


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def _span(seconds: int) -> str:
    """Return a duration as .NET writes it, such as ``90.00:00:00``."""
    days, rest = divmod(seconds, 86_400)
    return f"{days}.{rest // 3_600:02}:{rest % 3_600 // 60:02}:{rest % 60:02}"
