"""The OData around Graph's JSON: contexts, collections, ``$select``, and reading a body."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from starlette.responses import Response

from workshop.tenant.graph import errors
from workshop.tenant.web import Call, JsonAnswer

_UNREADABLE = (
    "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
)


def body(call: Call) -> dict[str, Any]:
    """Return the request's JSON object without OData's annotations.

    Raises:
        GraphError: 400.
    """
    try:
        value = call.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise errors.bad_request(_UNREADABLE, "BadRequest")
    return {name: member for name, member in value.items() if "@odata" not in name}


def entity(
    call: Call, kind: str, graph: Mapping[str, Any], status: int = 200, default: Iterable[str] | None = None
) -> Response:
    """Answer one object; ``$select`` chooses its properties, else ``default`` does."""
    selected = [name for name in call.value("$select").split(",") if name] or list(default or graph)
    known = {name: graph[name] for name in selected if name in graph}
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#{kind}/$entity"
    return JsonAnswer({"@odata.context": context, **known}, status, errors.headers(call))


def collection(call: Call, kind: str, items: Iterable[Mapping[str, Any]]) -> Response:
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#{kind}"
    return JsonAnswer({"@odata.context": context, "value": [dict(item) for item in items]}, 200, errors.headers(call))
