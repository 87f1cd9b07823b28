"""Errors about a tool's arguments that tell a model what to send instead."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastmcp.exceptions import ToolError, ValidationError
from fastmcp.server.middleware import CallNext, Middleware, MiddlewareContext
from fastmcp.tools import ToolResult
from mcp_types import CallToolRequestParams
from pydantic import AfterValidator, Field
from pydantic import ValidationError as PydanticValidationError

SHOWN = 60
LONGEST_ID = 200

PathId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"^[A-Za-z0-9!_-]+(\.[A-Za-z0-9!_-]+)*$")]
"""An id that becomes one segment of another service's path: no dots alone, nothing that a path or an escape is made of.

`.` and `..` are segments too, and walk: RFC 3986 section 5.2.4.
"""


@dataclass(frozen=True)
class Arguments:
    """What a tool takes.

    Attributes:
        expected: what to send for each argument.
        example: arguments that are right.
    """

    expected: Mapping[str, str]
    example: Mapping[str, Any]

    def described(self, argument: str) -> str:
        """Return what to send for an argument, as its description in the tool's schema."""
        text = self.expected[argument]
        return text[0].upper() + text[1:]


def one_line(value: str) -> str:
    """Return a text without the white space around it.

    Raises:
        ValueError: it is empty, or more than one line.
    """
    text = value.strip()
    if not text or not text.isprintable():
        raise ValueError("not a line of text")
    return text


def plain_text(value: str) -> str:
    """Return a text of any lines.

    Raises:
        ValueError: there are control characters in it beside tabs and the ends of lines.
    """
    if any((character < " " and character not in "\t\r\n") or character == "\x7f" for character in value):
        raise ValueError("not a text")
    return value


OneLine = Annotated[str, AfterValidator(one_line)]
PlainText = Annotated[str, AfterValidator(plain_text)]


class ArgumentErrors(Middleware):
    """Answer a call with wrong arguments with all that is wrong at once, what is expected, and an example.

    Pydantic's own words name types and web addresses; they don't say what to send.
    """

    def __init__(self, tools: Mapping[str, Arguments]) -> None:
        self.tools = tools

    async def on_call_tool(
        self,
        context: MiddlewareContext[CallToolRequestParams],
        call_next: CallNext[CallToolRequestParams, ToolResult],
    ) -> ToolResult:
        """Go on, and say it in other words if the arguments are refused."""
        try:
            return await call_next(context)
        except ValidationError as error:
            name = context.message.name
            if name not in self.tools or not isinstance(error.__cause__, PydanticValidationError):
                raise
            raise _error(name, self.tools[name], _lines(self.tools[name], error.__cause__)) from error


def refusal(tool: str, arguments: Arguments, **wrong: object) -> ToolError:
    """Return the error for arguments whose types are right and whose values are not.

    Args:
        wrong: the values, by argument.
    """
    return _error(tool, arguments, [_not_usable(arguments, name, value) for name, value in wrong.items()])


def _error(tool: str, arguments: Arguments, lines: Iterable[str]) -> ToolError:
    example = f"Example: {json.dumps(arguments.example)}"
    text = "\n".join([f"{tool} did nothing, because of its arguments.", *dict.fromkeys(lines), example])
    # Not an error of the server.
    return ToolError(text, log_level=logging.WARNING)


def _lines(arguments: Arguments, error: PydanticValidationError) -> Iterable[str]:
    for problem in error.errors(include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        if name not in arguments.expected:
            yield f"- {_shown(name)} is not an argument. Known: {', '.join(arguments.expected) or 'none'}."
        elif problem["type"].startswith("missing"):
            yield f"- {name} is missing. Send {arguments.expected[name]}."
        else:
            yield _not_usable(arguments, name, problem["input"])


def _not_usable(arguments: Arguments, name: str, value: object) -> str:
    return f"- {name}: {_shown(value)} can't be used. Send {arguments.expected[name]}."


def _shown(value: object) -> str:
    text = json.dumps(value, default=repr)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."
