"""The query options of OData: what a request asks of a list, and the part of the list that answers it.

Source: https://learn.microsoft.com/graph/query-parameters, https://learn.microsoft.com/graph/paging and
https://learn.microsoft.com/graph/aad-advanced-queries
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from practice_tenant.server.graph import errors, filters
from practice_tenant.server.graph.kinds import EntityType
from practice_tenant.server.web import Call

Graph = Mapping[str, Any]

HERE = ("$select", "$filter", "$top", "$skip", "$skiptoken", "$count", "$orderby", "$search", "$format")
ELSEWHERE = ("$expand", "$apply", "$compute", "$deltatoken", "$levels")
EMPTY = ("", "json", "application/json")

_TOKEN = b"practice-page-"
_SEARCH = re.compile(r'\s*"(?P<name>\w+):(?P<text>[^"]*)"\s*(?P<joint>AND|OR)?\s*')


@dataclass(frozen=True)
class QueryOptions:
    """What a request asks."""

    select: tuple[str, ...]
    given: Mapping[str, str]
    eventual: bool

    @property
    def counts(self) -> bool:
        return self.given.get("$count", "").lower() == "true"

    @property
    def advanced(self) -> bool:
        """Return whether this is an advanced query: the header and ``$count=true``."""
        return self.eventual and self.counts


@dataclass(frozen=True)
class ResultPage:
    """The part of a list that is answered; ``next`` is where the rest is, ``count`` how many there are in all."""

    items: Sequence[Any]
    next: str = ""
    count: int | None = None


def options(call: Call, kind: EntityType, *, many: bool) -> QueryOptions:
    """Read the options of a request for one object, or for many.

    Raises:
        GraphError: 400 for one that Graph does not know, 501 for one that is missing here.
    """
    by_name: dict[str, str] = {}
    for name, value in call.query:
        small = name.lower()
        if not small.startswith("$"):
            continue
        if small not in HERE + ELSEWHERE:
            raise errors.bad_request(f"Unrecognized query argument specified: '{name[:100]}'.")
        here = HERE if many else ("$select", "$count", "$format")
        if small not in here or (small == "$format" and value not in EMPTY):
            raise errors.missing_here(call.request.method, f"{call.request.path[:200]} with {name[:50]}")
        by_name[small] = value
    level = call.request.headers.get("consistencylevel") or call.value("ConsistencyLevel")
    return QueryOptions(_selected(kind, by_name.get("$select", "")), by_name, level.lower() == "eventual")


def page(
    call: Call,
    kind: EntityType,
    asked: QueryOptions,
    items: Sequence[Any],
    graph_of: Callable[[Any], Graph],
    *,
    relation: bool = False,
) -> ResultPage:
    """Return the page of a list that a request asks for.

    Args:
        graph_of: the JSON of an item.
        relation: whether the list is a relation of another object, such as ``memberOf``.

    Raises:
        GraphError: 400.
    """
    if kind.directory:
        _check_directory_rules(asked, relation)
    if "$filter" in asked.given:
        wanted = filters.predicate(asked.given["$filter"], kind, advanced=asked.advanced or not kind.directory)
        items = [item for item in items if wanted(graph_of(item))]
    if "$search" in asked.given:
        matches = _search(asked.given["$search"], kind)
        items = [item for item in items if matches(graph_of(item))]
    if "$orderby" in asked.given:
        items = _sorted(asked.given["$orderby"], kind, items, graph_of)
    begin = _begin(asked, kind)
    size = _number(asked, "$top", 1, kind.most) if "$top" in asked.given else kind.page
    end = begin + size
    following = _next_link(call, end) if end < len(items) else ""
    counted = len(items) if asked.counts and (asked.eventual or not kind.directory) else None
    return ResultPage(items[begin:end], following, counted)


def _selected(kind: EntityType, text: str) -> tuple[str, ...]:
    names: list[str] = []
    for asked in (part.strip() for part in text.split(",")):
        if not asked or asked == "*":
            continue
        name = kind.name_of(asked)
        if name is None:
            raise errors.bad_request(
                f"Parsing OData Select and Expand failed: Could not find a property named '{asked[:100]}' on type "
                f"'microsoft.graph.{kind.type}'.",
                "BadRequest",
            )
        names.append(name)
    return tuple(dict.fromkeys(names))


def _check_directory_rules(asked: QueryOptions, relation: bool) -> None:
    """Refuse what the directory answers only to advanced queries, and what it never answers."""
    if "$skip" in asked.given:
        raise errors.bad_request("'$skip' is not supported by the service.")
    if "$search" in asked.given and not asked.eventual:
        raise errors.unsupported_query(
            "Request with $search query parameter only works through MSGraph with a special request header: "
            "'ConsistencyLevel: eventual'"
        )
    if relation and "$filter" in asked.given and not asked.advanced:
        raise errors.unsupported_query(
            "The specified filter to the reference property query is currently not supported."
        )
    if "$orderby" in asked.given and (relation or "$filter" in asked.given) and not asked.advanced:
        raise errors.unsupported_query("Sorting not supported for current query.")


def _search(text: str, kind: EntityType) -> Callable[[Graph], bool]:
    """Read ``"displayName:word" AND "description:word"``: a word matches where a word of the property begins so."""
    clauses: list[tuple[str, str, str]] = []
    at = 0
    while match := _SEARCH.match(text, at):
        name = kind.name_of(match["name"])
        if name not in kind.searched:
            raise errors.unsupported_query(f"Property '{match['name'][:100]}' is not supported in $search.")
        clauses.append((str(name), match["text"].lower(), match["joint"] or ""))
        at = match.end()
        if not match["joint"]:
            break
    if at < len(text) or not clauses or clauses[-1][2]:
        bad = text[at : at + 1] or text[-1:]
        raise errors.bad_request(
            f"Syntax error: character '{bad}' is not valid at position {at} in '{text[:200]}'.", "BadRequest"
        )

    def matches(graph: Graph) -> bool:
        groups: list[bool] = []
        together = True
        for name, word, joint in clauses:
            together = together and _has_word(str(graph.get(name) or "").lower(), word)
            if joint != "AND":
                groups.append(together)
                together = True
        return any(groups)

    return matches


def _has_word(text: str, wanted: str) -> bool:
    words = re.split(r"[\W_]+", text)
    return all(any(word.startswith(part) for word in words) for part in re.split(r"[\W_]+", wanted) if part)


def _sorted(text: str, kind: EntityType, items: Sequence[Any], graph_of: Callable[[Any], Graph]) -> list[Any]:
    result = list(items)
    for clause in reversed(text.split(",")):
        asked, _, direction = clause.strip().partition(" ")
        name = kind.name_of(asked)
        if name is None:
            raise errors.bad_request(
                f"Invalid $orderby clause: Could not find a property named '{asked[:100]}' on type "
                f"'microsoft.graph.{kind.type}'.",
                "BadRequest",
            )
        if name not in kind.sorted or direction.strip() not in ("", "asc", "desc"):
            raise errors.unsupported_query("Sorting not supported for current query.")
        result.sort(key=lambda item: _sort_key(graph_of(item), name), reverse=direction.strip() == "desc")
    return result


def _sort_key(graph: Graph, name: str) -> str:
    return str(graph.get(name) or "").lower()


def _begin(asked: QueryOptions, kind: EntityType) -> int:
    if "$skiptoken" not in asked.given:
        return _number(asked, "$skip", 0, 1_000_000) if "$skip" in asked.given else 0
    token = asked.given["$skiptoken"]
    try:
        raw = base64.urlsafe_b64decode(token[:200].encode("ascii", "strict") + b"=" * (-len(token[:200]) % 4))
        if not raw.startswith(_TOKEN) or not raw[len(_TOKEN) :].isdigit():
            raise ValueError(token)
        return int(raw[len(_TOKEN) :])
    except (ValueError, UnicodeError, binascii.Error):
        raise errors.bad_request(
            "The specified page token value has expired and can no longer be included in your request.",
            "Directory_ExpiredPageToken" if kind.directory else "BadRequest",
        ) from None


def _number(asked: QueryOptions, name: str, least: int, most: int) -> int:
    text = asked.given[name]
    if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) < 10):
        raise errors.bad_request(
            f"Invalid value '{text[:100]}' for {name} query option found. The {name} query option requires a "
            "non-negative integer value.",
            "BadRequest",
        )
    if not least <= int(text) <= most:
        raise errors.unsupported_query(
            f"Invalid page size specified: '{int(text)}'. Must be between {least} and {most} inclusive."
        )
    return int(text)


def _next_link(call: Call, begin: int) -> str:
    token = base64.urlsafe_b64encode(_TOKEN + str(begin).encode()).rstrip(b"=").decode()
    kept = [(name, value) for name, value in call.query if name.lower() not in ("$skiptoken", "$skip")]
    path = quote(call.request.path, safe="/()'=@:,;!*+~")
    return f"https://{call.host}{path}?{urlencode([*kept, ('$skiptoken', token)], quote_via=quote, safe='$,')}"
