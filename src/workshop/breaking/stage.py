"""Where failures are made to happen: a directory tenant, its administrator, and a browser that is told what to do.

Everything goes over HTTP, as it would to Entra; what only a teacher can do goes through the tenant's control.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx

from practice_tenant.client.browser import pages
from workshop.core.well_known import AZURE_CLI
from workshop.playground.directory_tenant import (
    ADMINISTRATOR,
    GRAPH,
    DirectoryTenant,
    GraphCallRefused,
    ask_graph,
)
from workshop.registration.aspects import NAME, SCOPE, VERSION, WEB, body
from workshop.registration.declarations import PROXY, DeclaredScope
from workshop.registration.wanted_app import wanted_app

LOGIN = "https://login.microsoftonline.com"
CALLBACK = "http://localhost:8000/auth/callback"
CLI_CALLBACK = "http://localhost:8400"
MOST_PAGES = 5
BROWSER = {"Accept": "text/html", "User-Agent": "Mozilla/5.0 (workshop)"}
"""What a browser says of itself: recordings tell it from a client by that."""

Answer = dict[str, Any]

EXPENSES = replace(
    PROXY,
    display_name="Expenses",
    scopes=(DeclaredScope("access", "Use it", "Use it as the user."),),
    web_redirect_uris=(CALLBACK,),
    graph_permissions=(),
)
"""What the app of a scene should be."""


@dataclass(frozen=True)
class StageApp:
    """A registered app, as its owner knows it."""

    client_id: str
    object_id: str
    principal_id: str
    secret: str = field(repr=False)
    scope_id: str = ""

    @property
    def uri(self) -> str:
        """Its identifier URI."""
        return f"api://{self.client_id}"

    @property
    def scope(self) -> str:
        """Its scope, in full."""
        return f"{self.uri}/access"


@dataclass(frozen=True)
class Landed:
    """Where a sign-in ended.

    Attributes:
        code: the authorization code; "" if there is none.
        seen: what stands in the browser otherwise: the address it was sent back to, or a page's words.
    """

    code: str = field(repr=False)
    seen: str


@dataclass(frozen=True)
class Stage(DirectoryTenant):
    """A directory tenant to break things in.

    Attributes:
        http: goes to Entra's hosts by this process's environment variables; each sign-in clears its cookies.
    """

    http: httpx.Client = field(repr=False)

    def authorize_url(self, asked: dict[str, str]) -> str:
        """Return the address that a client opens in the browser."""
        return f"{LOGIN}/{self.tenant_id}/oauth2/v2.0/authorize?{urlencode(asked)}"

    def sign_in(self, asked: dict[str, str], account: str = "robin") -> Landed:
        """Open Entra's sign-in page in a new browser, pick the account and accept what is asked.

        Args:
            account: the part before the @.
        """
        self.http.cookies.clear()
        answer = self.http.get(self.authorize_url(asked), headers=BROWSER)
        for _ in range(MOST_PAGES):
            if answer.is_redirect:
                back = answer.headers["location"]
                parameters = dict(parse_qsl(urlsplit(back).query))
                return Landed(parameters.get("code", ""), "" if "code" in parameters else back)
            page = pages.read(answer.text, of_tenant=True)
            press = self._button(page.kind, account)
            if press is None:
                return Landed("", page.words)
            form = page.forms[0]
            fields = [pair for pair in form.fields if pair[0] != press[0]] + [press]
            answer = self.http.post(urljoin(str(answer.url), form.action), data=dict(fields), headers=BROWSER)
        return Landed("", "the sign-in did not end")

    def token(self, form: Mapping[str, str | None], headers: Mapping[str, str] | None = None) -> Answer:
        """Ask the token endpoint; a member that is None is left out."""
        data = {name: value for name, value in form.items() if value is not None}
        answer = self.http.post(f"{LOGIN}/{self.tenant_id}/oauth2/v2.0/token", data=data, headers=headers)
        return dict(answer.json())

    def register(self, name: str = "Expenses", *, principal: bool = True, **more: Any) -> StageApp:
        """Register an app with the scope `access`, version 2.0 tokens, a secret and the usual redirect URI."""
        wanted = wanted_app(replace(EXPENSES, display_name=name), "", None, {}, lambda _: str(uuid.uuid4()))
        made = self.graph("POST", "/applications", body(wanted, (NAME, WEB, VERSION, SCOPE)) | more)
        secret = self.graph("POST", f"/applications/{made['id']}/addPassword", {})["secretText"]
        principal_id = ""
        if principal:
            principal_id = self.graph("POST", "/servicePrincipals", {"appId": made["appId"]})["id"]
        app = StageApp(made["appId"], made["id"], principal_id, secret, wanted.scopes[0].id)
        self.change(app, identifierUris=[app.uri])
        return app

    def change(self, app: StageApp, **properties: Any) -> None:
        """Change the registration, as the manifest page of the admin center does."""
        self.graph("PATCH", f"/applications/{app.object_id}", properties)

    def change_principal(self, app: StageApp, **properties: Any) -> None:
        """Change the enterprise application."""
        self.graph("PATCH", f"/servicePrincipals/{app.principal_id}", properties)

    def graph(self, method: str, path: str, body: dict[str, Any] | None = None) -> Answer:
        """Ask Microsoft Graph as the administrator.

        Raises:
            GraphCallRefused: it refused.
        """
        try:
            return ask_graph(self._administrator, method, path, body, http=self.http)
        except GraphCallRefused as refused:
            if refused.status != 401:
                raise
            # The clock was moved: the administrator signs in again.
            self.__dict__.pop("_administrator", None)
            return ask_graph(self._administrator, method, path, body, http=self.http)

    def user_id(self, account: str = "robin") -> str:
        """Return a user's object id."""
        return str(self.graph("GET", f"/users/{self.account(account)}")["id"])

    def cli_asks(self, scope: str) -> dict[str, str]:
        """Return what the Azure CLI asks at sign-in."""
        return {
            "client_id": AZURE_CLI,
            "response_type": "code",
            "redirect_uri": CLI_CALLBACK,
            "scope": f"openid {scope}",
        }

    @cached_property
    def _administrator(self) -> str:
        landed = self.sign_in(self.cli_asks(f"{GRAPH}/.default"), ADMINISTRATOR)
        form = {"grant_type": "authorization_code", "client_id": AZURE_CLI, "redirect_uri": CLI_CALLBACK}
        answer = self.token({**form, "code": landed.code, "scope": f"{GRAPH}/.default"})
        return str(answer["access_token"])

    def _button(self, kind: str, account: str) -> tuple[str, str] | None:
        buttons = {
            "account-picker": ("account", self.account(account)),
            "consent": ("decision", "accept"),
            "second-factor": ("decision", "approve"),
        }
        return buttons.get(kind)


def wording(answer: Answer) -> str:
    """Return an answer's JSON, as a client's log shows it."""
    return json.dumps({name: value for name, value in answer.items() if "token" not in name or name == "token_type"})


def redirects(*uris: str) -> dict[str, Sequence[str]]:
    """Return a platform's redirect URIs as Graph wants them."""
    return {"redirectUris": list(uris)}
