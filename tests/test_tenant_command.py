"""`workshop tenant ...` as a learner types it."""

from __future__ import annotations

import contextlib
import json
import shlex
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from practice_help import clean_environ, end_any, ends, line_of, posix_only, until

from practice_tenant import Running, found

SECRETS = ("control-secret", "proxy-password", "identity-header", "identity-path")
COMMAND = [sys.executable, "-m", "workshop", "tenant"]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    end_any(tmp_path / "state")


def tenant(state: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments], env=clean_environ(state, **more), capture_output=True, text=True, timeout=60
    )


@contextlib.contextmanager
def started(state: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, text=True, env=clean_environ(state)
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def running(state: Path) -> Iterator[Running]:
    with started(state, "run") as process:
        line_of(process)
        found_there = found(state)
        assert found_there
        yield found_there
        process.terminate()
        process.wait()


def ask(running: Running, path: str) -> None:
    """Send a request that the tenant records."""
    import ssl

    context = ssl.create_default_context(cafile=str(running.ca))
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(running.https + path, context=context, timeout=120).close()


@posix_only
def test_run_announces_itself_in_its_first_line_and_ends_on_interrupt(state: Path) -> None:
    with started(state, "run") as process:
        said = json.loads(line_of(process))
        assert {"pid", "proxy", "https", "ca", "tenant_id", "state"} <= set(said)
        assert not [name for name in SECRETS if (state / name).read_text("utf-8").split()[0] in str(said)]
        assert said["state"] == str(state)
        running = found(state)
        assert running
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    ends(running)


@posix_only
def test_run_becomes_the_tenant_itself(state: Path) -> None:
    with started(state, "run") as process:
        assert json.loads(line_of(process))["pid"] == process.pid


@posix_only
def test_run_takes_a_folder_and_a_port(state: Path, tmp_path: Path) -> None:
    with started(state, "run") as process:
        port = json.loads(line_of(process))["proxy"].rpartition(":")[2]
        process.terminate()
        process.wait()
    elsewhere = tmp_path / "elsewhere"
    with started(state, "run", "--state", str(elsewhere), "--port", port) as process:
        said = json.loads(line_of(process))
        assert (said["state"], said["proxy"]) == (str(elsewhere), f"http://127.0.0.1:{port}")
        process.terminate()
        process.wait()


def test_a_second_run_for_the_same_folder_says_so(state: Path, running: Running) -> None:
    second = tenant(state, "run")
    assert second.returncode == 3
    assert second.stdout == ""
    assert len(second.stderr.splitlines()) == 1
    assert running.status()["pid"] == running.pid


def test_status_says_what_runs(state: Path, running: Running) -> None:
    done = tenant(state, "status")
    assert done.returncode == 0
    assert "PRACTICE" in done.stdout
    for shown in (str(running.pid), running.proxy, running.https, str(running.ca), running.tenant_id):
        assert shown in done.stdout
    for secret in (running.secret, running.password):
        assert secret not in done.stdout + done.stderr + repr(running)


@pytest.mark.parametrize("action", ["env", "reset", "log"])
def test_what_needs_a_tenant_fails_in_one_line_without_one(state: Path, action: str) -> None:
    done = tenant(state, action)
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "workshop tenant run" in done.stderr
    assert not (state / "tenant.json").exists()


def test_status_and_stop_without_one_say_not_running(state: Path) -> None:
    status, stop = tenant(state, "status"), tenant(state, "stop")
    assert (status.returncode, status.stdout) == (1, "not running\n")
    assert (stop.returncode, stop.stdout) == (0, "not running\n")


def test_stop_ends_it(state: Path, running: Running) -> None:
    done = tenant(state, "stop")
    assert done.returncode == 0
    assert str(running.pid) in done.stdout
    assert tenant(state, "status").returncode == 1


def test_reset_says_what_it_did_and_forgets_the_saved_app(state: Path, running: Running) -> None:
    (state / "practice.env").write_text("NOTE=x\n", "utf-8")
    done = tenant(state, "reset")
    assert done.returncode == 0
    assert "back to its seed" in done.stdout
    assert not (state / "practice.env").exists()
    assert running.status()["pid"] == running.pid


@posix_only
def test_env_leads_the_programs_of_a_shell_to_it(state: Path, running: Running) -> None:
    fetch = "import httpx, os; print(httpx.get(os.environ['URL']).status_code)"
    url = f"https://login.microsoftonline.com/{running.tenant_id}/v2.0/.well-known/openid-configuration"
    script = f'eval "$({shlex.join(COMMAND)} env)"; {shlex.quote(sys.executable)} -c "$FETCH"; env'
    environ = clean_environ(state, URL=url, FETCH=fetch, AZURE_CLIENT_SECRET="mine", ALL_PROXY="socks5://x")
    done = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, timeout=60)
    status, *variables = done.stdout.splitlines()
    assert status == "200", done.stderr
    assert f"HTTPS_PROXY=http://-:{running.password}@{urlsplit(running.proxy).netloc}" in variables
    assert f"NODE_EXTRA_CA_CERTS={running.ca}" in variables
    assert "NODE_USE_ENV_PROXY=1" in variables
    assert not [line for line in variables if line.startswith(("AZURE_CLIENT_SECRET=", "ALL_PROXY="))]


@posix_only
def test_the_browser_that_env_names_signs_in_where_a_program_opens_one(state: Path, running: Running) -> None:
    """As msal does it: listen on loopback, open the browser, wait for the code."""
    program = """
import http.server, urllib.parse, webbrowser
class Back(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        print(sorted(urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)), flush=True)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Back)
query = urllib.parse.urlencode({"client_id": "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "response_type": "code",
    "redirect_uri": f"http://localhost:{server.server_port}", "scope": "openid https://graph.microsoft.com/User.Read"})
assert webbrowser.open(f"https://login.microsoftonline.com/organizations/oauth2/v2.0/authorize?{query}")
server.handle_request()
"""
    account = "sam@contoso.onmicrosoft.com"
    script = f'eval "$({shlex.join(COMMAND)} env --as {account})"; exec {shlex.quote(sys.executable)} -c "$PROGRAM"'
    environ = clean_environ(state, PROGRAM=program)
    done = subprocess.run(["sh", "-c", script], env=environ, capture_output=True, text=True, timeout=60)
    assert "'code'" in done.stdout, done.stderr
    until(lambda: any(["account", account] in each["sent"] for each in running.exchanges()), "the sign-in in the log")


def test_env_speaks_the_asked_shell(state: Path, running: Running) -> None:
    proxy = running.environment().set["HTTPS_PROXY"]
    assert f"set -gx HTTPS_PROXY '{proxy}'" in tenant(state, "env", "--shell", "fish").stdout
    assert f"$Env:HTTPS_PROXY = '{proxy}'" in tenant(state, "env", "--shell", "powershell").stdout
    assert tenant(state, "env", "--shell", "tcsh").returncode == 2


def test_log_prints_a_line_or_an_object_for_each_exchange(state: Path, running: Running) -> None:
    ask(running, "/unknown.example/v2.0/.well-known/openid-configuration")
    line = tenant(state, "log").stdout.splitlines()[-1]
    assert "GET" in line
    assert "/unknown.example/v2.0/.well-known/openid-configuration" in line
    assert "400" in line
    assert "AADSTS90002" in line
    exchange = json.loads(tenant(state, "log", "--json").stdout.splitlines()[-1])
    assert (exchange["method"], exchange["status"]) == ("GET", 400)


def test_log_gives_a_terminal_nothing_to_obey(state: Path, running: Running) -> None:
    ask(running, "/%1b%5b2J%07/v2.0/.well-known/openid-configuration")
    printed = tenant(state, "log").stdout
    assert "GET" in printed
    assert printed.replace("\n", "").isprintable()


@posix_only
def test_log_follow_shows_what_comes_and_ends_on_interrupt(state: Path, running: Running) -> None:
    with started(state, "log", "--follow") as follower:
        for name in ("first", "second"):
            ask(running, f"/{name}.example/v2.0/.well-known/openid-configuration")
            assert f"/{name}.example/" in line_of(follower)
        follower.send_signal(signal.SIGINT)
        assert follower.wait(20) == 0


@posix_only
def test_log_follow_ends_with_the_tenant(state: Path, running: Running) -> None:
    with started(state, "log", "--follow") as follower:
        ask(running, "/first.example/v2.0/.well-known/openid-configuration")
        line_of(follower)
        running.stop()
        until(lambda: follower.poll() is not None, "end of log --follow")
        assert follower.returncode == 0
