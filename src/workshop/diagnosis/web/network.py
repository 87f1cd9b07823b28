"""The network under a call: it connects to the addresses that were looked at, and all of it ends in time."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import httpcore
import httpx

FAILED = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.ProxyError,
    httpcore.UnsupportedProtocol,
)
"""What httpcore raises."""
_AT_ONCE = 65_536


class OutOfTime(httpcore.ReadTimeout):
    """The time for an answer is over."""


class Wire(httpcore.NetworkBackend):
    """Opens connections.

    Args:
        addresses: of each host, to which alone it connects; None where a proxy makes the connection.
        clock: seconds that only go forward.
    """

    def __init__(self, addresses: Mapping[str, tuple[str, ...]] | None, clock: Callable[[], float]) -> None:
        self._addresses = addresses
        self._clock = clock
        self._inner = httpcore.SyncBackend()
        self._ends = 0.0

    def begin(self, seconds: float) -> None:
        """Begin the time of an answer, from the first connection to the last byte."""
        self._ends = self._clock() + seconds

    def left(self, timeout: float | None) -> float:
        """Return the seconds that one step may take.

        Raises:
            OutOfTime: there are none.
        """
        left = self._ends - self._clock()
        if left <= 0:
            raise OutOfTime
        return left if timeout is None else min(left, timeout)

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first of the host's addresses that answers."""
        addresses = (host,) if self._addresses is None else self._addresses.get(host, ())
        failure: Exception = httpcore.ConnectError(f"{host} was not looked up")
        for number, address in enumerate(addresses):
            share = self.left(timeout) / (len(addresses) - number)  # an address that keeps silent leaves the next some
            try:
                stream = self._inner.connect_tcp(address, port, share, local_address, socket_options)
                return _Timed(stream, self)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def sleep(self, seconds: float) -> None:
        """Wait between attempts."""
        time.sleep(min(seconds, self.left(None)))


class _Timed(httpcore.NetworkStream):
    def __init__(self, inner: httpcore.NetworkStream, wire: Wire) -> None:
        self._inner, self._wire = inner, wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._wire.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for begin in range(0, len(buffer), _AT_ONCE):
            self._inner.write(buffer[begin : begin + _AT_ONCE], self._wire.left(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Timed(self._inner.start_tls(ssl_context, server_hostname, self._wire.left(timeout)), self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Pooled(httpx.BaseTransport):
    """Lets httpx use connections of a pool of httpcore's."""

    def __init__(self, pool: httpcore.ConnectionPool) -> None:
        self._pool = pool

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Make a request."""
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        passed = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=request.stream, extensions=request.extensions
        )
        answer = self._pool.handle_request(passed)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer.stream), extensions=answer.extensions
        )

    def close(self) -> None:
        """Close the connections."""
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        yield from self._stream

    def close(self) -> None:
        self._stream.close()
