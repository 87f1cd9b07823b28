"""The second factor: a button stands for the phone at which a person approves a sign-in.

Source: https://learn.microsoft.com/entra/identity/authentication/concept-mfa-howitworks
"""

from __future__ import annotations

from dataclasses import replace

from practice_tenant.server.directory import people, sessions
from practice_tenant.server.directory.objects import User
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import errors, pages, sign_in
from practice_tenant.server.login.session import SignedInUser
from practice_tenant.server.web import Call

APPROVE = "approve"


def ask(call: Call, action: str, user: User) -> Response:
    """Show the page; who has no second factor yet registers one there. Its form goes to ``action``."""
    return sign_in.page(call, lambda fields: pages.second_factor(action, fields, user, is_registered(user)))


def is_registered(user: User) -> bool:
    return bool(user.graph.get("isMfaRegistered", True))


def shown(call: Call, signed_in: SignedInUser, user: User) -> SignedInUser:
    """Take the page's answer, and return the session with the second factor.

    Raises:
        LoginError: 500121 when the person denied it.
    """
    if call.value("decision") != APPROVE:
        raise errors.second_factor_denied()
    store = call.service.store
    if not is_registered(user):
        people.change_user(store, user, {"isMfaRegistered": True})
    now = call.now(user.tenant_id)
    sessions.add_second_factor(store, signed_in.cookie, now)
    return replace(signed_in, session=replace(signed_in.session, second_factor=now))
