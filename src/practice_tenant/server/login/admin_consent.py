"""The admin consent endpoint: an administrator grants permissions for everyone in the directory.

``/{tenant}/v2.0/adminconsent`` takes the permissions as ``scope``; the older ``/{tenant}/adminconsent`` takes those of
the registration.

Source: https://learn.microsoft.com/entra/identity-platform/v2-admin-consent and
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow#request-the-permissions-from-a-directory-admin
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.wellknown import OIDC_SCOPES
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import consent, envelope, errors, pages, scopes, session, sign_in, static_permissions
from practice_tenant.server.login import target as targets
from practice_tenant.server.login.answer import deliver, refuse
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.login.session import SignedInUser
from practice_tenant.server.login.static_permissions import RequestedPermission
from practice_tenant.server.login.target import ReplyTarget
from practice_tenant.server.web import Call

OTHER_DIRECTORY = 50020
_MARK = ("admin_consent", "True")


@dataclass(frozen=True)
class AdminConsentRequest:
    """A request for admin consent, and who is signed in to answer it."""

    call: Call
    target: ReplyTarget
    directory: EntraTenant
    user: User


async def admin_consent(call: Call) -> Response:
    """Answer GET and POST of both endpoints; the account picker and the consent page post back to them."""
    call.remark.flow = "admin_consent"
    target = replace(targets.read(call), response_mode="query")
    asked = {name for name, _ in call.form} & {"account", "decision"}
    if asked:
        session.check_form(call)
    try:
        if "decision" in asked:
            return _decide(call, target)
        if "account" in asked:
            return _pick(call, target)
        signed_in = sign_in.current(call, target.where)
        if signed_in is None or call.value("prompt") in ("login", "select_account"):
            return _picker(call, target)
        return _ask(_enter(call, target, signed_in))
    except LoginError as error:
        if error.code == OTHER_DIRECTORY:
            error.error, error.redirectable = "access_denied", True
        return refuse(call, target, error, _MARK)


def _pick(call: Call, target: ReplyTarget) -> Response:
    return sign_in.picked(call, target.where, target.client, lambda signed_in: _ask(_enter(call, target, signed_in)))


def _decide(call: Call, target: ReplyTarget) -> Response:
    signed_in = sign_in.current(call, target.where)
    if signed_in is None:
        return _picker(call, target)
    if call.value("decision") != "accept":
        raise errors.consent_declined()
    visit = _enter(call, target, signed_in)
    if not visit.user.is_administrator:
        raise errors.admin_consent_required()
    permissions = _permissions(visit)
    consent.ensure_principal(call.service.store, visit.directory, target.client)
    ids = [call.service.guid() for _ in permissions]
    consent.grant(call.service.store, visit.directory, permissions, "", ids)
    granted = scopes.joined(_qualified(permissions)) if _is_v2(call) else ""
    answer = [_MARK, ("tenant", visit.directory.tenant_id), ("scope", granted), ("state", target.state)]
    return deliver(target, answer)


def _enter(call: Call, target: ReplyTarget, signed_in: SignedInUser) -> AdminConsentRequest:
    directory, user = sign_in.enter(call, target.where, target.client, signed_in)
    return AdminConsentRequest(call, target, directory, user)


def _picker(call: Call, target: ReplyTarget) -> Response:
    return sign_in.picker(call, target.where, target.client, _path(call))


def _ask(visit: AdminConsentRequest) -> Response:
    """Show the consent page to an administrator; tell everyone else to ask one."""
    call, client = visit.call, visit.target.client
    permissions, user, path = _permissions(visit), visit.user, _path(call)
    if user.is_administrator:
        return sign_in.page(call, lambda fields: pages.admin_consent(path, fields, client, user, permissions))
    refusal = errors.admin_consent_required()
    call.remark.reason = str(refusal)
    text = envelope.description(call, refusal)
    return sign_in.page(call, lambda fields: pages.admin_approval(path, path, fields, client, user, permissions, text))


def _permissions(visit: AdminConsentRequest) -> list[RequestedPermission]:
    """Return what is to be granted: what ``scope`` names, or what the registration lists."""
    store, client, directory = visit.call.service.store, visit.target.client, visit.directory
    if not _is_v2(visit.call):
        return static_permissions.every(store, directory, client)
    request = scopes.read(store, directory.tenant_id, directory.display_name, client, visit.call.value("scope"))
    return consent.everything(store, directory, client, request, with_offline_access=False)


def _qualified(permissions: Iterable[RequestedPermission]) -> list[str]:
    """Return the scopes among the permissions, each with its resource, but for those of OpenID Connect."""
    return [
        permission.value
        if permission.value in OIDC_SCOPES
        else f"{(*permission.resource.identifier_uris, permission.resource.app_id)[0]}/{permission.value}"
        for permission in permissions
        if not permission.is_role
    ]


def _is_v2(call: Call) -> bool:
    return "/v2.0/" in call.request.path


def _path(call: Call) -> str:
    return f"/{call.path['tenant']}{'/v2.0' if _is_v2(call) else ''}/adminconsent"
