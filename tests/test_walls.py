"""The walls between the rooms stand, and import-linter would see a hole in each."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.core import settings

PROJECT = settings.load().project
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to make holes into."""
    shutil.copytree(PROJECT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copy(PROJECT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(folder / 'src')!r}); sys.argv = ['lint-imports']; {LINT}"
    command = [sys.executable, "-c", program]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.needs("import-linter")
def test_the_walls_stand(copy: Path) -> None:
    run = lint(copy)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.needs("import-linter")
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("practice_tenant/hole.py", "import workshop.errors"),
        ("practice_tenant/server/login/hole.py", "from workshop.core.settings import load"),
        ("practice_tenant/client/hole.py", "from practice_tenant.server.doors import tls"),
        ("practice_tenant/server/hole.py", "import workshop_tools.lock"),
        ("workshop/hole.py", "from practice_tenant.server.doors import tls"),
        ("workshop/commands/hole.py", "import practice_tenant.server"),
        ("workshop/lesson/hole.py", "from workshop_tools.bench import figures"),
        ("workshop_tools/hole.py", "import practice_tenant.server"),
        ("workshop/servers/hole.py", "from workshop.core import settings"),
        ("workshop/servers/hole.py", "import practice_tenant.server"),
        ("workshop/servers/hole.py", "import practice_tenant"),
        ("workshop/diagnosis/hole.py", "from workshop import practice"),
        ("workshop/diagnosis/knowledge/hole.py", "from workshop.breaking import FAULTS"),
    ],
)
def test_a_hole_is_seen(copy: Path, module: str, line: str) -> None:
    (copy / "src" / module).write_text(line + "\n")
    run = lint(copy)
    assert run.returncode != 0
    assert "BROKEN" in run.stdout
    assert "hole" in run.stdout


def test_every_path_in_contributing_is_there() -> None:
    text = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:src|tests|solutions|notebooks)/[\w/.]*[\w/])`", text))
    assert len(named) > 10
    made_by_the_reader = {path for path in named if "99" in path}  # "Add a lesson"
    assert not [path for path in named - made_by_the_reader if not (PROJECT / path).exists()]
    ways = {"The way of a token request": "practice_tenant/server", "The way of an exercise": "workshop/lesson"}
    for heading, folder in ways.items():
        section = text.partition(f"### {heading}")[2].partition("\n### ")[0]
        steps = re.findall(r"`((?!src/)[\w/]+(?:\.py|/))`", section)
        assert len(steps) > 4
        assert not [path for path in steps if not (PROJECT / "src" / folder / path).exists()]


@pytest.mark.needs("import-linter")
@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("workshop/show/table.py", "from workshop.trace.hop import Hop"),
        ("workshop/core/machine.py", "def late() -> object: from workshop.lesson import outline; return outline"),
        ("workshop/registration/desk.py", "if TYPE_CHECKING: from workshop.playground.workplace import Workplace"),
        ("workshop/signin/chooser.py", "import workshop.signin.agent"),
        ("workshop/registration/rules/rule.py", "from workshop.registration.rules import rules_api"),
        ("workshop_tools/lock_changes.py", "import workshop_tools.lock"),
        ("practice_tenant/server/directory/ids.py", "def later(): from practice_tenant.server.login import scopes"),
        ("practice_tenant/client/environment.py", "import practice_tenant.client.control"),
    ],
)
def test_a_circle_is_seen(copy: Path, module: str, line: str) -> None:
    with (copy / "src" / module).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    run = lint(copy)
    assert run.returncode != 0
    package = module.split("/")[0]
    assert f"No cycles are allowed in {package}" in run.stdout


def test_a_class_name_stands_once_and_no_file_is_long() -> None:
    where: dict[str, list[str]] = {}
    for path in sorted((PROJECT / "src").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef):
                where.setdefault(node.name, []).append(path.relative_to(PROJECT).as_posix())
    assert {name: paths for name, paths in where.items() if len(paths) > 1} == {}


@pytest.mark.parametrize("folder", ["solutions", "notebooks"])
def test_no_notebook_imports_the_tenant(folder: str) -> None:
    notebooks = sorted((PROJECT / folder).glob("*.ipynb"))
    assert notebooks
    for path in notebooks:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert not imports_the_tenant("".join(cell["source"])), f"{path.name}, cell {cell['id']}"


def imports_the_tenant(source: str) -> bool:
    code = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("%", "!")))
    names: list[str] = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            names += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{name.name}" for name in node.names]
    return any(f"{name}.".startswith("practice_tenant.") for name in names)


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import practice_tenant.server", True),
        ("from practice_tenant.server.doors.tls import x", True),
        ("import practice_tenant", True),
        ("from practice_tenant import running", True),
        ("import practice_tenants\nfrom workshop import practice", False),
        ("%pip install x\nawait f()", False),
    ],
)
def test_such_an_import_would_be_found(source: str, imports: bool) -> None:
    assert imports_the_tenant(source) is imports
