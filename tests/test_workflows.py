"""The workflows of .github: what they may do, and that nothing from outside reaches a shell's line."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from practice_help import posix_only

from workshop.core import settings
from workshop.core.pins import read_pins
from workshop_tools.lock import LOCK_FILES

PROJECT = settings.load().project
FOLDER = PROJECT / ".github" / "workflows"
NAMES = sorted(path.name for path in FOLDER.glob("*.yml"))

GH = """#!/bin/sh
printf '%s\\n' "$@" >> "$ASKED"
case "$1 $2" in
"issue list") printf '%s' "$OPEN" ;;
*) cat report.md > "$GOT" ;;
esac
"""


@cache
def workflow(name: str) -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found | {"on": found.get("on", found.get(True))}  # to YAML 1.1 the word on is a truth


def steps(name: str) -> list[dict[str, Any]]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def newest(job: str) -> dict[str, Any]:
    return dict(workflow("newest.yml")["jobs"][job])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_put_into_a_shells_line(name: str) -> None:
    """What GitHub puts in place of ${{ }} may be anybody's text: it goes into the environment."""
    assert [step["run"] for step in steps(name) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_workflow_may_write_as_a_whole(name: str) -> None:
    assert workflow(name)["permissions"] in ({}, {"contents": "read"})


@pytest.mark.parametrize("name", NAMES)
def test_every_job_ends(name: str) -> None:
    assert all(job["timeout-minutes"] <= 240 for job in workflow(name)["jobs"].values())


def test_the_newest_versions_are_tried_every_week_by_the_command_of_the_readme() -> None:
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"\| Run the tests \| `([^`]+)` \|", readme)
    assert command
    assert set(workflow("newest.yml")["on"]) == {"schedule", "workflow_dispatch"}
    minute, hour, *day = workflow("newest.yml")["on"]["schedule"][0]["cron"].split()
    assert (minute.isdigit(), hour.isdigit(), day[:2], day[2].isdigit()) == (True, True, ["*", "*"], True)
    tried = next(step["run"] for step in newest("try")["steps"] if step.get("id") == "newest")
    assert [line.strip() for line in tried.splitlines()][1:3] == [".venv/bin/workshop lock --upgrade", command[1]]


def test_who_runs_new_packages_may_only_read_and_who_may_write_runs_nothing_of_them() -> None:
    assert newest("try")["permissions"] == {"contents": "read"}
    checkout = next(step for step in newest("try")["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] is False
    assert "token" not in str(newest("try"))
    assert newest("report")["permissions"] == {"issues": "write"}
    assert not [step for step in newest("report")["steps"] if "uses" in step]


@posix_only
@pytest.mark.parametrize(("number", "asked"), [("", "create"), ("17", "edit")])
def test_there_is_one_open_issue_and_the_report_is_its_text(tmp_path: Path, number: str, asked: str) -> None:
    (tmp_path / "gh").write_text(GH)
    (tmp_path / "gh").chmod(0o700)
    text = f'## What failed\n\n    $(touch {tmp_path}/pwned) `touch {tmp_path}/pwned` "; touch {tmp_path}/pwned; %s\\n'
    given = {"REPORT": text, "TITLE": "a title; touch pwned", "RUN": "the run", "OPEN": number}
    files = {"ASKED": str(tmp_path / "asked"), "GOT": str(tmp_path / "got")}
    (step,) = newest("report")["steps"]
    assert set(step["env"]) - {"GH_TOKEN", "GH_REPO"} == {"REPORT", "TITLE", "RUN"}
    subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"} | given | files,
        check=True,
    )
    got = (tmp_path / "got").read_text()
    assert got.endswith(f"\n\n{text}\n")
    assert "the run\n" in got
    said = (tmp_path / "asked").read_text().split("\n")
    assert asked in said
    assert ("17" in said) == bool(number)
    assert not (tmp_path / "pwned").exists()


def test_known_vulnerabilities_are_looked_for_every_week_by_the_locked_program() -> None:
    assert set(workflow("audit.yml")["on"]) == {"schedule", "workflow_dispatch"}
    _, _, *day = workflow("audit.yml")["on"]["schedule"][0]["cron"].split()
    assert (day[:2], day[2].isdigit()) == (["*", "*"], True)
    install = next(step["run"] for step in steps("audit.yml") if "pip install" in step.get("run", ""))
    assert "--require-hashes -r requirements-dev.txt" in install
    assert "pip-audit" in {pin.name for pin in read_pins(PROJECT / "requirements-dev.txt")}
    assert "token" not in str(workflow("audit.yml"))
    checkout = next(step for step in steps("audit.yml") if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["persist-credentials"] is False


@posix_only
@pytest.mark.parametrize("bad", ["", *(lock.name for lock in LOCK_FILES)])
def test_every_lock_is_looked_through_and_none_hides_another(tmp_path: Path, bad: str) -> None:
    (tmp_path / "python").write_text(f'#!/bin/sh\necho "$@"\nfor last; do :; done\n[ "$last" != "{bad}" ]\n')
    (tmp_path / "python").chmod(0o700)
    for lock in LOCK_FILES:
        (tmp_path / lock.name).touch()
    step = next(step for step in steps("audit.yml") if step.get("id") == "audit")
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    looked = [line for line in ended.stdout.splitlines() if line.startswith("-m pip_audit ")]
    assert sorted(line.split()[-1] for line in looked) == sorted(lock.name for lock in LOCK_FILES)
    assert all({"--strict", "--require-hashes"} <= set(line.split()) for line in looked)
    assert bool(ended.returncode) == bool(bad)


@posix_only
@pytest.mark.parametrize("broken", ["lock", "test"])
def test_a_step_that_fails_is_not_hidden_by_the_one_behind_it(tmp_path: Path, broken: str) -> None:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for path, fails in ((tmp_path / ".venv/bin/workshop", broken == "lock"), (tmp_path / "python3", broken == "test")):
        path.write_text(f"#!/bin/sh\necho {path.name} ran\nexit {int(fails)}\n")
        path.chmod(0o700)
    tried = next(step["run"] for step in newest("try")["steps"] if step.get("id") == "newest")
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", tried],
        cwd=tmp_path,
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}", "RUNNER_TEMP": str(tmp_path)},
        check=False,
        capture_output=True,
    )
    assert ended.returncode
    expected = "workshop ran\n" if broken == "lock" else "workshop ran\npython3 ran\n"
    assert (tmp_path / "output.log").read_text() == expected
