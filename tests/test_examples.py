"""A team's own service, tested with the practice tenant: from the built wheel, in an empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from practice_help import clean_environ

from workshop.core import settings
from workshop_tools.lock import find_uv

PROJECT = settings.load().project
EXAMPLES = PROJECT / "examples"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
LOOK = """
import importlib.util, practice_tenant, sys
missing = [name for name in ('jupyterlab', 'msgraph', 'ipykernel', 'nbclient') if importlib.util.find_spec(name)]
print(practice_tenant.__file__, missing)
"""


def run(*command: str, folder: Path, environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=900)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that a team installs, built from a copy of the sources."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    shutil.copytree(PROJECT / "src", source / "src", ignore=ignored)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    command = (sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder))
    done = run(*command, str(source), folder=folder, environ=dict(os.environ))
    assert done.returncode == 0, done.stdout + done.stderr
    return next(folder.glob("*.whl"))


def test_the_wheel_has_all_that_a_tenant_needs_and_no_tools(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    for needed in ("README.md", "py.typed", "pytest_plugin.py", "server/directory/schema.sql", "server/login/pages.py"):
        assert f"practice_tenant/{needed}" in names
    assert any(name.startswith("practice_tenant/server/") and name.endswith(".css") for name in names)
    assert not [name for name in names if name.startswith(("workshop_tools", "tests", "examples"))]


def interpreter(version: str) -> str | None:
    """Return a Python of this version that runs, if there is one."""
    if f"{sys.version_info.major}.{sys.version_info.minor}" == version:
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    for place in (*pyenv.glob(f"{version}.*/bin/python"), shutil.which(f"python{version}")):
        if place and subprocess.run([place, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(place)
    return None


HERE = [version for version in PYTHONS if interpreter(version)]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "version", [pytest.param(one, marks=[] if one == HERE[0] else [pytest.mark.soak]) for one in HERE]
)
def test_a_teams_service_is_tested_with_the_wheel_alone(wheel: Path, tmp_path: Path, version: str) -> None:
    python = interpreter(version)
    assert python
    uv, venv = find_uv(PROJECT), tmp_path / "venv"
    environ = clean_environ(tmp_path / "state")
    made = run(uv, "venv", "-q", "--no-project", "--python", python, str(venv), folder=tmp_path, environ=environ)
    assert made.returncode == 0, made.stderr
    inside = str(venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    pins = tmp_path / "constraints.txt"  # what is locked: a new release of the day decides nothing here
    pins.write_text("\n".join(_pins()), encoding="utf-8")
    wanted = (str(wheel), "fastmcp[azure]", "aiohttp", "pytest")
    install = (uv, "pip", "install", "-q", "--python", inside, "--constraint", str(pins), *wanted)
    done = run(*install, folder=tmp_path, environ=dict(os.environ))  # with this machine's way to the packages
    assert done.returncode == 0, done.stderr
    shutil.copytree(EXAMPLES, tmp_path / "service", ignore=shutil.ignore_patterns("__pycache__"))
    looked = run(inside, "-c", LOOK, folder=tmp_path / "service", environ=environ)
    assert str(venv) in looked.stdout, looked.stderr
    assert looked.stdout.endswith("[]\n")
    tested = run(inside, "-m", "pytest", "-q", folder=tmp_path / "service", environ=environ)
    assert tested.returncode == 0, tested.stdout + tested.stderr
    assert " passed" in tested.stdout
    assert "skipped" not in tested.stdout


def _pins() -> list[str]:
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [line.removesuffix(" \\").strip() for line in lines if "==" in line and not line.startswith((" ", "#"))]
