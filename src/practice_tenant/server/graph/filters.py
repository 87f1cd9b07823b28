"""``$filter``: the part of OData's expressions that Microsoft Graph's directory understands.

Source: OData 4.01 URL conventions section 5.1.1, https://learn.microsoft.com/graph/filter-query-parameter and
https://learn.microsoft.com/graph/aad-advanced-queries
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from practice_tenant.server.graph import errors
from practice_tenant.server.graph.kinds import EntityType

Predicate = Callable[[Mapping[str, Any]], bool]

LONGEST = 4_000
DEEPEST = 50

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')"
    r"|(?P<guid>[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})"
    r"|(?P<time>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<number>-?\d{1,18}(?:\.\d{1,18})?)"
    r"|(?P<name>[A-Za-z_@$][\w.@$]*)"
    r"|(?P<mark>[(),/:]))"
)
_COMPARISONS = ("eq", "ne", "gt", "ge", "lt", "le")
_FUNCTIONS = ("startswith", "endswith", "contains")
_CONSTANTS = {"true": True, "false": False, "null": None}
_EDM = {bool: "Edm.Boolean", str: "Edm.String", int: "Edm.Int32", float: "Edm.Double"}


@dataclass(frozen=True)
class FilterToken:
    """A word of the expression, and where it begins."""

    kind: str
    text: str
    at: int


def predicate(text: str, kind: EntityType, *, advanced: bool) -> Predicate:
    """Read a filter and return what it says of one object.

    Args:
        advanced: whether the request asks for advanced queries (``ConsistencyLevel: eventual`` and ``$count=true``).

    Raises:
        GraphError: 400.
    """
    if len(text) > LONGEST:
        raise errors.bad_request("Invalid filter clause: The filter is too long.", "BadRequest")
    return _Parser(text, kind, advanced).whole()


class _Parser:
    """One pass over the words; each method reads one rule of the grammar."""

    def __init__(self, text: str, kind: EntityType, advanced: bool) -> None:
        self.text = text
        self.kind = kind
        self.advanced = advanced
        self.tokens = self._words()
        self.at = 0
        self.depth = 0

    def whole(self) -> Predicate:
        predicate = self._or()
        if self._next().kind != "end":
            raise self._wrong()
        return predicate

    def _words(self) -> list[FilterToken]:
        tokens: list[FilterToken] = []
        at = 0
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if not match or not match.lastgroup:
                raise self._syntax(at)
            tokens.append(FilterToken(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            at = match.end()
        return [*tokens, FilterToken("end", "", len(self.text))]

    def _or(self) -> Predicate:
        self.depth += 1
        if self.depth > DEEPEST:
            raise errors.bad_request("Invalid filter clause: Recursion depth exceeded allowed limit.", "BadRequest")
        parts = [self._and()]
        while self._taken("or"):
            parts.append(self._and())
        self.depth -= 1
        return parts[0] if len(parts) == 1 else lambda item: any(part(item) for part in parts)

    def _and(self) -> Predicate:
        parts = [self._not()]
        while self._taken("and"):
            parts.append(self._not())
        return parts[0] if len(parts) == 1 else lambda item: all(part(item) for part in parts)

    def _not(self) -> Predicate:
        if not self._taken("not"):
            return self._term()
        self._only_advanced("not")
        self.depth += 1
        if self.depth > DEEPEST:
            raise errors.bad_request("Invalid filter clause: Recursion depth exceeded allowed limit.", "BadRequest")
        inner = self._not()
        self.depth -= 1
        return lambda item: not inner(item)

    def _term(self) -> Predicate:
        if self._marked("("):
            inner = self._or()
            self._expect(")")
            return inner
        word = self._next()
        if word.kind != "name" or word.text in _CONSTANTS:
            raise self._wrong()
        following = self.tokens[self.at + 1]
        if word.text.lower() in _FUNCTIONS and following.text == "(":
            return self._function()
        return self._comparison()

    def _function(self) -> Predicate:
        name = self._take().text.lower()
        self._expect("(")
        path = self._path()
        self._expect(",")
        wanted = self._literal()
        self._expect(")")
        if not isinstance(wanted, str):
            raise errors.bad_request(
                f"Invalid filter clause: No function signature for the function with name '{name}' matches the "
                "specified arguments.",
                "BadRequest",
            )
        if name == "contains" and self.kind.directory:
            raise self._unsupported(path)
        if name == "endswith":
            self._only_advanced("endsWith")
        small = wanted.lower()
        test = {"startswith": str.startswith, "endswith": str.endswith, "contains": str.__contains__}[name]
        return lambda item: test(str(_at(item, path) or "").lower(), small)

    def _comparison(self) -> Predicate:
        path = self._path()
        if self._marked("/"):
            return self._of_a_collection(path)
        operator = self._take()
        if operator.text == "in":
            return self._within(path)
        if operator.text not in _COMPARISONS:
            self.at -= 1
            raise self._wrong()
        wanted = self._literal()
        self._check_type(path, wanted, operator.text)
        if operator.text == "ne":
            self._only_advanced("ne")
        return lambda item: _compares(operator.text, _at(item, path), wanted)

    def _within(self, path: tuple[str, ...]) -> Predicate:
        self._expect("(")
        wanted = [self._literal()]
        while self._marked(","):
            wanted.append(self._literal())
        self._expect(")")
        for value in wanted:
            self._check_type(path, value, "eq")
        return lambda item: any(_compares("eq", _at(item, path), value) for value in wanted)

    def _of_a_collection(self, path: tuple[str, ...]) -> Predicate:
        """Read what follows the slash after a collection: ``any(x:x eq 'v')``, ``any(x:x/name eq 'v')``, ``$count``."""
        word = self._take()
        if word.text == "$count":
            self._only_advanced("$count")
            operator = self._take()
            wanted = self._literal()
            if operator.text not in _COMPARISONS or not isinstance(wanted, int):
                raise self._wrong()
            return lambda item: _compares(operator.text, len(_at(item, path) or ()), wanted)
        if word.text != "any":
            raise self._unsupported(path)
        self._expect("(")
        variable = self._take()
        if variable.kind != "name":
            raise self._wrong()
        self._expect(":")
        inner = self._of_an_entry(path, variable.text)
        self._expect(")")
        return lambda item: any(inner(entry) for entry in _at(item, path) or ())

    def _of_an_entry(self, path: tuple[str, ...], variable: str) -> Predicate:
        function = self._take().text.lower() if self._next().text.lower() == "startswith" else ""
        if function:
            self._expect("(")
        if self._take().text != variable:
            raise self._wrong()
        member = self._take().text if self._marked("/") else ""
        if function:
            self._expect(",")
            operator = function
        else:
            operator = self._take().text
        wanted = self._literal()
        if function:
            self._expect(")")
        if operator not in ("eq", "startswith") or wanted == "":
            raise self._unsupported(path)
        if operator == "startswith":
            small = str(wanted).lower()
            return lambda entry: str(_member(entry, member) or "").lower().startswith(small)
        return lambda entry: _compares("eq", _member(entry, member), wanted)

    def _path(self) -> tuple[str, ...]:
        """Read the path of a property; one that the kind of object does not have is refused."""
        word = self._take()
        name = self.kind.name_of(word.text) if word.kind == "name" else None
        if name is None:
            raise errors.bad_request(
                f"Invalid filter clause: Could not find a property named '{word.text[:100]}' on type "
                f"'microsoft.graph.{self.kind.type}'.",
                "BadRequest",
            )
        path = [name]
        while self._next().text == "/" and self.tokens[self.at + 1].text not in ("any", "all", "$count"):
            self.at += 1
            path.append(self._take().text)
        return tuple(path)

    def _literal(self) -> Any:
        word = self._take()
        if word.kind == "text":
            return word.text[1:-1].replace("''", "'")
        if word.kind in ("guid", "time"):
            return word.text
        if word.kind == "number":
            return float(word.text) if "." in word.text else int(word.text)
        if word.text in _CONSTANTS:
            return _CONSTANTS[word.text]
        self.at -= 1
        raise self._wrong()

    def _check_type(self, path: tuple[str, ...], wanted: Any, operator: str) -> None:
        """Refuse what can't be compared: lists and objects, and values of another type."""
        if wanted == "" or (len(path) == 1 and path[0] in self.kind.compound):
            raise self._unsupported(path)
        if wanted is None or len(path) > 1:
            return
        expected = self.kind.scalar_of(path[0])
        if expected is not type(wanted):
            raise errors.bad_request(
                "Invalid filter clause: A binary operator with incompatible types was detected. Found operand types "
                f"'{_EDM[expected]}' and '{_EDM[type(wanted)]}' for operator kind '{_KINDS_OF[operator]}'.",
                "BadRequest",
            )

    def _only_advanced(self, operator: str) -> None:
        if self.advanced:
            return
        if operator == "ne":
            message = "Filter operator 'NotEqualsMatch' is not supported."
        else:
            message = (
                f"Operator '{operator}' is not supported because the 'ConsistencyLevel:eventual' header is missing. "
                "Refer to https://aka.ms/graph-docs/advanced-queries for more information"
            )
        raise errors.unsupported_query(message)

    def _unsupported(self, path: tuple[str, ...]) -> errors.GraphError:
        return errors.unsupported_query(
            "Unsupported or invalid query filter clause specified for property "
            f"'{'/'.join(path)[:200]}' of resource '{self.kind.resource}'."
        )

    def _next(self) -> FilterToken:
        return self.tokens[self.at]

    def _take(self) -> FilterToken:
        token = self.tokens[self.at]
        if token.kind == "end":
            raise self._wrong()
        self.at += 1
        return token

    def _taken(self, word: str) -> bool:
        if self._next().kind == "name" and self._next().text == word:
            self.at += 1
            return True
        return False

    def _marked(self, mark: str) -> bool:
        if self._next().kind == "mark" and self._next().text == mark:
            self.at += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._marked(mark):
            raise self._wrong()

    def _wrong(self) -> errors.GraphError:
        return self._syntax(self._next().at)

    def _syntax(self, at: int) -> errors.GraphError:
        return errors.bad_request(
            f"Invalid filter clause: Syntax error at position {at} in '{self.text[:200]}'.", "BadRequest"
        )


_KINDS_OF = {
    "eq": "Equal",
    "ne": "NotEqual",
    "gt": "GreaterThan",
    "ge": "GreaterThanOrEqual",
    "lt": "LessThan",
    "le": "LessThanOrEqual",
}


def _at(item: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        item = _member(item, name)
    return item


def _member(item: Any, name: str) -> Any:
    if not name:
        return item
    return item.get(name) if isinstance(item, Mapping) else None


def _compares(operator: str, actual: Any, wanted: Any) -> bool:
    """Compare as the directory does: upper and lower case are the same."""
    if isinstance(actual, str) and isinstance(wanted, str):
        actual, wanted = actual.lower(), wanted.lower()
    if operator in ("eq", "ne"):
        return bool(actual == wanted) == (operator == "eq")
    if actual is None or wanted is None or type(actual) is not type(wanted):
        return False
    return bool(
        {"gt": actual > wanted, "ge": actual >= wanted, "lt": actual < wanted, "le": actual <= wanted}[operator]
    )
