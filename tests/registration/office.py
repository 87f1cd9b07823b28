"""Where a test registers: a directory of its own in a running tenant, a desk there, and a look at Graph beside it."""

from __future__ import annotations

import os
import webbrowser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tenant.process import Tenant

import practice_tenant
from practice_tenant import Running
from practice_tenant.pytest_plugin import lead
from workshop.core.settings import Settings, read_values
from workshop.registration.declarations import PROXY, Declaration
from workshop.registration.desk import Desk
from workshop.registration.sign_in import signed_in
from workshop.signin import UserAgent

GRAPH = "https://graph.microsoft.com/v1.0"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"


@dataclass(frozen=True)
class Office:
    """A directory and a desk in it.

    Attributes:
        domain: what stands behind the @ of its accounts.
        http: a client of the tenant.
    """

    running: Running
    agent: UserAgent
    tenant_id: str
    domain: str
    desk: Desk
    http: httpx.Client

    def account(self, name: str) -> str:
        """Return the user principal name of somebody."""
        return f"{name}@{self.domain}"

    @property
    def file(self) -> Path:
        """Return the file of values."""
        return self.desk.keeper.file

    def values(self) -> dict[str, str]:
        """Return the kept values."""
        return read_values(self.file)

    def kept_id(self, declaration: Declaration = PROXY) -> str:
        """Return the kept client id."""
        return self.values()[declaration.names.client_id]

    def graph(self, method: str, path: str, body: Any = None, name: str = "avery") -> httpx.Response:
        """Ask Graph as somebody."""
        with signed_in(self.desk.settings, "browser", self.tenant_id, self.account(name)) as credential:
            token = credential.get_token("https://graph.microsoft.com/.default").token
        return self.http.request(method, GRAPH + path, json=body, headers={"Authorization": f"Bearer {token}"})

    def got(self, path: str) -> Any:
        """Return what Graph answers to a GET."""
        answer = self.graph("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def app(self, declaration: Declaration = PROXY) -> dict[str, Any]:
        """Return the application whose client id is kept."""
        return dict(self.got(f"/applications(appId='{self.kept_id(declaration)}')"))

    def apps(self) -> list[dict[str, Any]]:
        """Return all applications of the directory."""
        return list(self.got("/applications")["value"])

    def principal(self, client_id: str) -> dict[str, Any]:
        """Return the service principal of an application."""
        return dict(self.got(f"/servicePrincipals(appId='{client_id}')"))

    def grants(self, client_id: str) -> dict[str, list[str]]:
        """Return what is granted to an application for everyone: by resource the scopes of each grant."""
        found: dict[str, list[str]] = {}
        principal = self.principal(client_id)["id"]
        for grant in self.got(f"/oauth2PermissionGrants?$filter=clientId eq '{principal}'")["value"]:
            assert grant["consentType"] == "AllPrincipals"
            found.setdefault(grant["resourceId"], []).append(" ".join(sorted(grant["scope"].split())))
        return found

    def change(self, properties: Mapping[str, Any], declaration: Declaration = PROXY) -> None:
        """Change the application by hand."""
        self.done("PATCH", f"/applications(appId='{self.kept_id(declaration)}')", dict(properties))

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """Ask Graph for a change and return what it made."""
        answer = self.graph(method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


Inside = tuple[Running, UserAgent, httpx.Client]


@contextmanager
def inside(tenant: Tenant) -> Iterator[Inside]:
    """Lead this process to a tenant while the block runs, with the user agent as its browser."""
    running = practice_tenant.found(tenant.state)
    assert running
    agent = UserAgent(proxy=running.doors.proxy, ca=running.ca)
    variables = running.environment(environ=os.environ)
    with pytest.MonkeyPatch.context() as patch:
        lead(patch, variables)
        patch.setenv("WORKSHOP_STATE", str(tenant.state))
        patch.setenv("WORKSHOP_TENANT", "practice")
        patch.setattr(webbrowser, "_tryorder", ["workshop"])
        webbrowser.register("workshop", None, agent, preferred=True)
        with httpx.Client() as http:
            yield running, agent, http
    agent.close()


def opened(inside: Inside, name: str, folder: Path) -> Office:
    """Make a directory of this name and a desk in it, whose values are kept below `folder`."""
    running, agent, http = inside
    directory = running.directory(running.new_directory(name))
    domain = str(directory.show()["domain"])
    settings = Settings("practice", folder, folder / "state", {})
    desk = Desk(settings, account=f"avery@{domain}", tenant_id=directory.tenant_id)
    return Office(running, agent, directory.tenant_id, domain, desk, http)
