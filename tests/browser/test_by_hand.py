"""A person signs in by hand: a real browser, led to the practice tenant, on every page of the OAuth proxy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from practice_help import ends

from browser.conftest import HEADLESS, Opens, Talking, program, talking
from practice_tenant import Running, found

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

pytestmark = pytest.mark.needs("chromium", "playwright")

PROGRAM = """
import asyncio, json, os, sys, uuid, warnings, webbrowser
warnings.filterwarnings("ignore")
from workshop import background, practice, signin
from workshop.core import settings
from workshop.background import quiet_fastmcp

def say(**members):
    print(json.dumps(members), flush=True)

quiet_fastmcp()
current = settings.load()
running = practice.enter(current)
agent = signin.install(current, running)

import httpx
from azure.identity import InteractiveBrowserCredential
from fastmcp import Client
from workshop.servers import whoami

with agent.as_user("avery@contoso.onmicrosoft.com"), InteractiveBrowserCredential() as credential:
    token = credential.get_token("https://graph.microsoft.com/.default").token

with httpx.Client(base_url="https://graph.microsoft.com/v1.0", headers={"Authorization": f"Bearer {token}"}) as graph:
    def post(path, **body):
        answer = graph.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    scope = {
        "id": str(uuid.uuid4()), "value": "mcp-access", "type": "User", "isEnabled": True,
        "adminConsentDisplayName": "Use it as you", "adminConsentDescription": "Call the tools in your name.",
        "userConsentDisplayName": "Use it as you", "userConsentDescription": "Call the tools in your name.",
    }
    app = post(
        "/applications",
        displayName="Not consented to yet",
        signInAudience="AzureADMyOrg",
        web={"redirectUris": ["http://localhost:8000/auth/callback"]},
        api={"requestedAccessTokenVersion": 2, "oauth2PermissionScopes": [scope]},
    )
    changed = graph.patch(f"/applications/{app['id']}", json={"identifierUris": [f"api://{app['appId']}"]})
    assert changed.is_success, changed.text
    secret = post(f"/applications/{app['id']}/addPassword", passwordCredential={"displayName": "test"})
    post("/servicePrincipals", appId=app["appId"])

os.environ["ENTRA_PROXY_AZURE_CLIENT_ID"] = app["appId"]
os.environ["ENTRA_PROXY_AZURE_CLIENT_SECRET"] = secret["secretText"]
server = background.start(whoami.build)

class Told(webbrowser.BaseBrowser):
    def open(self, url, new=0, autoraise=True):
        say(open=url)
        return True

webbrowser.register("told", None, Told("told"), preferred=True)

async def sign_in():
    async with Client(server.url, auth="oauth") as client:
        return (await client.call_tool("get_user_info")).data

say(ready=True)
for line in sys.stdin:
    try:
        say(result=asyncio.run(sign_in()))
    except Exception as error:
        say(failed=str(error))
"""


@dataclass(frozen=True)
class Signing:
    """An MCP client that waits for somebody to sign in, and the tenant they will meet."""

    client: Talking
    running: Running

    def begin(self) -> str:
        """Let the client ask for a sign-in and return the address it wants opened."""
        self.client.tell("sign in")
        return str(self.client.says()["open"])

    def result(self) -> dict[str, Any]:
        """Return what the client got in the end."""
        return self.client.says()


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    state = tmp_path_factory.mktemp("by-hand") / "state"
    with talking(PROGRAM, state) as client:
        assert client.says() == {"ready": True}
        running = found(state)
        assert running
        yield Signing(client, running)
    ends(running)


def click(page: Page, selector: str) -> None:
    """Choose with the mouse."""
    page.locator(selector).click()


def press(page: Page, selector: str) -> None:
    """Choose with the keyboard: Tab to it, as far as that takes, and Enter."""
    wanted = page.locator(selector)
    for _ in range(40):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            outline = wanted.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline != "none", "nobody would see where the focus is"
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not lead to {selector}")


def is_practice(page: Page, name: str, title: str) -> None:
    """Wait for a page of the tenant under Microsoft's name, which says that it is not Microsoft's."""
    from playwright.sync_api import expect

    expect(page.locator("meta[name=practice-page]")).to_have_attribute("content", name)
    assert page.url.startswith("https://login.microsoftonline.com/")
    assert page.title() == f"PRACTICE: {title}"
    expect(page.get_by_text("PRACTICE", exact=True)).to_be_in_viewport()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


Choose = Callable[["Page", str], None]


@pytest.mark.parametrize(("choose", "person"), [(click, "robin"), (press, "sam")], ids=["mouse", "keyboard"])
def test_a_person_signs_in(choose: Choose, person: str, signing: Signing, led_to_the_tenant: Opens) -> None:
    from playwright.sync_api import expect

    upn = f"{person}@contoso.onmicrosoft.com"
    page = led_to_the_tenant(signing.running).contexts[0].pages[0]
    page.goto(signing.begin())
    expect(page.locator("#consentForm")).to_be_visible()
    assert page.url.startswith("http://localhost:")
    choose(page, "button[value=approve]")
    is_practice(page, "account-picker", "Pick an account")
    choose(page, f"button[name=account][value='{upn}']")
    is_practice(page, "consent", "Permissions requested")
    expect(page.get_by_text("Call the tools in your name.")).to_be_visible()
    expect(page.get_by_text(f"Signed in as {upn}")).to_be_visible()
    choose(page, "button[value=accept]")
    page.wait_for_url(re.compile(r"http://localhost:\d+/callback\?code=.*"))
    assert signing.result()["result"]["username"] == upn


def test_a_person_declines(signing: Signing, led_to_the_tenant: Opens) -> None:
    page = led_to_the_tenant(signing.running).contexts[0].pages[0]
    page.goto(signing.begin())
    click(page, "button[value=approve]")
    click(page, "button[value='kim_fabrikam.example#EXT#@contoso.onmicrosoft.com']")
    is_practice(page, "consent", "Permissions requested")
    click(page, "button[value=cancel]")
    page.wait_for_url(re.compile(r"http://localhost:\d+/.*error=access_denied.*"))
    assert "denied" in signing.result()["failed"].lower()


@pytest.mark.parametrize("address", ["https://example.com/", "https://login.live.com/", "https://localhost.example/"])
def test_no_other_host_is_reached(address: str, signing: Signing, led_to_the_tenant: Opens) -> None:
    from playwright.sync_api import Error

    page = led_to_the_tenant(signing.running).contexts[0].pages[0]
    with pytest.raises(Error, match="ERR_TUNNEL_CONNECTION_FAILED"):
        page.goto(address)


def test_plain_http_is_refused_with_a_reason(signing: Signing, led_to_the_tenant: Opens) -> None:
    page = led_to_the_tenant(signing.running).contexts[0].pages[0]
    answer = page.goto("http://example.com/")
    assert answer
    assert answer.status == 403
    assert "PRACTICE" in answer.text()


def test_without_the_pin_the_browser_warns(signing: Signing, playwright: Playwright) -> None:
    """What lets the certificate pass is the pin alone, so no other program on the machine trusts it."""
    from playwright.sync_api import Error

    options = [*HEADLESS, f"--proxy-server={signing.running.browser_proxy}"]
    browser = playwright.chromium.launch(executable_path=program(), args=options)
    try:
        with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
            browser.new_page().goto(f"https://login.microsoftonline.com/{signing.running.tenant_id}/")
    finally:
        browser.close()
