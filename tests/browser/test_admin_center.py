"""The practice admin center in a real browser: the whole way by mouse to a registration that is right, and by keyboard.

With WORKSHOP_CAPTURE=1 the pictures of lesson 01 are taken on the way.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest
from practice_help import clean_environ
from tenant.process import PATIENCE, serving

from browser.conftest import HEADLESS, program
from practice_tenant import Running, found

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

pytestmark = pytest.mark.needs("chromium", "playwright")

PROJECT = Path(__file__).resolve().parents[2]
NAME = "Workshop MCP server (proxy)"
CALLBACK = "http://localhost:8000/auth/callback"
MASK = "practice.••••••••••••••••••••"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with serving(tmp_path_factory.mktemp("admin") / "state") as tenant:
        there = found(tenant.state)
        assert there
        yield there
        assert tenant.complaints() == ""


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    started = playwright.chromium.launch(executable_path=program(), args=list(HEADLESS))
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that says what the browser complains of; scripts are off, as nothing here needs one."""
    with browser.new_context(viewport={"width": 1200, "height": 600}, java_script_enabled=False) as context:
        opened = context.new_page()
        opened.set_default_timeout(PATIENCE * 1_000)
        said: list[str] = []
        opened.on("console", lambda message: said.append(message.text))
        yield opened
        # A form that is refused is answered with 400; anything else would be a fault of the pages.
        assert [text for text in said if "status of 400" not in text] == []


Shoot = Callable[["Page", str], None]


@pytest.fixture
def shoot(tmp_path: Path) -> Shoot:
    """Take a picture of a whole page; it is kept only where it is asked for."""

    def take(page: Page, name: str) -> None:
        file = tmp_path / f"01-{name}.png"
        assert "PRACTICE" in page.title()
        page.screenshot(path=file, full_page=True)
        assert 10_000 < file.stat().st_size < 300_000
        if os.environ.get("WORKSHOP_CAPTURE") == "1":
            shutil.copy(file, PROJECT / "images" / file.name)

    return take


def menu(page: Page, name: str) -> None:
    """Go to another page of the registration."""
    from playwright.sync_api import expect

    page.get_by_role("navigation", name=NAME).get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def done(page: Page, words: str) -> None:
    """Wait until the page says that it was done."""
    from playwright.sync_api import expect

    expect(page.get_by_role("status")).to_have_text(words)


def value_of(page: Page, label: str) -> str:
    return page.locator(f"dt:text-is('{label}') + dd").inner_text()


def register(page: Page, shoot: Shoot) -> str:
    page.get_by_role("link", name="New registration").click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Select a platform").select_option(label="Web")
    address = page.get_by_role("textbox", name="Redirect URI")
    address.fill(CALLBACK)
    shoot(page, "new-registration")
    address.fill("http://mcp.example/auth/callback")
    page.get_by_role("button", name="Register").click()
    # Plain http is for localhost only: what was typed stays, and only this is mended.
    page.get_by_role("alert").get_by_role("link").click()
    address.fill(CALLBACK)
    page.get_by_role("button", name="Register").click()
    done(page, f"Successfully created application {NAME}.")
    return value_of(page, "Application (client) ID")


def add_secret(page: Page, shoot: Shoot) -> str:
    menu(page, "Certificates & secrets")
    page.get_by_label("Description").fill("workshop")
    page.get_by_role("button", name="Add").click()
    done(page, "Successfully added the client secret.")
    shown = page.locator("code.value")
    secret = shown.inner_text()
    assert secret.startswith("practice.")
    shown.evaluate("(element, mask) => { element.textContent = mask }", MASK)
    shoot(page, "certificates-and-secrets")
    menu(page, "Certificates & secrets")
    assert secret not in page.content()
    return secret


def add_permissions(page: Page, shoot: Shoot) -> None:
    menu(page, "API permissions")
    page.get_by_role("link", name="Add a permission").click()
    for name in ("openid", "profile", "offline_access"):
        page.get_by_role("checkbox", name=re.compile(f"^{name} ")).check()
    page.get_by_role("button", name="Add permissions").click()
    done(page, "Successfully updated the permissions.")
    page.get_by_role("link", name="Grant admin consent for Contoso (PRACTICE)").click()
    page.get_by_role("button", name="Yes").click()
    done(page, "Grant consent successful.")
    shoot(page, "api-permissions")


def expose(page: Page, shoot: Shoot) -> None:
    menu(page, "Expose an API")
    page.get_by_role("link", name="Add a scope").click()
    page.get_by_role("button", name="Save and continue").click()
    done(page, "Successfully updated the Application ID URI.")
    page.get_by_label("Scope name").fill("mcp-access")
    page.get_by_label("Admins and users").check()
    for who in ("Admin", "User"):
        page.get_by_label(f"{who} consent display name").fill("Use the MCP server as you")
        page.get_by_label(f"{who} consent description").fill(
            "Lets the app call the tools of the MCP server in your name."
        )
    page.get_by_role("button", name="Add scope").click()
    done(page, "Successfully added the scope.")
    shoot(page, "expose-an-api")


def edit_manifest(page: Page, shoot: Shoot) -> None:
    menu(page, "Manifest")
    field = page.get_by_label("Microsoft Graph App Manifest")
    text = field.input_value()
    assert text.count('"requestedAccessTokenVersion": null') == 1
    field.fill(text.replace('"requestedAccessTokenVersion": null', '"requestedAccessTokenVersion": 2'))
    line = text.partition('"requestedAccessTokenVersion"')[0].count("\n")
    lines = text.count("\n") + 1
    field.evaluate("(field, at) => { field.scrollTop = field.scrollHeight * at }", (line - 6) / lines)
    shoot(page, "manifest")
    page.get_by_role("button", name="Save").click()
    done(page, "Successfully updated: api.")


def verified(running: Running, client_id: str, secret: str, folder: Path) -> dict[str, Any]:
    """Ask `workshop register verify`, in a terminal of its own, about values that were copied off the pages."""
    folder.joinpath("start.py").touch()
    values = {
        "AZURE_TENANT_ID": running.tenant_id,
        "ENTRA_PROXY_AZURE_CLIENT_ID": client_id,
        "ENTRA_PROXY_AZURE_CLIENT_SECRET": secret,
    }
    file = running.state / "practice.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    file.chmod(0o600)
    command = [sys.executable, "-m", "workshop", "register", "verify", "--approach", "proxy", "--json"]
    environ = clean_environ(running.state, WORKSHOP_PROJECT=str(folder))
    told = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=120)
    assert told.returncode in (0, 1), told.stderr
    (judged,) = json.loads(told.stdout)["registrations"]
    return dict(judged) | {"exit": told.returncode}


def test_from_nothing_to_a_registration_that_is_right(
    running: Running, page: Page, shoot: Shoot, tmp_path: Path
) -> None:
    page.goto(running.admin_center())
    assert "token" not in page.url
    client_id = register(page, shoot)
    menu(page, "Authentication")
    shoot(page, "authentication")
    secret = add_secret(page, shoot)
    add_permissions(page, shoot)
    expose(page, shoot)
    menu(page, "Overview")
    shoot(page, "overview")
    edit_manifest(page, shoot)
    judged = verified(running, client_id, secret, tmp_path)
    assert {line["status"] for line in judged["findings"]} == {"right"}, judged
    assert judged["exit"] == 0


def tab_to(page: Page, role: str, name: str) -> None:
    """Press Tab until the focus is there, and see that it can be seen."""
    from playwright.sync_api import expect

    wanted = page.get_by_role(role, name=name)  # type: ignore[arg-type]
    for _ in range(60):
        page.keyboard.press("Tab")
        if wanted.evaluate("element => element === document.activeElement"):
            assert wanted.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            expect(wanted).to_be_in_viewport()
            return
    pytest.fail(f"Tab does not lead to the {role} {name!r}")


def test_with_the_keyboard_alone(running: Running, page: Page) -> None:
    from playwright.sync_api import expect

    page.goto(running.admin_center("robin"))
    tab_to(page, "link", "New registration")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Register an application")
    tab_to(page, "textbox", "Name")
    page.keyboard.type("By keyboard")
    tab_to(page, "textbox", "Redirect URI")
    page.keyboard.type("https://a.example/*")
    tab_to(page, "button", "Register")
    page.keyboard.press("Enter")
    problem = page.get_by_role("alert")
    expect(problem).to_be_focused()
    expect(problem).to_contain_text("Select a platform for the redirect URI.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    platform = page.get_by_label("Select a platform")
    expect(platform).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Tab")
    if not platform.evaluate("element => element === document.activeElement"):
        tab_to(page, "combobox", "Select a platform")
    page.keyboard.type("Web")
    tab_to(page, "textbox", "Redirect URI")
    page.keyboard.press("Control+a")
    page.keyboard.type("https://a.example/back")
    page.keyboard.press("Enter")
    done(page, "Successfully created application By keyboard.")


def test_every_page_has_names_for_a_screen_reader(running: Running, page: Page) -> None:
    """Every field and button has a name, every page one main part and one heading, no id stands twice."""
    page.goto(running.admin_center("robin"))
    page.get_by_role("link", name="New registration").click()
    page.get_by_label("Name").fill("Read aloud")
    page.get_by_role("button", name="Register").click()
    links = page.locator("nav.menu a")
    addresses = [links.nth(number).get_attribute("href") for number in range(links.count())]
    assert len(addresses) == 9
    for address in ("../../", "../../new", *addresses, "api-permissions/add", "expose-an-api/scope", "delete"):
        page.goto(page.url.rpartition("/")[0] + "/" + str(address) if "apps/" in page.url else page.url)
        found = page.evaluate(
            """() => {
                const named = element => element.labels?.length || element.innerText || element.ariaLabel;
                const ids = [...document.querySelectorAll('[id]')].map(element => element.id);
                const described = [...document.querySelectorAll('[aria-describedby],[aria-labelledby]')].flatMap(
                    element => (element.getAttribute('aria-describedby') || element.getAttribute('aria-labelledby'))
                        .split(' ')).filter(id => !document.getElementById(id));
                const fields = document.querySelectorAll('input:not([type=hidden]), select, textarea, button');
                return {
                    unnamed: [...fields].filter(element => !named(element)).map(element => element.outerHTML),
                    twice: ids.filter((id, at) => ids.indexOf(id) !== at),
                    nowhere: described,
                    headings: document.querySelectorAll('h1').length,
                    mains: document.querySelectorAll('main').length,
                    language: document.documentElement.lang,
                }
            }"""
        )
        expected = {"unnamed": [], "twice": [], "nowhere": [], "headings": 1, "mains": 1, "language": "en"}
        assert found == expected, page.url


class Notebook(BaseHTTPRequestHandler):
    """A page of another site with a link, as a notebook in JupyterLab is."""

    link = ""

    def do_GET(self) -> None:
        body = f'<a href="{self.link}">Open</a>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def test_a_link_in_a_notebook_leads_in(running: Running, browser: Browser) -> None:
    """`localhost` and `127.0.0.1` are two sites: a strict cookie does not come along with the first request."""
    from playwright.sync_api import expect

    handler = type("Notebook", (Notebook,), {"link": running.admin_center()})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        with browser.new_context() as context:
            page = context.new_page()
            for _ in range(2):  # clicked once more, the link is used up, and the session is still there
                page.goto(f"http://localhost:{server.server_address[1]}/")
                page.get_by_role("link", name="Open").click()
                expect(page.get_by_role("heading", level=1)).to_have_text("App registrations")
                assert "token" not in page.url
            stranger = browser.new_context().new_page()
            stranger.goto(page.url)
            expect(stranger.get_by_role("heading", level=1)).to_have_text("The practice admin center is closed")
            stranger.context.close()
        server.shutdown()
