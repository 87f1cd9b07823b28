"""People who come all at once: each signs in as a client of their own and asks the server who they are."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import http.server
import os
import secrets
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx

from practice_tenant import Running
from workshop import signin
from workshop.core.settings import Settings
from workshop.errors import WorkshopError
from workshop.playground.directory_tenant import ask_graph, graph_token
from workshop.registration.sign_in import ADMINISTRATOR, signed_in

SERVER_STARTS_WITHIN = 300.0
ANSWER_WITHIN = 600.0  # seconds: a person at the end of the queue waits for all the others


@dataclass
class Callback:
    """Where the browsers of all clients come back to; the state tells whose code it is."""

    codes: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen while the block runs, and give the redirect URI."""
        codes = self.codes

        class CallbackHandler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                codes[query.get("state", [""])[0]] = query.get("code", [""])[0]
                self.send_response(200)
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:  # the addresses in it carry codes
                pass

        class CallbackServer(http.server.ThreadingHTTPServer):
            request_queue_size = 512

        with CallbackServer(("127.0.0.1", 0), CallbackHandler) as server:
            thread = threading.Thread(target=server.serve_forever, daemon=True)
            thread.start()
            yield f"http://localhost:{server.server_port}/callback"
            server.shutdown()


def crowd(settings: Settings, running: Running, count: int) -> dict[str, float]:
    """Let `count` people sign in at once and return what it took, in seconds.

    Raises:
        WorkshopError: someone was not let in, or was taken for another.
    """
    first, *accounts = _accounts(settings, count + 1)
    callback = Callback()
    with _proxy_server() as url, callback.listening() as redirect_uri, ThreadPoolExecutor(count) as threads:
        _visit(url, redirect_uri, first, callback, running)  # so that everything is imported when the crowd comes
        line = threading.Barrier(count)

        def visit(account: str) -> tuple[float, float]:
            line.wait()
            began = time.perf_counter()
            _visit(url, redirect_uri, account, callback, running)
            return began, time.perf_counter()

        times = list(threads.map(visit, accounts))
    taken = [ended - began for began, ended in times]
    return {
        "signed_in": float(len(times)),
        "median": statistics.median(taken),
        "p95": statistics.quantiles(taken, n=20)[-1],
        "all": max(ended for _, ended in times) - min(began for began, _ in times),
    }


def _accounts(settings: Settings, count: int) -> list[str]:
    """Make people, as an administrator does with Microsoft Graph, and return their names."""
    with signed_in(settings, "browser", "", ADMINISTRATOR) as credential:
        token = graph_token(credential)
    names = [f"visitor{number}@contoso.onmicrosoft.com" for number in range(count)]
    with httpx.Client() as http:
        for name in names:
            nickname = name.partition("@")[0]
            person = {"accountEnabled": True, "displayName": nickname, "mailNickname": nickname}
            profile = {"password": secrets.token_urlsafe(16)}
            body = {**person, "userPrincipalName": name, "passwordProfile": profile}
            ask_graph(token, "POST", "/users", body, what="a new user", http=http)
    return names


@contextmanager
def _proxy_server() -> Iterator[str]:
    """Run the proxy server in a process of its own, and give its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "workshop", "serve", "proxy", "--port", str(port)]
    environ = os.environ | {"ENTRA_PROXY_REGISTRATIONS_PER_MINUTE": "10000"}  # the whole crowd has one address
    process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _wait(f"http://localhost:{port}/mcp", process)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SERVER_STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    raise WorkshopError("The proxy server did not start; what it said stands above.")


def _visit(url: str, redirect_uri: str, account: str, callback: Callback, running: Running) -> None:
    """Sign one person in as a new client and ask the server who that is."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    with httpx.Client(trust_env=False, timeout=ANSWER_WITHIN, limits=httpx.Limits(keepalive_expiry=2.0)) as client:
        client_id = client.post(
            f"{url}/register",
            json={
                "redirect_uris": [redirect_uri],
                "client_name": account,
                "grant_types": ["authorization_code", "refresh_token"],
                "response_types": ["code"],
                "token_endpoint_auth_method": "none",
            },
        ).json()["client_id"]
        asked = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": redirect_uri,
            "state": state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
            "resource": f"{url}/mcp",
        }
        browser = signin.UserAgent(account, proxy=running.doors.proxy, ca=Path(running.ca), seconds=ANSWER_WITHIN)
        browser.open(f"{url}/authorize?{urlencode(asked)}")
        went = browser.wait(ANSWER_WITHIN)
        browser.close()
        if state not in callback.codes:
            raise WorkshopError(f"{account} was not signed in: {went!r}")
        answer = client.post(
            f"{url}/token",
            data={
                "grant_type": "authorization_code",
                "code": callback.codes[state],
                "redirect_uri": redirect_uri,
                "client_id": client_id,
                "code_verifier": verifier,
            },
        )
        if answer.status_code != 200:
            raise WorkshopError(f"{account} got no token: {answer.status_code} {answer.json().get('error')}")
    told = asyncio.run(_who(f"{url}/mcp", answer.json()["access_token"]))
    if told != account:
        raise WorkshopError(f"{account} was taken for {told}.")


async def _who(url: str, token: str) -> str:
    from fastmcp import Client

    async with Client(url, auth=token, timeout=ANSWER_WITHIN, init_timeout=ANSWER_WITHIN) as client:
        result = await client.call_tool("get_user_info")
        return str(result.data["username"])
