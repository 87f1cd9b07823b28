"""start.py: what it installs, what it leaves alone, what it becomes, and what it says when it can't."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import runpy
import shutil
import signal
import stat
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from practice_help import line_of, posix_only, until
from small_project import PROJECT, SmallProject, base_python, make, uv

from workshop.core.settings import without_own

pytestmark = pytest.mark.needs("uv")

START = PROJECT / "start.py"
LOG = Path(".workshop") / "install.log"
MOST_LINES = 25
INSTALLED = re.compile(r"Installed in \d+ s. The next start finds it done.")


@pytest.fixture
def project(tmp_path: Path) -> SmallProject:
    return make(tmp_path)


def became(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what the command that start.py became says of itself."""
    assert run.returncode == 0, run.stderr
    told = json.loads(run.stdout.splitlines()[-1])
    assert isinstance(told, dict)
    return told


def test_the_first_start_installs_the_lock_but_what_is_left_out_and_the_workshop(project: SmallProject) -> None:
    project.lock("requirements.txt", project.wheel("tiny"), project.wheel("slow"))
    run = project.start("--wheels", "wheels", "--no-browser", "--port", "9")
    told = became(run)
    assert told["argv"] == ["start", "--no-browser", "--port=9"]
    assert Path(told["prefix"]) == project.folder / ".venv"
    assert told["packages"] == ["small_workshop", "tiny"]
    assert list((project.folder / ".venv").rglob("tiny*.pyc")), "no bytecode"


@posix_only
def test_a_folder_may_have_any_name(tmp_path: Path) -> None:
    """The installer writes it as a line of a file, and takes no name of two lines for a requirement."""
    project = make(tmp_path / "a b'c\"d\ne")
    assert became(project.start("--wheels", "wheels"))["packages"] == ["small_workshop", "tiny"]


def test_where_no_line_can_move_an_installation_is_a_few_plain_ones(project: SmallProject) -> None:
    run = project.start("--wheels", "wheels")
    first, *steps, last, empty, _ = run.stdout.splitlines()
    assert first == f"Installing; the first time this takes minutes. The log is {LOG}."
    assert steps == [
        "Making .venv",
        "Installing 1 packages of requirements.txt",
        "Installing the workshop itself",
        "Leaving out what slows every start",
    ]
    assert INSTALLED.fullmatch(last)
    assert (empty, run.stderr) == ("", "")


def test_what_uv_said_is_in_the_log_run_after_run(project: SmallProject) -> None:
    for version in ("1.0", "2.0"):
        project.lock("requirements.txt", project.wheel("tiny", version))
        project.start("--wheels", "wheels")
    told = (project.folder / LOG).read_text("utf-8")
    assert [line for line in told.splitlines() if "tiny" in line] == [" + tiny==1.0", " - tiny==1.0", " + tiny==2.0"]
    assert len(re.findall(r"^== \d{4}-\d\d-\d\d \d\d:\d\d:\d\d Python 3", told, flags=re.MULTILINE)) == 2
    assert os.name != "posix" or stat.S_IMODE((project.folder / LOG).stat().st_mode) == 0o600


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
    reason, _, hint = run.stderr.rpartition("\n\n")
    assert "Hash mismatch" in reason
    assert hint.startswith("Installing 1 packages of requirements.txt: this did not finish")
    said = (project.folder / LOG).read_text("utf-8")
    assert reason in said, "not in full"
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


SLOW_UV = """#!/bin/sh
case "$*" in *requirements.txt*) echo installing >"$MARK"; eval "$FIRST";; esac
exec "$REAL_UV" "$@"
"""


def slow(project: SmallProject, first: str) -> dict[str, str]:
    """Return the variables with which uv does something else before it installs the lock."""
    environ = project.environ()
    beside = project.top / "on-path"
    (beside / "uv").write_text(SLOW_UV)
    (beside / "sleep").symlink_to("/bin/sleep")
    return environ | {"MARK": str(project.top / "mark"), "FIRST": first, "REAL_UV": uv(), "TERM": "xterm"}


@posix_only
def test_no_password_of_a_mirror_is_printed_or_logged(project: SmallProject) -> None:
    secrets = {
        "UV_DEFAULT_INDEX": "http://robin:first-secret@mirror.example/simple",
        "UV_INDEX_COMPANY_PASSWORD": "second-secret",
        "HTTPS_PROXY": "http://robin:third/secret@proxy.example:1",
    }
    says = f"echo error: {' '.join(f'${name}' for name in secrets)} https://robin:fourth-secret@other.example; exit 2"
    run = project.start(environ=slow(project, says) | secrets)
    assert run.returncode == 1
    told = (project.folder / LOG).read_text("utf-8")
    reason = "error: http://***@mirror.example/simple *** http://***@proxy.example:1 https://***@other.example"
    assert reason in run.stderr
    assert reason in told
    assert "UV_DEFAULT_INDEX=http://***@mirror.example/simple" in told
    assert "secret" not in told + run.stdout + run.stderr


@posix_only
@pytest.mark.parametrize("whole_group", [True, False], ids=["Ctrl-C", "start.py alone"])
def test_an_interrupted_installation_says_so_and_goes_on_next_time(project: SmallProject, whole_group: bool) -> None:
    environ = slow(project, "exec sleep 60")
    command = [base_python(), str(project.folder / "start.py"), "--wheels", str(project.wheels)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environ, stdout=pipe, stderr=pipe, text=True, start_new_session=True) as started:
        until((project.top / "mark").exists, "the installer runs")
        (installer,) = psutil.Process(started.pid).children()
        (os.killpg if whole_group else os.kill)(started.pid, signal.SIGINT)
        _, errors = started.communicate(timeout=120)
    assert started.returncode == 130
    assert errors.strip() == "Stopped. Start again to go on: what is done is kept."
    assert not installer.is_running()
    again = project.start("--wheels", "wheels", environ=environ | {"FIRST": ""})
    assert "tiny" in became(again)["packages"]


def on_a_terminal(project: SmallProject, columns: int, **more: str) -> str:
    """Return what a terminal of that width gets from a start that installs."""
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    command = [base_python(), str(project.folder / "start.py"), "--wheels", str(project.wheels)]
    environ = slow(project, "sleep 0.5") | more
    with subprocess.Popen(command, env=environ, stdin=theirs, stdout=theirs, stderr=theirs) as started:
        os.close(theirs)
        got = b""
        with contextlib.suppress(OSError):  # Linux says so when the last one that had the terminal is gone
            while more_of_it := os.read(ours, 4096):
                got += more_of_it
        os.close(ours)
    assert started.returncode == 0, got
    return got.decode().replace("\r\n", "\n")


@posix_only
def test_on_a_terminal_one_line_moves(project: SmallProject) -> None:
    first, moving, empty, _, _ = on_a_terminal(project, 20).split("\n")
    assert first.startswith("Installing; the first time this takes minutes.")
    *states, last = moving.split("\r")
    assert INSTALLED.fullmatch(last)
    assert {"0 of 1 packages, 0 ", "1 of 1 packages, 0 "} & set(states)
    assert max(len(state) for state in states) < 20, "it would break"
    assert empty == ""


@posix_only
def test_a_terminal_on_which_nothing_moves_gets_plain_lines(project: SmallProject) -> None:
    assert "\r" not in on_a_terminal(project, 80, TERM="dumb")


def test_how_far_it_is_can_be_read_from_the_folders(tmp_path: Path) -> None:
    start = runpy.run_path(str(START))
    cache, packages = tmp_path / "cache", tmp_path / "packages"
    (cache / "archive-v0" / "of-another-time").mkdir(parents=True)
    progress = start["Progress"](packages, 9, cache)
    assert progress.words([]) == "0 of 9 packages, 0 MB"
    for name in ("archive-v0/one", "archive-v0/two", ".tmpAbCdEf"):
        (cache / name / "inner").mkdir(parents=True)
        (cache / name / "inner" / "file").write_bytes(bytes(1_000_000))
    assert progress.words(["Resolved 4 packages in 2ms"]) == "2 of 4 packages, 3 MB"
    (cache / ".tmpAbCdEf").rename(cache / "archive-v0" / "three")
    for name in ("one", "two", "three", "found-in-the-cache"):
        (packages / f"{name}-1.0.dist-info").mkdir(parents=True)
    assert progress.words(["Resolved 4 packages in 2ms"]) == "4 of 4 packages, 3 MB"
    for name in ("one.py", "two.py", "two.pyc"):
        (packages / name).touch()
    assert progress.words(["Resolved 4 packages in 2ms", "Installed 4 packages in 1ms"]) == "Compiled 50% of 4 packages"
    # A uv that keeps its cache elsewhere, or says other words.
    assert start["Progress"](packages, 9, None).words(["All is well"]) == "4 of 9 packages, 0 MB"


@posix_only
@pytest.mark.thorough
@pytest.mark.needs("git")
def test_a_fresh_clone_shows_the_lessons_in_few_lines(tmp_path: Path) -> None:
    """Everything is real: the lock, the network or uv's cache, JupyterLab."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(PROJECT / name, tmp_path / name)
    environ = without_own(os.environ)
    command = [base_python(), "start.py", "--no-browser"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as started:
        watchdog = threading.Timer(300, started.kill)
        watchdog.start()
        assert started.stdout
        lines: list[str] = []
        while not lines or (lines[-1] and not lines[-1].startswith("    http://")):
            lines.append(started.stdout.readline())
        watchdog.cancel()
        started.terminate()
    shutil.rmtree(tmp_path / ".venv")
    assert lines[-1].startswith("    http://"), lines
    assert "Machine check: 9 of 9 fit\n" in lines
    assert len(lines) < MOST_LINES, lines
    assert not [line for line in lines if "warn" in line.lower()]


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
    assert len(source.splitlines()) < 460, "it is one file, so that it can be read before it is trusted"


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
    find_uv: Callable[[None, None], str] = start["find_uv"]
    find_uv.__globals__["PRIVATE_UV"] = tmp_path / "none"
    with pytest.raises(start["Problem"], match="sudo apt install python3-venv"):
        find_uv(None, None)


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
    child.wait(timeout=120)


def test_where_there_is_no_exec_the_exit_code_is_the_commands() -> None:
    command = [sys.executable, "-c", "import sys; sys.exit(7)"]
    run = subprocess.run([sys.executable, "-c", HAND_OVER, str(START), *command], check=False)
    assert run.returncode == 7
