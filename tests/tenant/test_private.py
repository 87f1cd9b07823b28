"""The state folder is this account's own: what another one could have made or changed is not believed."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from practice_help import clean_environ, posix_only

import practice_tenant
from practice_tenant import PracticeTenantError
from workshop.core.private_files import make_private_folder
from workshop.errors import FileUnusable

from .process import LOGIN, serving

pytestmark = posix_only
of_two_accounts = pytest.mark.needs("another account")

FILES = ("tenant.json", "control-secret", "proxy-password")


def give_away(*paths: Path) -> None:
    """Let files and folders belong to nobody."""
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, "chown", "-h", "nobody", *map(str, paths)], check=True)


def linked(folder: Path) -> None:
    folder.with_name("elsewhere").mkdir(mode=0o700)
    folder.symlink_to(folder.with_name("elsewhere"))


def dangling(folder: Path) -> None:
    folder.symlink_to(folder.with_name("elsewhere"))


def of_another(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    give_away(folder)


def of_a_group(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o2770)


def of_all(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)


REFUSED = [
    (linked, "is a symbolic link. Name the folder it leads to: .*/elsewhere"),
    (dangling, "is a symbolic link"),
    pytest.param(of_another, "belongs to another account .*nobody", marks=of_two_accounts),
    (of_a_group, "other users can write here. Run `chmod 700`"),
    (of_all, "other users can write here"),
]


@pytest.mark.parametrize(("made", "told"), REFUSED)
def test_a_folder_that_is_not_private_is_taken_by_nobody(
    made: Callable[[Path], None], told: str, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    made(folder)
    with pytest.raises(FileUnusable, match=told):
        make_private_folder(folder)
    with pytest.raises(PracticeTenantError, match=told), practice_tenant.running(folder):
        pass
    if made is not dangling and not (made is of_another and os.geteuid() == 0):  # root may look
        with pytest.raises(PracticeTenantError, match=told) as refused:
            practice_tenant.found(folder)
        assert "\n" not in str(refused.value)
    assert [path.name for path in (tmp_path / "elsewhere").glob("*")] == []


@pytest.mark.parametrize("made", [linked, of_all])
@pytest.mark.parametrize(
    "words",
    [["practice_tenant", "run"], ["practice_tenant", "status"], ["workshop", "tenant", "run"], ["workshop", "doctor"]],
)
def test_the_command_says_what_is_wrong_in_one_line(
    made: Callable[[Path], None], words: list[str], tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    made(folder)
    options = ["--state", str(folder)] if words[0] == "practice_tenant" else []
    line = [sys.executable, "-m", *words, *options]
    environ = clean_environ(folder)
    done = subprocess.run(line, env=environ, capture_output=True, text=True, timeout=120, check=False)
    said = "is a symbolic link" if made is linked else "other users can write here"
    assert done.returncode != 0
    assert said in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "tenant.json").exists()


@pytest.mark.parametrize("mode", [0o755, 0o750, 0o2755, 0o705])
def test_a_folder_that_others_can_read_is_closed_to_them(mode: int, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(mode)
    assert make_private_folder(folder) == folder
    assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o700


def test_the_way_to_the_folder_may_lead_over_links_and_through_what_others_can_write(tmp_path: Path) -> None:
    """As /tmp does on macOS, and a home on another disk."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (tmp_path / "home").symlink_to(shared)
    with practice_tenant.running(tmp_path / "home" / "state") as tenant:
        assert tenant.state == shared / "state"
        found = practice_tenant.found(tmp_path / "home" / "state")
        assert found
        assert found.pid == tenant.pid


def test_a_disk_that_knows_this_account_by_another_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A network disk may: what this account makes there belongs to that number, too."""
    folder = make_private_folder(tmp_path / "state")
    monkeypatch.setattr(os, "geteuid", lambda: 4_711)
    assert make_private_folder(folder) == folder
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    "spoiled",
    [
        pytest.param("of another", marks=of_two_accounts),
        "writable",
        "a link",
        "a pipe",
    ],
)
def test_a_file_that_another_account_can_have_written_is_not_read(name: str, spoiled: str, tmp_path: Path) -> None:
    state = make_private_folder(tmp_path / "state")
    said = {"pid": 1, "proxy": "http://127.0.0.1:1", "https": "x", "ca": "x", "tenant_id": "x", "control": "http://x"}
    for each in FILES:
        (state / each).write_text(json.dumps(said) if each == "tenant.json" else "practice.x\n", "utf-8")
        (state / each).chmod(0o600)
    running = practice_tenant.found(state)
    assert running is None, "nothing listens there"
    path = state / name
    if spoiled == "of another":
        give_away(path)
    elif spoiled == "writable":
        path.chmod(0o620)
    elif spoiled == "a link":
        path.rename(tmp_path / "real")
        path.symlink_to(tmp_path / "real")
    else:
        path.unlink()
        os.mkfifo(path)
    with pytest.raises(PracticeTenantError, match=r"Remove it, and run this again\.$") as refused:
        practice_tenant.found(state)
    assert str(refused.value).startswith(f"{path}: ")


@pytest.mark.parametrize("name", ["proxy-password", "identity-header", "identity-path"])
@of_two_accounts
def test_no_secret_of_another_account_is_taken_over(name: str, tmp_path: Path) -> None:
    """Whoever planted it would know it."""
    state = make_private_folder(tmp_path / "state")
    (state / name).write_text("practice.planted\n", "utf-8")
    give_away(state / name)
    line = [sys.executable, "-m", "practice_tenant", "run", "--state", str(state)]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "belongs to another account" in done.stderr


@of_two_accounts
@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="what root may do")
def test_root_may_look_into_anybodys_folder_and_makes_none_its_own(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as tenant:
        files = [tenant.state, *tenant.state.iterdir()]
        give_away(*files)
        found = practice_tenant.found(tenant.state)
        assert found
        assert found.status()["pid"] == tenant.process.pid
        with (
            pytest.raises(PracticeTenantError, match="belongs to another account"),
            practice_tenant.running(tenant.state),
        ):
            pass


def test_a_folder_of_a_version_without_a_password_just_works(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with serving(state) as tenant:
        keys = tenant.direct().get("/common/discovery/v2.0/keys").json()["keys"]
        said = tenant.said
    for name in ("proxy-password", "identity-path"):
        (state / name).unlink()
    ports = json.loads((state / "ports.json").read_text("utf-8"))
    (state / "ports.json").write_text(json.dumps({door: ports[door] for door in ports if door != "browser"}), "utf-8")
    state.chmod(0o755)
    with serving(state) as tenant:
        assert {tenant.said[door] for door in ("proxy", "https")} == {said[door] for door in ("proxy", "https")}
        again = tenant.through_proxy().get(f"{LOGIN}/common/discovery/v2.0/keys").json()["keys"]
        assert [key["kid"] for key in again] == [key["kid"] for key in keys]
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
        assert stat.S_IMODE((state / "proxy-password").stat().st_mode) == 0o600


def test_a_tenant_of_a_version_without_a_password_is_still_met(tmp_path: Path) -> None:
    """It may run on when the workshop is upgraded beside it."""
    state = make_private_folder(tmp_path / "state")
    with serving(tmp_path / "new") as tenant:
        older = {name: value for name, value in tenant.said.items() if name != "browser"}
        (state / "tenant.json").write_text(json.dumps(older), "utf-8")
        (state / "control-secret").write_text(tenant.secret, "utf-8")
        running = practice_tenant.found(state)
        assert running
        assert running.browser_proxy == running.proxy == tenant.said["proxy"]
        assert running.environment().set["HTTPS_PROXY"] == running.proxy
        assert running.environment("kernel-7").set["HTTPS_PROXY"] == running.proxy.replace("//", "//kernel-7:x@")
        with pytest.raises(httpx.ProxyError, match="407"), running.doors.client() as http:
            http.get(f"{LOGIN}/common/discovery/v2.0/keys")
