"""The programs of FastMCP's own Azure guide: only environment variables lead them to the practice tenant."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from practice_help import clean_environ, until
from tenant.process import serving
from tenant.world import World

import practice_tenant

GUIDE = Path(__file__).parent / "azure_guide"
PATIENCE = 60.0


@pytest.fixture
def environ(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of both programs, in which the app is registered."""
    state = tmp_path / "state"
    with serving(state) as tenant:
        app = World(tenant).register("Guide")
        running = practice_tenant.found(state)
        assert running
        guide = {"CLIENT_ID": app.client_id, "CLIENT_SECRET": app.secret, "TENANT_ID": tenant.id}
        made = clean_environ(state, **{f"GUIDE_{name}": value for name, value in guide.items()})
        running.environment(environ=os.environ).put(made)
        yield made


def answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_the_guide(environ: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "server.log"
    command = [sys.executable, str(GUIDE / "server.py"), str(port)]
    with log.open("wb") as output, subprocess.Popen(command, env=environ, stdout=output, stderr=output) as server:
        try:
            until(lambda: answers(port) or server.poll() is not None, "the server listens", PATIENCE)
            client = subprocess.run(
                [sys.executable, str(GUIDE / "client.py"), str(port)],
                env=environ, capture_output=True, text=True, check=False, timeout=PATIENCE,
            )  # fmt: skip
        finally:
            server.kill()
    assert client.returncode == 0, client.stderr + log.read_text("utf-8")
    told = json.loads(client.stdout.splitlines()[-1])
    assert told["name"] == "Robin Marsh"
    assert len(told["azure_id"]) == 43
    assert told["email"] is told["job_title"] is told["office_location"] is None
