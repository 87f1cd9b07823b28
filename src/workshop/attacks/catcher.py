"""A small web server that waits for a browser to bring an authorization code."""

from __future__ import annotations

import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

PAGE = b"<!doctype html><title>PRACTICE</title><p>PRACTICE: the attacker's page. It has what it wanted from you.</p>"


class Catcher:
    """Listens on 127.0.0.1, on a port of its own, until it is closed or the process ends."""

    def __init__(self) -> None:
        self._brought: dict[str, str] = {}
        self._arrived = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        serve = partial(self._server.serve_forever, poll_interval=0.02)  # it looks that often whether to end
        threading.Thread(target=serve, name="workshop attacker", daemon=True).start()

    @property
    def address(self) -> str:
        """The address to which a browser is to be sent."""
        return f"http://127.0.0.1:{self._server.server_port}/thanks"

    def wait(self, seconds: float) -> dict[str, str]:
        """Return the parameters a browser brought; none if none came in time."""
        self._arrived.wait(seconds)
        return dict(self._brought)

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def _take(self, parameters: dict[str, str]) -> None:
        if not self._arrived.is_set():
            self._brought = parameters
            self._arrived.set()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        take = self._take

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parameters = dict(parse_qsl(urlsplit(self.path).query))
                if {"code", "error"} & parameters.keys():  # a browser may also ask for an icon
                    take(parameters)  # before it has its answer: who waits for the browser looks at once
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(PAGE)))
                self.end_headers()
                self.wfile.write(PAGE)

            def log_message(self, *_: object) -> None:
                """Keep the notebook's output clean, and codes out of it."""

        return Handler
