"""The variables of practice mode: which they are, how shells and libraries take them, and entering them."""

from __future__ import annotations

import base64
import json
import os
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme
from practice_help import clean_environ, end_any, posix_only

from practice_tenant import Running
from practice_tenant.client.environment import Environment
from practice_tenant.client.shells import lines
from practice_tenant.errors import PracticeTenantError

APP = "0f9d2c84-53f1-4a86-8d2b-7f6f0f4c2a11"


PASSWORD = "practice.AZaz09-_.~AZaz09-_.~"
"""Every kind of character that a URL carries as it is."""


def running_in(state: Path, port: int = 4711, password: str = "") -> Running:
    proxy = f"http://127.0.0.1:{port}"
    ca = state / "ca.pem"
    control = "http://127.0.0.1:4713"
    return Running(1, proxy, "https://localhost:4712", ca, APP, state, control, "the-secret", password=password)


def test_the_variables_are_those_of_the_design(tmp_path: Path) -> None:
    ca = str(tmp_path / "ca.pem")
    assert running_in(tmp_path).environment().set == {
        "HTTPS_PROXY": "http://127.0.0.1:4711",
        "HTTP_PROXY": "http://127.0.0.1:4711",
        "https_proxy": "http://127.0.0.1:4711",
        "http_proxy": "http://127.0.0.1:4711",
        "NO_PROXY": "localhost,127.0.0.1,::1",
        "no_proxy": "localhost,127.0.0.1,::1",
        "SSL_CERT_FILE": ca,
        "REQUESTS_CA_BUNDLE": ca,
        "CURL_CA_BUNDLE": ca,
        "FASTMCP_HOME": str(tmp_path / "fastmcp"),
        "AZURE_CONFIG_DIR": str(tmp_path / "azure"),
    }


def test_what_would_lead_elsewhere_is_removed(tmp_path: Path) -> None:
    preset = {"AZURE_CLIENT_ID": "x", "AZURE_TENANT_ID": "x", "AZURE_CONFIG_DIR": "x", "PATH": "x"}
    environ = preset | {"ALL_PROXY": "socks5://127.0.0.1:9", "SSL_CERT_DIR": "/x", "MSI_ENDPOINT": "x"}
    variables = running_in(tmp_path).environment(environ=environ)
    for name in ("ALL_PROXY", "all_proxy", "SSL_CERT_DIR", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        assert name in variables.remove
    assert "AZURE_CONFIG_DIR" not in variables.remove
    variables.put(environ)
    assert environ == {"PATH": "x"} | variables.set


def test_a_label_is_the_proxys_user_name(tmp_path: Path) -> None:
    variables = running_in(tmp_path).environment("kernel-7").set
    assert variables["HTTPS_PROXY"] == variables["http_proxy"] == "http://kernel-7:x@127.0.0.1:4711"


def test_the_password_is_the_proxys_too_with_a_label_or_without(tmp_path: Path) -> None:
    running = running_in(tmp_path, password=PASSWORD)
    assert running.environment("kernel-7").set["HTTPS_PROXY"] == f"http://kernel-7:{PASSWORD}@127.0.0.1:4711"
    assert running.environment().set["HTTPS_PROXY"] == f"http://-:{PASSWORD}@127.0.0.1:4711"
    assert running.doors.proxy == f"http://-:{PASSWORD}@127.0.0.1:4711"
    assert PASSWORD not in repr(running) + repr(running.doors)


@pytest.mark.parametrize("label", ["a:b", "a@b", "a b", "ä", "a/b", "x" * 65])
def test_a_label_that_a_url_would_change_is_refused(tmp_path: Path, label: str) -> None:
    with pytest.raises(PracticeTenantError, match="holder's name"):
        running_in(tmp_path).environment(label)


NASTY = {"PLAIN": "a,b", "NASTY": 'it\'s "$HOME" `id` \\n * ; ü', "EMPTY": ""}


@posix_only
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_sh_takes_the_lines_as_they_are_meant(shell: str) -> None:
    program = shutil.which(shell)
    assert program, f"{shell} is missing"
    script = "\n".join(lines(Environment(NASTY, ("GONE", "NEVER_SET")), "sh"))
    python = shlex.quote(sys.executable)
    show = f'eval "$LINES_TO_EVAL"; exec {python} -c "import json, os; print(json.dumps(dict(os.environ)))"'
    environ = {"GONE": "x", "LINES_TO_EVAL": script, "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    done = subprocess.run([program, "-eu", "-c", show], env=environ, capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    assert {name: seen[name] for name in NASTY} == NASTY
    assert "GONE" not in seen


def test_fish_and_powershell_lines_are_quoted_in_their_way() -> None:
    variables = Environment({"A": "it's C:\\x $y \u2019"}, ("GONE",))
    assert lines(variables, "fish") == ["set -e GONE", "set -gx A 'it\\'s C:\\\\x $y \u2019'"]
    assert lines(variables, "powershell") == [
        "Remove-Item Env:GONE -ErrorAction SilentlyContinue",
        "$Env:A = 'it''s C:\\x $y \u2019\u2019'",
    ]


@dataclass
class ConnectProxy:
    """A proxy of a few lines: it notes each request head and answers https for every host itself."""

    context: ssl.SSLContext
    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    heads: list[str] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                self.heads.append(read_head(connection))
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with self.context.wrap_socket(connection, server_side=True) as secured:
                    read_head(secured)
                    secured.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")


def read_head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head and (received := connection.recv(4096)):
        head += received
    return head.decode("latin-1")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[ConnectProxy]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("login.microsoftonline.com").configure_cert(context)
    made = ConnectProxy(context)
    thread = threading.Thread(target=made.serve, daemon=True)
    thread.start()
    yield made
    if os.name == "posix":  # closing alone does not wake a thread that waits in accept
        made.listener.shutdown(socket.SHUT_RDWR)
    made.listener.close()
    thread.join(10)


FETCH = {
    "requests": "import requests; print(requests.get(url, timeout=10).text)",
    "httpx": "import httpx; print(httpx.get(url, timeout=10).text)",
    "httpx2": "import httpx2; print(httpx2.get(url, timeout=10).text)",
    "urllib": "import urllib.request as u; print(u.urlopen(url, timeout=10).read().decode())",
    "aiohttp": """
import aiohttp, asyncio
async def fetch():
    async with aiohttp.ClientSession(trust_env=True, timeout=aiohttp.ClientTimeout(10)) as session:
        async with session.get(url) as response:
            print(await response.text())
asyncio.run(fetch())
""",
}


@pytest.mark.parametrize(("label", "sent"), [("kernel-7", "kernel-7"), (None, "-")])
@pytest.mark.parametrize("library", FETCH)
def test_a_library_goes_through_the_proxy_and_sends_label_and_password(
    tmp_path: Path, proxy: ConnectProxy, library: str, label: str | None, sent: str
) -> None:
    environ = clean_environ(tmp_path, ALL_PROXY="socks5://127.0.0.1:9", SSL_CERT_DIR="/nowhere")
    running_in(tmp_path, proxy.port, PASSWORD).environment(label, environ).put(environ)
    code = "url = 'https://login.microsoftonline.com/'\n" + FETCH[library]
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.returncode) == ("ok\n", 0), done.stderr
    assert len(proxy.heads) == 1
    request_line, *headers = proxy.heads[0].split("\r\n")
    assert request_line.startswith("CONNECT login.microsoftonline.com:443 ")
    credentials = base64.b64encode(f"{sent}:{PASSWORD}".encode()).decode()
    assert f"proxy-authorization: basic {credentials}".lower() in [header.lower() for header in headers]


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "state"
    end_any(tmp_path / "state")


def run(code: str, environ: dict[str, str]) -> list[str]:
    """Run `code` in a Python of its own and return the lines it printed."""
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


IMPORTS = """
import json, os, subprocess, sys
from workshop import practice
from workshop.errors import WorkshopError
from workshop.core.settings import load, save
def tried(*arguments):
    try:
        return practice.enter(*arguments)
    except WorkshopError as error:
        print(f"{type(error).__name__}: {error}")
"""


def test_entering_changes_this_process_to_practice(state: Path) -> None:
    code = """
save(load(), {"ENTRA_PROXY_AZURE_CLIENT_ID": "%s", "HTTPS_PROXY": "http://127.0.0.1:9"})
running = practice.enter(load(), "kernel-7")
print(json.dumps([dict(os.environ), running.doors.proxy, running.tenant_id]))
"""
    own = {"ENTRA_PROXY_AZURE_CLIENT_SECRET": "of-the-own-tenant", "AZURE_CLIENT_SECRET": "of-the-own-tenant"}
    preset = {"ALL_PROXY": "socks5://127.0.0.1:9", "SSL_CERT_DIR": "/nowhere", **own}
    environ, proxy, tenant_id = json.loads(run(IMPORTS + code % APP, clean_environ(state, **preset))[0])
    assert environ["HTTPS_PROXY"] == environ["http_proxy"] == proxy
    assert environ["SSL_CERT_FILE"] == str(state / "ca.pem")
    assert environ["ENTRA_PROXY_AZURE_CLIENT_ID"] == APP
    assert environ["AZURE_TENANT_ID"] == tenant_id
    assert not set(preset) & set(environ)


def test_the_default_name_of_a_kernel_is_its_own(state: Path) -> None:
    code = "running = practice.enter(load())\nprint(os.getpid(), running.holder, running.status()['leases'])"
    pid, holder, leases = run(IMPORTS + code, clean_environ(state))[0].split()
    assert (holder, leases) == (f"kernel-{pid}", f"['kernel-{pid}']")


def test_entering_after_aiohttp_was_imported_is_refused(state: Path) -> None:
    code = "import aiohttp\nbefore = dict(os.environ)\ntried(load())\nprint(before == dict(os.environ))"
    refused, unchanged = run(IMPORTS + code, clean_environ(state))
    assert refused.startswith("RestartNeeded: ")
    assert "aiohttp" in refused
    assert "Restart the kernel" in refused
    assert unchanged == "True"
    assert not (state / "tenant.json").exists()


def test_entering_again_and_in_a_child_is_fine_whatever_was_imported(state: Path) -> None:
    child = "import aiohttp\\nfrom workshop import practice\\nfrom workshop.core.settings import load\\n"
    code = f"""
first = practice.enter(load())
import aiohttp
print(practice.enter(load()) == first)
code = "{child}print(practice.enter(load()).pid)"
print(int(subprocess.check_output([sys.executable, "-c", code])) == first.pid)
"""
    assert run(IMPORTS + code, clean_environ(state)) == ["True", "True"]


@posix_only
def test_entering_again_is_fine_where_the_state_folder_is_a_link(state: Path, tmp_path: Path) -> None:
    (tmp_path / "disk" / "state").mkdir(parents=True)
    (tmp_path / ".workshop").symlink_to(tmp_path / "disk")
    code = f"""
settings = load({{}}, __import__("pathlib").Path({str(tmp_path)!r}))
first = practice.enter(settings)
import aiohttp
print(practice.enter(settings) == first)
"""
    assert run(IMPORTS + code, clean_environ(state)) == ["True"]


@pytest.mark.parametrize("first", ["practice", "own"])
def test_changing_the_mode_of_a_process_is_refused(state: Path, first: str) -> None:
    code = """
from dataclasses import replace
first = load()
practice.hold_mode(first)
if first.mode == "practice":
    practice.enter(first)
tried(replace(first, mode="own" if first.mode == "practice" else "practice"))
"""
    refused = run(IMPORTS + code, clean_environ(state, WORKSHOP_TENANT=first))[-1]
    assert refused.startswith("RestartNeeded: WORKSHOP_TENANT is")
    assert f"was {first}" in refused
    assert "Restart the kernel" in refused


def test_own_mode_has_nothing_to_enter_and_changes_nothing(state: Path) -> None:
    code = "before = dict(os.environ)\ntried(load())\nprint(before == dict(os.environ))"
    refused, unchanged = run(IMPORTS + code, clean_environ(state, WORKSHOP_TENANT="own"))
    assert "WORKSHOP_TENANT is own" in refused
    assert unchanged == "True"
    assert not state.exists()


def test_own_mode_under_the_practice_variables_is_refused(state: Path) -> None:
    environ = clean_environ(state, WORKSHOP_TENANT="own", SSL_CERT_FILE=str(state / "ca.pem"))
    refused = run(IMPORTS + "tried(load())", environ)[0]
    assert "the practice tenant's variables are set" in refused
