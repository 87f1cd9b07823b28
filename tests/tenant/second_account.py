"""A program that becomes another account and tries every door of a tenant; it prints how each try ended.

Its question stands on stdin: the ports, the folder, the tenant id, and what else another account could have seen.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))
from tenant.browser import Browser

HOST = "login.microsoftonline.com"
KEYS = "/common/discovery/v2.0/keys"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SECONDS = 20

Tries = Iterator[tuple[str, str]]


def client(**options: Any) -> httpx.Client:
    """Return a client that trusts anybody: the tenant's authority is in a file of its owner's."""
    return httpx.Client(verify=False, trust_env=False, timeout=SECONDS, **options)  # noqa: S501


def become_nobody() -> None:
    """Be another account from here on; what a program needs is imported before, its files may be the owner's."""
    socket.getaddrinfo("127.0.0.1", 0)
    client().close()
    "nothing".encode("idna")
    nobody = pwd.getpwnam("nobody")
    os.chdir("/")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    assert os.getuid() == os.geteuid() == nobody.pw_uid


def curl(*options: str) -> str:
    """Return the status that curl gets, 000 if none."""
    line = ["curl", "-sk", "-m", str(SECONDS), "-o", os.devnull, "-w", "%{http_code} %{http_connect}", *options]
    environ = {"PATH": os.environ["PATH"], "HOME": "/"}
    said = subprocess.run(line, capture_output=True, text=True, check=False, env=environ).stdout.split()
    return said[0] if said[0] != "000" else said[1]


def with_curl(port: int, told: dict[str, Any]) -> Tries:
    """Ask at a port in all the ways there are to meet the tenant with curl."""
    url, local = f"https://{HOST}{KEYS}", f"127.0.0.1:{port}"
    guesses = ("", "robin:x@", "-:x@", "-:@", f"{told['guess']}:@", f"-:{told['guess']}@", f"{told['guess']}@")
    for number, guess in enumerate(guesses):
        yield f"as a proxy, guess {number}", curl("-x", f"http://{guess}{local}", url)
    yield "as a proxy, plain http", curl("-x", f"http://{local}", f"http://{HOST}{KEYS}")
    briefly = ("-m", "0.2")
    # A door that waits for something else says nothing at all.
    yield "as an https proxy", curl(*briefly, "--proxy-insecure", "-x", f"https://{local}", url)
    yield "as a SOCKS proxy", curl(*briefly, "-x", f"socks5h://{local}", url)
    patience = briefly if told["ports"][str(port)] in ("proxy", "browser") else ()
    other = ("--proxy-header", "Proxy-Authorization: Bearer x")
    yield "by another proxy header", curl(*other, "-x", f"http://{local}", url)
    yield "connected to", curl(*patience, "--connect-to", f"{HOST}:443:{local}", url)
    resolved = ("--resolve", f"{HOST}:{port}:127.0.0.1")
    yield "resolved to", curl(*patience, *resolved, f"https://{HOST}:{port}{KEYS}")
    yield "as localhost", curl(*patience, f"https://localhost:{port}{KEYS}")
    for path in told["paths"]:
        given = ("X-IDENTITY-HEADER: x", f"Authorization: Bearer {told['guess']}", "Metadata: true")
        yield f"GET {path}", curl(*(word for each in given for word in ("-H", each)), f"http://{local}{path}")
    for path in ("/stop", "/reset", "/directories", f"/directories/{told['tenant_id']}/admin-center"):
        yield f"POST {path}", curl("-X", "POST", "-d", '{"name":"mine"}', f"http://{local}{path}")


def with_sockets(port: int, told: dict[str, Any]) -> Tries:
    """Ask as no library does: through a mapped address, with two headers of which one is empty, and the like."""
    asked = f"CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n"
    heads = {
        "plainly": asked,
        "in HTTP/1.0": asked.replace("1.1", "1.0"),
        "with an empty password": f"{asked}Proxy-Authorization: Basic Og==\r\n",
        "with no Base64": f"{asked}Proxy-Authorization: Basic !\r\n",
        "with Latin-1": f"{asked}Proxy-Authorization: Basic /////w==\r\n",
        "as a server": f"{asked}Authorization: Basic Og==\r\n",
        "with two headers": f"{asked}Proxy-Authorization: Basic Og==\r\nProxy-Authorization: Basic LTp4\r\n",
    }
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::ffff:127.0.0.1")):
        for how, head in heads.items():
            said = b""
            with socket.socket(family) as connection, contextlib.suppress(OSError):
                connection.settimeout(SECONDS)
                connection.connect((host, port))
                connection.sendall(f"{head}\r\n".encode("latin-1"))
                said = connection.recv(1_000)
            yield f"CONNECT from {host} {how}", said.decode("latin-1").partition(" ")[2][:3] or "000"
    del told


def as_administrator(port: int, told: dict[str, Any]) -> Tries:
    """Sign in as the administrator, as the tenant's own pages let anybody who reaches them."""
    with client(proxy=f"http://127.0.0.1:{port}") as http:
        asks = {"client_id": AZURE_CLI, "response_type": "code", "redirect_uri": "http://localhost:8400"}
        try:
            code = Browser(http, told["tenant_id"]).sign_in({**asks, "scope": "openid"}, "avery")["code"]
        except httpx.HTTPError as error:
            code = ""
            yield "a sign-in", str(error)[:3] if str(error)[:3].isdecimal() else "000"
        if code:
            yield "a sign-in", "200"


def with_links(told: dict[str, Any]) -> Tries:
    """Open links of the admin center, as they stand on the command line of the program that opens them."""
    for link in told["links"]:
        with client(follow_redirects=True) as http:
            yield "a link of the admin center", str(http.get(link).status_code)


def with_files(told: dict[str, Any]) -> Tries:
    """Read, write and list the tenant's folder."""
    folder = Path(told["state"])
    tries: dict[str, Callable[[], object]] = {
        "list the folder": lambda: list(folder.iterdir()),
        "write into the folder": lambda: (folder / "mine").touch(),
    }
    tries |= {f"read {name}": lambda name=name: (folder / name).read_bytes() for name in told["files"]}  # type: ignore[misc]
    for what, attempt in tries.items():
        try:
            attempt()
        except PermissionError:
            yield what, "refused by the system"
        else:
            yield what, "done"


def listens(told: dict[str, Any]) -> Tries:
    """Stand where the tenant's proxy was, and print what a program says that was led to it."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", told["listen"]))
        listener.listen()
        print("listening", flush=True)
        with listener.accept()[0] as connection:
            connection.settimeout(SECONDS)
            yield "heard", connection.recv(10_000).decode("latin-1")


def main() -> None:
    """Try everything that was asked for."""
    told = json.loads(sys.stdin.readline())
    become_nobody()
    tries = []
    for port in told.get("ports", ()):
        for way in (with_curl, with_sockets, as_administrator):
            tries += [(f"port {told['ports'][port]}: {what}", ended) for what, ended in way(int(port), told)]
    for other, needs in ((with_links, "links"), (with_files, "files"), (listens, "listen")):
        tries += list(other(told)) if needs in told else []
    print(json.dumps({"uid": os.getuid(), "tries": tries}), flush=True)


if __name__ == "__main__":
    main()
