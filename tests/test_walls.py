"""The walls between the rooms stand, and import-linter would see a hole in each."""

from __future__ import annotations

import ast
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from workshop import settings

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
        ("tenant/hole.py", "import workshop.errors"),
        ("tenant/login/hole.py", "from workshop.settings import load"),
        ("hole.py", "from workshop.tenant import tls"),
        ("commands/hole.py", "import workshop.tenant"),
        ("servers/hole.py", "from workshop import settings"),
        ("servers/hole.py", "import workshop.tenant"),
        ("diagnosis/hole.py", "from workshop import practice"),
        ("diagnosis/knowledge/hole.py", "from workshop.breaking import FAULTS"),
    ],
)
def test_a_hole_is_seen(copy: Path, module: str, line: str) -> None:
    (copy / "src" / "workshop" / module).write_text(line + "\n")
    run = lint(copy)
    assert run.returncode != 0
    assert "BROKEN" in run.stdout
    assert "hole" in run.stdout


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
    return any(f"{name}.".startswith("workshop.tenant.") for name in names)


@pytest.mark.parametrize(
    ("source", "imports"),
    [
        ("import workshop.tenant", True),
        ("from workshop.tenant.tls import x", True),
        ("from workshop import tenant", True),
        ("import workshop.tenants\nfrom workshop import practice", False),
        ("%pip install x\nawait f()", False),
    ],
)
def test_such_an_import_would_be_found(source: str, imports: bool) -> None:
    assert imports_the_tenant(source) is imports
