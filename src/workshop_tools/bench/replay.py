"""A sign-in's own HTTP exchanges again, in order, with servers that do nothing: what no sign-in can do without.

Run as a program it is those servers: one over plain HTTP, one over TLS, as the MCP server and Entra are.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx

from practice_tenant import Running
from workshop.errors import WorkshopError
from workshop.trace.hop import Hop

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ANSWER = b'{"answer": "%s"}' % (b"x" * 500)
BODY = b"grant_type=nothing&filler=" + b"x" * 300
WITHIN_SECONDS = 60.0


@dataclass(frozen=True)
class Idle:
    """The addresses of the servers that do nothing.

    Attributes:
        trust: verifies the one that speaks TLS.
    """

    plain: str
    secured: str
    trust: ssl.SSLContext

    def replay(self, hops: Sequence[Hop]) -> float:
        """Send a request for each hop, a client for each pair of parties, and return the seconds."""
        began = time.perf_counter()
        with ExitStack() as open_ones:
            clients: dict[tuple[str, str], httpx.Client] = {}
            for hop in hops:
                between = (hop.source, hop.target)
                if between not in clients:
                    client = httpx.Client(trust_env=False, verify=self.trust, timeout=WITHIN_SECONDS)
                    clients[between] = open_ones.enter_context(client)
                where = self.secured if hop.target == "Entra" else self.plain
                content = BODY if hop.method == "POST" else None
                clients[between].request(hop.method, where, content=content).raise_for_status()
        return time.perf_counter() - began


@contextmanager
def idle_servers(running: Running) -> Iterator[Idle]:
    """Run the servers while the block runs, with the practice tenant's certificate.

    Raises:
        WorkshopError: they did not start.
    """
    command = [sys.executable, "-m", "workshop_tools.bench.replay", str(running.state / "leaf.pem")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        try:
            said = process.stdout.readline() if process.stdout else b""
            if not said:
                raise WorkshopError("The servers that do nothing did not start; what they said stands above.")
            plain, secured = json.loads(said)
            trust = ssl.create_default_context(cafile=str(running.ca))
            yield Idle(f"http://127.0.0.1:{plain}/", f"https://localhost:{secured}/", trust)
        finally:
            process.terminate()


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer every request alike, once it is there as a whole."""
    while scope["type"] == "http" and (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": ANSWER})


async def _serve(certificate: Path) -> None:
    import uvicorn

    # Named as TCP: asyncio switches Nagle's algorithm off only then, which costs 40 ms a request otherwise.
    listeners = [socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) for _ in range(2)]
    for listener in listeners:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
    print(json.dumps([listener.getsockname()[1] for listener in listeners]), flush=True)
    servers = [
        uvicorn.Server(
            uvicorn.Config(_nothing, lifespan="off", log_level="warning", access_log=False, ssl_certfile=file)
        ).serve(sockets=[listener])
        for listener, file in zip(listeners, (None, str(certificate)), strict=True)
    ]
    await asyncio.gather(*servers)


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
