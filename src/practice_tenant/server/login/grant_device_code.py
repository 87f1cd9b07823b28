"""Polling for the tokens of a device whose user signs in elsewhere.

A request such as::

    POST /{tenant}/oauth2/v2.0/token
    grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=...&device_code=...

Source: RFC 8628 sections 3.4 and 3.5; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

from practice_tenant.server.directory import devices
from practice_tenant.server.directory.devices import DeviceFlow
from practice_tenant.server.login import clients, device_code, errors, issue
from practice_tenant.server.login.issue import Redemption, TokenAnswer, UserGrant


async def device_code_grant(redemption: Redemption) -> TokenAnswer:
    """Answer a device that asks whether its user has signed in.

    Raises:
        LoginError: 900144, 70018, 70000 for the device code; 70020 once it has expired; 70016 while the user has not
            decided, 65004 when they declined; 54005 the second time; 7000218 for an application that is no public
            client and shows no credential.
    """
    call, store = redemption.call, redemption.call.service.store
    code = call.value("device_code")
    if not code:
        raise errors.missing_parameter("device_code")
    flow = devices.by_device_code(store, code)
    if flow is None:
        raise errors.device_code_unknown()
    if flow.tenant_id:
        call.enter(flow.tenant_id)
    _check_state(redemption, flow)
    platform = _platform(redemption, call.now(flow.tenant_id or redemption.where.tenant_id))
    grant = _grant(redemption, flow, platform)
    if not devices.redeem(store, code):
        raise errors.code_redeemed()
    return await issue.user_tokens(redemption, grant)


def _check_state(redemption: Redemption, flow: DeviceFlow) -> None:
    if redemption.client.app_id != flow.client_id:
        raise errors.issued_to_another_client()
    if flow.status == "redeemed":
        raise errors.code_redeemed()
    if device_code.expired(redemption.call, flow):
        raise errors.device_code_expired()
    if flow.status == "declined":
        raise errors.authorization_declined()
    if flow.status == "pending":
        raise errors.authorization_pending()


def _platform(redemption: Redemption, now: float) -> str:
    """Return the kind of client, for there is no redirect URI that tells it.

    Source: https://learn.microsoft.com/graph/api/resources/application (isFallbackPublicClient)
    """
    if clients.prove(redemption.call, redemption.where, redemption.client, redemption.credentials, now):
        return "web"
    if not redemption.client.graph["isFallbackPublicClient"]:
        raise errors.secret_required()
    return "publicClient"


def _grant(redemption: Redemption, flow: DeviceFlow, platform: str) -> UserGrant:
    sign_in, where = flow.sign_in, redemption.where.directory
    assert sign_in, "an approved flow has one"
    if where and where.tenant_id != sign_in.tenant_id:
        raise errors.code_of_another_tenant()
    redemption.call.enter(sign_in.tenant_id)
    subject = issue.subject_of(redemption, sign_in)
    return issue.user_grant(redemption, subject, platform, issue.read_scopes(redemption, subject.directory, flow.scope))
