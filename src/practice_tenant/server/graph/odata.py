"""The OData around Graph's JSON: contexts, single objects, lists and counts, and reading a body."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from practice_tenant.server.graph import errors, kinds, query
from practice_tenant.server.graph.kinds import EntityType
from practice_tenant.server.http.messages import PlainTextResponse, Response
from practice_tenant.server.web import Call, JsonAnswer

Graph = Mapping[str, Any]

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


def reference(call: Call) -> str:
    """Return the object id that the body of a ``$ref`` request points to.

    Raises:
        GraphError: 400.
    """
    try:
        body = call.json()
    except ValueError:
        body = None
    target = body.get("@odata.id") if isinstance(body, dict) else None
    object_id = str(target).rstrip("/").rpartition("/")[2] if isinstance(target, str) else ""
    if not object_id:
        raise errors.bad_request(_UNREADABLE, "BadRequest")
    return object_id.strip("'()")


def entity(call: Call, kind: EntityType, graph: Graph, status: int = 200, *, within: str = "") -> Response:
    """Answer one object; ``$select`` chooses its properties, else the kind's default does.

    Args:
        within: how contexts name the collection where it is not the kind's own.
    """
    asked = query.options(call, kind, many=False)
    names = asked.select or kind.default or tuple(graph)
    context = _context(call, within or kind.set, asked.select) + "/$entity"
    head = errors.headers(call)
    if status == 201:
        head["Location"] = f"https://{call.host}/{call.path['version']}/{within or kind.set}/{graph.get('id', '')}"
    return JsonAnswer({"@odata.context": context, **_of(graph, names)}, status, head)


def collection(call: Call, kind: EntityType, items: Iterable[Graph], *, within: str = "") -> Response:
    """Answer a list of objects of one kind, as the query options ask."""
    asked = query.options(call, kind, many=True)
    page = query.page(call, kind, asked, list(items), lambda item: item)
    shown = [_of(item, asked.select or kind.default or tuple(item)) for item in page.items]
    return _listed(call, _context(call, within or kind.set, asked.select), page, shown)


def objects(call: Call, items: Iterable[tuple[EntityType, Graph]], *, cast: EntityType | None = None) -> Response:
    """Answer a list of directory objects of several kinds, each with its type; a cast keeps those of one kind."""
    kind = cast or kinds.OBJECT
    asked = query.options(call, kind, many=True)
    kept = [item for item in items if cast is None or item[0] is cast]
    page = query.page(call, kind, asked, kept, _graph_of, relation=True)
    shown = [_typed(own_kind, graph, asked.select, cast) for own_kind, graph in page.items]
    return _listed(call, _context(call, kind.set, asked.select), page, shown)


def count(call: Call, kind: EntityType, items: Sequence[Graph]) -> Response:
    """Answer ``/$count`` of a collection: a bare number.

    Raises:
        GraphError: 400 without ``ConsistencyLevel: eventual``.
    """
    return _counted(call, kind, items, lambda item: item, relation=False)


def count_objects(call: Call, items: Iterable[tuple[EntityType, Graph]], *, cast: EntityType | None = None) -> Response:
    """Answer ``/$count`` of a list of directory objects.

    Raises:
        GraphError: 400 without ``ConsistencyLevel: eventual``.
    """
    kept = [item for item in items if cast is None or item[0] is cast]
    return _counted(call, cast or kinds.OBJECT, kept, _graph_of, relation=True)


def value(call: Call, kind: str, graph: Graph, status: int = 200) -> Response:
    """Answer one object that is no part of a collection, or a list of plain values."""
    return JsonAnswer({"@odata.context": _context(call, kind, ()), **graph}, status, errors.headers(call))


def nothing(call: Call, status: int = 204) -> Response:
    """Answer that it is done, with no content."""
    left_out = ("Content-Type", "OData-Version", "Vary")
    head = {name: content for name, content in errors.headers(call).items() if name not in left_out}
    return Response(status_code=status, headers=head)


def _counted(
    call: Call, kind: EntityType, items: Sequence[Any], graph_of: Callable[[Any], Graph], *, relation: bool
) -> Response:
    asked = query.options(call, kind, many=True)
    if not asked.eventual:
        raise errors.bad_request("$count is not currently supported.")
    counting = query.QueryOptions(asked.select, {**asked.given, "$count": "true"}, eventual=True)
    page = query.page(call, kind, counting, items, graph_of, relation=relation)
    head = {**errors.headers(call), "Content-Type": "text/plain"}
    return PlainTextResponse(str(page.count), 200, head)


def _graph_of(item: tuple[EntityType, Graph]) -> Graph:
    return item[1]


def _typed(kind: EntityType, graph: Graph, select: tuple[str, ...], cast: EntityType | None) -> dict[str, Any]:
    names = select or kind.default or tuple(graph)
    return _of(graph, names) if cast else kinds.typed(kind, graph, names)


def _of(graph: Graph, names: Iterable[str]) -> dict[str, Any]:
    return {name: graph[name] for name in names if name in graph}


def _listed(call: Call, context: str, page: query.ResultPage, shown: list[dict[str, Any]]) -> Response:
    answer: dict[str, Any] = {"@odata.context": context}
    if page.count is not None:
        answer["@odata.count"] = page.count
    if page.next:
        answer["@odata.nextLink"] = page.next
    return JsonAnswer({**answer, "value": shown}, 200, errors.headers(call))


def _context(call: Call, of: str, select: tuple[str, ...]) -> str:
    chosen = f"({','.join(select)})" if select else ""
    return f"https://{call.host}/{call.path['version']}/$metadata#{of}{chosen}"


def _without_annotations(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_annotations(member) for name, member in value.items() if "@odata" not in name}
    return [_without_annotations(entry) for entry in value] if isinstance(value, list) else value
