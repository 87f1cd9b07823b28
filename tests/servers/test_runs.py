"""Every way the servers are run, through real processes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastmcp import Client, FastMCP
from fastmcp.client.auth import BearerAuth
from practice_help import clean_environ, posix_only
from server_help import free_port

import practice_tenant
import workshop
from workshop.servers.serve import bound, run

from .conftest import Entra
from .office import consented
from .programs import LOOPBACK, Served, folders_of, needed_by, packages_of, python_of, served
from .test_tools import LUNCH

SERVERS = Path(workshop.__file__).parent / "servers"
CLIENT = Path(__file__).with_name("client_program.py")
BIN = Path(sys.executable).parent
EXPENSE = {"number": 1, **LUNCH}

MODULE = [sys.executable, "-m", "workshop.servers.{name}", "--port", "{port}"]
FASTMCP_MODULE = [str(BIN / "fastmcp"), "run", "-m", "workshop.servers.{name}", "--", "--port", "{port}"]
OVER_HTTP = ["--transport", "http", "--no-banner", "--port", "{port}"]
FASTMCP_FILE = [str(BIN / "fastmcp"), "run", f"{SERVERS / 'run.py'}:{{name}}", *OVER_HTTP]
WAYS = {"python -m": MODULE, "fastmcp run -m": FASTMCP_MODULE, "fastmcp run file:function": FASTMCP_FILE}


def command(way: str, name: str, port: int) -> list[str]:
    return [part.format(name=name, port=port) for part in WAYS[way]]


def use(server: Served) -> Any:
    """Add an expense and list what is there."""

    async def ask() -> Any:
        async with Client(server.url) as client:
            await client.call_tool("add_expense", LUNCH)
            return (await client.call_tool("list_expenses")).data

    return asyncio.run(ask())


def signed_in(server: Served, environ: dict[str, str]) -> dict[str, Any]:
    """Let the workshop's user agent sign in to a server and return what a client gets there."""
    done = subprocess.run(
        [sys.executable, str(CLIENT), server.url], env=environ, capture_output=True, text=True, check=False, timeout=90
    )
    assert done.returncode == 0, done.stderr + server.said()
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.fixture
def environ(entra: Entra, tmp_path: Path) -> dict[str, str]:
    """The variables of a terminal that is led to the practice tenant and knows the app."""
    running = practice_tenant.found(entra.tenant.state)
    assert running
    made = clean_environ(entra.tenant.state, WORKSHOP_PROJECT=str(tmp_path))
    running.environment(environ=os.environ).put(made)
    return made | {
        "AZURE_TENANT_ID": entra.tenant.id,
        "ENTRA_PROXY_AZURE_CLIENT_ID": entra.app.client_id,
        "ENTRA_PROXY_AZURE_CLIENT_SECRET": entra.app.secret,
        "ENTRA_PROXY_REQUIRED_SCOPES": "access",
        "ENTRA_PROXY_STORAGE": "memory",
        "ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID": entra.app.client_id,
        "ENTRA_PREAUTHORIZED_REQUIRED_SCOPES": "access",
    }


@pytest.mark.parametrize("way", WAYS)
def test_the_unprotected_server_runs_on_this_machine_only(way: str, environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    with served(command(way, "unprotected", port), port, environ, tmp_path) as server:
        assert use(server) == [EXPENSE]
        assert server.listens_on() <= LOOPBACK


@pytest.mark.parametrize("way", WAYS)
def test_the_server_behind_the_proxy_runs(way: str, environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    base_url = f"http://localhost:{port}"
    told = environ | ({"ENTRA_PROXY_BASE_URL": base_url} if way == "fastmcp run file:function" else {})
    with served(command(way, "proxy", port), port, told, tmp_path) as server:
        with httpx.Client(trust_env=False) as client:
            refused = client.post(server.url)
        assert refused.status_code == 401
        assert f'resource_metadata="{base_url}/.well-known/oauth-protected-resource/mcp"' in str(refused.headers)
        got = signed_in(server, environ)
        assert got["info"]["username"] == "robin@contoso.onmicrosoft.com"
        assert got["listed"] == [EXPENSE]
        assert server.listens_on() <= LOOPBACK
        assert "code=" not in server.said(), "FastMCP's command writes an access log of its own"
        assert environ["ENTRA_PROXY_AZURE_CLIENT_SECRET"] not in server.said()


def test_the_data_is_kept_in_the_file_that_is_named(environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    told = environ | {"ENTRA_PROXY_DATABASE": "data/expenses.sqlite"}
    for turn in (1, 2):
        with served(command("python -m", "proxy", port), port, told, tmp_path) as server:
            assert [one["number"] for one in signed_in(server, environ)["listed"]] == list(range(turn, 0, -1))
    assert (tmp_path / "data" / "expenses.sqlite").is_file()


def test_the_address_of_the_settings_wins_over_the_ports(environ: dict[str, str], tmp_path: Path) -> None:
    """Behind a reverse proxy clients see another address than the one it listens on."""
    port = free_port()
    told = environ | {"ENTRA_PROXY_BASE_URL": "https://mcp.example.com"}
    with served(command("python -m", "proxy", port), port, told, tmp_path), httpx.Client(trust_env=False) as client:
        said = client.get(f"http://127.0.0.1:{port}/.well-known/oauth-authorization-server").json()
    assert said["issuer"] == "https://mcp.example.com/"


# --- what goes wrong ---


def ended(arguments: list[str], environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments,
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
        stdin=subprocess.DEVNULL,
    )


def test_a_missing_value_ends_the_program_with_one_line(environ: dict[str, str], tmp_path: Path) -> None:
    del environ["ENTRA_PROXY_AZURE_CLIENT_ID"]
    done = ended(command("python -m", "proxy", free_port()), environ, tmp_path)
    assert done.returncode == 1
    file = tmp_path / ".env"
    assert done.stderr == f"ENTRA_PROXY_AZURE_CLIENT_ID is not set. Looked in the environment and in {file}.\n"
    # FastMCP's command breaks the line, and still names it and ends.
    done = ended(command("fastmcp run file:function", "proxy", free_port()), environ, tmp_path)
    assert done.returncode == 1
    assert "ENTRA_PROXY_AZURE_CLIENT_ID is not set." in " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.stdout + done.stderr


def test_a_value_in_the_file_is_enough(environ: dict[str, str], tmp_path: Path) -> None:
    name = "ENTRA_PROXY_AZURE_CLIENT_ID"
    (tmp_path / ".env").write_text(f"{name}={environ.pop(name)}\n")
    port = free_port()
    with served(command("python -m", "proxy", port), port, environ, tmp_path):
        pass


@pytest.mark.parametrize("name", ["unprotected", "proxy"])
def test_a_port_that_is_held_ends_it_with_one_line(name: str, environ: dict[str, str], tmp_path: Path) -> None:
    with another_program() as port:
        done = ended(command("python -m", name, port), environ, tmp_path)
    assert done.returncode == 1
    assert done.stderr == f"Port {port} on 127.0.0.1 is held by another program. Choose another: --port N.\n"
    done = ended(command("python -m", name, 70000), environ, tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "70000" in done.stderr


class Told(Exception):
    """The address was told; the server need not go on."""


def test_the_address_is_told_once_it_listens_and_not_before() -> None:
    listener = bound(port=0)
    port = listener.getsockname()[1]

    def build(_address: str) -> FastMCP:
        with socket.socket() as early:
            assert early.connect_ex(("127.0.0.1", port)) != 0, "it listens before there is a server"
        return FastMCP("x")

    def announce(address: str) -> None:
        assert address == f"http://localhost:{port}"
        socket.create_connection(("127.0.0.1", port)).close()
        raise Told

    with pytest.raises(Told):
        run(build, listener, announce)
    bound(port=port).close()


@contextmanager
def another_program() -> Iterator[int]:
    """Let a program that is not of the workshop hold a port, and return it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


# --- workshop serve ---


def serve(name: str, port: int) -> list[str]:
    return [sys.executable, "-m", "workshop", "serve", name, "--port", str(port)]


def with_a_token(url: str, token: str, tool: str = "list_expenses") -> Any:
    """Add an expense with a token got elsewhere, and call a tool."""

    async def ask() -> Any:
        async with Client(url, auth=BearerAuth(token)) as client:
            await client.call_tool("add_expense", LUNCH)
            return (await client.call_tool(tool)).data

    return asyncio.run(ask())


def test_workshop_serve_preauthorized_registers_the_app_and_names_entra(tmp_path: Path) -> None:
    port = free_port()
    own = {"ENTRA_PREAUTHORIZED_IDENTIFIER_URI": "https://mcp.fabrikam.com/mcp"}
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path), **own)
    (tmp_path / ".env").write_text("ENTRA_PREAUTHORIZED_REQUIRED_SCOPES=of-another-tenant\n")
    with served(serve("preauthorized", port), port, environ, tmp_path) as server, httpx.Client(trust_env=False) as http:
        assert "It takes tokens of the PRACTICE tenant." in server.said()
        told = http.get(f"http://localhost:{port}/.well-known/oauth-protected-resource/mcp").json()
        assert told["scopes_supported"][0].endswith("/user_impersonation")
        assert told["scopes_supported"][0].startswith("api://")
        assert told["resource"] == f"http://localhost:{port}/mcp"
        assert "LEFT OUT, from the environment: ENTRA_PREAUTHORIZED_IDENTIFIER_URI." in server.said()
        assert "Its Application ID URI is api://" in server.said()
        assert "Entra refuses them (AADSTS9010010)" in server.said()
        assert "`workshop register preauthorized --at https://...`" in server.said()
        assert told["authorization_servers"][0].startswith("https://login.microsoftonline.com/")
        assert server.listens_on() <= LOOPBACK


def test_workshop_serve_on_behalf_of_asks_graph(tmp_path: Path) -> None:
    """The app is registered with admin consent, and the approvers' group is found."""
    state, port = tmp_path / "state", free_port()
    environ = clean_environ(state, WORKSHOP_PROJECT=str(tmp_path))
    with served(serve("on-behalf-of", port), port, environ, tmp_path) as server:
        told = signed_in(server, environ)
        assert told["profile"]["job_title"] == "Accountant"
        assert told["everyone"]["people"] == 1


@pytest.mark.parametrize("name", ["proxy", "whoami"])
def test_workshop_serve_registers_the_app_and_signs_users_in(name: str, tmp_path: Path) -> None:
    """In the practice tenant nothing has to be set; what a .env says of an own tenant does not count.

    The app is registered with port 8000. Entra looks at no port of localhost, so another one does as well.
    """
    state, port = tmp_path / "state", free_port()
    environ = clean_environ(state, WORKSHOP_PROJECT=str(tmp_path))
    (tmp_path / ".env").write_text("ENTRA_PROXY_REQUIRED_SCOPES=of-another-tenant\nAZURE_TENANT_ID=nonsense\n")
    with served(serve(name, port), port, environ, tmp_path) as server:
        assert "It signs users in with the PRACTICE tenant." in server.said()
        assert f"http://localhost:{port}/mcp" in server.said()
        got = signed_in(server, environ)
        assert got["info"]["username"] == "robin@contoso.onmicrosoft.com"
        assert server.listens_on() <= LOOPBACK


def test_in_practice_mode_the_shell_says_how_the_server_behaves_and_not_which_app_it_is(tmp_path: Path) -> None:
    """The mends of the diagnosis name these variables. An own tenant's app, left in the shell, never comes there."""
    port, state, own = free_port(), tmp_path / "state", "7a2d4b63-0000-4000-8000-0123456789ab"
    secret = "the-secret-of-an-own-tenant"
    environ = clean_environ(
        state, WORKSHOP_PROJECT=str(tmp_path), ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS="http://localhost:*",
        AZURE_TENANT_ID=own, ENTRA_PROXY_AZURE_CLIENT_ID=own, ENTRA_PROXY_AZURE_CLIENT_SECRET=secret,
        AZURE_CLIENT_SECRET=secret,
    )  # fmt: skip
    (tmp_path / ".env").write_text("ENTRA_PROXY_REQUIRED_SCOPES=of-another-tenant\n")
    with served(serve("proxy", port), port, environ, tmp_path) as server, httpx.Client(trust_env=False) as http:
        got = signed_in(server, environ)
        assert got["info"]["username"] == "robin@contoso.onmicrosoft.com"
        asked = {"client_name": "x", "redirect_uris": ["https://evil.example/callback"]}
        assert http.post(f"http://localhost:{port}/register", json=asked).status_code == 400
        said = server.said()
    kept = (state / "practice.env").read_text("utf-8")
    assert own not in kept
    assert secret not in kept + said
    assert not [path for path in state.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert "From the environment: ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS.\n" in said
    names = "AZURE_CLIENT_SECRET, AZURE_TENANT_ID, ENTRA_PROXY_AZURE_CLIENT_ID, ENTRA_PROXY_AZURE_CLIENT_SECRET"
    assert f"LEFT OUT, from the environment: {names}. In practice mode the app is the practice tenant's" in said
    assert "LEFT OUT, from .env: ENTRA_PROXY_REQUIRED_SCOPES. In practice mode .env is" in said
    assert "From practice.env: AZURE_TENANT_ID, ENTRA_PROXY_AZURE_CLIENT_ID, ENTRA_PROXY_AZURE_CLIENT_SECRET." in said


def test_workshop_serve_unprotected_signs_nobody_in(tmp_path: Path) -> None:
    port = free_port()
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path))
    with served(serve("unprotected", port), port, environ, tmp_path) as server:
        assert use(server) == [EXPENSE]
        assert server.said().startswith(f"The server unprotected is at http://localhost:{port}/mcp. Ctrl-C ends it.\n")
        second = ended(serve("unprotected", port), environ, tmp_path)
        assert second.stderr.startswith(
            f"workshop: Port {port} is held by `workshop serve unprotected` in a terminal. Take another: "
        )
        assert second.stderr.endswith("Or end that one with Ctrl-C.\n")


def test_workshop_serve_looks_at_the_port_before_it_says_or_does_anything(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with another_program() as port:
        done = ended(serve("proxy", port), clean_environ(state, WORKSHOP_PROJECT=str(tmp_path)), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    said = f"workshop: Port {port} is held by another program. Take another: `workshop serve proxy --port "
    assert done.stderr.startswith(said)
    assert len(done.stderr.splitlines()) == 1
    assert not state.exists(), "a tenant was started"


@pytest.mark.thorough
def test_a_connection_is_kept_longer_than_clients_use_it(environ: dict[str, str], tmp_path: Path) -> None:
    """Uvicorn's own 5 s are what httpx keeps one for: a busy client would be cut off in the middle of a request."""
    port = free_port()
    with (
        served(command("python -m", "unprotected", port), port, environ, tmp_path),
        closing(HTTPConnection("127.0.0.1", port, timeout=60)) as connection,
    ):
        for idle in (6, 0):
            connection.request("GET", "/nothing")
            connection.getresponse().read()
            time.sleep(idle)


def test_workshop_serve_in_an_own_tenant_names_what_is_missing(tmp_path: Path) -> None:
    environ = clean_environ(tmp_path / "state", WORKSHOP_PROJECT=str(tmp_path), WORKSHOP_TENANT="own")
    done = ended(serve("proxy", free_port()), environ, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("workshop: AZURE_TENANT_ID is not set. Looked in the environment and")
    assert len(done.stderr.splitlines()) == 1


@posix_only
def test_ctrl_c_ends_it_without_a_traceback(environ: dict[str, str], tmp_path: Path) -> None:
    port = free_port()
    for line in (command("python -m", "unprotected", port), serve("unprotected", port)):
        with served(line, port, environ, tmp_path) as server:
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(20) in (0, 130)
            assert "Traceback" not in server.said()


# --- the folder in a project of its own ---


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """FastMCP with its extra for Azure, and what it needs."""
    return packages_of(needed_by("fastmcp[azure]"), tmp_path_factory.mktemp("packages"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty project with a copy of the folder."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(SERVERS, tmp_path / "project" / "servers", ignore=ignored)
    return tmp_path / "project"


def test_the_packages_are_fastmcps_and_no_more(packages: Path, project: Path) -> None:
    python, variables = python_of(packages)
    look = "import fastmcp\nfrom importlib.util import find_spec\n"
    look += "print([name for name in ('workshop', 'msgraph', 'jupyterlab') if find_spec(name)])"
    done = subprocess.run(
        [*python, "-c", look], env=os.environ | variables, cwd=project, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    "way",
    [
        ["-m", "servers.{name}", "--port", "{port}"],
        ["-m", "fastmcp.cli", "run", "servers/run.py:{name}", *OVER_HTTP],
    ],
    ids=["python -m", "fastmcp run"],
)
def test_the_folder_runs_in_an_empty_project(
    way: list[str], packages: Path, project: Path, environ: dict[str, str], entra: Entra
) -> None:
    python, variables = python_of(packages)

    def line(name: str, port: int) -> list[str]:
        return [*python, *(part.format(name=name, port=port) for part in way)]

    port = free_port()
    with served(line("unprotected", port), port, environ | variables, project) as server:
        assert use(server) == [EXPENSE]
    told = environ | variables | {"ENTRA_PROXY_BASE_URL": f"http://localhost:{port}"}
    with served(line("proxy", port), port, told, project) as server:
        got = signed_in(server, environ)
        assert got["info"]["username"] == "robin@contoso.onmicrosoft.com"
        assert got["listed"] == [EXPENSE]
    told |= {"ENTRA_PREAUTHORIZED_BASE_URL": told["ENTRA_PROXY_BASE_URL"]}
    with served(line("preauthorized", port), port, told, project) as server:
        assert with_a_token(server.url, entra.world.tokens(entra.app)["access_token"]) == [EXPENSE]


@posix_only
def test_the_folder_acts_on_behalf_of_users_with_msgraph_sdk_beside_it(
    packages: Path, project: Path, environ: dict[str, str], entra: Entra, tmp_path: Path
) -> None:
    """Links to folders need a right of their own on Windows."""
    beside = folders_of(needed_by("msgraph-sdk") - needed_by("fastmcp[azure]"), tmp_path / "msgraph")
    python, variables = python_of(packages)
    variables["PYTHONPATH"] += os.pathsep + str(beside)
    app = consented(entra, "Copied")
    mine = {"ENTRA_PROXY_AZURE_CLIENT_ID": app.client_id, "ENTRA_PROXY_AZURE_CLIENT_SECRET": app.secret}
    port = free_port()
    line = [*python, "-m", "servers.both_doors", "--port", str(port)]
    with served(line, port, environ | variables | mine, project) as server:
        with httpx.Client(trust_env=False) as client:
            told = client.get(f"http://localhost:{port}/.well-known/oauth-protected-resource/mcp").json()
        # It names the proxy alone.
        assert told["authorization_servers"] == [f"http://localhost:{port}/"]
        assert server.listens_on() <= LOOPBACK
        token = entra.world.tokens(app)["access_token"]
        assert with_a_token(server.url, token, "get_my_profile")["job_title"] == "Accountant"
