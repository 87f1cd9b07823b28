"""A project of a few small files that the real start.py can bring up in seconds, with no network."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from wheel_writer import write_wheel

from workshop.core import settings
from workshop_tools.lock import find_uv

PROJECT = settings.load().project

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "small-workshop"
version = "1.0"
"""

BACKEND = """
from pathlib import Path
from wheel_writer import write_wheel

def build_editable(folder, config_settings=None, metadata_directory=None):
    src = str(Path(__file__).resolve().parent / "src")
    return write_wheel(Path(folder), "small_workshop", "1.0", {"small_workshop.pth": src}).name
"""

COMMAND = """
import json, os, sys
from importlib.metadata import distributions
names = sorted(one.name for one in distributions())
told = {"argv": sys.argv[1:], "pid": os.getpid(), "prefix": sys.prefix, "packages": names}
print(json.dumps(told))
"""

UV = """#!python
import os, sys
with open(os.environ["UV_LOG"], "a") as log:
    log.write(os.environ.get("UV_DEFAULT_INDEX", "-") + "\\n")
os.execv(os.environ["REAL_UV"], ["uv", *sys.argv[1:]])
"""


def pin(wheel: Path) -> str:
    """Return the line of a lock for a wheel."""
    name, version = wheel.name.split("-")[:2]
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True)
class SmallProject:
    """The project and its folder of wheels, side by side in `top`."""

    top: Path

    @property
    def folder(self) -> Path:
        """Return the folder with start.py."""
        return self.top / "project"

    @property
    def wheels(self) -> Path:
        """Return the folder of wheels."""
        return self.top / "wheels"

    def environ(self, *, with_uv: bool = True, **more: str) -> dict[str, str]:
        """Return an environment with a PATH of its own, an empty cache and no network for uv."""
        on_path = self.top / "on-path"
        on_path.mkdir(exist_ok=True)
        if with_uv:
            shutil.copy(uv(), on_path)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PIP_"))}
        cache = str(self.top / "cache")
        return kept | {"PATH": str(on_path), "UV_CACHE_DIR": cache, "UV_OFFLINE": "1"} | more

    def start(self, *arguments: str, environ: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run start.py to its end."""
        return subprocess.run(
            [base_python(), str(self.folder / "start.py"), *arguments],
            env=self.environ() if environ is None else environ,
            cwd=self.top,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def lock(self, file: str, *wheels: Path) -> None:
        """Write a lock of these wheels."""
        (self.folder / file).write_text("".join(pin(wheel) for wheel in wheels), encoding="utf-8")

    def wheel(self, name: str, version: str = "1.0", **files: str) -> Path:
        """Put a wheel into the folder of wheels."""
        return write_wheel(self.wheels, name, version, files or {f"{name}.py": ""})


def make(top: Path) -> SmallProject:
    """Make the project, with one package in each lock."""
    small = SmallProject(top)
    package = small.folder / "src" / "workshop"
    package.mkdir(parents=True)
    small.wheels.mkdir()
    shutil.copy(PROJECT / "start.py", small.folder)
    shutil.copy(PROJECT / "tests" / "wheel_writer.py", small.folder)
    (small.folder / "backend.py").write_text(BACKEND, encoding="utf-8")
    (small.folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(COMMAND, encoding="utf-8")
    small.lock("requirements.txt", small.wheel("tiny"))
    (small.folder / "left-out.txt").write_text("# Why.\nslow\n", encoding="utf-8")
    small.lock("requirements-dev.txt", small.wheel("tool"))
    small.lock("requirements-az.txt", small.wheel("cloud"))
    script = {"uv-9.0.data/scripts/uv": UV}
    small.lock("requirements-uv.txt", write_wheel(small.wheels, "uv", "9.0", script))
    return small


def base_python() -> str:
    """Return the Python outside of any virtual environment."""
    return str(getattr(sys, "_base_executable", sys.executable))


def uv() -> str:
    """Return the real uv."""
    return find_uv(PROJECT)
