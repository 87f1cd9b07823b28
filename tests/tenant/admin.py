"""Somebody at the practice admin center, with a browser that has cookies and no script."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin

import httpx

from .process import PATIENCE
from .world import World

Fields = Mapping[str, str | list[str]]


@dataclass(frozen=True)
class Center:
    """A session; ``base`` is the address of its place, with a slash at the end."""

    world: World
    http: httpx.Client
    base: str

    def get(self, path: str = "") -> httpx.Response:
        """Open a page."""
        return self.http.get(self.base + path)

    def page(self, path: str = "") -> str:
        """Return a page that is there, without the escapes of HTML."""
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    @property
    def form_token(self) -> str:
        """Return what stands in every form of the session."""
        found = re.search('name="form_token" value="([^"]+)"', self.get("new").text)
        assert found
        return found[1]

    def send(self, path: str, action: str, fields: Fields | None = None, **more: Any) -> httpx.Response:
        """Send a form of a page, as a browser does that stands on it."""
        sent = {"form_token": self.form_token, "action": action, **(fields or {})}
        return self.http.post(self.base + path, data=sent, **more)

    def done(self, path: str, action: str, fields: Fields | None = None, **more: Any) -> str:
        """Send a form that is right, and return the page it leads to."""
        answer = self.send(path, action, fields, **more)
        assert answer.status_code == 303, fault(answer)
        shown = self.http.get(urljoin(str(answer.url), answer.headers["location"]))
        assert shown.status_code == 200, shown.text
        assert 'role="status"' in shown.text
        return html.unescape(shown.text)

    def register(self, name: str = "By hand") -> str:
        """Register an application with the form, and return its object id."""
        answer = self.send("new", "register", {"name": name, "account_types": "AzureADMyOrg"})
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"].split("/")[-2])

    def app(self, object_id: str) -> dict[str, Any]:
        """Return an application as Graph shows it."""
        return dict(self.world.graph("GET", f"/applications/{object_id}").json())


def fault(answer: httpx.Response) -> dict[str, str]:
    """Return the faults of a page, by the id of each, and check that page and field point to them."""
    text = html.unescape(answer.text)
    found = dict(
        re.findall(r'<p class="fault" id="([^"]+)"><span class="aside">Error: </span>(.*?)(?: <span|</p>)', text)
    )
    summary = re.search(r'role="alert".*?<p>(?:<a href="#([^"]+)">)?(.*?)(?:</a>)?</p>', text, re.DOTALL)
    assert summary, text[-3_000:]
    for identifier in found:
        assert re.search(rf'aria-describedby="[^"]*\b{re.escape(identifier)}', text), f"nothing points to {identifier}"
    if summary[1]:
        assert f'id="{summary[1]}"' in text, "the summary leads nowhere"
    return found or {"": summary[2]}


def link(world: World, account: str = "", **more: str) -> str:
    """Return a link for an account, from the control door."""
    said = world.teach("POST", "/admin-center", account=account, **more)
    return f"{world.tenant.said['admin_center']}/{said['path']}"


@contextmanager
def opened(world: World, account: str = "") -> Iterator[Center]:
    """Open the admin center as somebody; an administrator if nobody is named."""
    url = link(world, account)
    with httpx.Client(trust_env=False, verify=world.tenant.trust, timeout=PATIENCE) as http:
        assert http.get(url).status_code == 303
        yield Center(world, http, url.partition("?")[0])
