"""Listening sockets on loopback, bound by us so that the port is ours before the server starts."""

from __future__ import annotations

import errno
import os
import socket

from workshop.errors import WorkshopError

_NEXT_PORTS = 10


def listen(preferred: int) -> tuple[int, list[socket.socket]]:
    """Listen on 127.0.0.1 and, where there is one, on ::1 with the same port.

    Clients resolve `localhost` to either of the two.

    Args:
        preferred: the port to use if it is free; else one of the next ten, else any.

    Returns:
        the port and the listening sockets.
    """
    for port in (*range(preferred, min(preferred + _NEXT_PORTS, 65536)), 0, 0, 0):
        sockets = _listen_on(port)
        if sockets:
            return int(sockets[0].getsockname()[1]), sockets
    raise WorkshopError("No port is free on 127.0.0.1. Restart the kernel, which frees the ports it holds.")


def is_free(port: int) -> bool:
    """Say whether `listen` would get this port now."""
    sockets = _listen_on(port)
    for listener in sockets:
        listener.close()
    return bool(sockets)


def _listen_on(port: int) -> list[socket.socket]:
    """Return the sockets, none if the port is held on either address."""
    sockets: list[socket.socket] = []
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            listener = _listener(family, address, port)
        except OSError as error:
            if family == socket.AF_INET6 and not _held(error):
                break  # this machine has no IPv6 loopback
            for opened in sockets:
                opened.close()
            return []
        sockets.append(listener)
        port = listener.getsockname()[1]
    return sockets


def _listener(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # Named as TCP: asyncio switches Nagle's algorithm off only then, which costs 40 ms a request otherwise.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(128)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _held(error: OSError) -> bool:
    return error.errno in (errno.EADDRINUSE, errno.EACCES)
