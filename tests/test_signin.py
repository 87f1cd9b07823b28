"""The user agent signs in where a person's browser would, goes nowhere else, and tells what it met."""

from __future__ import annotations

import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import chromium_window
import httpx
import pytest
from fastmcp import Client, FastMCP
from practice_help import clean_environ, end_any, is_gone, posix_only, until
from server_help import free_port, serving, signed_in_server
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from practice_tenant import Running
from practice_tenant.client.browser import pages, places
from workshop import practice, signin, trace
from workshop.background import BackgroundServer
from workshop.core import chromium
from workshop.core.settings import Settings, load
from workshop.signin import ACCOUNTS, RecordedSignIn, UserAgent

pytestmark = pytest.mark.filterwarnings("ignore:Using in-memory token storage")
HERE = Path(__file__).parent
ROBIN = "robin@contoso.onmicrosoft.com"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    made = load({"WORKSHOP_STATE": str(tmp_path_factory.mktemp("tenant") / "state")}, HERE)
    yield made
    end_any(made.state)


@pytest.fixture(scope="module")
def running(settings: Settings) -> Running:
    return practice.ensure(settings, "signin-test")


@pytest.fixture
def agent() -> Iterator[UserAgent]:
    agent = signin.install()
    yield agent
    agent.close()
    trace.use_tenant(None)


def opened(agent: UserAgent, url: str) -> RecordedSignIn:
    """Open `url` as a program does, and wait for the end of the sign-in."""
    assert webbrowser.open(url)
    agent.wait()
    assert agent.last is not None
    return agent.last


@pytest.fixture(scope="module")
def server() -> Iterator[BackgroundServer]:
    with signed_in_server() as started:
        yield started


Handler = Callable[[Request], Response]


def paged(handlers: dict[str, Handler]) -> Callable[[str], FastMCP]:
    """Return the build of a server with these pages."""

    def build(_base_url: str) -> FastMCP:
        server = FastMCP("pages")
        for path, handler in handlers.items():
            server.custom_route(path, methods=["GET", "POST"])(_awaited(handler))
        return server

    return build


def _awaited(handler: Handler) -> Any:
    async def answer(request: Request) -> Response:
        return handler(request)

    return answer


async def call_hello(url: str) -> Any:
    async with Client(url, auth="oauth") as client:
        return (await client.call_tool("hello")).data


class TestFastMCP:
    def test_the_plainest_client_signs_in(self, agent: UserAgent, server: BackgroundServer) -> None:
        assert asyncio.run(call_hello(server.url)) == "hello"
        met = agent.wait()
        assert met is not None
        assert (met.outcome, met.error) == ("signed in", "")
        assert met.hops[-1].target == "MCP client"
        assert ("action", "approve") in [pair for hop in met.hops for pair in hop.sent]

    def test_a_client_that_is_not_allowed_is_told(self, agent: UserAgent, server: BackgroundServer) -> None:
        with agent.as_user(ROBIN, consent=False), pytest.raises(RuntimeError, match="Access was denied"):
            asyncio.run(call_hello(server.url))
        met = agent.wait()
        assert met is not None
        assert (met.outcome, met.error) == ("declined", "access_denied")
        assert agent.consent
        assert asyncio.run(call_hello(server.url)) == "hello"

    def test_each_sign_in_begins_without_cookies_unless_they_are_kept(self, agent: UserAgent) -> None:
        seen: list[bool] = []

        def page(request: Request) -> Response:
            seen.append("visited" in request.cookies)
            answer = PlainTextResponse("done")
            answer.set_cookie("visited", "yes")
            return answer

        with serving(paged({"/page": page})) as server:
            for keep in (False, False, True, True):
                agent.keep_cookies = keep
                opened(agent, f"{server.base_url}/page?code=1")
        assert seen == [False, False, False, True]


class TestThePath:
    def test_open_returns_before_the_answer(self, agent: UserAgent) -> None:
        let_go = threading.Event()

        def slow(_request: Request) -> Response:
            let_go.wait(10)
            return PlainTextResponse("done")

        # The handler blocks the server, so nothing may wait for it before it is let go.
        with serving(paged({"/slow": slow})) as server:
            assert webbrowser.open(f"{server.base_url}/slow?code=1")
            assert agent.last is None
            let_go.set()
            met = agent.wait()
        assert met is not None
        assert met.outcome == "signed in"

    def test_a_callback_that_listens_only_later_is_reached(self, agent: UserAgent) -> None:
        port = free_port()
        assert webbrowser.open(f"http://localhost:{port}/callback?code=1")
        time.sleep(0.1)  # what is tested: the client begins to listen after the browser has come
        with serving(paged({"/callback": lambda _: PlainTextResponse("thanks")}), port=port):
            met = agent.wait()
        assert met is not None
        assert met.outcome == "signed in"
        assert [hop.status for hop in met.hops] == [200]

    def test_nobody_listening_is_said(self, agent: UserAgent, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("practice_tenant.client.browser.journey._REFUSED_FOR", 0.1)
        met = opened(agent, f"http://localhost:{free_port()}/callback?code=1")
        assert met.outcome == "lost"
        assert "did not answer" in met.error

    @pytest.mark.parametrize(
        ("status", "methods"), [(302, ["POST", "GET"]), (303, ["POST", "GET"]), (307, ["POST", "POST"])]
    )
    def test_a_redirect_keeps_or_changes_the_method(self, agent: UserAgent, status: int, methods: list[str]) -> None:
        def moved(_request: Request) -> Response:
            return RedirectResponse("/end?code=1", status)

        with serving(paged({"/consent": _consent_page("/moved"), "/moved": moved, "/end": _done})) as server:
            met = opened(agent, f"{server.base_url}/consent")
        assert [hop.method for hop in met.hops][1:] == methods

    def test_it_gives_up_after_thirty_requests(self, agent: UserAgent) -> None:
        with serving(paged({"/round": lambda _: RedirectResponse("/round")})) as server:
            met = opened(agent, f"{server.base_url}/round")
        assert met.outcome == "error"
        assert "more than 30 requests" in met.error
        assert len(met.hops) == 30

    def test_an_error_page_is_told_to_the_client_that_waits(self, agent: UserAgent) -> None:
        told: list[dict[str, str]] = []

        def callback(request: Request) -> Response:
            told.append(dict(request.query_params))
            return PlainTextResponse("noted", 400)

        def page(_request: Request) -> Response:
            return HTMLResponse("<style>h1{}</style><h1>Error</h1><p>AADSTS50011: no such &lt;URI&gt;.</p>", 400)

        with (
            serving(paged({"/authorize": page})) as server,
            serving(paged({"/callback": callback})) as client,
        ):
            query = urlencode({"redirect_uri": f"{client.base_url}/callback", "state": "xyz"})
            met = opened(agent, f"{server.base_url}/authorize?{query}")
        assert (met.outcome, met.error) == ("error", "400: AADSTS50011: no such <URI>.")
        assert told == [{"error": "server_error", "error_description": met.error, "state": "xyz"}]
        assert "practice browser" in met.hops[-1].note


def _done(_request: Request) -> Response:
    return PlainTextResponse("done")


def _consent_page(action: str) -> Handler:
    def page(_request: Request) -> Response:
        hidden = '<input type="hidden" name="txn_id" value="1"><input type="hidden" name="csrf_token" value="2">'
        buttons = '<button name="action" value="deny">No</button><button name="action" value="approve">Yes</button>'
        return HTMLResponse(f'<form id="consentForm" method="POST" action="{escape(action)}">{hidden}{buttons}</form>')

    return page


class TestWhereItDoesNotGo:
    @pytest.mark.parametrize(
        "url",
        [
            "https://example.com/authorize",
            "http://login.microsoftonline.com/t/authorize",
            "https://login.microsoftonline.com.example.com/",
            "https://user@example.com:443@localhost.example.com/",
            "vscode://callback?code=1",
            "file:///etc/passwd",
            "http://[",
        ],
    )
    def test_an_address_elsewhere_is_not_asked(self, agent: UserAgent, url: str) -> None:
        met = opened(agent, url)
        assert (met.outcome, met.hops) == ("blocked", ())

    def test_a_redirect_elsewhere_is_not_followed(self, agent: UserAgent) -> None:
        with serving(paged({"/go": lambda _: RedirectResponse("https://example.com/steal?code=1")})) as server:
            met = opened(agent, f"{server.base_url}/go")
        assert met.outcome == "blocked"
        assert len(met.hops) == 1
        assert "https://example.com/steal" in met.error

    def test_a_form_that_leads_elsewhere_is_not_sent(self, agent: UserAgent) -> None:
        with serving(paged({"/consent": _consent_page("https://example.com/steal")})) as server:
            met = opened(agent, f"{server.base_url}/consent")
        assert met.outcome == "blocked"
        assert len(met.hops) == 1

    def test_without_a_tenant_its_hosts_are_out_of_reach(self, agent: UserAgent) -> None:
        met = opened(agent, "https://login.microsoftonline.com/common/oauth2/v2.0/authorize")
        assert (met.outcome, met.hops) == ("lost", ())
        assert "no practice tenant" in met.error

    def test_a_page_it_does_not_know_is_left_as_it_is(self, agent: UserAgent) -> None:
        form = (
            '<h1>Welcome</h1><form method="post"><input name="password"><button name="a" value="b">Go</button></form>'
        )
        with serving(paged({"/login": lambda _: HTMLResponse(form)})) as server:
            met = opened(agent, f"{server.base_url}/login")
        assert met.outcome == "error"
        assert "Welcome" in met.error
        assert len(met.hops) == 1

    def test_a_page_of_this_machine_that_poses_as_entras_is_left_as_it_is(self, agent: UserAgent) -> None:
        form = (
            '<meta name="practice-page" content="account-picker"><form method="post">'
            f'<button name="account" value="{ROBIN}">Robin</button></form>'
        )
        with serving(paged({"/login": lambda _: HTMLResponse(form)})) as server:
            met = opened(agent, f"{server.base_url}/login")
        assert met.outcome == "error"
        assert len(met.hops) == 1

    def test_the_names_of_this_machine_are_known(self) -> None:
        yes = ("http://localhost:1", "http://127.0.0.1", "http://[::1]:2", "http://127.8.8.8")
        no = ("http://localhost.example", "http://128.0.0.1", "http://0x7f000001.example", "http://[::2]")
        assert [places.is_loopback(_parts(url)) for url in (*yes, *no)] == [True] * 4 + [False] * 4


def _parts(url: str) -> Any:
    parts = places.split(url)
    assert parts is not None
    return parts


class TestTheTenantsPages:
    def test_every_account_that_is_offered_is_on_the_tenants_page(
        self, running: Running, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Asked past the proxy, at the tenant's own listener."""
        query = urlencode(
            {
                "client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
                "response_type": "code",
                "redirect_uri": "http://localhost",
                "scope": "openid",
            }
        )
        monkeypatch.setattr("practice_tenant.client.browser.journey._REFUSED_FOR", 0.0)
        agent = UserAgent("nobody@contoso.onmicrosoft.com", ca=running.ca)
        agent.open(f"{running.https}/{running.tenant_id}/oauth2/v2.0/authorize?{query}")
        met = agent.wait()
        assert met is not None
        assert met.outcome == "error"
        assert all(account in met.error for account in ACCOUNTS)

    def test_what_other_processes_ask_the_tenant_is_not_recorded(self, running: Running) -> None:
        url = f"https://login.microsoftonline.com/{running.tenant_id}/v2.0/.well-known/openid-configuration"
        trust = ssl.create_default_context(cafile=running.ca)
        with trace.recording(running) as recorded:
            for label in (running.holder, "someone-else", running.holder):
                proxy = running.environment(label).set["HTTPS_PROXY"]
                httpx.get(url, proxy=proxy, verify=trust, trust_env=False)
        assert [(hop.source, hop.target, hop.status) for hop in recorded.hops] == [("MCP client", "Entra", 200)] * 2

    def test_a_form_post_page_is_one_only_with_an_answer_in_it(self) -> None:
        meta = '<meta name="practice-page" content="form-post">'
        form = '<form method="post" action="http://localhost:1/"><input type="hidden" name="{}" value="x"></form>'
        kinds = [pages.read(meta + form.format(name), of_tenant=True).kind for name in ("code", "error", "password")]
        assert kinds == ["form-post", "form-post", "other"]


@cache
def e2e(state: Path) -> dict[str, Any]:
    """Run the program of a learner in a process of its own."""
    ended = subprocess.run(
        [sys.executable, str(HERE / "signin_program.py"), str(free_port())],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        cwd=state.parent,
        env=clean_environ(state),
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    return dict(json.loads(ended.stdout)) | {"printed": ended.stdout + ended.stderr}


class TestPractice:
    """The libraries, unpatched, against the practice tenant; see signin_program.py."""

    @pytest.fixture
    def found(self, running: Running) -> dict[str, Any]:
        return e2e(running.state)

    def test_msal_signs_in(self, found: dict[str, Any]) -> None:
        user, diagram = found["msal"]
        assert user == "avery@contoso.onmicrosoft.com"
        assert [line.split("  ")[1] for line in diagram.splitlines() if line[:2].strip()] == [
            "MCP client -> Entra",
            "Browser -> Entra",
            "Browser -> Entra",
            "Browser -> MCP client",
            "MCP client -> Entra",
        ]

    def test_azure_identity_signs_in(self, found: dict[str, Any]) -> None:
        assert found["azure-identity"] == "sam@contoso.onmicrosoft.com"

    def test_fastmcp_signs_in_and_calls_a_tool(self, found: dict[str, Any]) -> None:
        declined, *signed_in = found["calls"]
        assert declined.startswith("RuntimeError: ")
        assert signed_in == ["sam@contoso.onmicrosoft.com"] * 2

    def test_a_disabled_account_is_told_by_entras_own_words(self, found: dict[str, Any]) -> None:
        call, outcome = found["disabled"]
        assert "AADSTS50057: The user account is disabled." in call
        assert outcome == "error"

    def test_the_diagram_has_every_hop_once_and_in_order(self, found: dict[str, Any]) -> None:
        lines = found["diagrams"][1].splitlines()
        hops = [line.split(None, 1)[1] for line in lines if line[:2].strip()]
        assert [" ".join(hop.split()) for hop in hops] == [
            "MCP client -> MCP server POST /mcp server/discover 401",
            "MCP client -> MCP server GET /.well-known/oauth-protected-resource/mcp 200",
            "MCP client -> MCP server GET /.well-known/oauth-authorization-server 200",
            "MCP client -> MCP server POST /register 201",
            "Browser -> MCP server GET /authorize 302",
            "Browser -> MCP server GET /consent 200",
            "Browser -> MCP server POST /consent 302",
            "Browser -> Entra GET /{tenant}/oauth2/v2.0/authorize 200",
            "Browser -> Entra POST /{tenant}/login 200",
            "Browser -> Entra POST /{tenant}/consent 302",
            "Browser -> MCP server GET /auth/callback 302",
            "MCP server -> Entra POST /{tenant}/oauth2/v2.0/token 200",
            "Browser -> MCP client GET /callback 200",
            "MCP client -> MCP server POST /token 200",
            "MCP client -> MCP server POST /mcp server/discover 200",
            "MCP server -> Entra GET /{tenant}/discovery/v2.0/keys 200",
            "MCP client -> MCP server POST /mcp tools/call get_user_info 200",
            "MCP client -> MCP server POST /mcp tools/list 200",
        ]

    def test_a_refused_consent_is_seen_with_its_reason(self, found: dict[str, Any]) -> None:
        assert "AADSTS65004" in found["diagrams"][0]

    def test_a_wrong_secret_is_seen_where_it_happened(self, found: dict[str, Any]) -> None:
        assert "AADSTS7000215: Invalid client secret" in found["wrong secret"]
        assert "AADSTS7000215: Invalid client secret" in found["wrong secret diagram"]

    def test_no_secret_is_shown_anywhere(self, found: dict[str, Any]) -> None:
        shown = json.dumps({name: value for name, value in found.items() if name not in ("secrets", "printed")})
        assert all(secret not in shown for secret in found["secrets"])
        assert "eyJ" not in re.sub(r"base64,[\w+/=]*", "", shown)
        assert "not-the-secret-of-this-app" not in found["printed"]

    def test_nothing_of_one_run_stands_in_the_output(self, found: dict[str, Any], running: Running) -> None:
        shown = "".join(found["diagrams"] + [found["msal"][1], found["wrong secret diagram"]])
        assert running.tenant_id not in shown
        assert not any(f"localhost:{digit}" in shown for digit in "0123456789")

    def test_another_process_gets_the_same_output(self, found: dict[str, Any], tmp_path: Path) -> None:
        made = load({"WORKSHOP_STATE": str(tmp_path / "state")}, tmp_path)
        try:
            other = e2e(practice.ensure(made, "signin-again").state)
        finally:
            end_any(made.state)
        for part in ("msal", "diagrams", "details", "wrong secret diagram", "calls"):
            assert found[part] == other[part]


class TestInstall:
    def test_with_an_own_tenant_the_real_browser_stays(self, tmp_path: Path) -> None:
        before = signin.install()
        own = load({"WORKSHOP_TENANT": "own", "WORKSHOP_STATE": str(tmp_path)}, tmp_path)
        agent = signin.install(own)
        assert not agent.registered
        assert repr(agent) == "Your own browser signs in."
        assert webbrowser.get() is before

    def test_installed_again_the_newest_one_is_used(self) -> None:
        signin.install()
        agent = signin.install()
        assert webbrowser.get() is agent

    def test_the_choices_can_be_clicked(self, agent: UserAgent) -> None:
        chooser = agent.chooser()
        chooser.account.value = "sam@contoso.onmicrosoft.com"
        chooser.consent.value = False
        assert (agent.account, agent.consent, agent.allow_client) == (
            "sam@contoso.onmicrosoft.com",
            False,
            True,
        )
        assert "sam@contoso.onmicrosoft.com; consents in Entra: no; allows the MCP client: yes" in repr(chooser)
        bundle = chooser._repr_mimebundle_()
        assert "application/vnd.jupyter.widget-view+json" in bundle
        assert bundle["text/plain"] == repr(agent)


class TestChromium:
    def test_each_system_is_searched_in_its_own_places(self, tmp_path: Path) -> None:
        edge = tmp_path / "Microsoft\\Edge\\Application\\msedge.exe" if os.name != "nt" else None
        with pytest.raises(chromium.BrowserNotFound, match=r"Google Chrome.app"):
            chromium.find("darwin", {})
        with pytest.raises(chromium.BrowserNotFound, match=r"msedge\.exe"):
            chromium.find("win32", {"PROGRAMFILES": str(tmp_path)})
        if edge is not None:
            found = Path(f"{tmp_path}\\Microsoft\\Edge\\Application\\msedge.exe")
            found.write_text("#!/bin/sh\n")
            found.chmod(0o755)
            assert chromium.find("win32", {"PROGRAMFILES": str(tmp_path)}) == found

    def test_a_browser_may_be_named(self, tmp_path: Path) -> None:
        program = tmp_path / "mine"
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
        assert chromium.find(environ={"WORKSHOP_CHROMIUM": str(program)}) == program
        with pytest.raises(chromium.BrowserNotFound, match="no-such-browser"):
            chromium.find(environ={"WORKSHOP_CHROMIUM": str(tmp_path / "no-such-browser")})

    def test_the_command_line_names_the_proxy_and_the_certificate(self, running: Running, tmp_path: Path) -> None:
        command = chromium_window.command("https://login.microsoftonline.com/", running, tmp_path, Path("browser"))
        assert command[0] == "browser"
        assert f"--proxy-server={running.browser_proxy}" in command
        assert f"--user-data-dir={tmp_path}" in command
        pin = next(part for part in command if part.startswith("--ignore-certificate-errors-spki-list="))
        assert len(pin.partition("=")[2]) == 44
        assert command[-1] == "https://login.microsoftonline.com/"

    @pytest.mark.needs("chromium")
    def test_a_real_browser_meets_the_practice_tenant(self, running: Running, tmp_path: Path) -> None:
        url = f"https://login.microsoftonline.com/{running.tenant_id}/oauth2/v2.0/logout"
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom")
        command = chromium_window.command(url, running, tmp_path, None, *options)
        ended = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
        assert "You signed out of your account" in ended.stdout
        assert "PRACTICE" in ended.stdout


class TestClosingAChromium:
    BROWSER = """
import pathlib, subprocess, sys, time
profile = pathlib.Path(sys.argv[1])
if len(sys.argv) == 2:  # the browser: it starts a helper and waits
    helper = subprocess.Popen([sys.executable, __file__, profile, "helper"])
    print(helper.pid, flush=True)
while True:
    (profile / "Default").mkdir(parents=True, exist_ok=True)
    (profile / "Default" / f"{time.monotonic_ns()}").write_text("x")
    time.sleep(0.001)
"""

    @posix_only
    def test_its_helpers_end_and_its_profile_goes(self, tmp_path: Path) -> None:
        program = tmp_path / "browser.py"
        program.write_text(self.BROWSER, "utf-8")
        profile = tmp_path / "profile"
        process = subprocess.Popen([sys.executable, program, profile], stdout=subprocess.PIPE)
        with process:
            assert process.stdout
            helper = int(process.stdout.readline())
            until(lambda: (profile / "Default").exists(), "the profile")
            chromium_window.Launched(process, profile).close()
        assert not profile.exists()
        assert is_gone(helper)
