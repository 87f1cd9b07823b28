"""Run a server in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Callable, Sequence

from fastmcp import FastMCP

from .environment import SettingsError

LOOPBACK = "127.0.0.1"
PORT = 8000


def main(build: Callable[[str], FastMCP], arguments: Sequence[str] | None = None) -> None:
    """Read the command line and serve; a setting that is wrong ends the program with one line."""
    parser = argparse.ArgumentParser(description="Run the server until Ctrl-C.")
    parser.add_argument("--port", type=int, default=PORT, metavar="N", help=f"the port (default: {PORT})")
    parser.add_argument(
        "--host", default=LOOPBACK, metavar="ADDRESS", help=f"where it listens (default: {LOOPBACK}, this machine only)"
    )
    options = parser.parse_args(arguments)
    try:
        run(build, options.host, options.port)
    except SettingsError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:  # Ctrl-C, after the server has shut down
        sys.exit(130)


def run(build: Callable[[str], FastMCP], host: str = LOOPBACK, port: int = PORT) -> None:
    """Build the server and serve it.

    Args:
        build: gets the address on this machine, such as http://localhost:8000.

    Raises:
        SettingsError: a value is missing or malformed, or the port is taken.
    """
    server = build(f"http://localhost:{port}")
    _check_free(host, port)
    # Not the access log: the addresses in it carry codes and states.
    quiet = {"access_log": False}
    server.run(transport="http", host=host, port=port, show_banner=False, uvicorn_config=quiet)


def _check_free(host: str, port: int) -> None:
    family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if sys.platform != "win32":  # connections that just ended don't count; on Windows it would mean something else
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            reason = f"Port {port} on {host} can't be used ({error.strerror}). Choose another: --port N."
            raise SettingsError(reason) from error
