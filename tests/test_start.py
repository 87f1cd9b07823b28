"""start.py: what it installs, what it leaves alone, what it becomes, and what it says when it can't."""

from __future__ import annotations

import ast
import json
import os
import runpy
import signal
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from practice_help import line_of, posix_only, until
from small_project import PROJECT, SmallProject, base_python, make, uv

pytestmark = pytest.mark.needs("uv")

START = PROJECT / "start.py"


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return make(tmp_path)


def became(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what the command that start.py became says of itself."""
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


def test_the_first_start_installs_the_lock_and_the_workshop(project: SmallProject) -> None:
    run = project.start("--wheels", "wheels", "--no-browser", "--port", "9")
    told = became(run)
    assert told["argv"] == ["start", "--no-browser", "--port=9"]
    assert Path(told["prefix"]) == project.folder / ".venv"
    assert told["packages"] == ["small_workshop", "tiny"]
    assert "Installing 1 packages of requirements.txt" in run.stdout
    assert list((project.folder / ".venv").rglob("tiny*.pyc")), "no bytecode"


def test_the_second_start_needs_neither_uv_nor_wheels(project: SmallProject) -> None:
    project.start("--wheels", "wheels")
    (project.top / "wheels").rename(project.top / "gone")
    (project.top / "on-path" / Path(uv()).name).unlink()
    run = project.start(environ=project.environ(with_uv=False))
    assert became(run)["argv"] == ["start"]
    assert len(run.stdout.splitlines()) == 1, "it did more than start"


@posix_only
def test_it_becomes_the_command_and_leaves_no_process_between(project: SmallProject) -> None:
    project.start("--wheels", "wheels")
    command = [base_python(), str(project.folder / "start.py")]
    with subprocess.Popen(command, env=project.environ(), stdout=subprocess.PIPE, text=True) as started:
        assert json.loads(line_of(started))["pid"] == started.pid


def test_a_changed_lock_is_installed_and_nothing_else_is_done_again(project: SmallProject) -> None:
    project.start("--wheels", "wheels")
    project.lock("requirements.txt", project.wheel("tiny", "2.0"), project.wheel("more"))
    run = project.start("--wheels", "wheels")
    assert became(run)["packages"] == ["more", "small_workshop", "tiny"]
    assert "Making .venv" not in run.stdout


def test_a_moved_folder_is_brought_up_again(project: SmallProject) -> None:
    project.start("--wheels", "wheels")
    moved = SmallProject(project.top.with_name("moved"))
    project.top.rename(moved.top)
    told = became(moved.start("--wheels", "wheels"))
    assert Path(told["prefix"]) == moved.folder / ".venv"


def test_a_file_that_is_not_the_one_in_the_lock_is_refused(project: SmallProject) -> None:
    genuine = (project.folder / "requirements.txt").read_text()
    project.wheel("tiny", **{"tiny.py": "changed = True"})
    run = project.start("--wheels", "wheels")
    assert run.returncode == 1
    assert "this did not finish" in run.stderr
    assert "Traceback" not in run.stderr
    assert (project.folder / "requirements.txt").read_text() == genuine
    project.wheel("tiny")
    assert "tiny" in became(project.start("--wheels", "wheels"))["packages"]


def test_only_the_whole_test_run_gets_the_developers_tools(project: SmallProject) -> None:
    run = project.start("test", "--wheels", "wheels", "tests/test_x.py", "-k", "some words")
    assert became(run)["argv"] == ["test", "tests/test_x.py", "-k", "some words"]
    assert "tool" not in became(run)["packages"]
    assert not (project.folder / ".workshop" / "azure-cli").exists()
    run = project.start("test", "--all", "--wheels", "wheels", "-x")
    assert became(run)["argv"] == ["test", "-x", "--all"]
    assert "tool" in became(run)["packages"]
    assert "cloud" not in became(run)["packages"]
    assert list((project.folder / ".workshop" / "azure-cli").rglob("cloud.py"))
    again = project.start("test", "--all", environ=project.environ(with_uv=False))
    assert len(again.stdout.splitlines()) == 1, "it did more than start"


def test_an_unknown_argument_is_refused_before_anything_is_installed(project: SmallProject) -> None:
    run = project.start("--no-brwser")
    assert run.returncode == 2
    assert "--no-brwser" in run.stderr
    assert not (project.folder / ".venv").exists()


def test_a_folder_of_wheels_that_is_not_there_is_named(project: SmallProject) -> None:
    run = project.start("--wheels", "elsewhere")
    assert run.returncode == 1
    assert run.stderr.splitlines() == [f"--wheels {project.top / 'elsewhere'}: there is no such folder."]


@posix_only
def test_without_uv_it_is_fetched_into_a_private_folder_and_gets_pips_mirror(project: SmallProject) -> None:
    settings = project.top / "pip.conf"
    settings.write_text("[global]\nindex-url = http://127.0.0.1:1/simple\n")
    log = project.top / "uv.log"
    more = {"PIP_CONFIG_FILE": str(settings), "REAL_UV": uv(), "UV_LOG": str(log)}
    run = project.start("--wheels", "wheels", environ=project.environ(with_uv=False, **more))
    assert "tiny" in became(run)["packages"]
    assert (project.folder / ".workshop" / "uv" / "bin" / "uv").exists()
    assert set(log.read_text().split()) == {"http://127.0.0.1:1/simple"}


@posix_only
def test_an_interrupted_installation_says_so_and_goes_on_next_time(project: SmallProject) -> None:
    environ = project.environ()
    real = project.top / "on-path" / "uv"
    kept = real.read_bytes()
    real.write_text("#!/bin/sh\nexec sleep 60\n")
    (project.top / "on-path" / "sleep").symlink_to("/bin/sleep")
    command = [base_python(), str(project.folder / "start.py"), "--wheels", str(project.wheels)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as started:
        assert line_of(started) == "Making .venv"
        until(lambda: psutil.Process(started.pid).children(), "the installer runs")
        os.killpg(started.pid, signal.SIGINT)  # Ctrl-C reaches the whole group
        _, errors = started.communicate(timeout=20)
    assert started.returncode == 130
    assert errors.strip() == "Stopped. Start again to go on: what is done is kept."
    real.write_bytes(kept)
    assert "tiny" in became(project.start("--wheels", "wheels"))["packages"]


def test_an_old_python_gets_one_line() -> None:
    program = f"import sys; sys.version_info = (3, 6, 9); exec(open({str(START)!r}, encoding='utf-8').read())"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert len(run.stderr.splitlines()) == 1
    assert "3.11 or newer, and this is Python 3.6" in run.stderr


def test_an_old_python_can_read_it_and_nothing_but_python_is_needed() -> None:
    source = START.read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 7))
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in imported} <= sys.stdlib_module_names - {"__future__"}
    assert len(source.splitlines()) < 300


def on_windows(monkeypatch: pytest.MonkeyPatch, long_paths: int | None) -> dict[str, Any]:
    """Return what start.py defines on a Windows with this registry value (None: not set)."""

    class Key:
        def __enter__(self) -> None:
            if long_paths is None:
                raise FileNotFoundError

        def __exit__(self, *_: object) -> None:
            return None

    registry = types.ModuleType("winreg")
    values = {
        "HKEY_LOCAL_MACHINE": 0,
        "OpenKey": lambda *_: Key(),
        "QueryValueEx": lambda *_: (long_paths, 4),
    }
    vars(registry).update(values)
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(sys, "platform", "win32")
    return runpy.run_path(str(START))


@pytest.mark.parametrize("value", [0, None])
def test_on_windows_the_limit_on_paths_is_found_before_installing(
    monkeypatch: pytest.MonkeyPatch, value: int | None
) -> None:
    start = on_windows(monkeypatch, value)
    with pytest.raises(start["Problem"], match="LongPathsEnabled 1"):
        start["check_long_paths"]()


def test_on_windows_long_paths_are_taken_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    on_windows(monkeypatch, 1)["check_long_paths"]()


def test_a_python_without_venv_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    start = runpy.run_path(str(START))
    find_uv: Callable[[Path | None], str] = start["find_uv"]
    find_uv.__globals__["PRIVATE_UV"] = tmp_path / "none"
    with pytest.raises(start["Problem"], match="sudo apt install python3-venv"):
        find_uv(None)


HAND_OVER = """
import runpy, sys
sys.platform = "win32"
start = runpy.run_path(sys.argv[1])
sys.exit(start["hand_over"](sys.argv[2:]))
"""


def test_where_there_is_no_exec_the_command_can_tell_that_start_has_ended() -> None:
    program = "import os, sys; print(os.getpid(), os.environ['WORKSHOP_ENDS_WITH_STDIN'], flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", HAND_OVER, str(START), sys.executable, "-c", program]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as started:
        pid, told = line_of(started).split()
        child = psutil.Process(int(pid))
        started.kill()
    assert told == "1"
    child.wait(timeout=20)


def test_where_there_is_no_exec_the_exit_code_is_the_commands() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(7)"]
    run = subprocess.run([sys.executable, "-c", HAND_OVER, str(START), *command], check=False)
    assert run.returncode == 7
