"""The machine check: what is wrong is a FAIL that names its fix, and nothing else is."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import types
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
from practice_help import clean_environ, posix_only

from workshop.commands.origins import OTHER_APP
from workshop.core import chromium, machine, settings
from workshop.core.machine import MachineFinding, check, disk_kind, table
from workshop.core.private_files import write_private
from workshop.core.settings import Settings

PROJECT = settings.load().project


@pytest.fixture
def current(tmp_path: Path) -> Settings:
    """A project with the real lock and nothing else."""
    for name in ("pyproject.toml", "requirements.txt", "left-out.txt"):
        shutil.copy(PROJECT / name, tmp_path)
    return settings.load({"WORKSHOP_STATE": str(tmp_path / "state")}, tmp_path)


def finding(name: str, current: Settings) -> MachineFinding:
    return next(one for one in check(current) if one.name == name)


def test_a_fit_machine_has_no_fail_and_nothing_to_fix(current: Settings) -> None:
    found = check(current)
    assert [one for one in found if one.ok is False] == []
    assert [one.name for one in found if one.ok and one.fix] == []
    assert not current.state.exists(), "the check made something"


def test_every_fail_has_its_fix_below_it() -> None:
    text = table([MachineFinding("Clock", True, "right"), MachineFinding("Disk space", False, "none", "make room")])
    assert [line.split() for line in text.splitlines()] == [
        ["ok", "Clock", "right"],
        ["FAIL", "Disk", "space", "none"],
        ["->", "make", "room"],
    ]


def test_a_package_that_is_not_the_locked_one_is_named(current: Settings) -> None:
    lock = current.project / "requirements.txt"
    text = lock.read_text().replace("\npytest==", "\npytest==0.").replace("\npip==", "\nno-such-package==")
    lock.write_text(text)
    found = finding("Packages", current)
    assert found.ok is False
    assert found.detail.startswith("2 differ from the lock: no-such-package missing, pytest ")
    assert "start.py" in found.fix


def test_packages_of_other_systems_are_not_missed(current: Settings) -> None:
    lock = current.project / "requirements.txt"
    lock.write_text("elsewhere==1.0 ; sys_platform == 'no-such-system' \\\n    --hash=sha256:00\n")
    assert finding("Packages", current).detail == "all 0 are the ones in the lock"


def test_a_full_disk(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(10**9, 10**9, 0))
    found = finding("Disk space", current)
    assert found.ok is False
    assert "make room" in found.fix


@posix_only
@pytest.mark.parametrize(("mode", "ok"), [(0o600, True), (0o640, False), (0o604, False)])
def test_secrets_that_others_can_read(current: Settings, mode: int, ok: bool) -> None:
    env = current.project / ".env"
    env.write_text("AZURE_TENANT_ID=\n")
    env.chmod(mode)
    found = finding(".env", current)
    assert found.ok is ok
    assert found.fix == ("" if ok else f"chmod 600 {env}")


def test_a_clock_that_stands_before_the_files(current: Settings) -> None:
    ahead = 4_000_000_000
    os.utime(current.project / "pyproject.toml", (ahead, ahead))
    found = finding("Clock", current)
    assert found.ok is False
    assert "set the time" in found.fix


def test_a_loopback_that_is_closed(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> socket.socket:
        raise PermissionError(13, "not allowed")

    monkeypatch.setattr(socket, "create_server", refuse)
    found = finding("Loopback", current)
    assert found.ok is False
    assert "firewall" in found.fix


def test_a_localhost_that_leads_elsewhere(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", 1))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [elsewhere])
    found = finding("Loopback", current)
    assert found.ok is False
    assert "hosts file" in found.fix


def test_without_a_browser_there_is_a_note_and_no_fail(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> Path:
        raise chromium.BrowserNotFound(("chromium",))

    monkeypatch.setattr(chromium, "find", none)
    found = finding("Browser", current)
    assert found.ok is None
    assert found.word == "note"
    assert "install" in found.fix


def test_another_python_than_the_workshops_is_noted(current: Settings) -> None:
    (current.project / ".venv").mkdir()
    found = finding("Python", current)
    assert found.ok is None
    assert ".venv" in found.fix


DISKS = [
    ("/", "ext4", "rw,relatime"),
    ("/home", "nfs4", "rw,vers=4.2"),
    ("/home/kim/scratch", "xfs", "rw"),
    ("/mnt/c", "9p", "rw,dirsync"),
    ("/over", "ext4", "rw"),
    ("/over", "cifs", "rw"),
]


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/work", "ext4"),
        ("/home/kim/kit", "nfs4"),
        ("/home/kim/scratch/state", "xfs"),
        ("/homework", "ext4"),
        ("/mnt/c/Users", "9p"),
        ("/over/here", "cifs"),
    ],
)
def test_the_disk_a_folder_is_on(folder: str, kind: str) -> None:
    assert disk_kind(Path(folder), DISKS) == kind


def test_a_network_drive_of_windows() -> None:
    assert disk_kind(Path("/z/kit"), [("/z", "NTFS", "rw,remote")]) == "remote"


def test_a_state_folder_on_a_network_disk(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = namedtuple("disk", "mountpoint fstype opts")
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: [disk("/", "nfs", "rw")])
    found = finding("State folder", current)
    assert found.ok is False
    assert "WORKSHOP_STATE" in found.fix


def test_a_state_folder_that_can_not_be_written(current: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    able: Callable[..., bool] = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and able(path, mode))
    assert finding("State folder", replace(current, state=current.state)).ok is False


def doctor_command(project: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environ = clean_environ(project / "state", WORKSHOP_PROJECT=str(project), **more)
    command = [sys.executable, "-m", "workshop", "doctor"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_the_command_says_it_all_and_its_exit_code_too(current: Settings) -> None:
    fit = doctor_command(current.project)
    assert (fit.returncode, fit.stderr) == (0, "")
    assert len([line for line in fit.stdout.splitlines() if line.startswith(("ok", "note"))]) == 9
    with (current.project / "requirements.txt").open("a") as lock:
        lock.write("no-such-package==1.0 \\\n    --hash=sha256:00\n")
    unfit = doctor_command(current.project)
    assert unfit.returncode == 1
    assert unfit.stderr == "workshop: 1 of 9 checks failed: Packages\n"


def test_the_command_says_where_each_value_comes_from_and_which_do_not_count(current: Settings) -> None:
    project, secret = current.project, "of-the-own-tenant"
    write_private(project / ".env", f"ENTRA_PROXY_STORAGE={secret}\n")
    shell = {"ENTRA_PROXY_CONSENT": "remember", "ENTRA_PROXY_AZURE_CLIENT_SECRET": secret, "ENTRA_X": secret}
    told = doctor_command(project, **shell)
    assert told.returncode == 0
    assert told.stdout.splitlines()[-5:] == [
        "The tenant: practice",
        "From the environment: ENTRA_PROXY_CONSENT, ENTRA_X.",
        "LEFT OUT, from .env: ENTRA_PROXY_STORAGE. In practice mode .env is read with your own tenant only.",
        f"LEFT OUT, from the environment: ENTRA_PROXY_AZURE_CLIENT_SECRET. In practice mode {OTHER_APP}.",
        "NOT KNOWN: ENTRA_X. The file .env.sample has every name.",
    ]
    assert secret not in told.stdout
    own = doctor_command(project, WORKSHOP_TENANT="own", ENTRA_PROXY_AZURE_CLIENT_SECRET=secret)
    assert own.stdout.splitlines()[-3:] == [
        "The tenant: own",
        "From .env: ENTRA_PROXY_STORAGE.",
        "From the environment: ENTRA_PROXY_AZURE_CLIENT_SECRET.",
    ]


def on_windows(monkeypatch: pytest.MonkeyPatch, value: Any) -> MachineFinding:
    registry = types.ModuleType("winreg")
    vars(registry).update(
        HKEY_LOCAL_MACHINE=0,
        OpenKey=lambda *_: open(os.devnull),  # noqa: SIM115, PTH123 (anything that can be closed)
        QueryValueEx=lambda *_: (value, 4),
    )
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setattr(sys, "platform", "win32")
    return machine.check_long_paths(settings.load())


@pytest.mark.parametrize(("value", "ok"), [(1, True), (0, False)])
def test_on_windows_the_limit_on_paths_is_looked_up(monkeypatch: pytest.MonkeyPatch, value: int, ok: bool) -> None:
    assert on_windows(monkeypatch, value).ok is ok
