"""A user's name and password, which a tenant with multifactor authentication refuses, right as they may be.

No account has a password here, so that every password counts as the right one, and gets no further.

Source: RFC 6749 section 4.3; https://learn.microsoft.com/entra/identity-platform/v2-oauth-ropc
"""

from __future__ import annotations

from typing import NoReturn

from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import User
from practice_tenant.server.login import clients, conditional_access, errors, issue, scopes
from practice_tenant.server.login.issue import Redemption
from practice_tenant.server.login.realm import default_directory


async def password(redemption: Redemption) -> NoReturn:
    """Refuse it.

    Raises:
        LoginError: 900144 without a name or a password; 7000218 unless the client proves itself or is a public one;
            50034, 50057; what the scopes are refused for; 53003, 50079; 50076 for everybody else.
    """
    call = redemption.call
    for name in ("username", "password"):
        if not call.value(name):
            raise errors.missing_parameter(name)
    directory = redemption.where.directory or default_directory(call)
    now = call.now(directory.tenant_id)
    proved = clients.prove(call, redemption.where, redemption.client, redemption.credentials, now)
    if not proved and not redemption.client.graph["isFallbackPublicClient"]:
        raise errors.secret_required()
    user = _user(redemption, directory.tenant_id)
    request = issue.read_scopes(redemption, directory, call.value("scope") or "openid")
    resource_id = scopes.one_resource(request, call.service.store, directory.tenant_id).resource.app_id
    demanded = conditional_access.demands(call.service.store, user, [resource_id], frozenset())
    conditional_access.check(demanded, user, resource_id, ("pwd",))
    raise errors.password_alone(resource_id)


def _user(redemption: Redemption, tenant_id: str) -> User:
    name = redemption.call.value("username")[:200]
    user = people.user(redemption.call.service.store, tenant_id, name)
    if user is None or user.is_external:
        raise errors.user_not_found(name, tenant_id)
    if not user.enabled:
        raise errors.user_disabled()
    return user
