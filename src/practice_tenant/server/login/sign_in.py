"""Signing in: the account picker, and who is signed in where; what every endpoint that people come to shares."""

from __future__ import annotations

from collections.abc import Callable

from practice_tenant.server.directory.objects import Application, EntraTenant, User
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import accounts, clients, pages, session
from practice_tenant.server.login.pages import Fields
from practice_tenant.server.login.realm import Realm, default_directory
from practice_tenant.server.login.session import SignedInUser
from practice_tenant.server.web import Call

# What the pages' own forms add to the client's parameters.
FORM_FIELDS = frozenset({"account", "decision", "organization", "flow"})


def current(call: Call, where: Realm) -> SignedInUser | None:
    """Return who is signed in in this browser, unless their account is none in the directory asked for."""
    signed_in = session.current(call)
    known = signed_in and accounts.seen_from(call.service.store, signed_in.user, where)
    return signed_in if known else None


def picked(call: Call, where: Realm, client: Application, answer: Callable[[SignedInUser], Response]) -> Response:
    """Sign in whom the account picker's form names; the session begins with what they are answered.

    Raises:
        LoginError: 50034, 50020 or 50057; whatever the answer raises, and then no session begins.
    """
    user = accounts.named(call, where, client, call.value("account"))
    call.enter(user.tenant_id)
    signed_in = session.new(call, user)
    response = answer(signed_in)
    session.keep(call, response, signed_in)
    return response


def enter(call: Call, where: Realm, client: Application, signed_in: SignedInUser) -> tuple[EntraTenant, User]:
    """Return the directory that a signed-in person enters with a client, and their account there.

    Raises:
        LoginError: 50020 without an account there, 7000112 when the client is switched off there.
    """
    store = call.service.store
    seen = accounts.seen_from(store, signed_in.user, where)
    if seen is None:
        directory = where.directory or default_directory(call)
        raise accounts.other_directory(store, signed_in.user, directory, client)
    directory, user = seen
    call.enter(directory.tenant_id)
    clients.check_enabled(call, client, directory.tenant_id)
    return directory, user


def picker(call: Call, where: Realm, client: Application, action: str) -> Response:
    """Show the account picker; its form goes to ``action``."""
    hint = call.value("login_hint")
    choices = accounts.choices(call, where, hint)
    return page(
        call,
        lambda fields: pages.account_picker(
            action, fields, client, choices, lambda user: accounts.is_hinted(user, hint)
        ),
    )


def page(call: Call, make: Callable[[Fields], Response]) -> Response:
    """Show a page whose forms carry the client's parameters and the token of this browser."""
    token = session.flow_token(call)
    parameters = [(name, value) for name, value in (*call.query, *call.form) if name not in FORM_FIELDS]
    response = make([*parameters, ("flow", token)])
    session.keep_flow(response, token)
    return response
