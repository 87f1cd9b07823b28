"""An ASGI wrapper that records what an MCP server received and answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from workshop.show.masking import mask_url
from workshop.trace import carried
from workshop.trace.hop import Hop, Participant, Sighting, now

_KEPT = 64 * 1024


@dataclass
class _Exchange:
    """What was seen of one request so far."""

    at: float
    body: bytes = b""
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    published: bool = False


class Recorder:
    """Wrap `app` and report each request with its answer, before the answer's last byte leaves."""

    def __init__(self, app: ASGIApp, base_url: str, report: Callable[[Sighting, bytes], None]) -> None:
        """Wrap an ASGI application.

        Args:
            app: the server's application.
            base_url: what stands before the path in the recorded url.
            report: gets each sighting and the answer's body, as far as kept.
        """
        self.app = app
        self.base_url = base_url
        self.report = report

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seen = _Exchange(at=now())

        async def note_body() -> Message:
            message = await receive()
            if len(seen.body) < _KEPT:
                seen.body += message.get("body", b"")
            return message

        async def note_answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen.status = message["status"]
                seen.headers = _headers(message["headers"])
                if seen.headers.get("content-length") == "0":
                    self._publish(scope, seen)  # the client has it all with the headers
            elif message["type"] == "http.response.body":
                if len(seen.answer) < _KEPT:
                    seen.answer += message.get("body", b"")
                # In a stream the client goes on with the result before the stream ends.
                done = not message.get("more_body")
                if not seen.published and (done or carried.holds_result(seen.headers, seen.answer)):
                    self._publish(scope, seen)
            await send(message)

        try:
            await self.app(scope, note_body, note_answer)
        finally:
            self._publish(scope, seen)

    def _publish(self, scope: Scope, seen: _Exchange) -> None:
        if seen.published:
            return
        seen.published = True
        headers = _headers(scope["headers"])
        user_agent = headers.get("user-agent", "")
        sent = carried.of_request(scope["query_string"].decode("latin-1"), headers, seen.body)
        received = carried.of_answer(seen.headers, seen.answer)
        hop = Hop(
            at=seen.at,
            source=sender(user_agent),
            target="MCP server",
            method=scope["method"],
            url=mask_url(self.base_url + scope["path"]),
            sent=sent.pairs,
            status=seen.status,
            received=received.pairs,
            seconds=now() - seen.at,
            sent_marks=sent.marks,
            received_marks=received.marks,
        )
        self.report(Sighting(hop, "server", user_agent), seen.answer)


def sender(user_agent: str) -> Participant:
    """Tell a browser, or the workshop's own user agent, from a program."""
    return "Browser" if user_agent.startswith(("Mozilla/", "practice-browser/")) else "MCP client"


def _headers(raw: Any) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw}
