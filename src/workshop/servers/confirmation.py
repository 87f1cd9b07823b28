"""An explicit yes of the user, before a tool does what can't be undone.

Clients of 2026-07-28 are answered with a question and call again with the answer; older ones are asked in the midst
of each call. A yes counts once, for the user who was asked, for this tool and these arguments, and for some minutes:
the server keeps what it asked. The words of an argument are somebody's, perhaps a file's: only the user's yes counts.

Questions are kept in memory. With several replicas the answer must reach the one that asked (sticky sessions); another
one does nothing and asks anew. After a restart every open question is asked anew.

Source: https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import mcp_types
from fastmcp import Context
from fastmcp.server.dependencies import get_access_token
from fastmcp.server.elicitation import AcceptedElicitation

from .caller import is_app
from .refusals import CallRefused

KEY = "confirm"
CANT_ASK = (
    "{tool} did nothing: it needs the user's own yes, and this program can't ask for it (MCP elicitation). "
    "Let the user do it by hand, or connect with a program that can ask."
)
NO_USER = (
    "{tool} did nothing: it needs a user's own yes, and the caller is an app that acts for itself (app-only token). "
    "No program says yes for a person."
)
FIELD = {"type": "boolean", "title": "Yes, do it", "description": "Nothing happens unless you say yes."}
SCHEMA = {"type": "object", "properties": {KEY: FIELD}, "required": [KEY]}

SECONDS = 600.0  # as long as the MCP SDK lets a request state live
MOST, MOST_OF_ONE = 10_000, 20


@dataclass(frozen=True)
class Asked:
    """A question that waits for its answer.

    Attributes:
        user: who was asked: tenant id and object id; empty where nobody signs in.
        question: all that was about to happen.
        until: on the clock of the questions.
    """

    user: tuple[str, ...]
    tool: str
    question: str
    until: float


class OpenQuestions:
    """The questions that users were asked and have not answered: each is answered once."""

    def __init__(
        self,
        seconds: float = SECONDS,
        now: Callable[[], float] = time.monotonic,
        name: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        """Start with none.

        Args:
            seconds: how long a question may wait for its answer.
            now: a clock in seconds.
            name: makes what stands for a question; nobody may guess it.
        """
        self._seconds, self._now, self._name = seconds, now, name
        self._open: OrderedDict[str, Asked] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def ask(self, user: tuple[str, ...], tool: str, question: str) -> str:
        """Keep a question and return what stands for it. Who asks too much loses the oldest of the own questions."""
        self._drop_old()
        own = [name for name, asked in self._open.items() if asked.user == user]
        for name in own[: max(0, len(own) + 1 - MOST_OF_ONE)]:
            del self._open[name]
        while len(self._open) >= MOST:
            self._open.popitem(last=False)
        name = self._name()
        self._open[name] = Asked(user, tool, question, self._now() + self._seconds)
        return name

    def spend(self, name: str | None, user: tuple[str, ...], tool: str, question: str) -> bool:
        """Say whether this very question was asked and is open, and close it; another user's stays as it is."""
        self._drop_old()
        asked = self._open.get(name or "")
        if asked is None or asked.user != user:
            return False
        del self._open[name or ""]
        return (asked.tool, asked.question) == (tool, question)

    def _drop_old(self) -> None:
        now = self._now()
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)


OPEN_QUESTIONS = OpenQuestions()


async def confirmed(
    context: Context, tool: str, question: str, questions: OpenQuestions = OPEN_QUESTIONS
) -> bool | mcp_types.InputRequiredResult:
    """Ask the user.

    Args:
        question: all that is about to happen, each argument in full; the answer counts for it and nothing else.
        questions: where it is kept until it is answered.

    Returns:
        Whether the user said yes, or what the tool has to return so that the client asks.

    Raises:
        CallRefused: the client can't ask, or there is no user to be asked.
    """
    if is_app(get_access_token()):
        raise CallRefused(NO_USER.format(tool=tool))
    wanted = mcp_types.ClientCapabilities(elicitation=mcp_types.ElicitationCapability())
    if not context.session.check_client_capability(wanted):
        raise CallRefused(CANT_ASK.format(tool=tool))
    request = context.request_context
    if request is None or request.protocol_version < "2026":
        answer = await context.elicit(question, bool, response_title=FIELD["title"])
        return isinstance(answer, AcceptedElicitation) and answer.data is True
    user = _user()
    response = (context.input_responses or {}).get(KEY)
    if response is None or not questions.spend(context.request_state, user, tool, question):
        asked = mcp_types.ElicitRequest(
            params=mcp_types.ElicitRequestFormParams(message=question, requested_schema=SCHEMA)
        )
        name = questions.ask(user, tool, question)
        return mcp_types.InputRequiredResult(input_requests={KEY: asked}, request_state=name)
    if not isinstance(response, mcp_types.ElicitResult):
        return False
    return response.action == "accept" and (response.content or {}).get(KEY) is True


def _user() -> tuple[str, ...]:
    """Return who calls. A tool of users never comes here without one; the word for nobody is nobody's id."""
    token = get_access_token()
    claims = token.claims if token else {}
    return tuple(str(claims[name]) for name in ("tid", "oid") if claims.get(name))
