"""The teacher's hand in Python and on the command line: what it changes, and that it puts it back."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from practice_help import clean_environ, end_any

from workshop.commands.tenant_directory import NAMES, seconds
from workshop.errors import TenantRefused, WorkshopError
from workshop.practice import Directory, Running, ensure
from workshop.settings import load


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    project = tmp_path_factory.mktemp("project")
    settings = load({"WORKSHOP_STATE": str(project / "state")}, project)
    yield ensure(settings, "teacher")
    end_any(settings.state)


@pytest.fixture
def directory(running: Running, request: pytest.FixtureRequest) -> Iterator[Directory]:
    """A directory as Entra has it."""
    name = "".join(character for character in request.node.name if character.isalnum())[-30:]
    made = running.directory(running.new_directory(name))
    yield made
    made.reset()


def workshop(running: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "workshop", "tenant", *arguments]
    environ = clean_environ(running.state)
    return subprocess.run(line, env=environ, capture_output=True, text=True, timeout=60, check=False)


class TestInPython:
    def test_the_clock_is_moved_until_the_block_ends(self, directory: Directory) -> None:
        directory.clock(-60)
        with directory.clock(+3_700):
            assert -1 < directory.show()["now"] - 3_700 - time.time() < 20
        assert directory.show()["settings"]["clock"] == -60

    def test_also_when_the_block_fails(self, directory: Directory) -> None:
        with pytest.raises(ZeroDivisionError), directory.clock(+3_700):
            1 / 0  # noqa: B018
        assert directory.show()["settings"]["clock"] == 0

    def test_lifetimes(self, directory: Directory) -> None:
        with directory.lifetimes(access=5, refresh_idle=60):
            with directory.lifetimes(id_token=7):
                settings = directory.show()["settings"]
                found = [settings[name] for name in ("access_lifetime", "id_lifetime", "refresh_idle")]
                assert found == [5, 7, 60]
            assert directory.show()["settings"]["id_lifetime"] == 3_600
        assert directory.show()["settings"]["access_lifetime"] is None

    def test_backdated_tokens_and_the_switches(self, directory: Directory) -> None:
        with directory.backdate(7_200), directory.set(resource_parameter="refused", replication_delay=2):
            settings = directory.show()["settings"]
            assert [settings[n] for n in ("backdate", "resource_parameter", "replication_delay")] == [
                *(7_200, "refused", 2)
            ]
        assert directory.show()["settings"]["resource_parameter"] == "checked"

    def test_rotated_keys(self, directory: Directory) -> None:
        assert len(directory.rotate_keys()["keys"]) == 2
        assert len(directory.rotate_keys("dropped")["keys"]) == 1

    def test_without_an_id_it_is_the_default_directory(self, running: Running) -> None:
        assert running.directory().show()["tenant_id"] == running.tenant_id
        assert running.directory("contoso").show()["tenant_id"] == running.tenant_id

    def test_what_nobody_knows_is_one_line(self, directory: Directory, running: Running) -> None:
        with pytest.raises(TenantRefused, match="the settings are clock, backdate,"):
            directory.set(clok=5)
        with pytest.raises(TenantRefused, match="there is no directory 'no where'"):
            running.directory("no where").show()


class TestOnTheCommandLine:
    def test_set_and_back(self, running: Running, directory: Directory) -> None:
        line = ("set", "--directory", directory.tenant_id)
        done = workshop(running, *line, "clock=+1h", "access-lifetime=5", "refresh_idle=2d")
        assert done.stdout.splitlines() == [
            "clock: 3600 (was 0)",
            "access_lifetime: 5 (was as Entra)",
            "refresh_idle: 172800 (was 7776000)",
        ]
        assert directory.show()["settings"]["clock"] == 3_600
        done = workshop(running, *line, "clock=", "access_lifetime=")
        assert done.stdout.splitlines() == ["clock: 0 (was 3600)", "access_lifetime: as Entra (was 5)"]

    def test_directory_shows_it(self, running: Running, directory: Directory) -> None:
        directory.clock(86_400)
        shown = workshop(running, "directory", "--directory", directory.tenant_id).stdout
        assert directory.tenant_id in shown
        assert time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86_400)) in shown
        assert directory.show()["keys"][0] in shown
        assert running.secret not in shown

    def test_rotate_key(self, running: Running, directory: Directory) -> None:
        line = ("rotate-key", "--directory", directory.tenant_id)
        assert "publishes 2" in workshop(running, *line).stdout
        assert "publishes 1" in workshop(running, *line, "--drop-old").stdout

    def test_reset_of_one_directory(self, running: Running, directory: Directory) -> None:
        directory.clock(60)
        saved = running.state / "practice.env"
        saved.write_text("NOTE=x\n", "utf-8")
        assert workshop(running, "reset", "--directory", directory.tenant_id).returncode == 0
        assert directory.show()["settings"]["clock"] == 0
        assert saved.exists()

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["set", "clok=5"], "the settings are clock, backdate,"),
            (["set", "clock=soon"], "clock takes seconds from"),
            (["set", "--directory", "nowhere", "clock=5"], "the directories are contoso ("),
            (["directory", "--directory", "nowhere"], "the directories are contoso ("),
        ],
    )
    def test_what_nobody_knows_is_one_line(self, running: Running, arguments: list[str], told: str) -> None:
        done = workshop(running, *arguments)
        assert (done.returncode, done.stdout) == (1, "")
        assert len(done.stderr.splitlines()) == 1
        assert told in done.stderr

    def test_the_help_names_every_setting(self, running: Running) -> None:
        shown = workshop(running, "set", "--help").stdout
        assert NAMES.splitlines()[1] in shown
        for name in running.directory().show()["settings"]:
            assert f"\n  {name} " in shown

    def test_a_time(self) -> None:
        times = {"90": 90, "+1h": 3_600, "-2.5m": -150, "1d": 86_400, "0.5": 0.5, "5s": 5}
        assert {text: seconds(text) for text in times} == times
        for text in ("", "h", "1w", "1h30m", "--1"):
            with pytest.raises(WorkshopError, match="is no time"):
                seconds(text)
