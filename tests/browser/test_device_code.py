"""A person enters a device's code by hand, with the keyboard alone, at the address that the device shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from practice_help import ends
from tenant.process import PATIENCE

from browser.conftest import Opens, talking
from browser.test_by_hand import is_practice, press
from practice_tenant import Running, found

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.needs("chromium", "playwright")

# The Azure CLI's application, a public client that is in every directory.
PROGRAM = """
import json, sys, warnings
warnings.filterwarnings("ignore")
from workshop import practice
from workshop.core import settings
current = settings.load()
running = practice.enter(current)

import msal
CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
client = msal.PublicClientApplication(CLI, authority=f"https://login.microsoftonline.com/{running.tenant_id}")

def say(**members):
    print(json.dumps(members), flush=True)

say(ready=True)
for line in sys.stdin:
    flow = client.initiate_device_flow(["https://graph.microsoft.com/.default"])
    flow["interval"] = 1
    say(code=flow["user_code"], at=flow["verification_uri"])
    answer = client.acquire_token_by_device_flow(flow)
    say(name=answer.get("id_token_claims", {}).get("preferred_username"), error=answer.get("error"))
"""


Heard = Callable[[], dict[str, Any]]
Ask = Callable[[], tuple[Running, dict[str, str], Heard]]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ask]:
    """Let a device ask; the function returns the tenant, what the device shows, and how to hear what it got."""
    state = tmp_path_factory.mktemp("device") / "state"
    with talking(PROGRAM, state) as client:
        assert client.says() == {"ready": True}
        running = found(state)
        assert running

        def ask() -> tuple[Running, dict[str, str], Heard]:
            client.tell("ask")
            return running, client.says(), client.says

        yield ask
    ends(running)


def entered(page: Page, shown: dict[str, str]) -> None:
    """Open the page and type the code: the field has the focus, and Enter sends it."""
    page.goto(shown["at"])
    is_practice(page, "device-code", "Enter code to allow access")
    field = page.get_by_label("Code")
    assert field.evaluate("element => element === document.activeElement")
    page.keyboard.type(shown["code"].lower())
    page.keyboard.press("Enter")


def test_a_person_signs_in_for_a_device(asked: Ask, led_to_the_tenant: Opens) -> None:
    running, shown, result = asked()
    page = led_to_the_tenant(running).contexts[0].pages[0]
    entered(page, shown)
    is_practice(page, "account-picker", "Pick an account")
    press(page, "button[name=account][value='robin@contoso.onmicrosoft.com']")
    is_practice(page, "device-confirm", "Are you trying to sign in to Microsoft Azure CLI?")
    press(page, "button[value=accept]")
    is_practice(page, "device-done", "Microsoft Azure CLI")
    assert result() == {"name": "robin@contoso.onmicrosoft.com", "error": None}


def test_a_wrong_code_and_then_second_thoughts(asked: Ask, led_to_the_tenant: Opens) -> None:
    from playwright.sync_api import expect

    running, shown, result = asked()
    page = led_to_the_tenant(running).contexts[0].pages[0]
    page.set_default_timeout(PATIENCE * 1_000)
    entered(page, shown | {"code": "ABCDEFGHJ"})
    wrong = page.get_by_role("alert")
    expect(wrong).to_have_text("That code didn't work. Check the code and try again.")
    expect(page.get_by_label("Code")).to_have_attribute("aria-describedby", "wrong")
    page.keyboard.type(shown["code"])
    page.keyboard.press("Enter")
    is_practice(page, "account-picker", "Pick an account")
    press(page, "button[name=account][value='sam@contoso.onmicrosoft.com']")
    is_practice(page, "device-confirm", "Are you trying to sign in to Microsoft Azure CLI?")
    press(page, "button[value=cancel]")
    is_practice(page, "device-declined", "Microsoft Azure CLI")
    assert result() == {"name": None, "error": "authorization_declined"}
