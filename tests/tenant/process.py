"""A practice tenant as a process of its own, and the ways in."""

from __future__ import annotations

import base64
import contextlib
import json
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx

LOGIN = "https://login.microsoftonline.com"
GRAPH = "https://graph.microsoft.com"
PATIENCE = 120.0


@dataclass(frozen=True)
class Tenant:
    """A running practice tenant: its process, what it announced, and the file its stderr goes to."""

    process: subprocess.Popen[str]
    said: dict[str, Any]
    errors: Path

    @property
    def id(self) -> str:
        """Return the default directory's tenant id."""
        return str(self.said["tenant_id"])

    @property
    def state(self) -> Path:
        """Return the state folder."""
        return Path(self.said["state"])

    @property
    def secret(self) -> str:
        """Return the control door's secret."""
        return (self.state / "control-secret").read_text("utf-8").strip()

    @property
    def password(self) -> str:
        """Return the proxy's password."""
        return (self.state / "proxy-password").read_text("utf-8").split()[0]

    def proxy(self, label: str = "-") -> str:
        """Return the proxy's address as clients get it; a label becomes the holder of what they send."""
        return str(self.said["proxy"]).replace("http://", f"http://{label}:{self.password}@")

    def credentials(self, label: str = "-") -> str:
        """Return the header line by which the proxy lets somebody in."""
        return f"Proxy-Authorization: Basic {base64.b64encode(f'{label}:{self.password}'.encode()).decode()}"

    @property
    def identities(self) -> str:
        """Return the address of the managed identities' door, with the secret that every path begins with."""
        return f"{self.said['managed_identity']}/{(self.state / 'identity-path').read_text('utf-8').strip()}"

    @cached_property
    def trust(self) -> ssl.SSLContext:
        """Return a context that trusts this tenant's authority and no other."""
        return ssl.create_default_context(cafile=self.said["ca"])

    @cached_property
    def transport(self) -> httpx.HTTPTransport:
        """Return the way through the proxy; clients share its connections."""
        return httpx.HTTPTransport(verify=self.trust, proxy=self.proxy())

    def through_proxy(self, label: str = "") -> httpx.Client:
        """Return a client with cookies of its own; a label becomes the holder of what it sends."""
        transport = self.transport
        if label:
            transport = httpx.HTTPTransport(verify=self.trust, proxy=self.proxy(label))
        return httpx.Client(transport=transport, trust_env=False, timeout=PATIENCE)

    def direct(self) -> httpx.Client:
        """Return a client of the TLS listener on localhost."""
        return httpx.Client(base_url=self.said["https"], verify=self.trust, trust_env=False, timeout=PATIENCE)

    def control(self) -> httpx.Client:
        """Return a client of the control door, secret included."""
        headers = {"Authorization": f"Bearer {self.secret}"}
        # The context is not used; making httpx's own takes longer than most tests.
        return httpx.Client(
            base_url=self.said["control"], headers=headers, verify=self.trust, trust_env=False, timeout=PATIENCE
        )

    def sql(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Change or read the directory's file: for time that has passed, and for what no door offers yet."""
        with contextlib.closing(sqlite3.connect(self.state / "directory.sqlite")) as connection, connection:
            rows = connection.execute(statement, values).fetchall()
        with self.control() as control:
            control.get("/status")  # from here on the tenant knows
        return rows

    def complaints(self) -> str:
        """Return what it wrote on stderr, but for uvicorn's one line about each request that is not HTTP."""
        lines = self.errors.read_text("utf-8").splitlines()
        return "\n".join(line for line in lines if not line.startswith("WARNING:  "))

    def kill(self) -> None:
        """End the process as SIGKILL does."""
        self.process.kill()
        self.process.wait(PATIENCE)


def command(state: Path, *options: str) -> list[str]:
    """Return the command that serves a state folder."""
    return [sys.executable, "-m", "practice_tenant", "run", "--state", str(state), *options]


@contextlib.contextmanager
def serving(state: Path, *options: str, by: Sequence[str] = (), through: Sequence[str] = ()) -> Iterator[Tenant]:
    """Run a tenant until the block ends.

    Args:
        by: a program that starts it, with its arguments.
        through: a program for Python that is it, with its arguments, in place of ``-m practice_tenant``.
    """
    line = command(state, *options)
    if through:
        line[1:3] = through
    errors = state.with_name(state.name + "-stderr.log")
    with errors.open("ab") as stderr:
        process = subprocess.Popen([*by, *line], stdout=subprocess.PIPE, stderr=stderr, text=True, encoding="utf-8")
    try:
        assert process.stdout
        said = process.stdout.readline()
        assert said, f"it ended with {process.wait(PATIENCE)}: {errors.read_text('utf-8')}"
        yield Tenant(process, json.loads(said), errors)
    finally:
        process.kill()
        process.wait(PATIENCE)
        process.communicate()
