"""Websockets of kernels, held as a browser holds them, and one that never answers a ping."""

from __future__ import annotations

import base64
import json
import os
import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from practice_help import until
from running_lab import SECONDS, Kernel, Lab
from websockets.sync.client import ClientConnection, connect


@contextmanager
def websocket(kernel: Kernel) -> Iterator[ClientConnection]:
    """Open a websocket that answers pings and sends none, as a browser's."""
    with connect(f"ws://{_netloc(kernel.lab)}{_path(kernel)}", ping_interval=None, max_queue=None) as opened:
        yield opened


@contextmanager
def deaf_websocket(kernel: Kernel) -> Iterator[socket.socket]:
    """Open a websocket of a browser that has gone without a word: it answers nothing."""
    address = urlsplit(kernel.lab.url)
    assert address.hostname
    head = (
        f"GET {_path(kernel)} HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port or 80), timeout=SECONDS) as opened:
        opened.sendall(head.encode())
        assert opened.recv(65536).startswith(b"HTTP/1.1 101")
        yield opened


def is_let_go(opened: socket.socket) -> bool:
    """Say whether the server has closed it."""
    opened.setblocking(False)
    try:
        while opened.recv(65536):
            pass
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return True


def _netloc(lab: Lab) -> str:
    return urlsplit(lab.url).netloc


def _path(kernel: Kernel) -> str:
    query = urlsplit(kernel.lab.url).query
    return f"/api/kernels/{kernel.id}/channels?{query}&session_id={uuid.uuid4().hex}"


@dataclass(frozen=True)
class Cell:
    """A cell that was sent over a websocket."""

    opened: ClientConnection
    id: str

    def reply(self) -> dict[str, Any]:
        """Wait for what its kernel answers over the same websocket."""
        deadline = time.monotonic() + SECONDS
        while True:
            message = json.loads(self.opened.recv(timeout=deadline - time.monotonic()))
            if message["msg_type"] == "execute_reply" and message["parent_header"]["msg_id"] == self.id:
                return dict(message["content"])


def send(opened: ClientConnection, code: str) -> Cell:
    """Run a cell over a websocket."""
    number = uuid.uuid4().hex
    header = {"msg_id": number, "msg_type": "execute_request", "username": "", "session": number, "version": "5.3"}
    content = {"code": code, "silent": False}
    opened.send(
        json.dumps({"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "content": content})
    )
    return Cell(opened, number)


@dataclass(frozen=True)
class Held:
    """What is held open since some moment: two websockets in `workshop start`, two in a hub's JupyterLab.

    Attributes:
        began: by the monotonic clock.
        working: a cell that keeps its kernel busy for nearly the whole time.
    """

    began: float
    learners: Lab
    quiet: ClientConnection
    working: Cell
    hubs: Lab
    quiet_on_hub: ClientConnection
    deaf_on_hub: socket.socket

    def wait(self, seconds: float) -> None:
        """Wait until all of them were open for so long."""
        left = self.began + seconds - time.monotonic()
        until(lambda: time.monotonic() > self.began + seconds, "the end of the wait", left + SECONDS)


@contextmanager
def hold(learners: Lab, hubs: Lab, busy_seconds: float) -> Iterator[Held]:
    """Open the websockets.

    Args:
        busy_seconds: how long a cell keeps one of the kernels at work.
    """
    with ExitStack() as kept:
        quiet, busy, of_the_hub = learners.start_kernel(), learners.start_kernel(), hubs.start_kernel()
        yield Held(
            began=time.monotonic(),
            learners=learners,
            quiet=kept.enter_context(websocket(quiet)),
            working=send(kept.enter_context(websocket(busy)), f"import time; time.sleep({busy_seconds})"),
            hubs=hubs,
            quiet_on_hub=kept.enter_context(websocket(of_the_hub)),
            deaf_on_hub=kept.enter_context(deaf_websocket(of_the_hub)),
        )


def answers_over(opened: ClientConnection) -> bool:
    """Say whether a cell can be run over a websocket that was opened long ago."""
    return bool(send(opened, "1 + 1").reply()["status"] == "ok")
