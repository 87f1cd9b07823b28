"""An explicit yes of the user, before a tool does what can't be undone.

Clients of 2026-07-28 are answered with a question and call again with the answer; older ones are asked in the midst
of the call. The tool's arguments are bound to the answer: yes to one mail is not yes to another.

Source: https://modelcontextprotocol.io/specification/2026-07-28/client/elicitation
"""

from __future__ import annotations

import hashlib
import json

import mcp_types
from fastmcp import Context
from fastmcp.server.elicitation import AcceptedElicitation

from .refusals import CallRefused

KEY = "confirm"
CANT_ASK = (
    "{tool} did nothing: it needs the user's own yes, and this program can't ask for it (MCP elicitation). "
    "Let the user do it by hand, or connect with a program that can ask."
)
FIELD = {"type": "boolean", "title": "Yes, do it", "description": "Nothing happens unless you say yes."}
SCHEMA = {"type": "object", "properties": {KEY: FIELD}, "required": [KEY]}


async def confirmed(context: Context, tool: str, question: str) -> bool | mcp_types.InputRequiredResult:
    """Ask the user.

    Args:
        question: all that is about to happen; the answer counts for it and nothing else.

    Returns:
        Whether the user said yes, or what the tool has to return so that the client asks.

    Raises:
        CallRefused: the client can't ask.
    """
    wanted = mcp_types.ClientCapabilities(elicitation=mcp_types.ElicitationCapability())
    if not context.session.check_client_capability(wanted):
        raise CallRefused(CANT_ASK.format(tool=tool))
    request = context.request_context
    if request is None or request.protocol_version < "2026":
        answer = await context.elicit(question, bool, response_title=FIELD["title"])
        return isinstance(answer, AcceptedElicitation) and answer.data is True
    about = hashlib.sha256(json.dumps([tool, question]).encode()).hexdigest()
    response = (context.input_responses or {}).get(KEY)
    if response is None or context.request_state != about:
        asked = mcp_types.ElicitRequest(
            params=mcp_types.ElicitRequestFormParams(message=question, requested_schema=SCHEMA)
        )
        return mcp_types.InputRequiredResult(input_requests={KEY: asked}, request_state=about)
    if not isinstance(response, mcp_types.ElicitResult):
        return False
    return response.action == "accept" and (response.content or {}).get(KEY) is True
