"""The device authorization endpoint, and the pages on which a person enters the code that the device shows.

The person signs in at the authorization endpoint as for any other client. The way back leads to a page of this module
instead of the client's: it asks whether that was meant, and lets the device have the tokens.

Source: RFC 8628; https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code
"""

from __future__ import annotations

import re
from urllib.parse import urlencode

from practice_tenant.server.directory import apps, devices, people, sign_ins
from practice_tenant.server.directory.devices import DeviceFlow
from practice_tenant.server.directory.objects import Application
from practice_tenant.server.http.messages import RedirectResponse, Response
from practice_tenant.server.login import clients, errors, pages, realm, scopes, session
from practice_tenant.server.login.envelope import NO_STORE
from practice_tenant.server.web import Call, JsonAnswer
from practice_tenant.well_known import CANONICAL_LOGIN, US_LOGIN

EXPIRES_IN = 900
INTERVAL = 5
# No letter or digit that is easily taken for another.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
LENGTH = 9

ENTRY = "/common/oauth2/deviceauth"
RETURN = f"{ENTRY}/return"
COOKIE = "__Host-practice-device"
ENTRY_OF = {
    "https://login.microsoftonline.com": "https://login.microsoft.com/device",
    "https://login.microsoftonline.us": "https://microsoft.com/deviceloginus",
}


async def device_authorization(call: Call) -> Response:
    """Answer POST ``/{tenant}/oauth2/v2.0/devicecode``."""
    call.remark.flow = "device_code"
    where = realm.realm(call)
    client_id = call.value("client_id")
    if not client_id:
        raise errors.missing_parameter("client_id")
    client = clients.find(call, where, client_id)
    words = call.value("scope").split()
    if not words:
        raise errors.missing_parameter("scope")
    for word in words:
        scopes.split(word)
    flow = DeviceFlow(
        user_code=_user_code(call),
        issued=call.now(where.tenant_id),
        status="pending",
        tenant_id=where.tenant_id,
        segment=where.segment,
        client_id=client.app_id,
        scope=call.value("scope"),
        claims=call.value("claims"),
    )
    device_code = f"1.A{call.service.opaque(96)}"
    devices.add(call.service.store, device_code, flow)
    entry = ENTRY_OF.get(realm.authority(call), realm.authority(call) + ENTRY)
    return JsonAnswer(
        {
            "user_code": flow.user_code,
            "device_code": device_code,
            "verification_uri": entry,
            "expires_in": EXPIRES_IN,
            "interval": INTERVAL,
            "message": f"To sign in, use a web browser to open the page {entry} and enter the code {flow.user_code} to "
            "authenticate.",
        },
        headers=NO_STORE,
    )


def expired(call: Call, flow: DeviceFlow) -> bool:
    return call.now(flow.tenant_id) - flow.issued > EXPIRES_IN


def return_uri(call: Call) -> str:
    """Return the redirect URI of this module: no application has to register it."""
    return realm.authority(call) + RETURN


async def short_address(call: Call) -> Response:
    """Answer the addresses that devices show: they lead to the page on which the code is entered."""
    cloud = US_LOGIN if call.request.path.endswith("us") else CANONICAL_LOGIN
    return RedirectResponse(f"https://{cloud}{ENTRY}", 302)


async def enter_code(call: Call) -> Response:
    """Show the page on which the code is entered."""
    call.remark.flow = "device_code"
    return _entry_page(call)


async def check_code(call: Call) -> Response:
    """Answer the page on which the code was entered: the right one leads to the sign-in."""
    call.remark.flow = "device_code"
    session.check_form(call)
    entered = re.sub(r"[\s-]", "", call.value("otc")).upper()
    flow = devices.by_user_code(call.service.store, entered)
    if flow is None:
        call.remark.reason = "a user code that nobody was given"
        return _entry_page(call, "That code didn't work. Check the code and try again.")
    _check_pending(call, flow)
    asked = {
        "client_id": flow.client_id,
        "response_type": "code",
        "redirect_uri": return_uri(call),
        "scope": flow.scope,
        "state": flow.user_code,
        "prompt": "select_account",
        **({"claims": flow.claims} if flow.claims else {}),
    }
    response = RedirectResponse(f"/{flow.segment}/oauth2/v2.0/authorize?{urlencode(asked)}", 302)
    response.set_cookie(COOKIE, flow.user_code)
    return response


async def came_back(call: Call) -> Response:
    """Ask the person who has signed in whether that was meant; tell the device if they declined."""
    call.remark.flow = "device_code"
    flow, client = _flow_of_this_browser(call)
    if call.value("error"):
        call.remark.reason = call.value("error_description")
        if call.value("error") != "access_denied":
            return pages.device_error(call.value("error_description"))
        devices.settle(call.service.store, flow.user_code, "declined", None)
        return pages.device_declined(client)
    code = call.value("code")
    upn = _signed_in(call, flow, code)
    token = session.flow_token(call)
    fields = [("code", code), ("state", flow.user_code), ("flow", token)]
    response = pages.device_confirm(RETURN, fields, client, upn)
    session.keep_flow(response, token)
    return response


async def decide(call: Call) -> Response:
    """Answer the page that asked whether the sign-in was meant."""
    call.remark.flow = "device_code"
    session.check_form(call)
    flow, client = _flow_of_this_browser(call)
    code = call.value("code")
    _signed_in(call, flow, code)
    store = call.service.store
    stored = sign_ins.find_code(store, code)
    accepted = call.value("decision") == "accept"
    if stored is None or not sign_ins.redeem_code(store, code):
        raise errors.user_code_used()
    settled = devices.settle(store, flow.user_code, "approved" if accepted else "declined", stored.sign_in)
    if not settled:
        raise errors.user_code_used()
    response = pages.device_done(client) if accepted else pages.device_declined(client)
    response.delete_cookie(COOKIE)
    return response


def _flow_of_this_browser(call: Call) -> tuple[DeviceFlow, Application]:
    """Return the flow whose code was entered in this browser, and no other's."""
    entered = call.request.cookies.get(COOKIE, "")
    flow = devices.by_user_code(call.service.store, entered) if entered == call.value("state") else None
    client = apps.application(call.service.store, flow.client_id) if flow else None
    if flow is None or client is None:
        raise errors.malformed()
    _check_pending(call, flow)
    return flow, client


def _check_pending(call: Call, flow: DeviceFlow) -> None:
    if flow.tenant_id:
        call.enter(flow.tenant_id)
    if flow.status != "pending":
        raise errors.user_code_used()
    if expired(call, flow):
        raise errors.user_code_expired()


def _signed_in(call: Call, flow: DeviceFlow, code: str) -> str:
    """Return who signed in, from the code that the authorization endpoint issued."""
    stored = sign_ins.find_code(call.service.store, code)
    if stored is None or stored.redeemed or stored.sign_in.client_id != flow.client_id:
        raise errors.malformed()
    if stored.redirect_uri != return_uri(call):
        raise errors.malformed()
    user = people.user(call.service.store, stored.sign_in.tenant_id, stored.sign_in.user_id)
    return user.upn if user else ""


def _entry_page(call: Call, wrong: str = "") -> Response:
    token = session.flow_token(call)
    response = pages.device_code(ENTRY, [("flow", token)], wrong)
    session.keep_flow(response, token)
    return response


def _user_code(call: Call) -> str:
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in call.service.entropy(LENGTH))
