"""The authorization endpoint: sign-in, consent, and the way back to the client.

Source: RFC 6749 section 4.1; RFC 7636; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from starlette.responses import Response

from workshop.tenant.directory import people
from workshop.tenant.directory.objects import Directory, User
from workshop.tenant.login import clients, consent, envelope, errors, pages, pkce, scopes, session
from workshop.tenant.login import target as targets
from workshop.tenant.login.answer import deliver, refuse
from workshop.tenant.login.errors import LoginError
from workshop.tenant.login.realm import default_directory
from workshop.tenant.login.target import Target
from workshop.tenant.web import Call

# What the pages' own forms add to the client's parameters.
FORM_FIELDS = frozenset({"account", "decision", "organization", "flow"})


@dataclass(frozen=True)
class SignIn:
    """What an authorization code stands for; it is stored with the code as JSON."""

    tenant_id: str
    user_id: str
    client_id: str
    redirect_uri: str
    platform: str
    scope: str
    nonce: str
    sid: str
    challenge: str
    challenge_method: str


async def authorize(call: Call) -> Response:
    """Answer GET and POST ``/{tenant}/oauth2/v2.0/authorize``."""
    call.remark.flow = "authorization_code"
    target = targets.read(call)
    try:
        _check(call, target)
        return _first_page(call, target)
    except LoginError as error:
        return refuse(call, target, error)


async def pick_account(call: Call) -> Response:
    """Answer the account picker's form."""
    call.remark.flow = "authorization_code"
    target = targets.read(call)
    session.check_form(call)
    try:
        _check(call, target)
        user = _picked(call, target)
        response = _consent_or_code(call, target, user)
    except LoginError as error:
        return refuse(call, target, error)
    session.begin(call, response, user)
    return response


async def decide_consent(call: Call) -> Response:
    """Answer the consent page's form."""
    call.remark.flow = "authorization_code"
    target = targets.read(call)
    session.check_form(call)
    try:
        request = _check(call, target)
        user = session.signed_in(call)
        if user is None:
            return _picker(call, target)
        directory = _directory_of(call, target, user)
        if call.value("decision") != "accept":
            raise errors.consent_declined()
        wanted = _wanted(call, directory, target, user, request)
        if _needs_administrator(wanted, user):
            raise errors.admin_consent_required(target.client.app_id, target.client.display_name)
        for_all = call.value("organization") == "true" and user.is_administrator
        grant_ids = [call.service.guid() for _ in wanted]
        store = call.service.store
        consent.grant(store, directory, target.client, wanted, "" if for_all else user.id, grant_ids)
        return _with_code(call, target, user, directory)
    except LoginError as error:
        return refuse(call, target, error)


def _check(call: Call, target: Target) -> scopes.Request:
    """Check everything the client may be told about by a redirect."""
    response_type = call.value("response_type")
    if not response_type:
        raise errors.missing_parameter("response_type")
    if response_type != "code":
        raise errors.unsupported_response_type(response_type[:100])
    pkce.check_challenge(call.value("code_challenge"), call.value("code_challenge_method"))
    directory = target.where.directory or default_directory(call)
    request = _read_scopes(call, directory, target)
    scopes.check_resource_parameter(call.value("resource"), request)
    return request


def _read_scopes(call: Call, directory: Directory, target: Target) -> scopes.Request:
    store = call.service.store
    return scopes.read(store, directory.tenant_id, directory.display_name, target.client, call.value("scope"))


def _first_page(call: Call, target: Target) -> Response:
    prompt = call.value("prompt")
    user = session.signed_in(call)
    if user and target.where.directory and user.tenant_id != target.where.directory.tenant_id:
        user = None
    if prompt == "none":
        return _silently(call, target, user)
    hint = call.value("login_hint").lower()
    if user is None or prompt in ("select_account", "login") or (hint and hint != user.upn.lower()):
        return _picker(call, target)
    return _consent_or_code(call, target, user)


def _silently(call: Call, target: Target, user: User | None) -> Response:
    """Answer ``prompt=none``: a code or an error, never a page."""
    if user is None:
        raise errors.no_session()
    directory = _directory_of(call, target, user)
    request = _read_scopes(call, directory, target)
    if consent.missing(call.service.store, directory, target.client, user, request):
        client = target.client
        raise errors.consent_required(client.app_id, client.display_name, "interaction_required")
    return _with_code(call, target, user, directory)


def _picker(call: Call, target: Target) -> Response:
    store = call.service.store
    hint = call.value("login_hint")
    choice = [target.where.directory or default_directory(call)]
    if target.where.directory is None:
        hinted = people.directory(store, hint.rpartition("@")[2])
        choice += [hinted] if hinted and hinted not in choice else []
    groups = [(directory, people.users(store, directory.tenant_id)) for directory in choice]
    token = session.flow_token(call)
    fields = [*_client_fields(call), ("flow", token)]
    response = pages.account_picker(f"/{target.where.segment}/login", fields, target.client, groups, hint)
    session.keep_flow(response, token)
    return response


def _picked(call: Call, target: Target) -> User:
    account = call.value("account")
    directory = target.where.directory or people.directory(call.service.store, account.rpartition("@")[2])
    directory = directory or default_directory(call)
    user = people.user(call.service.store, directory.tenant_id, account)
    if user is None:
        raise errors.user_not_found(account[:200], directory.tenant_id)
    if not user.enabled:
        raise errors.user_disabled()
    return user


def _consent_or_code(call: Call, target: Target, user: User) -> Response:
    directory = _directory_of(call, target, user)
    request = _read_scopes(call, directory, target)
    wanted = _wanted(call, directory, target, user, request)
    if not wanted:
        return _with_code(call, target, user, directory)
    if _needs_administrator(wanted, user):
        error = errors.admin_consent_required(target.client.app_id, target.client.display_name)
        call.remark.reason = str(error)
        return pages.admin_approval(target.client, user, wanted, envelope.description(call, error))
    token = session.flow_token(call)
    fields = [*_client_fields(call), ("flow", token)]
    response = pages.consent(f"/{target.where.segment}/consent", fields, target.client, user, wanted)
    session.keep_flow(response, token)
    return response


def _wanted(
    call: Call, directory: Directory, target: Target, user: User, request: scopes.Request
) -> list[consent.Permission]:
    if call.value("prompt") == "consent":
        return consent.everything(call.service.store, directory, target.client, request)
    return consent.missing(call.service.store, directory, target.client, user, request)


def _needs_administrator(wanted: list[consent.Permission], user: User) -> bool:
    return not user.is_administrator and any(permission.scope.admin_only for permission in wanted)


def _directory_of(call: Call, target: Target, user: User) -> Directory:
    found = target.where.directory or people.directory(call.service.store, user.tenant_id)
    assert found is not None
    call.enter(found.tenant_id)
    if user.tenant_id != found.tenant_id:
        raise errors.user_not_found(user.upn, found.tenant_id)
    clients.check_enabled(call, target.client, found.tenant_id)
    return found


def _with_code(call: Call, target: Target, user: User, directory: Directory) -> Response:
    """Issue an authorization code and send it to the client."""
    consent.ensure_principal(call.service.store, directory, target.client)
    challenge, sid = call.value("code_challenge"), call.service.guid()
    sign_in = SignIn(
        tenant_id=directory.tenant_id,
        user_id=user.id,
        client_id=target.client.app_id,
        redirect_uri=target.redirect_uri,
        platform=target.platform,
        scope=call.value("scope"),
        nonce=call.value("nonce"),
        sid=sid,
        challenge=challenge,
        challenge_method=(call.value("code_challenge_method") or "plain") if challenge else "",
    )
    code = f"1.A{call.service.opaque(96)}"
    call.service.store.add_code(code, call.now, asdict(sign_in))
    answer = [("code", code), ("state", target.state), ("session_state", sid)]
    return deliver(target, answer)


def _client_fields(call: Call) -> list[tuple[str, str]]:
    return [(name, value) for name, value in (*call.query, *call.form) if name not in FORM_FIELDS]
