"""One app registered by hand, by the Azure CLI and in Python: what Graph shows of the three is the same."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx
import pytest

from workshop.core import azure_cli, settings
from workshop.core.well_known import GRAPH_APP_ID
from workshop.lesson.notebook_files import read
from workshop.registration.az import RECORDED, Az, Transcript, opened
from workshop.registration.by_hand import by_hand
from workshop.registration.declarations import PROXY

from .office import Office
from .test_rules import wrong

PROJECT = Path(__file__).resolve().parents[2]
LESSON = "01-register-the-app.ipynb"
AZ_CELLS = ("az-app", "az-body", "az-rest")
CALLBACK = "http://localhost:8000/auth/callback"
TITLE, ABOUT = PROXY.scopes[0].title, PROXY.scopes[0].description

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z")

EACH_NAMED = "each was given a name of its own"
EVERYWHERE: Mapping[str, str] = {
    "application.displayName": EACH_NAMED,
    "principal.displayName": EACH_NAMED,
    "principal.appDisplayName": EACH_NAMED,
    "application.tags": "the workshop marks what it makes, to find it again and to remove nothing else",
    "application.uniqueName": "the workshop asks for it under a name, so that a second run makes no second app",
    "application.isFallbackPublicClient": "the workshop says false; left alone it is null, which means the same",
}
DIFFERENCES: Mapping[str, Mapping[str, str]] = {
    "by hand": {
        **EVERYWHERE,
        "grants.own": "the button grants what is listed under API permissions, and an app's own scope is not",
    },
    "by az": EVERYWHERE,
}
"""Beside ids and dates: what differs from the app made in Python, and why."""


@dataclass(frozen=True)
class Portal:
    """The practice admin center in a browser without scripts."""

    http: httpx.Client
    base: str

    def page(self, path: str) -> str:
        """Return a page."""
        answer = self.http.get(self.base + path)
        assert answer.status_code == 200, answer.text
        return html.unescape(answer.text)

    def send(self, path: str, action: str, **fields: str | list[str]) -> str:
        """Fill in a form of a page and return where it leads."""
        token = re.search('name="form_token" value="([^"]+)"', self.page(path))
        assert token
        sent = {"form_token": token[1], "action": action, **fields}
        answer = self.http.post(self.base + path, data=sent)
        assert answer.status_code == 303, answer.text
        return urljoin(str(answer.url), answer.headers["location"])


def registered_by_hand(office: Office) -> str:
    """Go through the pages as the lesson says, and return the client id."""
    address = office.running.admin_center("avery", office.tenant_id)
    with httpx.Client(trust_env=False) as http:
        assert http.get(address).status_code == 303
        portal = Portal(http, address.partition("?")[0])
        here = portal.send("new", "register", name="MCP server (by hand)", account_types="AzureADMyOrg",
                           platform="web", redirect_uri=CALLBACK)  # fmt: skip
        app = f"apps/{here.rstrip('/').split('/')[-2]}"
        found = GUID.search(portal.page(f"{app}/overview").partition("Application (client) ID")[2])
        assert found
        portal.send(f"{app}/expose-an-api", "set-uri", uri=f"api://{found[0]}")
        portal.send(f"{app}/expose-an-api/scope", "add", value="mcp-access", who="User", state="on",
                    admin_title=TITLE, admin_about=ABOUT, user_title=TITLE, user_about=ABOUT)  # fmt: skip
        portal.send(f"{app}/credentials", "add", description="workshop", expires="180")
        ids = {one["value"]: one["id"] for one in graph_scopes(office)}
        wanted = [ids[name] for name in PROXY.graph_permissions]
        portal.send(f"{app}/api-permissions/add", "add", permission=wanted)
        portal.send(f"{app}/grant-admin-consent", "consent")
        shown = portal.page(f"{app}/manifest")
        text = re.search(r"<textarea[^>]*>(.*?)</textarea>", shown, re.DOTALL)
        digest = re.search('name="shown" value="([^"]+)"', shown)
        assert text
        assert digest
        manifest = json.loads(text[1])
        manifest["api"]["requestedAccessTokenVersion"] = 2
        portal.send(f"{app}/manifest", "save", manifest=json.dumps(manifest), shown=digest[1])
    return found[0]


def graph_scopes(office: Office) -> list[dict[str, Any]]:
    return list(office.principal(GRAPH_APP_ID)["oauth2PermissionScopes"])


@dataclass(eq=False, repr=False)
class Noting(Az):
    """Runs lines and keeps what they said."""

    said: list[Transcript] = field(default_factory=list)

    def run(self, script: str, **variables: str) -> Transcript:
        self.said.append(super().run(script, **variables))
        return self.said[-1]


def noting(office: Office, *, real: bool) -> Noting:
    """Return the Azure CLI, or what was recorded, at a desk of its own."""
    program = azure_cli.find(settings.load().project) if real else None
    desk = replace(office.desk, file=office.file.parent / f"by-az-{real}.env")
    desk.keeper.file.parent.mkdir(parents=True, exist_ok=True)
    ready = opened(program, office.running, desk, PROXY.named("MCP server (by az)"))
    return Noting(ready.program, ready.environ, desk, ready.declaration)


def lesson_cells() -> dict[str, Any]:
    return {cell.id: cell for cell in read(PROJECT / "solutions" / LESSON).cells}


def run_lesson(az: Az) -> Az:
    """Run the lesson's own cells."""
    place: dict[str, Any] = {"az": az}
    for name in AZ_CELLS:
        exec(lesson_cells()[name].source, place)  # noqa: S102 - the very lines that are shown
    return az


def stored(name: str) -> str:
    """Return what a cell of the solution shows."""
    (output,) = lesson_cells()[name].outputs
    return str(output["data"]["text/plain"])


def whole(office: Office, client_id: str) -> dict[str, Any]:
    """Return all that Graph shows of a registration: application, service principal, grants by their resource."""
    application = office.got(f"/applications(appId='{client_id}')")
    principal = office.principal(client_id)
    graph = office.principal(GRAPH_APP_ID)["id"]
    names = {client_id: "client", application["id"]: "application", principal["id"]: "principal", graph: "graph"}
    names |= {one["id"]: "scope" for one in application["api"]["oauth2PermissionScopes"]}
    names |= {one["keyId"]: "secret" for one in application["passwordCredentials"]}
    grants = {}
    for one in office.got(f"/oauth2PermissionGrants?$filter=clientId eq '{principal['id']}'")["value"]:
        of = {principal["id"]: "own", graph: "graph"}[one["resourceId"]]
        assert of not in grants, "granted twice"
        grants[of] = one | {"id": "of the grant", "scope": sorted(one["scope"].split())}
    text = json.dumps({"application": application, "principal": principal, "grants": grants})
    for id_, name in names.items():
        text = text.replace(id_, f"{{{name}}}")
    return dict(json.loads(DATE.sub("{date}", text)))


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value by its path; a list is one value, and what is granted of one resource too."""
    if isinstance(value, dict) and not path.startswith("grants."):
        for name, inner in value.items():
            yield from flat(inner, f"{path}.{name}" if path else name)
    else:
        yield path, value


def differences(one: dict[str, Any], other: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    left, right = dict(flat(one)), dict(flat(other))
    paths = left.keys() | right.keys()
    return {path: (left.get(path), right.get(path)) for path in paths if left.get(path) != right.get(path)}


@pytest.fixture(scope="module")
def in_python(module_office: Office) -> dict[str, Any]:
    return whole(module_office, module_office.desk.apply(PROXY).client_id)


def test_by_hand(module_office: Office, in_python: dict[str, Any]) -> None:
    office = module_office
    client_id = registered_by_hand(office)
    found_again = by_hand(office.desk, PROXY.named("MCP server (by hand)"))
    assert (found_again.client_id, found_again.found) == (client_id, True)
    assert wrong(office.desk.verify(client_id)) == set()
    found = differences(in_python, whole(office, client_id))
    assert found.keys() == DIFFERENCES["by hand"].keys(), found


@pytest.mark.needs("az")
def test_by_az(module_office: Office, in_python: dict[str, Any]) -> None:
    az = noting(module_office, real=True)
    run_lesson(az)
    found = differences(in_python, whole(module_office, az.client_id))
    assert found.keys() == DIFFERENCES["by az"].keys(), found
    assert wrong(az.verify()) == set()
    # The secret is where a server reads it, and nowhere else.
    secret = az.desk.keeper.get(PROXY.names.client_secret)
    assert secret
    assert not any(secret in repr(said) for said in az.said)
    # What the lesson shows, and what stands in for it, is what the Azure CLI says today.
    assert [repr(said) for said in az.said] == [stored("az-app"), stored("az-rest")]


def test_where_there_is_no_az_the_same_is_shown_and_an_app_is_there(module_office: Office) -> None:
    az = noting(module_office, real=False)
    assert "RECORDED" in repr(az)
    run_lesson(az)
    assert [repr(said) for said in az.said] == [stored("az-app"), stored("az-rest")]
    assert wrong(az.verify()) == set()
    assert all(any(line in repr(said) for said in az.said) for line in RECORDED)
