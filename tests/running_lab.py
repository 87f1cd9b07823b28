"""A JupyterLab brought up by `workshop start`, seen from outside: its processes, its ports, its kernels."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
from jupyter_client.blocking.client import BlockingKernelClient
from practice_help import can_bind, clean_environ, until

from practice_tenant import found
from workshop.core import settings

PROJECT = settings.load().project
SECONDS = 60.0
ADDRESS = "    http://"  # the last that a start prints

CELL: dict[str, object] = {
    "cell_type": "code",
    "id": "hello",
    "source": "print('hello')",
    "metadata": {},
    "execution_count": None,
    "outputs": [],
}
NOTEBOOK = {"cells": [CELL], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def make_project(folder: Path) -> Path:
    """Make a project with one notebook, for `workshop start` to work on."""
    notebooks = folder / "notebooks"
    notebooks.mkdir(parents=True)
    for name in ("start.py", "pyproject.toml", "requirements.txt", "left-out.txt"):
        shutil.copy(PROJECT / name, folder)
    (notebooks / "00-start-here.ipynb").write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab.

    Attributes:
        url: what a person would open.
        printed: every line it has printed until it was ready.
    """

    process: subprocess.Popen[str]
    project: Path
    url: str
    printed: tuple[str, ...]

    @property
    def state(self) -> Path:
        """Return its state folder."""
        return self.project / "state"

    def call(self, method: str, path: str, body: object = None) -> Any:
        """Call Jupyter's REST API with the token from the printed address; return the JSON of the answer."""
        parts = urlsplit(self.url)
        headers = {"Authorization": f"token {parts.query.removeprefix('token=')}"}
        with httpx.Client(trust_env=False, headers=headers, timeout=SECONDS) as client:
            answer = client.request(method, f"http://{parts.netloc}{path}", json=body)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def start_kernel(self) -> Kernel:
        """Start a kernel as a notebook does."""
        kernel_id = self.call("POST", "/api/kernels", {"name": "python3"})["id"]
        return Kernel(self, kernel_id)

    def traces(self, *servers: str) -> Traces:
        """Return what must be gone once this JupyterLab has ended.

        Args:
            servers: the addresses of servers that kernels run.
        """
        running = found(self.state)
        assert running
        itself = psutil.Process(self.process.pid)
        processes = [itself, *itself.children(recursive=True)]
        assert running.pid in [process.pid for process in processes]
        addresses = (self.url, running.proxy, running.https, running.control, *servers)
        return Traces(tuple(processes), addresses)


@dataclass(frozen=True)
class Kernel:
    """A kernel of that JupyterLab."""

    lab: Lab
    id: str

    @contextmanager
    def client(self) -> Iterator[BlockingKernelClient]:
        """Connect to it, once it is there: it may be starting again just now."""
        client = until(self._connect, f"an answer of kernel {self.id}", SECONDS)
        assert client
        try:
            yield client
        finally:
            client.stop_channels()

    def _connect(self) -> BlockingKernelClient | None:
        file = self.lab.state / "jupyter" / "runtime" / f"kernel-{self.id}.json"
        client = BlockingKernelClient(connection_file=str(file))
        client.load_connection_file()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=10)
        except RuntimeError:
            client.stop_channels()
            return None
        return client

    def run(self, code: str) -> str:
        """Run a cell and return what it printed."""
        printed: list[str] = []

        def keep(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream" and content["name"] == "stdout":
                printed.append(content["text"])
            assert message["msg_type"] != "error", "\n".join(content["traceback"])

        with self.client() as client:
            client.execute_interactive(code, timeout=SECONDS, output_hook=keep)
        return "".join(printed)

    def process(self) -> psutil.Process:
        """Return its process."""
        return psutil.Process(int(self.run("import os; print(os.getpid())")))


@dataclass(frozen=True)
class Traces:
    """Processes and ports."""

    processes: tuple[psutil.Process, ...]
    addresses: tuple[str, ...]

    def are_gone(self) -> None:
        """Wait until none of the processes runs and every port is free."""
        until(lambda: not self.alive(), f"end of {self.processes}")
        until(lambda: all(can_bind(address) for address in self.addresses), f"free ports of {self.addresses}")

    def alive(self) -> list[psutil.Process]:
        """Return those that still run. One that nobody waited for is not: it holds nothing."""
        return [process for process in self.processes if _runs(process)]


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def running_lab(project: Path, *arguments: str, program: tuple[str, ...] = (), **more: str) -> Iterator[Lab]:
    """Run `workshop start --no-browser`; it is killed in the end.

    Args:
        arguments: further ones for `workshop start`.
        program: what is run instead of this Python's `-m workshop`.
        more: environment variables.
    """
    environ = clean_environ(project / "state", WORKSHOP_PROJECT=str(project), **more)
    command = [*(program or (sys.executable, "-m", "workshop")), "start", "--no-browser", *arguments]
    with subprocess.Popen(
        command,
        env=environ,
        cwd=project,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_hear_hangups if os.name == "posix" else None,
    ) as process:
        try:
            printed = _until_ready(process)
            url = re.search(r"http://\S+", printed[-1])
            assert url
            yield Lab(process, project, url[0], printed)
        finally:
            process.kill()


def _hear_hangups() -> None:
    """Take notice when the terminal is closed, also in tests that were started with nohup, which are told not to."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def _until_ready(process: subprocess.Popen[str]) -> tuple[str, ...]:
    lines: queue.Queue[str] = queue.Queue()

    def read() -> None:
        assert process.stdout
        for line in process.stdout:
            lines.put(line.rstrip())
            if line.startswith(ADDRESS):
                return

    threading.Thread(target=read, daemon=True).start()
    printed: list[str] = []
    while not printed or not printed[-1].startswith(ADDRESS):
        printed.append(lines.get(timeout=SECONDS))
    return tuple(printed)


def free_port() -> int:
    """Return a port that is free now and is given to nobody who asks for any."""
    first = 20000 + os.getpid() % 5000
    return next(port for port in range(first, 32000) if can_bind(f"http://127.0.0.1:{port}"))


def json_of(text: str) -> Any:
    """Return the JSON that the last line of a cell's output is."""
    return json.loads(text.splitlines()[-1])
