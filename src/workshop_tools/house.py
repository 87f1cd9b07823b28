"""A drawing of the house, made from the imports: every room, what it is for, and which rooms it stands on.

`workshop derive` puts it into CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

BEGIN = "<!-- house: begin (`workshop derive` writes this) -->"
END = "<!-- house: end -->"
SHARED_BY_ALL = "errors"


@dataclass(frozen=True)
class HouseRoom:
    """A package or module directly below a package of the house.

    Attributes:
        name: dotted, such as "workshop.servers".
        about: the first line of its docstring.
        uses: the other rooms that it imports.
    """

    name: str
    about: str
    uses: frozenset[str]

    @property
    def short(self) -> str:
        """Return the name without its package."""
        return self.name.rpartition(".")[2]


def rooms(source: Path, package: str) -> tuple[HouseRoom, ...]:
    """Return the rooms of a package.

    Args:
        source: the folder `src`.
        package: its name.
    """
    return tuple(_room(path, package) for path in sorted((source / package).iterdir()) if _is_room(path))


def _is_room(path: Path) -> bool:
    return (path.suffix == ".py" and not path.stem.startswith("__")) or (path / "__init__.py").exists()


def _room(path: Path, package: str) -> HouseRoom:
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    name = f"{package}.{path.stem}"
    about = ast.get_docstring(ast.parse(texts[path / "__init__.py" if path.is_dir() else path])) or ""
    uses = {room for text in texts.values() for room in _imported(text, package)} - {name}
    return HouseRoom(name, about.partition("\n")[0].rstrip("."), frozenset(uses))


def _imported(text: str, package: str) -> Iterator[str]:
    """Yield the rooms of a package that a module imports, wherever in it that stands."""
    for node in ast.walk(ast.parse(text)):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == package and len(parts) > 1:
                yield ".".join(parts[:2])


def floors(house: tuple[HouseRoom, ...]) -> tuple[tuple[HouseRoom, ...], ...]:
    """Return the rooms by floor, the lowest first: each stands on lower floors only.

    Raises:
        ValueError: some rooms stand on each other.
    """
    built: list[tuple[HouseRoom, ...]] = []
    standing: set[str] = set()
    left = list(house)
    names = {room.name for room in house}
    while left:
        floor = tuple(room for room in left if room.uses & names <= standing)
        if not floor:
            raise ValueError(f"these rooms stand on each other: {', '.join(room.name for room in left)}")
        built.append(floor)
        standing |= {room.name for room in floor}
        left = [room for room in left if room not in floor]
    return tuple(built)


def drawing(source: Path) -> str:
    """Return the house as a Mermaid flowchart and a table, the highest floor first.

    An arrow that others imply is left out, and so are those to `errors`, which every room knows.
    """
    house = rooms(source, "workshop")
    built = floors(house)
    lines = ["```mermaid", "flowchart TD"]
    for number, floor in reversed(list(enumerate(built))):
        lines += [f"  subgraph floor{number}[ ]", *(f"    {room.short}" for room in floor), "  end"]
    lines += [f"  {room.short} --> {used}" for room in house for used in _nearest(room, house)]
    lines += ["```", "", "| room | what it is for |", "|---|---|"]
    lines += [f"| `{room.name}` | {room.about} |" for floor in reversed(built) for room in floor]
    for package in ("practice_tenant", "workshop_tools"):
        lines += [f"| `{room.name}` | {room.about} |" for room in rooms(source, package)]
    return "\n".join(lines)


def _nearest(room: HouseRoom, house: tuple[HouseRoom, ...]) -> list[str]:
    """Return the rooms that a room stands on directly, without those that these stand on in turn."""
    by_name = {each.name: each for each in house if each.short != SHARED_BY_ALL}
    direct = [name for name in sorted(room.uses) if name in by_name]
    return [
        by_name[name].short
        for name in direct
        if not any(name in _below(other, by_name) for other in direct if other != name)
    ]


def _below(name: str, by_name: Mapping[str, HouseRoom]) -> set[str]:
    """Return all that a room stands on, directly or not."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        used = by_name[waiting.pop()].uses & by_name.keys() - reached
        reached |= used
        waiting += used
    return reached


def with_drawing(text: str, source: Path) -> str:
    """Return the text of CONTRIBUTING.md with the drawing of today."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    return f"{before}{begin}\n\n{drawing(source)}\n\n{end}{after}"
