"""What a walk gathers on its way: the calls that were made, the steps, the findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urlsplit

from workshop.diagnosis.findings import Diagnosed, FoundFailure, Result, Step, finding
from workshop.diagnosis.reading import read, shown
from workshop.diagnosis.recognise import recognise
from workshop.diagnosis.web import ENTRA, MOST_BYTES, BoundedAnswer, BoundedCaller, NoAnswer, NotCalled

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_RECOGNISED = 20_000
"""Characters of an answer in which failures are looked for, but for Entra's: each pattern goes over all of them."""

ALLOW = "`workshop diagnose --other-hosts` goes on there"

Tell = Callable[[str], None]


class Stopped(Exception):
    """The walk ends here: no client gets further. The steps say why."""


@dataclass
class Route:
    """A walk under way.

    Attributes:
        url: the server's address, as a client is given it.
        caller: makes the calls; what it sends carries no token.
        tell: is told what is about to be called.
        registered: what the server answered to the registration of a client.
        app_id: of the app by which the server's proxy signs users in at Entra, once it was seen.
    """

    url: str
    caller: BoundedCaller
    tell: Tell
    steps: list[Step] = field(default_factory=list)
    findings: list[FoundFailure] = field(default_factory=list)
    registered: dict[str, Any] = field(default_factory=dict)
    app_id: str = ""

    @property
    def parts(self) -> SplitResult:
        """The address, taken apart."""
        return split(self.url)

    @property
    def diagnosed(self) -> Diagnosed:
        """What was found."""
        return Diagnosed(shown(self.url), tuple(self.findings), tuple(self.steps))

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
        of_entra = split(request.partition(" ")[2]).hostname in ENTRA
        symptom = read(text if of_entra else text[:MOST_RECOGNISED])
        known = recognise(symptom)
        if not known:
            self.wrong(step, otherwise, text, request=request, stops=stops)
        for each in known:
            self.wrong(step, each.failure.name, each.evidence, request=request, stops=stops)

    def call(self, step: str, method: str, url: str, **options: Any) -> BoundedAnswer:
        """Make one call, told before.

        Raises:
            Stopped: it was not made, or there was no answer.
        """
        request = f"{method} {shown(url)}"
        self.tell(request)
        try:
            answer = self.caller.call(method, url, **options)
        except NotCalled as refused:
            self._not_called(step, request, refused)
            raise Stopped from refused
        except NoAnswer as error:
            failure = "certificate-not-trusted" if error.untrusted else "no-answer"
            self.wrong(step, failure, f"{shown(url)}: {error}", request=request)
            raise Stopped from error
        if answer.is_cut:
            self.step(
                step, "note", f"the answer is longer than {MOST_BYTES} bytes: the rest is not read", request=request
            )
        return answer

    def _not_called(self, step: str, request: str, refused: NotCalled) -> None:
        said = f"{shown(request)} is not called: {refused.why}"
        if refused.inside:
            self.wrong(step, "address-inside", said, request=request)
        else:
            self.step(step, "not tried", f"{said}. {ALLOW}" if refused.asked else said, request=request)

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


def members(answer: BoundedAnswer) -> dict[str, Any] | None:
    """Return the members of a JSON answer, None if it is no JSON object."""
    return answer.members() if answer.status_code == 200 else None


def worded(value: object) -> str:
    """Return a member of a JSON document that should be a text; what is none says what it is instead."""
    if value is None or isinstance(value, str):
        return value or ""
    return f"({type(value).__name__})"


def _is_plain(value: object) -> bool:
    return isinstance(value, str) and value.startswith("http://") and split(value).hostname not in LOOPBACK
