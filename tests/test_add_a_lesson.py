"""CONTRIBUTING's page "Add a lesson", followed to the letter in a copy of the project."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from practice_help import clean_environ

from workshop.lesson.notebook_files import read

PROJECT = Path(__file__).resolve().parent.parent
PAGE = (PROJECT / "CONTRIBUTING.md").read_text("utf-8").split("## Add a lesson\n")[1].split("\n## ")[0]
FILES = re.findall(r"^In `([^`]+)`, [^\n]+:\n\n```\w+\n(.+?)```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = re.findall(r"^```sh\n(.+?)```$", PAGE, re.MULTILINE | re.DOTALL)[0].splitlines()
OUTLINE = "src/workshop/lesson/outline.py"
NOTEBOOK = "99-count-the-tenants.ipynb"

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, subprocess.CompletedProcess[str]]]:
    """The copy, and what each command of the page printed."""
    copy = tmp_path_factory.mktemp("copy")
    unneeded = shutil.ignore_patterns("__pycache__", "*.egg-info", ".ipynb_checkpoints")
    for folder in ("src", "tests", "solutions", "notebooks", "images"):
        shutil.copytree(PROJECT / folder, copy / folder, ignore=unneeded)
    for path in PROJECT.iterdir():
        if path.is_file() and path.name != ".env":
            shutil.copy(path, copy)
    for name, text in FILES:
        write(copy / name, text)
    environ = clean_environ(copy / ".workshop" / "state", PYTHONPATH=str(copy / "src"))
    return copy, {line: run(line, copy, environ) for line in COMMANDS}


def write(path: Path, text: str) -> None:
    if path.as_posix().endswith(OUTLINE):
        before, lessons, after = path.read_text("utf-8").partition("LESSONS = (\n")
        rows, end, rest = after.partition("\n)\n")
        text = f"{before}{lessons}{rows}\n{text.rstrip()}{end}{rest}"
    else:
        assert not path.exists()
    path.write_text(text, encoding="utf-8")


def run(line: str, copy: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program, *arguments = shlex.split(line)
    command = {"workshop": [sys.executable, "-m", "workshop"], ".venv/bin/python": [sys.executable]}[program]
    return subprocess.run(
        [*command, *arguments], cwd=copy, env=environ, capture_output=True, text=True, check=False, timeout=300
    )


def test_every_command_of_the_page_succeeds(followed: tuple[Path, dict[str, Any]]) -> None:
    for line, done in followed[1].items():
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def test_the_lesson_is_listed_derived_and_tested(followed: tuple[Path, dict[str, Any]]) -> None:
    copy, ran = followed
    *_, listed = ran["workshop lessons"].stdout.splitlines()
    assert re.match(r"99  Count the tenants +5 +1 ", listed)
    answers = r"(\d+) passed, \d+ deselected"
    assert int(re.findall(answers, ran[COMMANDS[-1]].stdout)[0]) >= 12
    solved, derived = (read(copy / folder / NOTEBOOK) for folder in ("solutions", "notebooks"))
    assert "PASSED" in str(solved.cells[3].outputs)
    assert derived.cells[3].source.startswith("tenants = ...  # your turn")
    assert "| 99 | [Count the tenants](notebooks/99" in (copy / "README.md").read_text("utf-8")
    assert "the only one" in (copy / "images" / "lesson-99-tenant.svg").read_text("utf-8")


def test_only_the_lessons_own_files_and_two_tables_differ(followed: tuple[Path, dict[str, Any]]) -> None:
    copy, _ = followed
    passing = ("__pycache__", ".workshop", ".pytest_cache")
    there = {path.relative_to(copy) for path in copy.rglob("*") if path.is_file()}
    files = [path for path in there if not any(part in passing for part in path.parts)]
    differ = {path for path in files if not same(copy / path, PROJECT / path)}
    own = {Path(name) for name, _ in FILES}
    derived = {Path("notebooks", NOTEBOOK), Path("images/lesson-99-tenant.svg"), Path("README.md")}
    assert differ == own | derived


def same(copied: Path, original: Path) -> bool:
    return original.exists() and copied.read_bytes() == original.read_bytes()
