"""Refusals of the device code flow. ``test_errors`` provokes each row.

The pairs of error and code: https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code has the errors,
https://learn.microsoft.com/entra/identity-platform/reference-error-codes the codes; [MEM] where nobody has both.
"""

from __future__ import annotations

from typing import Any

import httpx

from .refusals import row
from .test_device_code import Device, device
from .world import App, World

MINUTE = 60


def console(world: World) -> Device:
    app = world.register("Console", platform="publicClient", isFallbackPublicClient=True)
    return device(world, app)


def after_a_while(world: World, seconds: int, then: Any) -> httpx.Response:
    """Let time pass in a directory of its own for a device that waits."""
    other = world.of("devices")
    mine = console(other)
    other.teach("PATCH", clock=seconds)
    try:
        return then(mine)  # type: ignore[no-any-return]
    finally:
        other.teach("PATCH", clock=0)


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'device_code'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return console(world).poll(device_code=None)


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'scope'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.http.post(
        f"https://login.microsoftonline.com/{world.tenant.id}/oauth2/v2.0/devicecode", data={"client_id": app.client_id}
    )


# Recorded 2025-03-04 with error_uri: ricardoboss/microsoft_kiota_dart
@row(
    "authorization_pending", "json", 400, "authorization_pending", 70016,
    "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return console(world).poll()


@row(
    "authorization_declined", "json", 400, "authorization_declined", 65004,  # [MEM] the code
    "User declined to consent to access the app.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    mine = console(world)
    mine.sign_in(decision="cancel")
    return mine.poll()


@row(
    "device_code_unknown", "json", 400, "bad_verification_code", 70018,  # [MEM] that they are a pair
    "Invalid verification code due to User typing in wrong user code for device code flow. Authorization is not "
    "approved.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return console(world).poll(device_code="1.A" + "x" * 128)


# Recorded 2022-03-30: Azure/azure-sdk-for-js, sdk/identity/identity/test
@row(
    "device_code_expired", "json", 400, "expired_token", 70020,
    "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return after_a_while(world, 15 * MINUTE + 2, lambda mine: mine.poll())


@row("user_code_expired", "page", 400, "", 70019, "Verification code expired.")  # recorded 2017-09-22: ADAL.NET's tests
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    return after_a_while(world, 15 * MINUTE + 2, lambda mine: mine.enter())


@row("user_code_used", "page", 400, "", 90120, "The request was already authorized or declined.")
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    mine = console(world)
    mine.sign_in(decision="cancel")
    return mine.enter()


@row(
    "code_redeemed", "json", 400, "invalid_grant", 54005,  # [MEM] for a device code
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh "
    "token.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:  # noqa: ARG001
    mine = console(world)
    mine.sign_in()
    assert mine.poll().status_code == 200
    return mine.poll()


# Seen when a refresh token is shown by another client: ROADrecon's and AzureHound's notes
@row("issued_to_another_client", "json", 400, "invalid_grant", 70000, "Provided grant is invalid or malformed.")
def _(world: World, app: App) -> httpx.Response:
    return console(world).poll(client_id=app.client_id)


# The commonest mistake: "Allow public client flows" is off. [MEM] that polling goes on until the person has signed in.
@row(
    "secret_required", "json", 401, "invalid_client", 7000218,
    "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    mine = device(world, app)
    assert mine.refusal()[1] == "authorization_pending"
    mine.sign_in()
    return mine.poll()
