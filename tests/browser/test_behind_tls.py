"""A shared server behind a reverse proxy that ends TLS, and a real Chromium in front: forms, pages and scripts."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from practice_help import can_bind, until
from server_help import free_port, serving

from browser.conftest import HEADLESS, program
from workshop.servers import proxy
from workshop.servers.settings import ProxySettings

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Playwright

pytestmark = pytest.mark.needs("chromium", "playwright", "nginx")

GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
CALLBACK = "http://localhost:33418/callback"
CONFIGURATION = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; master_process off;
events {{}}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
  server {{
    listen 127.0.0.1:{port} ssl; server_name mcp.example.com;
    location / {{
      proxy_pass http://127.0.0.1:{server}; proxy_http_version 1.1; proxy_buffering off;
      proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
  server {{
    listen 127.0.0.1:{port} ssl; server_name app.example.com evil.example;
    default_type text/html;
    location / {{ return 200 "<!doctype html><title>a page</title>"; }}
  }}
}}
"""


@dataclass(frozen=True)
class Site:
    """The public side of a server."""

    port: int

    def __getitem__(self, host: str) -> str:
        return f"https://{host}:{self.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server that is called mcp.example.com, with the page of app.example.com allowed to call it."""
    folder, public = tmp_path_factory.mktemp("nginx"), Site(free_port())
    certificate = trustme.CA().issue_cert("mcp.example.com", "app.example.com", "evil.example")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "certificate.pem", append=True)
    told = ProxySettings(
        GUID, "practice.for-the-page", GUID, storage="memory", base_url=public["mcp.example.com"],
        allowed_origins=(public["app.example.com"],), registrations_per_minute=1000,
    )  # fmt: skip
    with serving(lambda _: proxy.build(public["mcp.example.com"], told), name="behind TLS") as server:
        (folder / "nginx.conf").write_text(
            CONFIGURATION.format(folder=folder, port=public.port, server=server.port), encoding="utf-8"
        )
        with nginx(folder):
            until(lambda: not can_bind(f"http://127.0.0.1:{public.port}"), "nginx listens")
            yield public


@contextlib.contextmanager
def nginx(folder: Path) -> Iterator[None]:
    """Run nginx in the foreground for the time of the block."""
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command) as running:
        try:
            yield
        finally:
            running.terminate()


@pytest.fixture(scope="module")
def browser(playwright: Playwright) -> Iterator[Browser]:
    arguments = [*HEADLESS, "--ignore-certificate-errors", "--host-resolver-rules=MAP * 127.0.0.1"]
    started = playwright.chromium.launch(executable_path=program(), args=arguments)
    yield started
    started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    yield context.new_page()
    context.close()


def registered(site: Site) -> str:
    """Return the id of a client, registered from this machine."""
    with httpx.Client(verify=False, trust_env=False) as client:  # noqa: S501 (its name leads nowhere here)
        headers = {"Host": urlsplit(site["mcp.example.com"]).netloc}
        body = {"client_name": "An MCP client", "redirect_uris": [CALLBACK]}
        return str(client.post(f"{site['127.0.0.1']}/register", json=body, headers=headers).json()["client_id"])


@pytest.mark.parametrize(("action", "arrives"), [("approve", "login.microsoftonline.com"), ("deny", "localhost:33418")])
def test_the_consent_form_is_taken(site: Site, page: Page, action: str, arrives: str) -> None:
    """Its Origin is that of the public address, which the server itself is never called by."""
    asked = {
        "response_type": "code", "client_id": registered(site), "redirect_uri": CALLBACK, "scope": "mcp-access",
        "state": "s", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    }  # fmt: skip
    answer = page.goto(f"{site['mcp.example.com']}/authorize?{httpx.QueryParams(asked)}")
    assert answer
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "same-origin")
    # The next page is Entra's or the client's, and neither is there.
    with page.expect_request(lambda request: urlsplit(request.url).netloc == arrives, timeout=60_000):
        page.locator(f"#consentForm button[value={action}]").click(no_wait_after=True)


SCRIPT = """
async address => {
  const said = {};
  const asks = {method: "POST", body: "{}", headers: {
    "Authorization": "Bearer x", "Content-Type": "application/json", "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-11-25", "Mcp-Session-Id": "x", "Last-Event-ID": "x"}};
  try {
    const refused = await fetch(address + "/mcp", asks);
    said.status = refused.status;
    said.challenge = refused.headers.get("WWW-Authenticate");
    const metadata = await fetch(said.challenge.match(/resource_metadata="([^"]*)"/)[1]);
    said.resource = (await metadata.json()).resource;
    const issuer = await (await fetch(address + "/.well-known/oauth-authorization-server")).json();
    const body = JSON.stringify({redirect_uris: ["http://localhost:6274/oauth/callback"]});
    const json = {"Content-Type": "application/json", "MCP-Protocol-Version": "2025-11-25"};
    const registered = await fetch(issuer.registration_endpoint, {method: "POST", body, headers: json});
    said.registered = registered.status;
    const form = new URLSearchParams({grant_type: "refresh_token", refresh_token: "x", client_id: "x"});
    said.token = (await fetch(issuer.token_endpoint, {method: "POST", body: form})).status;
  } catch (error) { said.error = String(error); }
  return said;
}
"""


def test_a_client_in_a_page_that_is_allowed_finds_its_way(site: Site, page: Page) -> None:
    """As MCP Inspector does where it connects from the browser itself."""
    page.goto(site["app.example.com"])
    said: dict[str, Any] = page.evaluate(SCRIPT, site["mcp.example.com"])
    assert said.pop("challenge", "").startswith("Bearer ")
    assert said == {
        "status": 401, "resource": f"{site['mcp.example.com']}/mcp", "registered": 201, "token": 401,
    }  # fmt: skip


def test_a_page_that_is_not_learns_nothing(site: Site, page: Page) -> None:
    page.goto(site["evil.example"])
    assert page.evaluate(SCRIPT, site["mcp.example.com"]) == {"error": "TypeError: Failed to fetch"}


def test_a_name_that_leads_to_this_machine_opens_nothing(page: Page) -> None:
    """DNS rebinding: evil.example leads to this machine, and the browser takes the server for its own page's."""
    with serving(lambda url: proxy.build(url, ProxySettings(GUID, "practice.x", GUID, storage="memory"))) as server:
        answer = page.goto(f"http://evil.example:{server.port}/.well-known/oauth-authorization-server")
    assert answer
    assert answer.status == 421
