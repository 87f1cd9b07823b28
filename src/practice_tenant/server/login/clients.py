"""Client identification and client authentication.

Source: RFC 6749 sections 2.3 and 3.2.1; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from urllib.parse import unquote

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.objects import Application
from practice_tenant.server.login import assertions, certificate, errors, federation
from practice_tenant.server.login.realm import Realm
from practice_tenant.server.web import Call

NIL_GUID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True)
class PresentedCredentials:
    """What a client presented at the token endpoint."""

    client_id: str
    secret: str = ""
    assertion: str = ""
    assertion_type: str = ""

    @property
    def authentication(self) -> str:
        """Return ``azpacr``: 0 for a public client, 1 for a secret, 2 for an assertion."""
        return "2" if self.assertion else "1" if self.secret else "0"


def presented(call: Call) -> PresentedCredentials:
    """Read the client id and what is to prove it from the Basic header or from the form.

    Raises:
        LoginError: 900144 when there is no client id.
    """
    scheme, _, encoded = call.request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(encoded.strip(), validate=True).decode("latin-1")
        except (binascii.Error, ValueError):
            raise errors.malformed() from None
        client_id, _, secret = (unquote(part) for part in decoded.partition(":"))
    else:
        client_id, secret = "", call.value("client_secret")
    client_id = client_id or call.value("client_id")
    if not client_id:
        raise errors.missing_parameter("client_id")
    assertion = call.value("client_assertion")
    return PresentedCredentials(client_id, secret, assertion, call.value("client_assertion_type") if assertion else "")


def find(call: Call, where: Realm, client_id: str) -> Application:
    """Find the application a client id names in this directory.

    Raises:
        LoginError: 700038, 700016, 50194, 9002332, or 7000112.
    """
    if client_id == NIL_GUID:
        raise errors.not_an_application_id(client_id)
    application = apps.application(call.service.store, client_id)
    if application is None:
        raise errors.application_not_found(client_id[:200], where.name)
    if where.directory is None:
        if not application.multi_tenant:
            raise errors.not_multi_tenant(application.app_id, application.display_name)
        if where.segment == "consumers" and not application.for_personal_accounts:
            raise errors.work_accounts_only(application.app_id, application.display_name)
        return application
    check_enabled(call, application, where.directory.tenant_id)
    at_home = application.tenant_id == where.directory.tenant_id
    if not at_home and not application.multi_tenant:
        raise errors.application_not_found(client_id[:200], where.name)
    return application


def check_enabled(call: Call, application: Application, tenant_id: str) -> None:
    """Check that sign-in to the application is not switched off in a directory.

    Raises:
        LoginError: 7000112.
    """
    principal = apps.principal(call.service.store, tenant_id, application.app_id)
    if principal and not principal.enabled:
        raise errors.application_disabled(application.app_id, application.display_name)


def prove(call: Call, where: Realm, application: Application, credentials: PresentedCredentials, now: float) -> bool:
    """Check what the client presented; False when it presented nothing.

    An assertion counts before a secret.

    Args:
        now: by the directory's clock, in Unix seconds.

    Raises:
        LoginError: 7000215 or 7000222 for a secret; for an assertion what ``assertions``, ``certificate`` and
            ``federation`` raise.
    """
    if credentials.assertion:
        token = assertions.read(credentials.assertion, credentials.assertion_type)
        if "://" in token.text("iss"):
            federation.check(call, application, token, now)
        else:
            certificate.check(call, where, application, token, now)
        return True
    if credentials.secret:
        check_secret(call, application, credentials.secret, now)
        return True
    return False


def check_secret(call: Call, application: Application, secret: str, now: float) -> None:
    """Hold a client secret against the stored ones.

    Raises:
        LoginError: 7000215 when it is none of them, 7000222 when it has ended.
    """
    ends = apps.secret_ends(call.service.store, application.id, secret)
    if ends is None:
        raise errors.invalid_secret(application.app_id)
    if ends <= now:
        raise errors.expired_secret(application.app_id)
