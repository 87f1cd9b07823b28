"""Where a notebook registers apps, and the Azure CLI there: without a tenant, as far as that goes."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from workshop.core.settings import Settings, load, read_values
from workshop.errors import WorkshopError
from workshop.playground import workplace
from workshop.playground.directory_tenant import OnlyInPractice, name_of_this_process
from workshop.registration import az
from workshop.registration.az import Az, AzRefused
from workshop.registration.by_hand import ByHand
from workshop.registration.declarations import PROXY
from workshop.registration.desk import Desk

ID = "11111111-2222-4333-8444-555555555555"
SECRET = PROXY.names.client_secret
CLIENT = PROXY.names.client_id


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    return load({"WORKSHOP_TENANT": "own", "WORKSHOP_STATE": str(tmp_path / "state")}, tmp_path)


@pytest.fixture
def python(own: Settings) -> Az:
    """Python in place of the Azure CLI: it takes words, prints and fails as told."""
    desk = workplace.make(own, None, "a").desk("by-az")
    return Az(Path(sys.executable), dict(os.environ), desk, PROXY)


def recorded(own: Settings) -> Az:
    return Az(None, {}, workplace.make(own, None, "b").desk("by-az"), PROXY)


def test_in_an_own_tenant(own: Settings) -> None:
    place = workplace.make(own, None, "a")
    assert "Your own tenant" in repr(place)
    assert (place.tenant_id, place.account("robin"), place.names(client=ID)) == ("", "", {ID: "{client}"})
    first, second = place.desk("one").keeper.file, place.desk("two").keeper.file
    assert first != second
    if os.name == "posix":
        assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    with pytest.raises(OnlyInPractice):
        place.colleague()


def test_names_of_workplaces_are_letters_as_many_as_ever() -> None:
    names = [name_of_this_process("workplace", number) for number in range(100)]
    assert len(set(names)) == 100
    assert {len(name) for name in names} == {len("workplace") + 9}
    assert all(name.isalpha() for name in names)


def test_what_a_line_prints_is_shown_and_an_id_by_its_name(python: Az) -> None:
    said = python.run(f"""
    CLIENT_ID=$(az -c "print('{ID}')")
    az -c "import sys; print(sys.argv[1:])" --id \\
      $CLIENT_ID "two words"
    """)
    assert said.text.splitlines() == [
        """$ CLIENT_ID=$(az -c "print('$CLIENT_ID')")""",
        '$ az -c "import sys; print(sys.argv[1:])" --id $CLIENT_ID "two words"',
        "['--id', '$CLIENT_ID', 'two words']",
    ]
    assert python.client_id == ID
    assert read_values(python.desk.keeper.file)[CLIENT] == ID
    assert "Azure CLI of this machine" in repr(python)


def test_a_secret_goes_to_the_file_and_nowhere_else(python: Az) -> None:
    told = python.run("""SECRET=$(az -c "print('practice.' + 'hush')")""")
    assert read_values(python.desk.keeper.file)[SECRET] == "practice.hush"
    assert "practice.hush" not in repr(told) + told._repr_html_() + repr(python)
    with pytest.raises(WorkshopError, match="SECRET has no value"):
        python.run("az -c $SECRET")


def test_a_line_that_fails_ends_the_script_with_its_reason(python: Az, tmp_path: Path) -> None:
    after = tmp_path / "after"
    with pytest.raises(AzRefused, match="no such app"):
        python.run(f"""
        az -c "import sys; sys.exit('no such app')"
        az -c "open('{after.as_posix()}', 'w')"
        """)
    assert not after.exists()


def test_the_azure_cli_can_be_switched_off(own: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workshop.core.azure_cli.find", lambda _project: Path(sys.executable))
    place = workplace.make(own, None, "a")
    assert place.az("Mine").program is None  # Python knows no `account show`: it is not signed in
    monkeypatch.setattr("workshop.registration.az.run", lambda *_, **__: subprocess.CompletedProcess([], 0))
    assert place.az("Mine").program
    monkeypatch.setenv("WORKSHOP_AZURE_CLI", "off")
    assert place.az("Mine").program is None


def test_without_an_azure_cli_only_recorded_lines_are_answered(own: Settings) -> None:
    without = recorded(own)
    assert "RECORDED" in repr(without)
    assert "RECORDED" in without._repr_html_()
    assert '"mcp-access"' in repr(
        without.run("az ad app permission grant --id $CLIENT_ID --api $CLIENT_ID --scope mcp-access --query scope")
    )
    with pytest.raises(WorkshopError, match="nobody recorded: az ad app list"):
        without.run("az ad app list")


def test_on_windows_its_python_is_started_for_a_batch_file_loses_quotes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    folder = tmp_path / "CLI2" / "wbin"
    folder.mkdir(parents=True)
    program = folder / "az.cmd"
    assert az._start(program) == [str(program)]
    (tmp_path / "CLI2" / "python.exe").touch()
    assert az._start(program) == [str(tmp_path / "CLI2" / "python.exe"), "-IBm", "azure.cli"]


@pytest.mark.parametrize("found", [True, False])
def test_an_app_by_hand_says_whether_it_is_yours(own: Settings, found: bool) -> None:
    told = ByHand(Desk(own), "Mine <1>", ID, found)
    assert ("stands in for it" in repr(told)) is not found
    assert "Mine &lt;1&gt;" in told._repr_html_()
