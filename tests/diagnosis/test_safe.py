"""The section "safe?": each check finds a server that is wrong in just that, and passes one that is right.

The wrong ones are small servers that do what was publicly reported of real ones.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastmcp import FastMCP
from fastmcp.server.auth.providers.azure import AzureProvider
from practice_help import clean_environ
from server_help import serving

from workshop.commands import diagnose as command
from workshop.commands.cli import main
from workshop.diagnosis import Diagnosis
from workshop.diagnosis.findings import Diagnosed, SafetyFinding
from workshop.diagnosis.safe import CHECKS, Site, examine
from workshop.diagnosis.walk import caller_for
from workshop.servers import proxy, unprotected

from .conftest import Entra
from .hostile import answer, bearer, hostile
from .small import APP, Small, small
from .test_hostile import nobody_leads, obeyed

__all__ = ["nobody_leads"]

UNTRIED = {"spent-refresh-token", "forged-log"}
NAMES = {check.name for check in CHECKS}
CLIENT, TENANT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"


@pytest.fixture
def right() -> Iterator[Small]:
    with small() as server:
        yield server


def looked(url: str, **options: Any) -> dict[str, SafetyFinding]:
    """Return what each check found."""
    caller = caller_for(url)
    try:
        return {finding.name: finding for finding in examine(Site(url, caller, lambda _: None, **options))}
    finally:
        caller.close()


def of_result(found: dict[str, SafetyFinding], result: str) -> set[str]:
    return {name for name, finding in found.items() if finding.result == result}


def test_a_right_one_passes_every_check(right: Small) -> None:
    found = looked(right.url, app_id=APP)
    assert found.keys() == NAMES | {"left-behind"}
    assert of_result(found, "well") == NAMES - UNTRIED, found
    assert of_result(found, "not tried") == UNTRIED
    assert of_result(found, "note") == {"left-behind"}
    assert len(right.clients) == 1
    assert "client-0" in found["left-behind"].came


WRONG = {
    "any origin": "origin",
    "origin by its beginning": "origin",
    "origin by its end": "origin",
    "origin null": "origin",
    "any host": "host",
    "host named in the metadata": "host",
    "token in the address": "token-in-address",
    "two tokens fail": "two-tokens",
    "any redirect": "open-redirect",
    "any redirect of the app": "open-redirect",
    "errors go anywhere": "open-redirect",
    "codes go anywhere": "open-redirect",
    "redirect by its host": "exact-redirect",
    "redirect by its beginning": "exact-redirect",
    "redirect by a list": "exact-redirect",
    "no PKCE": "pkce",
    "nobody is asked": "consent-asked",
    "any body": "registration-body",
    "any name": "registration-name",
    "any number": "registration-uris",
    "fails": "error-answers",
    "traceback": "error-answers",
    "registration fails": "error-answers",
}
ALSO = {"any redirect": {"exact-redirect"}, "codes go anywhere": {"exact-redirect"}}


class Somebody:
    """Signs in without a browser."""

    redirect_uri = "http://127.0.0.1:53999/callback"

    def __init__(self, code: str = "good") -> None:
        self.brings = code

    def code(self, url: str) -> str:
        """Return the code."""
        assert "code_challenge=" in url
        return self.brings


@pytest.mark.parametrize(
    ("fault", "result"),
    [
        ("", "well"),
        ("a lost answer is repeated", "well"),
        ("a lost answer is made up for", "wrong"),  # by a second family of tokens
        ("spent is taken", "wrong"),
        ("family lives on", "wrong"),
    ],
)
def test_a_refresh_token_that_was_used(fault: str, result: str) -> None:
    with small(fault) as server:
        found = looked(server.url, user=Somebody())
        assert of_result(found, "wrong") == ({"spent-refresh-token"} if result == "wrong" else set()), found
        assert found["spent-refresh-token"].result == result
        assert looked(server.url, user=Somebody(""))["spent-refresh-token"].result == "not tried"
    assert "token-0" not in str(found)


def test_nobody_signs_in_elsewhere(right: Small) -> None:
    right.metadata["authorization_endpoint"] = "http://localhost:1/authorize"
    assert "not at the address" in looked(right.url, user=Somebody())["spent-refresh-token"].came


def test_a_person_of_the_practice_tenant_tries_it(entra: Entra) -> None:
    command_line = [sys.executable, "-m", "workshop", "diagnose", "--safety-checks", "--json"]
    with serving(lambda url: proxy.build(url, entra.settings()), name="refreshed") as server:
        environ = clean_environ(entra.tenant.state)
        run = subprocess.run(
            [*command_line, server.url],
            env=environ,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    found = {one["name"]: one for one in json.loads(run.stdout)["safe"]}
    tried = found["spent-refresh-token"]
    assert tried["result"] == "well", tried
    assert [name for name, one in found.items() if one["result"] == "wrong"] == [], found
    assert entra.app.secret not in run.stdout + run.stderr


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_one_is_found(fault: str) -> None:
    with small(fault) as server:
        found = looked(server.url, app_id=APP)
    assert of_result(found, "wrong") == {WRONG[fault]} | ALSO.get(fault, set()), found


PAGES: dict[str, tuple[str, str | None, str]] = {
    "in a frame": ("consent-frame", "X-Frame-Options", "wrong"),
    "no policy": ("consent-scripts", "Content-Security-Policy", "wrong"),
    "kept by caches": ("consent-kept", "Cache-Control", "note"),
    "its address is told": ("consent-kept", "Referrer-Policy", "note"),
    "no cookie": ("consent-cookies", "Set-Cookie", "note"),
}


@pytest.mark.parametrize("fault", PAGES)
def test_a_page_without_a_header(fault: str, right: Small) -> None:
    name, header, result = PAGES[fault]
    if name == "consent-frame":
        right.page_headers["Content-Security-Policy"] = "default-src 'none'"
    del right.page_headers[str(header)]
    found = looked(right.url)
    assert of_result(found, result) - {"left-behind"} == {name}


@pytest.mark.parametrize(("cookie", "lacks"), [("a=b; SameSite=Lax", "httponly"), ("a=b; HttpOnly", "samesite")])
def test_a_cookie_within_reach(cookie: str, lacks: str, right: Small) -> None:
    right.page_headers["Set-Cookie"] = cookie
    found = looked(right.url)
    assert of_result(found, "wrong") == {"consent-cookies"}
    assert lacks in found["consent-cookies"].came


def test_metadata_by_http(right: Small) -> None:
    right.metadata["token_endpoint"] = "http://expenses.example/token"
    found = looked(right.url)
    assert of_result(found, "wrong") == {"https-metadata"}


@pytest.mark.parametrize(
    ("fault", "name", "result"),
    [
        ("origin with 400", "origin", "note"),
        ("address ignored", "token-in-address", "well"),
        ("two tokens", "two-tokens", "note"),
        ("errors go home", "exact-redirect", "well"),
        ("errors go home", "open-redirect", "well"),
        ("name cut", "registration-name", "well"),
        ("any client", "foreign-client", "note"),
    ],
)
def test_what_is_to_know_and_not_wrong(fault: str, name: str, result: str) -> None:
    with small(fault) as server:
        found = looked(server.url)
    assert found[name].result == result
    assert of_result(found, "wrong") == set()


def test_what_was_registered_is_deleted_where_that_is_offered() -> None:
    with small("forgets", "any body", "any name", "any number", "any client") as server:
        found = looked(server.url)
        assert server.clients == {}
    assert found["left-behind"].result == "well"
    assert "5 registrations" in found["left-behind"].sent
    with small("any body", "any name", "any number", "any client") as server:
        looked(server.url)
        assert len(server.clients) == 5


def test_read_only_registers_nobody(right: Small) -> None:
    found = looked(right.url, registers=False)
    assert right.clients == {}
    assert "--read-only" in found["registration-body"].came
    assert found["open-redirect"].result == "well"
    assert "left-behind" not in found


# --- servers that nobody here wrote


def bare(base_url: str, **options: Any) -> FastMCP:
    """Return what FastMCP's documentation shows."""
    auth = AzureProvider(
        client_id=CLIENT, client_secret="practice.secret-of-a-bare-server", tenant_id=TENANT,
        required_scopes=["access"], base_url=base_url, **options,
    )  # fmt: skip
    return FastMCP("bare", auth=auth)


@contextmanager
def alone(*, guarded: bool = False) -> Iterator[str]:
    """Serve FastMCP's proxy without anything of the workshop's, and give its address.

    Args:
        guarded: with its guard on and a list of redirect URIs.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        base = f"http://localhost:{listener.getsockname()[1]}"
        listed = ["http://localhost:*", "http://127.0.0.1:*", "https://vscode.dev/redirect"]
        server = bare(base, allowed_client_redirect_uris=listed if guarded else None)
        hosts = [base.removeprefix("http://")]
        app = server.http_app(
            host_origin_protection=guarded, allowed_hosts=hosts if guarded else None, allowed_origins=[base]
        )
        running = uvicorn.Server(uvicorn.Config(app, log_level="critical"))
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"{base}/mcp"  # the listener is open: whoever calls early waits
        finally:
            running.should_exit = True
            thread.join(20)


def test_fastmcp_as_it_comes() -> None:
    with alone() as url:
        found = looked(url, app_id=CLIENT)
    wrong = {"origin", "host", "open-redirect", "registration-body", "registration-name", "registration-uris"}
    assert wrong <= of_result(found, "wrong") <= wrong | {"error-answers"}, found
    assert "evil.example" in found["open-redirect"].came
    assert {"consent-asked", "consent-frame", "exact-redirect", "pkce"} <= of_result(found, "well")


def test_fastmcp_with_its_guard_and_a_list() -> None:
    """The mends that the checks name do mend, and the list alone lets a client's address be nearly its own."""
    with alone(guarded=True) as url:
        found = looked(url, app_id=CLIENT)
    assert {"origin", "host", "open-redirect", "foreign-client"} <= of_result(found, "well"), found
    bounds = {"registration-body", "registration-name", "registration-uris", "error-answers"}
    assert of_result(found, "wrong") <= bounds | {"exact-redirect"}


def test_a_server_without_a_sign_in() -> None:
    with serving(unprotected.build, name="unprotected") as server:
        found = looked(server.url)
    tried = {"origin", "host", "error-answers"}
    assert of_result(found, "not tried") == NAMES - tried
    assert found["error-answers"].result == "well"


def test_the_shared_proxy(entra: Entra) -> None:
    with serving(lambda url: proxy.build(url, entra.settings()), name="safe") as server:
        found = looked(server.url, app_id=entra.app.client_id)
    assert of_result(found, "wrong") == set(), found
    untried = {"spent-refresh-token", "forged-log", "left-behind"}
    assert NAMES - untried <= of_result(found, "well"), found


def test_the_shared_proxy_that_asks_nobody(entra: Entra) -> None:
    with serving(lambda url: proxy.build(url, entra.settings(consent=False)), name="asks nobody") as server:
        found = looked(server.url)
    assert found["consent-asked"].result == "wrong"
    assert "login.microsoftonline.com" in found["consent-asked"].came
    assert found["consent-frame"].result == "not tried"


def test_a_server_whose_users_sign_in_elsewhere() -> None:
    """Entra's or another's authorization server is not at the address that was named: nothing is tried there."""
    with small() as other, hostile() as server:
        server.challenge(f"{server.base}/.well-known/oauth-protected-resource/mcp")
        resource = {"resource": server.url, "authorization_servers": [other.base]}
        server.replies["GET /.well-known/oauth-protected-resource/mcp"] = answer(json.dumps(resource).encode())
        found = looked(server.url)
        assert other.asked == []
    assert found["open-redirect"].result == found["registration-body"].result == "not tried"
    assert "not at the address that you named" in found["open-redirect"].came


# --- servers that mean harm, and none


def test_nobody_there() -> None:
    found = looked("http://localhost:1/mcp")
    assert of_result(found, "not tried") == NAMES


def test_a_hostile_one_is_called_within_bounds() -> None:
    def without_end() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while True:
            yield b"x" * 65_536

    with hostile() as server:
        server.replies["*"] = without_end
        found = looked(server.url)
        assert server.sent < 120_000_000  # 1 MB of each answer, and what was on the way
    assert "origin" in of_result(found, "wrong")


def test_a_hostile_one_leads_nowhere_and_writes_nothing() -> None:
    evil = "\x1b[2J\u202e\x9b31m\x7f"
    with hostile() as other, hostile() as server:
        server.challenge(f"{server.base}/prm")
        metadata = {
            "issuer": evil,
            "authorization_endpoint": f"{server.base}/authorize",
            "registration_endpoint": f"{server.base}/register",
            "token_endpoint": f"{other.base}/token",
        }
        server.replies["GET /.well-known/oauth-authorization-server"] = answer(json.dumps(metadata).encode())
        client = {"client_id": evil, "registration_client_uri": f"{other.base}/x", "registration_access_token": "t"}
        server.replies["POST /register"] = answer(json.dumps(client).encode(), status="201 Created")
        server.replies["GET /authorize"] = answer(b"", status="302 Found", more=f"Location: {other.base}/x\r\n")
        found = looked(server.url)
        said = Diagnosis(Diagnosed("x", safety=tuple(found.values())))
        assert other.asked == []
    assert obeyed(said.text() + said._repr_html_()) == set()
    assert said.exit_code == 1


def test_one_that_stops_answering_is_left_alone() -> None:
    with hostile() as server:
        server.replies["*"] = b""
        found = looked(server.url)
        assert len(server.asked) < 6
    assert of_result(found, "not tried") >= {"open-redirect", "registration-body"}


# --- the command: consent, and what is printed


def attacks(server: Small) -> list[str]:
    """Return what came that no client sends."""
    odd = [path for _, path, headers in server.asked if "evil" in f"{path}{headers}" or "access_token" in path]
    return odd + [path for method, path, _ in server.asked if method == "POST" and path == "/register"][1:]


def test_without_the_option_nothing_of_it_is_sent(right: Small, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", right.url]) == 0
    said = capsys.readouterr().out
    assert "safe? not tried" in said
    assert "--safety-checks" in said
    assert attacks(right) == []


def test_the_option_is_for_an_address(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "--safety-checks", "AADSTS50011"]) == 2
    assert "a server's address" in capsys.readouterr().err


def test_with_the_option_it_is_reported(right: Small, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "--safety-checks", right.url]) == 0
    said = capsys.readouterr()
    assert "safe? 18 ok" in said.out.replace("1 to know, ", "")
    assert attacks(right)
    assert all(line.startswith("calling ") for line in said.err.splitlines())
    right.faults |= {"any origin"}
    assert main(["diagnose", "--safety-checks", "--json", right.url]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["exit_code"] == 1
    wrong = [finding for finding in report["safe"] if finding["result"] == "wrong"]
    assert [finding["name"] for finding in wrong] == ["origin"]
    assert set(wrong[0]) == {"name", "title", "sent", "came", "result", "why", "source", "mend"}
    assert main(["diagnose", "--safety-checks", right.url]) == 1
    said = capsys.readouterr()
    assert "safe? 1 WRONG" in said.out.splitlines()[0]
    assert "host_origin_protection=True" in said.out


@pytest.mark.parametrize(("typed", "theirs"), [("y\n", True), ("n\n", False), ("", False), ("\x1b\n", False)])
def test_a_terminal_is_asked(
    typed: str, theirs: bool, right: Small, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

        def readline(self) -> str:
            return typed

    monkeypatch.setattr(sys, "stdin", Terminal())
    assert main(["diagnose", "--safety-checks", right.url]) == 0
    said = capsys.readouterr()
    assert "Do this to a server of your own only. Is it yours? [y/N]" in said.err
    assert f"localhost:{right.port}" in said.err
    assert bool(attacks(right)) is theirs
    assert ("safe? not tried" in said.out) is not theirs


def test_the_walk_tells_the_apps_id(capsys: pytest.CaptureFixture[str]) -> None:
    """The proxy names its app where it leads to Entra, and only with that id it is an open redirect."""
    with small("any redirect of the app", "nobody is asked") as server:
        assert main(["diagnose", "--safety-checks", "--json", server.url]) == 1
    found = {one["name"]: one for one in json.loads(capsys.readouterr().out)["safe"]}
    assert found["open-redirect"]["result"] == "wrong"
    assert "the app's own id" in found["open-redirect"]["came"]


def test_the_page_of_a_notebook(right: Small) -> None:
    found = looked(right.url)
    page = Diagnosis(Diagnosed("x", safety=tuple(found.values())))._repr_html_()
    assert page.count("<tr>") == len(found) + 1
    assert "<b>ok</b>" in page


def test_every_check_is_whole_and_has_a_wrong_server() -> None:
    provoked = {*WRONG.values(), *(name for name, _, _ in PAGES.values()), "https-metadata", "foreign-client"}
    assert provoked | {"spent-refresh-token"} == NAMES - {"forged-log"}
    for check in CHECKS:
        assert check.source.startswith("https://")
        assert check.why.endswith(".")
        assert check.mend
        assert not check.mend.endswith(".")


def test_the_command_names_the_option() -> None:
    assert "--safety-checks" in command.ASK_FOR_SAFETY
    assert "--safety-checks" in (Path(command.__file__).parents[3] / "README.md").read_text(encoding="utf-8")


# --- what was reported of real servers, rewritten


def test_a_developers_tool_that_takes_any_origin_and_host() -> None:
    """MCP Inspector before 0.14.1 (CVE-2025-49596); the SDKs before their guards (CVE-2025-66414, CVE-2025-66416)."""
    with small("any origin", "any host") as server:
        assert of_result(looked(server.url), "wrong") == {"origin", "host"}


def test_a_provider_that_takes_any_redirect_uri() -> None:
    """workers-oauth-provider before 0.0.5 (CVE-2025-4143), and its PKCE that could be left out (CVE-2025-4144)."""
    with small("any redirect", "no PKCE") as server:
        assert of_result(looked(server.url), "wrong") == {"open-redirect", "exact-redirect", "pkce"}


def test_a_proxy_with_one_app_for_all_clients_that_asks_nobody() -> None:
    """The confused deputy of the MCP specification; proxies before Entra and GitHub had it until they got a page."""
    with small("nobody is asked", "any client") as server:
        found = looked(server.url)
    assert of_result(found, "wrong") == {"consent-asked"}
    assert found["foreign-client"].result == "note"


def test_a_server_in_debug_mode() -> None:
    """Starlette with debug=True, Flask's and Express's pages of development: a traceback to anybody."""
    with small("fails", "traceback") as server:
        found = looked(server.url)
    assert "Traceback (most recent call last)" in found["error-answers"].came


def test_a_container_app_that_publishes_http(right: Small) -> None:
    """Azure Container Apps and others end TLS before the server (microsoft/azure-container-apps#1736)."""
    right.metadata = {f"{name}_endpoint": f"http://expenses.example/{name}" for name in ("token", "registration")}
    found = looked(right.url)
    assert of_result(found, "wrong") == {"https-metadata"}
    assert found["registration-body"].result == "not tried"


def test_addresses_that_run_a_program(right: Small, capsys: pytest.CaptureFixture[str]) -> None:
    """What mcp-remote opened (CVE-2025-6514): an authorization_endpoint that is a program, not a page."""
    for address in ("file:/c:/windows/system32/calc.exe", "a:$(calc.exe)?response_type=code", "search-ms:query=x"):
        right.metadata["authorization_endpoint"] = address
        assert main(["diagnose", "--safety-checks", right.url]) == 2
        assert "only http and https are called" in capsys.readouterr().out.replace("it can't be read", "")


def test_a_hosted_server_with_its_key_in_the_address(right: Small) -> None:
    """Servers that take a key or a token in the query, as several directories of hosted servers had it."""
    right.faults.add("token in the address")
    assert of_result(looked(right.url), "wrong") == {"token-in-address"}


def test_a_redirect_in_a_challenge_is_not_followed() -> None:
    with hostile() as other, hostile() as server:
        moved = answer(b"", status="307 Temporary Redirect", more=f"Location: {other.url}\r\n")
        server.replies["*"] = moved
        looked(server.url)
        server.replies["*"] = answer(b"", status="401 Unauthorized", more=bearer(f"{other.base}/prm"))
        looked(server.url)
        assert other.asked == []
