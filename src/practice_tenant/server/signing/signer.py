"""Signing tokens: at once while requests come one by one, in a process of its own where they crowd.

A thread shares the interpreter's lock with the event loop. With eight connections the two hand it to each other so
often that a token costs half as much again.
"""

from __future__ import annotations

import asyncio
import hashlib
import sys
from collections import deque
from contextlib import suppress

from practice_tenant.server.signing.signing_key import SigningKey
from practice_tenant.server.signing.signing_process import HEAD, READY, SIGNATURE_BYTES, scheme

CROWD = 4
"""So many signatures asked for in the same moment start the process. It takes 20 MB, which most runs never need."""

ENDED_WITHIN = 2.0
NO_WINDOW = 0x0800_0000  # subprocess.CREATE_NO_WINDOW, which only Windows has


class Signer:
    """Sign with RSASSA-PKCS1-v1_5 and SHA-256."""

    def __init__(self) -> None:
        self._asked = 0
        self._helper: Helper | None = None

    async def sign(self, key: SigningKey, data: bytes) -> bytes:
        """Return the signature of `data`."""
        digest = hashlib.sha256(data).digest()
        self._asked += 1
        try:
            await asyncio.sleep(0)  # who else came in this moment asks, too
            if self._asked >= CROWD and self._helper is None:
                self._helper = Helper()
            if self._helper is not None and self._helper.ready and self._asked > 1:
                return await self._helper.sign(key, digest)
        except HelperGone:
            pass
        finally:
            self._asked -= 1
        return key.private.sign(digest, *scheme())

    async def end(self) -> None:
        """End the process, if there is one."""
        if self._helper is not None:
            await self._helper.end()


class HelperGone(Exception):
    """The process ended before it had signed."""


class Helper(asyncio.SubprocessProtocol):
    """The process that signs, from its start to its end; there is no second one after that.

    Attributes:
        ready: whether it takes digests.
    """

    def __init__(self) -> None:
        self.ready = False
        self._process: asyncio.SubprocessTransport | None = None
        self._ended = asyncio.Event()
        self._numbers: dict[str, int] = {}
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._received = b""
        self._starting = asyncio.create_task(self._start())

    async def sign(self, key: SigningKey, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest.

        Raises:
            HelperGone: there is none to come.
        """
        if self._stdin.is_closing():
            raise HelperGone
        signature: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(signature)
        new = key.kid not in self._numbers
        number = self._numbers.setdefault(key.kid, len(self._numbers))
        pem = key.pem if new else b""
        self._stdin.write(HEAD.pack(number, len(pem)) + pem + digest)
        return await signature

    async def end(self) -> None:
        """End it, and return when it has ended."""
        await self._starting
        if self._process is not None:
            self._process.close()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), ENDED_WITHIN)

    async def _start(self) -> None:
        windows = sys.platform == "win32"
        with suppress(OSError):  # without it everything is signed here, as before
            # A signal to the tenant's group is not for it: it ends when nothing comes any more.
            await asyncio.get_running_loop().subprocess_exec(
                lambda: self,
                *(sys.executable, "-P", "-m", "practice_tenant.server.signing.signing_process"),
                stderr=None,
                start_new_session=not windows,
                creationflags=NO_WINDOW if windows else 0,
            )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._process = transport
        stdin = transport.get_pipe_transport(0)
        assert isinstance(stdin, asyncio.WriteTransport)
        self._stdin = stdin

    def pipe_data_received(self, _: int, data: bytes) -> None:
        received = self._received + data
        if not self.ready:
            self.ready, received = True, received.removeprefix(READY)
        while len(received) >= SIGNATURE_BYTES:
            signature, received = received[:SIGNATURE_BYTES], received[SIGNATURE_BYTES:]
            waiting = self._waiting.popleft()
            if not waiting.done():
                waiting.set_result(signature)
        self._received = received

    def process_exited(self) -> None:
        self._ended.set()

    def pipe_connection_lost(self, _fd: int, _error: Exception | None) -> None:
        self.ready = False
        for waiting in self._waiting:
            if not waiting.done():
                waiting.set_exception(HelperGone())
        self._waiting.clear()
