"""What a walk gathers on its way: the calls that were made, the steps, the findings."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

import httpx

from workshop.diagnosis.findings import FoundFailure, Result, Step, finding
from workshop.diagnosis.reading import read, shown
from workshop.diagnosis.recognise import recognise

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
PATIENCE = httpx.Timeout(60.0, connect=30.0)
MOST_READ = 1_000_000

Tell = Callable[[str], None]


class Stopped(Exception):
    """The walk ends here: no client gets further. The steps say why."""


@dataclass
class Route:
    """A walk under way.

    Attributes:
        url: the server's address, as a client is given it.
        http: follows no redirects; what it sends carries no token.
        tell: is told what is about to be called.
    """

    url: str
    http: httpx.Client
    tell: Tell
    steps: list[Step] = field(default_factory=list)
    findings: list[FoundFailure] = field(default_factory=list)
    unknown: list[int] = field(default_factory=list)

    @property
    def parts(self) -> SplitResult:
        """The address, taken apart."""
        return split(self.url)

    @property
    def is_local(self) -> bool:
        """Whether the server is on this machine."""
        return self.parts.hostname in LOOPBACK

    def step(self, name: str, result: Result, said: str, *, request: str = "", stops: str = "") -> None:
        """Note a step."""
        self.steps.append(Step(name, shown(request), result, shown(said), stops))

    def wrong(self, step: str, failure: str, evidence: str, *, request: str = "", stops: str = "every client") -> None:
        """Note a step that shows a failure; the same failure is noted once."""
        self.step(step, "wrong", evidence, request=request, stops=stops)
        if not self.found(failure):
            self.findings.append(finding(failure, shown(evidence), step))

    def found(self, failure: str) -> bool:
        """Say whether this failure was found already."""
        return failure in {each.failure.name for each in self.findings}

    def recognised(
        self, step: str, text: str, otherwise: str, *, request: str = "", stops: str = "every client"
    ) -> None:
        """Note a step whose answer tells what is wrong; `otherwise` is the failure if it tells nothing known."""
        symptom = read(text)
        known = recognise(symptom)
        if not known:
            self.wrong(step, otherwise, text, request=request, stops=stops)
        for each in known:
            self.wrong(step, each.failure.name, each.evidence, request=request, stops=stops)

    def call(self, step: str, method: str, url: str, **options: Any) -> httpx.Response:
        """Make one call, told before.

        Raises:
            Stopped: there was no answer.
        """
        self.tell(f"{method} {shown(url)}")
        try:
            return self.http.request(method, url, timeout=PATIENCE, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            untrusted = isinstance(_root(error), ssl.SSLCertVerificationError)
            failure = "certificate-not-trusted" if untrusted else "no-answer"
            self.wrong(step, failure, f"{shown(url)}: {str(error) or type(error).__name__}", request=f"{method} {url}")
            raise Stopped from error

    def lacks_tls(self, step: str, addresses: Mapping[str, object]) -> bool:
        """Note addresses with http:// on a server that is reached by https, and say whether there were any."""
        plain = [f"{name} {value}" for name, value in addresses.items() if _is_plain(value)]
        if self.parts.scheme != "https" or not plain:
            return False
        self.wrong(step, "http-addresses-behind-tls", ", ".join(plain), stops="every client that insists on https")
        return True


def split(url: str) -> SplitResult:
    """Take an address apart; one that is none has no parts."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # read here, where it may be no number
    except ValueError:
        return urlsplit("")
    return parts


def listed(value: object) -> tuple[str, ...]:
    """Return the texts in a list of a JSON document; what is no list has none."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def members(answer: httpx.Response) -> dict[str, Any] | None:
    """Return the members of a JSON answer, None if it is no JSON object."""
    if answer.status_code != 200 or len(answer.content) > MOST_READ:
        return None
    try:
        body = json.loads(answer.text)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and value.startswith("http://") and split(value).hostname not in LOOPBACK


def _root(error: BaseException) -> BaseException:
    """Return the first cause of an error."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error
