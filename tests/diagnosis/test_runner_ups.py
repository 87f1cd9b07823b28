"""Failures that need no scene: each is made to happen, and diagnosed from what is seen. And each entry has a test."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import EntraOBOToken
from server_help import call, serving
from tenant import test_errors  # noqa: F401  (importing it fills the table of refusals)
from tenant.refusals import ROWS

from workshop.breaking import FAULTS, Stage
from workshop.breaking.connecting import register
from workshop.diagnosis import FAILURES, diagnose
from workshop.servers import preauthorized, proxy
from workshop.servers.preauthorized_settings import PreauthorizedSettings
from workshop.servers.settings import SettingsError, load

from .conftest import Entra

HERE = Path(__file__).parent

WITNESS = {
    "token-for-another-api": "test_token.py::test_what_is_found",
    "token-from-the-future": "test_token.py::test_what_is_found",
    "app-only-token": "test_token.py::test_what_is_found",
    "id-token-instead": "test_token.py::test_what_is_found",
    "groups-overage": "test_token.py::test_what_is_found",
    "token-refused": "test_token.py::test_what_is_found",
    "signature-not-verified": "test_token.py::test_what_a_server_said_of_a_token",
    "client-not-on-the-list": "test_runner_ups.py::test_a_client_that_is_not_on_the_list",
    "client-document-unread": "test_client_document.py::test_a_proxy_that_cannot_read_it",
    "no-pkce-in-metadata": "test_wrong_servers.py::test_what_is_found",
    "no-protected-resource-metadata": "test_wrong_servers.py::test_what_is_found",
    "no-authorization-server": "test_wrong_servers.py::test_what_is_found",
    "issuer-differs": "test_wrong_servers.py::test_what_is_found",
    "no-mcp-at-this-address": "test_wrong_servers.py::test_what_is_found",
    "server-error": "test_wrong_servers.py::test_what_is_found",
    "throttled": "test_runner_ups.py::test_too_many_requests",
    "server-without-tls": "test_wrong_servers.py::test_by_http_from_elsewhere",
    "address-inside": "test_hostile.py::test_a_public_server_leads_inside",
    "no-answer": "test_wrong_servers.py::test_nobody_there",
    "certificate-not-trusted": "test_wrong_servers.py::test_a_certificate_that_nobody_trusts",
    "consent-in-another-browser": "test_runner_ups.py::test_the_consent_page_in_another_browser",
    "on-behalf-of-without-the-proxy": "test_runner_ups.py::test_on_behalf_of_without_the_proxy",
    "setting-missing": "test_runner_ups.py::test_a_setting_that_is_missing",
    "identifier-uri-refused": "test_runner_ups.py::test_an_identifier_uri_that_the_policy_refuses",
    "graph-permission-missing": "test_runner_ups.py::test_a_permission_for_graph_that_is_missing",
    # It takes a browser with a person before it: only its words are known here.
    "consent-page-blocked-by-csp": "test_runner_ups.py::test_words_alone",
}


def test_each_entry_has_a_test_that_provokes_it() -> None:
    by_fault = {fault.failure for fault in FAULTS}
    by_code = {row.code for row in ROWS if row.code}
    others = {
        failure.name
        for failure in FAILURES
        if failure.name not in by_fault and not {sign.code for sign in failure.signs} & by_code
    }
    assert others == WITNESS.keys()
    for witness in WITNESS.values():
        file, _, name = witness.partition("::")
        assert f"def {name}(" in (HERE / file).read_text(encoding="utf-8")


def test_the_consent_page_in_another_browser(entra: Entra) -> None:
    with serving(lambda url: proxy.build(url, entra.settings()), name="consent") as server, httpx.Client() as first:
        client_id, _ = register(first, f"{server.base_url}/register")
        asked = {
            "response_type": "code", "client_id": client_id, "redirect_uri": "http://127.0.0.1:33418", "state": "s",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "code_challenge_method": "S256",
        }  # fmt: skip
        page = first.get(f"{server.base_url}/authorize", params=asked).headers["location"]
        fields = dict(_hidden(first.get(page).text)) | {"action": "approve"}
        with httpx.Client() as second:
            answer = second.post(page, data=fields)
    assert answer.status_code == 403
    assert diagnose(answer).names == ("consent-in-another-browser",)


def _hidden(html: str) -> list[tuple[str, str]]:
    from practice_tenant.client.browser import pages

    return pages.read(html, of_tenant=False).forms[0].fields


def test_on_behalf_of_without_the_proxy(entra: Entra, caplog: pytest.LogCaptureFixture) -> None:
    told = PreauthorizedSettings(entra.app.client_id, entra.tenant.id, required_scopes=("access",))

    def build(base_url: str) -> FastMCP:
        server = FastMCP("direct", auth=preauthorized.provider(told, base_url))

        @server.tool
        def read(token: str = EntraOBOToken(["https://graph.microsoft.com/User.Read"])) -> int:
            return len(token)

        return server

    token = entra.world.tokens(entra.app)["access_token"]
    with serving(build, name="without proxy") as server:
        assert "isError" in call(server, token, "read").text
    assert diagnose(caplog.text).names == ("on-behalf-of-without-the-proxy",)


def test_a_setting_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as raised:
        load({}, tmp_path)
    assert diagnose(str(raised.value)).names == ("setting-missing",)


def test_an_identifier_uri_that_the_policy_refuses(entra: Entra) -> None:
    body = {"identifierUris": ["https://nobodys.example/mcp"]}
    answer = entra.world.graph("PATCH", f"/applications/{entra.app.object_id}", json=body)
    assert answer.status_code == 400
    assert diagnose(answer).names == ("identifier-uri-refused",)


def test_a_permission_for_graph_that_is_missing(entra: Entra) -> None:
    scope = "https://graph.microsoft.com/User.Read"
    token = entra.world.tokens(entra.app, scope=f"openid {scope}")["access_token"]
    answer = entra.world.graph("GET", "/users", token)
    assert answer.status_code == 403
    assert diagnose(answer).names == ("graph-permission-missing",)


def test_a_client_that_is_not_on_the_list(entra: Entra) -> None:
    other = "11111111-2222-3333-4444-555555555555"
    told = PreauthorizedSettings(
        entra.app.client_id, entra.tenant.id, required_scopes=("access",), allowed_clients=(other,)
    )
    token = entra.world.tokens(entra.app)["access_token"]
    with serving(lambda url: preauthorized.build(url, told), name="listed") as server:
        answer = call(server, token, "list_expenses")
        assert answer.status_code == 401
        assert diagnose(repr(server.log)).names == ("client-not-on-the-list",)


def test_too_many_requests(stage: Stage) -> None:
    with stage.directory.fault("throttle", at="token"):
        url = f"https://login.microsoftonline.com/{stage.tenant_id}/oauth2/v2.0/token"
        answer = stage.http.post(url, data={"grant_type": "client_credentials"})
    assert answer.status_code == 429
    assert diagnose(answer).names == ("throttled",)


def test_words_alone() -> None:
    said = 'Refused to send form data to "x" because it violates the following Content Security Policy directive: '
    assert diagnose(f"{said}\"form-action 'self'\".").names == ("consent-page-blocked-by-csp",)
