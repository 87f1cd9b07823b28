"""The authorization endpoint: sign-in, consent, and the code that the client gets.

Source: RFC 6749 section 4.1; RFC 7636; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from practice_tenant.server.directory import people, sessions, sign_ins
from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.sign_ins import MFA, AuthorizationCode, StoredSignIn
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import (
    accounts,
    assignment,
    conditional_access,
    consent,
    envelope,
    errors,
    pages,
    pkce,
    scopes,
    second_factor,
    session,
    sign_in,
)
from practice_tenant.server.login import target as targets
from practice_tenant.server.login.answer import deliver, refuse
from practice_tenant.server.login.conditional_access import Demands
from practice_tenant.server.login.errors import LoginError
from practice_tenant.server.login.realm import default_directory
from practice_tenant.server.login.session import SignedInUser
from practice_tenant.server.login.static_permissions import RequestedPermission
from practice_tenant.server.login.target import ReplyTarget
from practice_tenant.server.web import Call

Answer = Callable[[Call, ReplyTarget], Response]

PROMPTS = ("", "login", "none", "consent", "select_account", "create")
# Refusals of a person that are told on a page, and to a client that wants no page as interaction_required.
TOLD_ON_A_PAGE = frozenset({50020, 50105, 53003})
# What only a page could bring, and a client that wants no page is told.
NEEDS_A_PAGE = frozenset({50076, 50079, 70044})


@dataclass(frozen=True)
class AuthorizationRequest:
    """An authorization request, and who is signed in to answer it.

    Args:
        user: their account in the directory.
        demanded: what Conditional Access demands for the resources.
    """

    call: Call
    target: ReplyTarget
    signed_in: SignedInUser
    directory: EntraTenant
    user: User
    request: scopes.Request
    demanded: Demands

    @property
    def is_stale(self) -> bool:
        """Return whether the sign-in is older than a policy allows."""
        longest = self.demanded.frequency
        now = self.call.now(self.directory.tenant_id)
        return longest is not None and now - self.signed_in.session.started > longest

    @property
    def lacks_second_factor(self) -> bool:
        return bool(self.demanded.mfa) and MFA not in self.signed_in.session.amr


async def authorize(call: Call) -> Response:
    """Answer GET and POST ``/{tenant}/oauth2/v2.0/authorize``."""
    return _answer(call, _target(call), _first_page)


async def pick_account(call: Call) -> Response:
    """Answer the account picker's form."""
    return _answer_form(call, _picked)


async def show_second_factor(call: Call) -> Response:
    """Answer the form of the page that asks for a second factor."""
    return _answer_form(call, _shown)


async def decide_consent(call: Call) -> Response:
    """Answer the form of the consent page, and of the one that asks for an administrator."""
    return _answer_form(call, _decided)


def _target(call: Call) -> ReplyTarget:
    call.remark.flow = "authorization_code"
    return targets.read(call)


def _answer(call: Call, target: ReplyTarget, answer: Answer) -> Response:
    try:
        _check(call, target)
        return answer(call, target)
    except LoginError as error:
        return refuse(call, target, error)


def _answer_form(call: Call, answer: Answer) -> Response:
    target = _target(call)
    session.check_form(call)
    return _answer(call, target, answer)


def _picked(call: Call, target: ReplyTarget) -> Response:
    return sign_in.picked(call, target.where, target.client, lambda signed_in: _go_on(_enter(call, target, signed_in)))


def _shown(call: Call, target: ReplyTarget) -> Response:
    signed_in = sign_in.current(call, target.where)
    if signed_in is None:
        return _picker(call, target)
    visit = _enter(call, target, signed_in)
    return _go_on(replace(visit, signed_in=second_factor.shown(call, signed_in, visit.user)))


def _decided(call: Call, target: ReplyTarget) -> Response:
    signed_in = sign_in.current(call, target.where)
    if signed_in is None:
        return _picker(call, target)
    if call.value("decision") != "accept":
        raise errors.consent_declined()
    visit = _enter(call, target, signed_in)
    if visit.is_stale or visit.lacks_second_factor:
        return _go_on(visit)
    wanted = _wanted(visit)
    refusal = _refusal(visit, wanted)
    if refusal:
        raise refusal
    for_all = call.value("organization") == "true" and visit.user.is_administrator
    ids = [call.service.guid() for _ in wanted]
    consent.grant(call.service.store, visit.directory, wanted, "" if for_all else visit.user.id, ids)
    return _with_code(visit)


def _check(call: Call, target: ReplyTarget) -> None:
    """Check everything the client may be told about by a redirect, before anybody signs in."""
    response_type = call.value("response_type")
    if not response_type:
        raise errors.missing_parameter("response_type")
    if response_type != "code":
        raise errors.unsupported_response_type(response_type[:100])
    if call.value("prompt") not in PROMPTS:
        raise errors.unsupported_prompt()
    pkce.check_challenge(call.value("code_challenge"), call.value("code_challenge_method"))
    at_home = people.directory(call.service.store, target.client.tenant_id)
    directory = target.where.directory or at_home or default_directory(call)
    _read_scopes(call, directory, target, known_only=False)


def _read_scopes(call: Call, directory: EntraTenant, target: ReplyTarget, *, known_only: bool = True) -> scopes.Request:
    store, text = call.service.store, call.value("scope")
    request = scopes.read(
        store, directory.tenant_id, directory.display_name, target.client, text, known_only=known_only
    )
    supported = call.settings.resource_parameter != "refused"
    scopes.check_resource_parameter(call.value("resource"), request, supported=supported)
    return request


def _first_page(call: Call, target: ReplyTarget) -> Response:
    prompt, hint = call.value("prompt"), call.value("login_hint")
    signed_in = sign_in.current(call, target.where)
    if signed_in and hint and not accounts.is_hinted(signed_in.user, hint):
        signed_in = None
    if prompt == "none":
        return _silently(call, target, signed_in)
    if signed_in is None or prompt in ("select_account", "login", "create"):
        return _picker(call, target)
    return _go_on(_enter(call, target, signed_in))


def _silently(call: Call, target: ReplyTarget, signed_in: SignedInUser | None) -> Response:
    """Answer ``prompt=none``: a code or an error, never a page."""
    if signed_in is None:
        raise errors.no_session()
    try:
        visit = _enter(call, target, signed_in)
        if visit.is_stale:
            raise errors.session_too_old()
        resource_id = _resources(target, visit.request)[0]
        conditional_access.check(visit.demanded, visit.user, resource_id, signed_in.session.amr)
    except LoginError as error:
        if error.code in TOLD_ON_A_PAGE | NEEDS_A_PAGE:
            error.error, error.redirectable = "interaction_required", True
        raise
    if _wanted(visit):
        client = target.client
        raise errors.consent_required(client.app_id, client.display_name, "interaction_required")
    return _with_code(visit)


def _picker(call: Call, target: ReplyTarget) -> Response:
    return sign_in.picker(call, target.where, target.client, f"/{target.where.segment}/login")


def _enter(call: Call, target: ReplyTarget, signed_in: SignedInUser) -> AuthorizationRequest:
    """Let a signed-in person into the directory, and the client with them.

    Raises:
        LoginError: 50020, 7000112, 50105 or 53003, and what the scopes may be refused for in this directory.
    """
    directory, user = sign_in.enter(call, target.where, target.client, signed_in)
    request = _read_scopes(call, directory, target)
    for application in (target.client, *(asked.resource for asked in request.asked)):
        assignment.check(call.service.store, directory, application, user)
    challenged = conditional_access.challenged_policies(call.value("claims"))
    demanded = conditional_access.demands(call.service.store, user, _resources(target, request), challenged)
    if demanded.block:
        raise errors.blocked_by_policy(demanded.block)
    return AuthorizationRequest(call, target, signed_in, directory, user, request, demanded)


def _resources(target: ReplyTarget, request: scopes.Request) -> list[str]:
    """Return the application ids that policies are asked about; a sign-in for no resource is for the client itself."""
    return [asked.resource.app_id for asked in request.asked] or [target.client.app_id]


def _go_on(visit: AuthorizationRequest) -> Response:
    """Show what stands between the person and the client: signing in again, a second factor, consent; else a code."""
    if visit.is_stale:
        return _picker(visit.call, visit.target)
    if visit.lacks_second_factor:
        return second_factor.ask(visit.call, f"/{visit.target.where.segment}/second-factor", visit.user)
    wanted = _wanted(visit)
    if not wanted:
        return _with_code(visit)
    call, segment, client, user = visit.call, visit.target.where.segment, visit.target.client, visit.user
    refusal = _refusal(visit, wanted)
    action = f"/{segment}/consent"
    if refusal is None:
        return sign_in.page(call, lambda fields: pages.consent(action, fields, client, user, wanted))
    call.remark.reason = str(refusal)
    again, text = f"/{segment}/oauth2/v2.0/authorize", envelope.description(call, refusal)
    return sign_in.page(call, lambda fields: pages.admin_approval(action, again, fields, client, user, wanted, text))


def _is_forced(visit: AuthorizationRequest) -> bool:
    return visit.call.value("prompt") == "consent"


def _refusal(visit: AuthorizationRequest, wanted: list[RequestedPermission]) -> LoginError | None:
    store, client = visit.call.service.store, visit.target.client
    return consent.refusal(store, visit.directory, client, visit.user, wanted, forced=_is_forced(visit))


def _wanted(visit: AuthorizationRequest) -> list[RequestedPermission]:
    store, client = visit.call.service.store, visit.target.client
    if _is_forced(visit):
        return consent.everything(store, visit.directory, client, visit.request)
    return consent.missing(store, visit.directory, client, visit.user, visit.request)


def _with_code(visit: AuthorizationRequest) -> Response:
    """Issue an authorization code and send it to the client."""
    call, target, session_ = visit.call, visit.target, visit.signed_in.session
    store = call.service.store
    consent.ensure_principal(store, visit.directory, target.client)
    sessions.add_client(store, visit.signed_in.cookie, target.client.app_id)
    challenge = call.value("code_challenge")
    kept = AuthorizationCode(
        issued=call.now(visit.directory.tenant_id),
        sign_in=StoredSignIn(
            tenant_id=visit.directory.tenant_id,
            user_id=visit.user.id,
            client_id=target.client.app_id,
            platform=target.platform,
            scope=call.value("scope"),
            sid=session_.sid,
            auth_time=session_.started,
            amr=session_.amr,
        ),
        redirect_uri=target.redirect_uri,
        nonce=call.value("nonce"),
        challenge=challenge,
        challenge_method=(call.value("code_challenge_method") or "plain") if challenge else "",
    )
    code = f"1.A{call.service.opaque(96)}"
    sign_ins.add_code(store, code, kept)
    return deliver(target, [("code", code), ("state", target.state), ("session_state", session_.sid)])
