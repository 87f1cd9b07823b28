"""What tests of /authorize do over and over: open it, pick an account, read what comes of it."""

from __future__ import annotations

import httpx

from .browser import Browser, Page, page_of, upn
from .world import App, World


def picker(world: World, app: App, browser: Browser | None = None, **changes: str | None) -> Page:
    page = page_of((browser or world.browser()).open(app.asks(**changes)))
    assert page.kind == "account-picker", page.text
    return page


def after_picking(browser: Browser, app: App, name: str = "robin", **changes: str | None) -> httpx.Response:
    page = page_of(browser.open(app.asks(**changes)))
    return browser.press(page, "account", upn(name))


def asked_for(page: Page) -> list[str]:
    """Return the scope values that a consent page lists."""
    assert page.kind == "consent", page.text
    return sorted(page.scopes)


def refused(answer: dict[str, str]) -> tuple[str, str]:
    """Return the error and the AADSTS code of a redirect."""
    return answer["error"], answer["error_description"].partition(":")[0]


def words(page: Page) -> str:
    """Return a page's text with single spaces."""
    return " ".join(page.text.split())
