"""Guests: accounts of one directory that are invited to another.

Source: https://learn.microsoft.com/entra/external-id/what-is-b2b
"""

from __future__ import annotations

from dataclasses import dataclass

from practice_tenant.server.directory import people
from practice_tenant.server.directory.ids import guid
from practice_tenant.server.directory.objects import User
from practice_tenant.server.directory.sown import tenant_id_of
from practice_tenant.server.directory.store import Store


@dataclass(frozen=True)
class Home:
    """Where an account lives: for a guest that is another directory than the one that invited them."""

    tenant_id: str
    user_id: str

    @property
    def identity_provider(self) -> str:
        """Return the ``idp`` of a token for the account elsewhere."""
        return f"https://sts.windows.net/{self.tenant_id}/"


def home(store: Store, user: User) -> Home:
    """Return the home of an account; the ids of a home outside this tenant are always the same ones."""
    if not user.is_external:
        return Home(user.tenant_id, user.id)
    domain = user.sign_in_name.rpartition("@")[2].lower()
    directory = people.directory(store, domain)
    if directory is None:
        return Home(tenant_id_of(domain), guid("home", user.sign_in_name.lower()))
    at_home = people.user(store, directory.tenant_id, user.sign_in_name)
    return Home(directory.tenant_id, at_home.id if at_home else guid("home", user.sign_in_name.lower()))


def invited(store: Store, tenant_id: str, sign_in_name: str) -> User | None:
    """Find the guest of a directory who signs in under this name."""
    for user in people.users(store, tenant_id):
        if user.is_external and user.sign_in_name.lower() == sign_in_name.lower():
            return user
    return None


def seen_from(store: Store, user: User, tenant_id: str) -> User | None:
    """Return a signed-in person's account in a directory: the one of home, or the guest of the same name."""
    if user.tenant_id == tenant_id:
        return user
    name = user.sign_in_name
    return people.user(store, tenant_id, name) or invited(store, tenant_id, name)
