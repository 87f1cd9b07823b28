"""The accounts that a person can pick, and which account of a directory a name stands for.

Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc (``login_hint``, guests) and
https://learn.microsoft.com/troubleshoot/entra/entra-id/app-integration/error-code-aadsts50020-user-account-identity-provider-does-not-exist
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from practice_tenant.server.directory import guests, people
from practice_tenant.server.directory.objects import Application, EntraTenant, User
from practice_tenant.server.directory.store import Store
from practice_tenant.server.encoding import base64url
from practice_tenant.server.login import errors
from practice_tenant.server.login.realm import Realm, default_directory
from practice_tenant.server.web import Call

_OPAQUE = "O."


@dataclass(frozen=True)
class Choice:
    """A directory and its accounts, as the account picker shows them."""

    directory: EntraTenant
    users: tuple[User, ...]


def choices(call: Call, where: Realm, hint: str) -> list[Choice]:
    """Return whom the account picker offers.

    A tenant's own endpoint offers everyone in it. The others offer the people of the default directory and of the one
    that the hint names; a guest signs in at home there, and so is not offered.
    """
    store = call.service.store
    if where.directory:
        return [Choice(where.directory, tuple(people.users(store, where.directory.tenant_id)))]
    if where.segment == "consumers":
        return []
    directories = [default_directory(call)]
    hinted = people.directory(store, hint.rpartition("@")[2])
    directories += [hinted] if hinted and hinted not in directories else []
    return [
        Choice(directory, tuple(user for user in people.users(store, directory.tenant_id) if not user.is_external))
        for directory in directories
    ]


def named(call: Call, where: Realm, client: Application, name: str) -> User:
    """Find the account that someone picked or typed.

    Raises:
        LoginError: 50034 when nobody goes by that name, 50020 when it is an account of another directory, 50057 when
            the account is disabled.
    """
    store = call.service.store
    directory = where.directory or people.directory(store, name.rpartition("@")[2]) or default_directory(call)
    user = people.user(store, directory.tenant_id, name) or guests.invited(store, directory.tenant_id, name)
    at_home = _at_home(store, user.sign_in_name if user else name)
    if where.directory is None:
        user = at_home
    if user is None and at_home is not None:
        raise other_directory(store, at_home, directory, client)
    if user is None:
        raise errors.user_not_found(name[:200], directory.tenant_id)
    if not user.enabled or (at_home and not at_home.enabled):
        raise errors.user_disabled()
    return user


def seen_from(store: Store, user: User, where: Realm) -> tuple[EntraTenant, User] | None:
    """Return the directory that someone who is signed in enters, and their account there; None if there is neither.

    An endpoint for many directories leads everyone home.
    """
    home = guests.home(store, user).tenant_id
    directory = where.directory or people.directory(store, home)
    account = guests.seen_from(store, user, directory.tenant_id) if directory else None
    return (directory, account) if directory and account else None


def other_directory(store: Store, user: User, directory: EntraTenant, client: Application) -> errors.LoginError:
    """Return the refusal of an account that lives elsewhere and is not invited."""
    provider = guests.home(store, user).identity_provider
    return errors.user_of_another_directory(
        user.sign_in_name, provider, directory.display_name, client.app_id, client.display_name
    )


def hint(user: User) -> str:
    """Return the ``login_hint`` claim: the same here and at home, and opaque to whoever reads it."""
    return _OPAQUE + base64url(hashlib.sha256(user.sign_in_name.lower().encode()).digest())


def is_hinted(user: User, hinted: str) -> bool:
    """Say whether a ``login_hint`` or ``logout_hint`` names this account."""
    return hinted.lower() in (user.upn.lower(), user.sign_in_name.lower()) or hinted == hint(user)


def _at_home(store: Store, name: str) -> User | None:
    """Return the account of that name in the directory it belongs to by its domain."""
    directory = people.directory(store, name.rpartition("@")[2])
    user = people.user(store, directory.tenant_id, name) if directory else None
    return user if user and not user.is_external else None
