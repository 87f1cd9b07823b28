"""Run a server in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import errno
import socket
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from .app_settings import AppSettings
from .environment import SettingsError
from .logs import one_line_each

if TYPE_CHECKING:
    from fastmcp import FastMCP

LOOPBACK = "127.0.0.1"
PORT = 8000

Told = TypeVar("Told", bound=AppSettings)


class PortHeld(SettingsError):
    """Another program listens on the port."""


def main(build: Callable[[str], FastMCP], arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve; a setting that is wrong ends the program with one line."""
    parser = argparse.ArgumentParser(description="Run the server until Ctrl-C.")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port (default: {PORT})")
    parser.add_argument(
        "--host", default=LOOPBACK, metavar="ADDRESS", help=f"where it listens (default: {LOOPBACK}, this machine only)"
    )
    options = parser.parse_args(arguments)
    try:
        run(build, bound(options.host, options.port))
    except SettingsError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # Ctrl-C, after the server has shut down
        sys.exit(130)


def with_settings(build: Callable[[str, Told], FastMCP], load: Callable[[], Told]) -> Callable[[str], FastMCP]:
    """Return what builds a server for a process of its own: its settings' address wins over that on this machine."""

    def build_at(local: str) -> FastMCP:
        settings = load()
        return build(settings.address or local, settings)

    return build_at


def bound(host: str = LOOPBACK, port: int = PORT) -> socket.socket:
    """Return a socket that has the port and does not listen yet: so whoever asks too early is refused.

    Raises:
        PortHeld: another program listens there.
        SettingsError: nobody can listen there.
    """
    if not 0 <= port <= 65535:  # getaddrinfo would take a part of it
        raise SettingsError(f"Port {port} can't be: choose a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # With the protocol's name asyncio switches Nagle's algorithm off, which costs 40 ms a request.
        made = socket.socket(family, kind, protocol)
        if sys.platform != "win32":  # connections that just ended don't count; on Windows it would mean something else
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
    except OSError as error:
        raise _unusable(host, port, error) from error
    return made


def run(
    build: Callable[[str], FastMCP], listener: socket.socket, announce: Callable[[str], None] | None = None
) -> None:
    """Build the server and serve it.

    Args:
        build: gets the address on this machine, such as http://localhost:8000.
        listener: as `bound` returns it; it is closed in the end.
        announce: gets that address once the server listens.

    Raises:
        SettingsError: a value is missing or malformed, or the port was lost meanwhile.
    """
    from .audit import write_somewhere

    with listener:
        host, port = listener.getsockname()[:2]
        local = f"http://localhost:{port}"
        one_line_each(everything=True)
        server = build(local)
        try:
            listener.listen()
        except OSError as error:
            raise _unusable(host, port, error) from error
        if announce:
            announce(local)
        write_somewhere()
        server.run(transport="http", host=host, port=port, sockets=[listener], show_banner=False)


def _unusable(host: str, port: int, error: OSError) -> SettingsError:
    if error.errno == errno.EADDRINUSE:
        return PortHeld(f"Port {port} on {host} is held by another program. Choose another: --port N.")
    return SettingsError(f"Port {port} on {host} can't be used ({error.strerror}). Choose another: --port N.")
