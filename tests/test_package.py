"""The package and the descriptions of its environment."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import metadata, resources
from pathlib import Path

import pytest

from workshop.core import settings
from workshop.core.pins import names_left_out, read_pins
from workshop_tools.lock import OLDEST_PYTHON

PROJECT = settings.load().project


def test_the_command_and_the_types_are_part_of_the_package() -> None:
    points = metadata.entry_points(group="console_scripts", name="workshop")
    assert [point.value for point in points] == ["workshop.commands.cli:main"]
    assert resources.files("workshop").joinpath("py.typed").is_file()


def test_the_oldest_python_is_the_same_everywhere() -> None:
    major, minor = OLDEST_PYTHON.split(".")
    assert f'requires-python = ">={OLDEST_PYTHON}"' in (PROJECT / "pyproject.toml").read_text(encoding="utf-8")
    start = (PROJECT / "start.py").read_text(encoding="utf-8")
    assert f"sys.version_info < ({major}, {minor})" in start
    assert f"needs Python {OLDEST_PYTHON} or newer" in start


def test_what_is_left_out_is_in_the_lock_and_not_here() -> None:
    names = names_left_out(PROJECT)
    assert names
    assert names <= {pin.name for pin in read_pins(PROJECT / "requirements.txt")}
    assert not any(importlib.util.find_spec(name.replace("-", "_")) for name in names)


@pytest.mark.needs("repo2docker")
def test_repo2docker_accepts_the_environment(tmp_path: Path) -> None:
    for name in ("environment.yml", "left-out.txt", "postBuild", "requirements.txt"):
        shutil.copy2(PROJECT / name, tmp_path)
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    told = run.stdout + run.stderr
    assert run.returncode == 0, told
    assert re.search(r"Building conda environment for python=3\.\d+", told), told
    assert re.search(r'env update .* --file "environment\.yml"', told), told
    assert "\nRUN ./postBuild\n" in told


def test_the_environment_pins_python_and_takes_its_packages_from_the_lock() -> None:
    lines = (PROJECT / "environment.yml").read_text(encoding="utf-8").splitlines()
    entries = [line.strip() for line in lines if line.strip().startswith("-")]
    assert any(re.fullmatch(r"- python=3\.\d+", entry) for entry in entries)
    assert "- -r requirements.txt" in entries
    script = (PROJECT / "postBuild").read_text(encoding="utf-8")
    assert "pip install --no-deps --no-build-isolation --editable ." in script
    assert "pip uninstall --yes -r left-out.txt" in script
    assert os.access(PROJECT / "postBuild", os.X_OK)


def test_a_codespace_is_made_of_the_same_python_the_lock_and_what_a_hub_runs() -> None:
    made = json.loads((PROJECT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    version = re.search(r"- python=(3\.\d+)", (PROJECT / "environment.yml").read_text(encoding="utf-8"))
    assert version
    assert made["image"].startswith(f"python:{version[1]}-")
    assert made["postCreateCommand"].split(" && ") == [
        "python -m pip install --no-deps --require-hashes -r requirements.txt",
        "bash postBuild",
    ]
