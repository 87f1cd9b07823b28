"""A lease on the practice tenant: an open connection, which ends with its holder, also by SIGKILL."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass, replace
from urllib.parse import quote, urlsplit

from workshop.practice.control import Running


@dataclass(frozen=True)
class Lease:
    """A held lease. It lasts until `close`, the end of this process, or the end of the tenant."""

    running: Running
    connection: socket.socket
    response: http.client.HTTPResponse

    def alive(self) -> bool:
        """Say whether the tenant still holds its end open."""
        try:
            while received := self.connection.recv(4096):
                if received.endswith(b"0\r\n\r\n"):
                    return False
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def close(self) -> None:
        """Give the lease back."""
        self.response.close()
        self.connection.close()


def take(running: Running, holder: str) -> Lease | None:
    """Take a lease under the name `holder`, or return None if nothing there grants one."""
    connection = http.client.HTTPConnection(urlsplit(running.control).netloc, timeout=running.patience)
    try:
        connection.request("GET", f"/lease?holder={quote(holder)}", headers=running.authorization)
        # http.client forgets the socket of an answer that ends with the connection; the lease needs it.
        held = connection.sock
        response = connection.getresponse()
        if response.status == 200 and json.loads(response.readline())["holder"] == holder:
            held.setblocking(False)
            return Lease(replace(running, holder=holder), held, response)
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        pass
    connection.close()
    return None
