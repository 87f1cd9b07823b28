"""What the system grants a server: how many connections may be open, and how many wait to be taken in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable

QUEUE = 1_024
AT_A_TIME = 16
RESERVE = 100
FEWEST = 32


async def serve(listener: socket.socket, make: Callable[[], asyncio.Protocol]) -> asyncio.Server:
    """Take in the connections of a listening socket.

    asyncio takes in as many in one turn as its backlog says, before any of them can be let go. Where those use up the
    files of the process, only a few at a time are taken in; the others wait in the system's queue, which is long.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(make, sock=listener, backlog=QUEUE if sys.platform == "win32" else AT_A_TIME)
    listener.listen(QUEUE)
    return server


def room(wanted: int) -> int:
    """Return how many connections may be open, `wanted` at most, after asking the system for that many files."""
    return max(min(wanted, _files(wanted + RESERVE) - RESERVE), FEWEST)


if sys.platform == "win32":

    def _files(wanted: int) -> int:
        return wanted  # its sockets are no files

else:
    import resource

    def _files(wanted: int) -> int:
        """Raise the limit of open files as far as it goes, and return it."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        if soft == resource.RLIM_INFINITY or soft >= wanted:
            return wanted
        raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
            return raised
        return soft
