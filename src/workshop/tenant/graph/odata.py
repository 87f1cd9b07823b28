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


def body(call: Call, *, optional: bool = False) -> dict[str, Any]:
    """Return the request's JSON object without OData's annotations; an optional one may be missing altogether.

    Raises:
        GraphError: 400.
    """
    if optional and not call.body:
        return {}
    try:
        value = _without_annotations(call.json())
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise errors.bad_request(_UNREADABLE, "BadRequest")
    return value


def _without_annotations(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_annotations(member) for name, member in value.items() if "@odata" not in name}
    return [_without_annotations(entry) for entry in value] if isinstance(value, list) else value


def entity(
    call: Call, kind: str, graph: Mapping[str, Any], status: int = 200, default: Iterable[str] | None = None
) -> Response:
    """Answer one object; ``$select`` chooses its properties, else ``default`` does."""
    known = _selected(call, graph, default or graph)
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#{kind}/$entity"
    return JsonAnswer({"@odata.context": context, **known}, status, errors.headers(call))


def value(call: Call, kind: str, graph: Mapping[str, Any], status: int = 200) -> Response:
    """Answer one object that is no part of a collection."""
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#{kind}"
    return JsonAnswer({"@odata.context": context, **graph}, status, errors.headers(call))


def nothing(call: Call) -> Response:
    """Answer that it is done, with no content."""
    headers = {name: content for name, content in errors.headers(call).items() if name != "Content-Type"}
    return Response(status_code=204, headers=headers)


def collection(call: Call, kind: str, items: Iterable[Mapping[str, Any]]) -> Response:
    """Answer a list of objects; ``$select`` chooses their properties."""
    context = f"https://graph.microsoft.com/{call.path['version']}/$metadata#{kind}"
    value = [_selected(call, item, item) for item in items]
    return JsonAnswer({"@odata.context": context, "value": value}, 200, errors.headers(call))


def _selected(call: Call, graph: Mapping[str, Any], default: Iterable[str]) -> dict[str, Any]:
    """Return the properties asked for.

    Raises:
        GraphError: 501 for another query option, rather than an answer that ignores it.
    """
    for name, _ in call.query:
        if name.startswith("$") and name != "$select":
            raise errors.missing_here(call.request.method, f"{call.request.scope['path'][:200]} with {name[:50]}")
    names = [name.strip() for name in call.value("$select").split(",") if name.strip()] or list(default)
    return {name: graph[name] for name in names if name in graph}
