"""FastMCP's consent page in front of the shared servers: whole without a network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from fastmcp import FastMCP
from server_help import serving

from browser.conftest import HEADLESS, program
from workshop.servers import proxy, whoami
from workshop.servers.settings import ProxySettings

if TYPE_CHECKING:
    from playwright.sync_api import Playwright

pytestmark = pytest.mark.needs("chromium", "playwright")

GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
CALLBACK = "http://localhost:33418/callback"
TOLD = ProxySettings(GUID, "practice.for-the-page", GUID, storage="memory")


def consent_page(base_url: str) -> str:
    """Register a client and return the address at which it would ask for a sign-in."""
    with httpx.Client(base_url=base_url, trust_env=False) as client:
        wanted = {"client_name": "An MCP client", "redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"}
        registered = client.post("/register", json=wanted).json()
    asked = {
        "response_type": "code", "client_id": registered["client_id"], "redirect_uri": CALLBACK, "scope": "mcp-access",
        "state": "s", "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{base_url}/authorize?{httpx.QueryParams(asked)}"


@pytest.mark.parametrize("build", [proxy.build, whoami.build], ids=["proxy", "whoami"])
def test_the_page_is_whole_and_asks_nobody_else_for_anything(
    build: Callable[[str, ProxySettings], FastMCP], playwright: Playwright
) -> None:
    from playwright.sync_api import expect

    browser = playwright.chromium.launch(executable_path=program(), args=list(HEADLESS))
    with serving(lambda base_url: build(base_url, TOLD), name="consent page") as server:
        try:
            page = browser.new_page(viewport={"width": 1000, "height": 900})
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            page.goto(consent_page(server.base_url))
            expect(page.locator("#consentForm")).to_be_visible()
            expect(page.get_by_text("An MCP client").first).to_be_visible()
            expect(page.get_by_text(CALLBACK).first).to_be_visible()
            assert page.locator("img.logo").evaluate("image => image.complete && image.naturalWidth > 0")
            elsewhere = [url for url in asked if not url.startswith((server.base_url, "data:"))]
            assert elsewhere == []
        finally:
            browser.close()
