"""A door: the connections that came in at one listening socket, and the application behind it."""

from __future__ import annotations

import asyncio
import time

from practice_tenant.server.http.connection import HttpConnection
from practice_tenant.server.http.messages import Answering

LAST_WORDS_SECONDS = 10.0

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class HttpDoor:
    """Make the connections of one application."""

    def __init__(self, answer: Answering) -> None:
        self.answer = answer
        self.loop = asyncio.get_running_loop()
        self.connections: set[HttpConnection] = set()
        self.date = b""
        self.open = True

    def protocol(self, label: str) -> HttpConnection:
        """Return the protocol of a new connection.

        Args:
            label: of what comes in on it.
        """
        return HttpConnection(self, label)

    def set_date(self, now: float) -> None:
        """Keep the Date header right; call it every second.

        Args:
            now: in Unix seconds.
        """
        self.date = f"date: {http_date(now)}\r\n".encode()

    async def close(self) -> None:
        """Let running answers finish for a moment, then cut the connections."""
        self.open = False
        tasks = []
        for connection in list(self.connections):
            if connection.task is None:
                connection.transport.close()
            else:
                tasks.append(connection.task)
        if tasks:
            _, running = await asyncio.wait(tasks, timeout=LAST_WORDS_SECONDS)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


def http_date(now: float) -> str:
    """Return a time as HTTP writes it; ``email.utils`` does too, and takes a tenth of a start to import.

    Args:
        now: in Unix seconds.

    Source: RFC 9110 section 5.6.7.
    """
    at = time.gmtime(now)
    return (
        f"{_DAYS[at.tm_wday]}, {at.tm_mday:02} {_MONTHS[at.tm_mon - 1]} {at.tm_year} "
        f"{at.tm_hour:02}:{at.tm_min:02}:{at.tm_sec:02} GMT"
    )
