"""A temporary project: nothing of the learner's is read or changed, and no process outlives its block."""

from __future__ import annotations

import http.client
import json
import os
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from practice_tenant.client.control import Running, announced
from practice_tenant.client.process import command
from workshop.core.private_files import make_private_folder
from workshop.core.settings import Settings, load, without_own
from workshop.errors import WorkshopError

WITHIN_SECONDS = 600


@dataclass(frozen=True)
class Place:
    """A folder that is a project with one state."""

    folder: Path

    @property
    def state(self) -> Path:
        """Return the state folder the parts share."""
        return make_private_folder(self.folder / "state")

    def environ(self) -> dict[str, str]:
        """Return the environment of a program that works in this project."""
        return without_own(os.environ) | {
            "WORKSHOP_PROJECT": str(self.folder),
            "WORKSHOP_STATE": str(self.state),
            "WORKSHOP_TENANT": "practice",
        }

    def settings(self) -> Settings:
        """Return the settings of this project."""
        return load(self.environ())

    @contextmanager
    def tenant(self, state: Path | None = None) -> Iterator[Running]:
        """Run a practice tenant while the block runs.

        Args:
            state: its folder; the one that the parts share if None.

        Raises:
            WorkshopError: it did not start.
        """
        folder = state or self.state
        process = subprocess.Popen(
            command(folder), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, cwd=folder, env=self.environ()
        )
        with process:
            try:
                line = process.stdout.readline() if process.stdout else b""
                running = announced(folder) if line else None
                if running is None:
                    raise WorkshopError("The practice tenant did not start; what it said stands above.")
                yield running
            finally:
                process.terminate()

    def worker(self, *arguments: str, within: float = WITHIN_SECONDS) -> dict[str, float]:
        """Run the worker in a process of its own and return what it measured.

        Args:
            within: seconds it may take.

        Raises:
            WorkshopError: it failed; what it said stands above.
        """
        line = [sys.executable, "-m", "workshop_tools.bench.worker", *arguments]
        done = subprocess.run(
            line, stdout=subprocess.PIPE, env=self.environ(), cwd=self.folder, check=False, timeout=within
        )
        if done.returncode:
            raise WorkshopError(f"`{' '.join(arguments)}` failed; what it said stands above.")
        return dict(json.loads(done.stdout))


def trusting(running: Running) -> ssl.SSLContext:
    """Return a TLS context that trusts the practice tenant and nobody else."""
    return ssl.create_default_context(cafile=str(running.ca))


def discovery_path(running: Running) -> str:
    """Return the path of the default directory's discovery document."""
    return f"/{running.tenant_id}/v2.0/.well-known/openid-configuration"


def first_answer(running: Running) -> None:
    """Fetch the discovery document over TLS.

    Raises:
        WorkshopError: it is not there.
    """
    _fetch(running, discovery_path(running), b"issuer")


def keys_answer(running: Running) -> None:
    """Fetch the signing keys over TLS.

    Raises:
        WorkshopError: they are not there.
    """
    _fetch(running, f"/{running.tenant_id}/discovery/v2.0/keys", b"kid")


def _fetch(running: Running, path: str, expected: bytes) -> None:
    at = urlsplit(running.https)
    connection = http.client.HTTPSConnection(at.hostname or "", at.port, context=trusting(running), timeout=60)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        if response.status != 200 or expected not in response.read():
            raise WorkshopError(f"The practice tenant answered with {response.status} to {path}.")
    finally:
        connection.close()
