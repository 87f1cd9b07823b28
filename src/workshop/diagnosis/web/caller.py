"""Make calls within bounds: where they lead, how much is read, how long it takes."""

from __future__ import annotations

import ssl
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import httpcore
import httpx

from workshop.diagnosis.web.answer import BoundedAnswer, read
from workshop.diagnosis.web.fence import Fence, NameUnknown
from workshop.diagnosis.web.network import FAILED, OutOfTime, Pooled, Wire
from workshop.diagnosis.web.reach import Reach
from workshop.diagnosis.web.target import Destination

SECONDS = 20.0
"""For one answer, from the first connection to the last byte."""


class NoAnswer(Exception):
    """Nothing came that could be read.

    Attributes:
        untrusted: whether it is because of the server's certificate.
    """

    def __init__(self, why: str, *, untrusted: bool = False) -> None:
        super().__init__(why)
        self.untrusted = untrusted


class BoundedCaller:
    """Makes the calls of one diagnosis. It follows no redirect, and keeps the cookies of its server.

    Args:
        fence: where calls may lead.
        http: makes them instead, if the caller of this knows a way that no name tells.
        seconds: for one answer.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        fence: Fence,
        http: httpx.Client | None = None,
        *,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.fence = fence
        self._given = http
        self._seconds, self._clock = seconds, clock
        self._made: dict[str, tuple[httpx.Client, Wire]] = {}
        self._trust: ssl.SSLContext | None = None
        fence.by_proxy = lambda target: http is not None or bool(proxy_of(target))

    def call(self, method: str, url: str, **options: Any) -> BoundedAnswer:
        """Make one call.

        Args:
            options: those of httpx's `request`.

        Raises:
            NotCalled: it may not be made.
            NoAnswer: nothing came that could be read.
        """
        try:
            target = self.fence.admit(method, url)
        except NameUnknown as unknown:
            raise NoAnswer(str(unknown)) from None
        http = self._given or self._client(target)
        headers = httpx.Headers(options.pop("headers", None))
        headers["Accept-Encoding"] = "identity"
        try:
            with http.stream(method, url, headers=headers, timeout=self._seconds, **options) as response:
                return read(response)
        except OutOfTime:
            raise NoAnswer(f"the answer took longer than {self._seconds:.0f} seconds") from None
        except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, *FAILED, ValueError) as error:
            untrusted = isinstance(_root(error), ssl.SSLCertVerificationError)
            raise NoAnswer(str(error) or type(error).__name__, untrusted=untrusted) from error

    def close(self) -> None:
        """Close what was opened."""
        for client, _ in self._made.values():
            client.close()

    def _client(self, target: Destination) -> httpx.Client:
        proxy = proxy_of(target)
        if proxy not in self._made:
            self._made[proxy] = self._opened(proxy)
        client, wire = self._made[proxy]
        wire.begin(self._seconds)
        return client

    def _opened(self, proxy: str) -> tuple[httpx.Client, Wire]:
        wire = Wire(None if proxy else self.fence.addresses, self._clock)
        self._trust = self._trust or httpx.create_ssl_context()
        pool = _through(proxy, self._trust, wire)
        client = httpx.Client(transport=Pooled(pool), follow_redirects=False, trust_env=False)
        return client, wire


def proxy_of(target: Destination) -> str:
    """Return the proxy by which this machine's settings lead to a host, "" for none; this machine is reached directly.

    Source: `urllib.request.getproxies`, whose variables httpx reads as well.
    """
    if target.host == "localhost" or Fence.reach_of_literal(target.host) is Reach.LOOPBACK:
        return ""
    proxies = urllib.request.getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all") or ""
    if not proxy or urllib.request.proxy_bypass(target.host):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _through(proxy: str, trust: ssl.SSLContext, wire: Wire) -> httpcore.ConnectionPool:
    if not proxy:
        return httpcore.ConnectionPool(ssl_context=trust, network_backend=wire)
    read = httpx.Proxy(proxy)  # knows where the user name and the password stand
    url = read.url
    if url.scheme not in ("http", "https"):
        raise NoAnswer(f"calls from here go by a proxy of the kind {url.scheme}, and only http and https are known")
    return httpcore.HTTPProxy(
        httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        proxy_auth=read.raw_auth,
        proxy_headers=read.headers.raw,
        ssl_context=trust,
        network_backend=wire,
    )


def _root(error: BaseException) -> BaseException:
    """Return the first cause of an error."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error
