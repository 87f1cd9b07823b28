"""Settings: where each value comes from, what is refused, and how values are saved."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice_tenant import errors as tenant_errors
from practice_tenant.errors import PracticeTenantError
from workshop import errors
from workshop.core.private_files import make_private_folder, write_private
from workshop.core.settings import FORMS, Settings, load, save
from workshop.errors import FileUnusable, SettingMalformed, SettingMissing, WorkshopError

PROJECT = Path(__file__).resolve().parent.parent
TENANT = "6a5b1b3e-4a2f-4b58-9d0e-2f1c7a3b9d10"
OTHER = "0f9d2c84-53f1-4a86-8d2b-7f6f0f4c2a11"

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


def settings_of(project: Path, **environ: str) -> Settings:
    return load(environ, project)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_practice_is_the_default(tmp_path: Path) -> None:
    settings = settings_of(tmp_path)
    assert (settings.mode, settings.source("WORKSHOP_TENANT")) == ("practice", "default")
    assert settings.state == tmp_path / ".workshop" / "state"
    assert settings.file == settings.state / "practice.env"


def test_dotenv_switches_to_the_own_tenant_and_gives_its_values(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"WORKSHOP_TENANT=own\nAZURE_TENANT_ID={TENANT}\n", "utf-8")
    settings = settings_of(tmp_path)
    assert (settings.mode, settings.require("AZURE_TENANT_ID")) == ("own", TENANT)
    assert settings.source("AZURE_TENANT_ID") == ".env"
    assert settings.file == tmp_path / ".env"


def test_the_environment_wins_over_dotenv_and_says_so(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"WORKSHOP_TENANT=practice\nAZURE_TENANT_ID={OTHER}\n", "utf-8")
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", AZURE_TENANT_ID=TENANT)
    assert settings.mode == "own"
    assert settings.get("AZURE_TENANT_ID") == TENANT
    assert settings.source("AZURE_TENANT_ID") == "environment"


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_another_word_for_the_tenant_is_refused_with_its_place(tmp_path: Path, place: str) -> None:
    environ = {"WORKSHOP_TENANT": "mine"} if place == "environment" else {}
    if place == ".env":
        (tmp_path / ".env").write_text("WORKSHOP_TENANT=mine\n", "utf-8")
    with pytest.raises(SettingMalformed, match=f"WORKSHOP_TENANT='mine' from .*{re.escape(place)}") as raised:
        load(environ, tmp_path)
    assert "practice or own" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_practice_takes_no_value_of_an_own_tenant(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ENTRA_PROXY_AZURE_CLIENT_SECRET=of-the-own-tenant\n", "utf-8")
    settings = settings_of(tmp_path, AZURE_TENANT_ID=TENANT, ENTRA_PROXY_AZURE_CLIENT_ID=OTHER)
    for name in ("AZURE_TENANT_ID", "ENTRA_PROXY_AZURE_CLIENT_ID", "ENTRA_PROXY_AZURE_CLIENT_SECRET"):
        assert settings.get(name) is None


def test_practice_takes_its_values_from_practice_env(tmp_path: Path) -> None:
    state = make_private_folder(tmp_path / "state")
    write_private(state / "practice.env", f"AZURE_TENANT_ID={TENANT}\nWORKSHOP_TENANT=own\n")
    settings = settings_of(tmp_path, WORKSHOP_STATE=str(state), AZURE_TENANT_ID=OTHER)
    assert (settings.mode, settings.get("AZURE_TENANT_ID")) == ("practice", TENANT)
    assert settings.source("AZURE_TENANT_ID") == "practice.env"
    assert settings.saved() == {"AZURE_TENANT_ID": TENANT}


def test_the_environment_wins_over_practice_env_where_no_tenant_is_concerned(tmp_path: Path) -> None:
    settings = save(settings_of(tmp_path), {"NOTE": "saved"})
    assert (settings.get("NOTE"), settings.source("NOTE")) == ("saved", "practice.env")
    preset = settings_of(tmp_path, NOTE="preset")
    assert (preset.get("NOTE"), preset.source("NOTE")) == ("preset", "environment")


def test_in_practice_mode_the_environment_says_how_a_server_behaves_and_not_which_app_it_is(tmp_path: Path) -> None:
    state = make_private_folder(tmp_path / "state")
    write_private(state / "practice.env", f"ENTRA_PROXY_AZURE_CLIENT_ID={TENANT}\nENTRA_PROXY_CONSENT=never\n")
    (tmp_path / ".env").write_text("ENTRA_PROXY_STORAGE=memory\n", "utf-8")
    settings = settings_of(
        tmp_path, WORKSHOP_STATE=str(state), ENTRA_PROXY_CONSENT="remember", ENTRA_PROXY_AZURE_CLIENT_ID=OTHER,
        ENTRA_PROXY_AZURE_CLIENT_SECRET="of-the-own-tenant", ENTRA_OBO_AZURE_CLIENT_CERTIFICATE_PATH="own.pem",
    )  # fmt: skip
    assert (settings.get("ENTRA_PROXY_CONSENT"), settings.source("ENTRA_PROXY_CONSENT")) == ("remember", "environment")
    assert settings.get("ENTRA_PROXY_AZURE_CLIENT_ID") == TENANT
    assert settings.get("ENTRA_PROXY_STORAGE") is None
    assert {name: value.source for name, value in settings.left_out.items()} == {
        "ENTRA_PROXY_AZURE_CLIENT_ID": "environment",
        "ENTRA_PROXY_AZURE_CLIENT_SECRET": "environment",
        "ENTRA_OBO_AZURE_CLIENT_CERTIFICATE_PATH": "environment",
        "ENTRA_PROXY_STORAGE": ".env",
    }
    assert "of-the-own-tenant" not in repr(settings)


def test_what_the_workshop_put_into_the_environment_is_no_value_of_an_own_tenant(tmp_path: Path) -> None:
    state = make_private_folder(tmp_path / "state")
    write_private(state / "practice.env", f"ENTRA_PROXY_AZURE_CLIENT_ID={TENANT}\n")
    settings = settings_of(tmp_path, WORKSHOP_STATE=str(state), ENTRA_PROXY_AZURE_CLIENT_ID=TENANT)
    assert settings.source("ENTRA_PROXY_AZURE_CLIENT_ID") == "practice.env"
    assert settings.left_out == {}


def test_own_mode_leaves_nothing_out(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("ENTRA_PROXY_STORAGE=memory\n", "utf-8")
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", ENTRA_PROXY_AZURE_CLIENT_ID=OTHER)
    assert settings.get("ENTRA_PROXY_AZURE_CLIENT_ID") == OTHER
    assert settings.get("ENTRA_PROXY_STORAGE") == "memory"
    assert settings.left_out == {}


def test_own_mode_never_looks_into_practice_env(tmp_path: Path) -> None:
    state = make_private_folder(tmp_path / "state")
    write_private(state / "practice.env", f"AZURE_TENANT_ID={TENANT}\n")
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", WORKSHOP_STATE=str(state))
    assert settings.get("AZURE_TENANT_ID") is None


@pytest.mark.parametrize("mode", ["practice", "own"])
def test_a_missing_value_is_named_with_where_it_was_looked_for(tmp_path: Path, mode: str) -> None:
    (tmp_path / ".env").write_text("AZURE_TENANT_ID=\n", "utf-8")
    settings = settings_of(tmp_path, WORKSHOP_TENANT=mode)
    with pytest.raises(SettingMissing) as raised:
        settings.require("AZURE_TENANT_ID")
    assert raised.value.name == "AZURE_TENANT_ID"
    assert str(settings.file) in str(raised.value)
    assert ("environment" in raised.value.looked_in[0]) == (mode == "own")


@pytest.mark.parametrize("tenant", [TENANT, "organizations", "common", "consumers"])
def test_a_tenant_is_an_id_or_the_accounts_of_many(tmp_path: Path, tenant: str) -> None:
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", AZURE_TENANT_ID=tenant)
    assert settings.require("AZURE_TENANT_ID") == tenant


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AZURE_TENANT_ID", "contoso.onmicrosoft.com", "GUID"),
        ("ENTRA_PROXY_AZURE_CLIENT_ID", "a-secret-in-the-wrong-place", "GUID"),
        ("ENTRA_PROXY_AZURE_CLIENT_SECRET", OTHER, "Secret ID"),
    ],
)
def test_a_malformed_value_is_named_but_not_shown(tmp_path: Path, name: str, value: str, expected: str) -> None:
    (tmp_path / ".env").write_text(f"WORKSHOP_TENANT=own\n{name}={value}\n", "utf-8")
    with pytest.raises(SettingMalformed, match=expected) as raised:
        settings_of(tmp_path)
    message = str(raised.value)
    assert name in message
    assert str(tmp_path / ".env") in message
    assert value not in message


def test_a_repr_shows_no_value(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", ENTRA_PROXY_AZURE_CLIENT_SECRET="do-not-show")
    assert "do-not-show" not in repr(settings)
    assert "do-not-show" not in repr(settings.values)


def test_a_dollar_sign_and_a_hash_are_part_of_a_secret(tmp_path: Path) -> None:
    secret = "a${HOME}#b$c"
    text = f"WORKSHOP_TENANT=own\nENTRA_PROXY_AZURE_CLIENT_SECRET={secret}\n"
    (tmp_path / ".env").write_text(text, "utf-8")
    assert settings_of(tmp_path).get("ENTRA_PROXY_AZURE_CLIENT_SECRET") == secret


def test_a_file_written_by_notepad_is_read(tmp_path: Path) -> None:
    text = f"WORKSHOP_TENANT=own\r\nAZURE_TENANT_ID={TENANT}\r\n"
    (tmp_path / ".env").write_bytes(text.encode("utf-8-sig"))
    settings = settings_of(tmp_path)
    assert (settings.mode, settings.get("AZURE_TENANT_ID")) == ("own", TENANT)


def test_a_file_in_another_encoding_is_refused_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("WORKSHOP_TENANT=own\n".encode("utf-16"))
    with pytest.raises(FileUnusable, match="encoding UTF-8"):
        settings_of(tmp_path)


def test_a_line_that_is_no_assignment_is_refused_with_its_number(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# mine\nAZURE_TENANT_ID: here\n", "utf-8")
    with pytest.raises(FileUnusable, match="line 2 "):
        settings_of(tmp_path)


def test_the_project_is_the_nearest_folder_upward_with_start_py(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "start.py").touch()
    deep = tmp_path / "my-work" / "deep"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert load({}).project == tmp_path
    named = tmp_path / "my-work"
    assert load({"WORKSHOP_PROJECT": str(named)}).project == named


def test_a_project_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingMalformed, match="WORKSHOP_PROJECT"):
        load({"WORKSHOP_PROJECT": str(tmp_path / "nowhere")})


def test_a_relative_state_folder_is_found_from_where_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project, elsewhere = tmp_path / "project", tmp_path / "elsewhere"
    project.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert settings_of(project, WORKSHOP_STATE="there").state == elsewhere / "there"
    (project / ".env").write_text("WORKSHOP_STATE=there\n", "utf-8")
    assert settings_of(project).state == project / "there"


def test_saving_replaces_in_place_and_keeps_every_other_line(tmp_path: Path) -> None:
    before = (
        f"# my notes\r\n\r\nWORKSHOP_TENANT=own\r\nexport AZURE_TENANT_ID={OTHER}\r\nTEXT='two\r\nlines'\r\nLAST=kept"
    )
    (tmp_path / ".env").write_bytes(before.encode())
    new = {"AZURE_TENANT_ID": TENANT, "ENTRA_PROXY_AZURE_CLIENT_SECRET": "it's #1"}
    settings = save(settings_of(tmp_path), new)
    after = (tmp_path / ".env").read_bytes().decode()
    assert after == before.replace(OTHER, TENANT) + ("\r\nENTRA_PROXY_AZURE_CLIENT_SECRET='it\\'s #1'\r\n")
    assert settings == settings_of(tmp_path)
    assert settings.get("ENTRA_PROXY_AZURE_CLIENT_SECRET") == "it's #1"


def test_saving_in_practice_mode_leaves_dotenv_alone(tmp_path: Path) -> None:
    settings = save(settings_of(tmp_path), {"AZURE_TENANT_ID": TENANT})
    assert settings.source("AZURE_TENANT_ID") == "practice.env"
    assert not (tmp_path / ".env").exists()
    assert settings_of(tmp_path) == settings


def test_a_preset_variable_still_wins_after_saving(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, WORKSHOP_TENANT="own", AZURE_TENANT_ID=OTHER)
    assert save(settings, {"AZURE_TENANT_ID": TENANT}).get("AZURE_TENANT_ID") == OTHER


def test_saving_an_empty_value_removes_it(tmp_path: Path) -> None:
    settings = save(settings_of(tmp_path), {"AZURE_TENANT_ID": TENANT})
    assert save(settings, {"AZURE_TENANT_ID": ""}).get("AZURE_TENANT_ID") is None
    assert settings_of(tmp_path).get("AZURE_TENANT_ID") is None


@pytest.mark.parametrize("value", ["two\nlines", "a\x1b[2J", "nul\x00"])
def test_saving_more_than_a_line_of_text_is_refused(tmp_path: Path, value: str) -> None:
    with pytest.raises(SettingMalformed, match="one line of text"):
        save(settings_of(tmp_path), {"NOTE": value})
    assert not (tmp_path / ".workshop").exists()


@given(value=st.text(st.characters(exclude_categories=("C", "Zl", "Zp"))), before=st.booleans())
def test_what_is_saved_is_what_is_loaded(tmp_path_factory: pytest.TempPathFactory, value: str, before: bool) -> None:
    project = tmp_path_factory.mktemp("project")
    if before:
        (project / ".env").write_text("NOTE=earlier\nKEPT='\\'quoted\\''\n", "utf-8")
    save(settings_of(project, WORKSHOP_TENANT="own"), {"NOTE": value})
    settings = settings_of(project, WORKSHOP_TENANT="own")
    assert (settings.get("NOTE") or "") == value.strip()
    assert settings.get("KEPT") == ("'quoted'" if before else None)


@posix_only
def test_saved_files_and_the_state_folder_are_private(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WORKSHOP_TENANT=own\n", "utf-8")
    (tmp_path / ".env").chmod(0o644)
    umask = os.umask(0)
    try:
        practice = save(settings_of(tmp_path, WORKSHOP_TENANT="practice"), {"NOTE": "x"})
        own = save(settings_of(tmp_path), {"NOTE": "x"})
    finally:
        os.umask(umask)
    assert mode_of(practice.state) == 0o700
    assert (mode_of(practice.file), mode_of(own.file)) == (0o600, 0o600)


def test_saving_is_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("NOTE=before\n", "utf-8")
    with path.open(encoding="utf-8") as reader:
        write_private(path, "NOTE=after\n")
        assert reader.read() == "NOTE=before\n"
    assert path.read_text("utf-8") == "NOTE=after\n"
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(FileUnusable, match=r"\.env"):
        write_private(tmp_path / ".env", "NOTE=x\n")
    assert [each.name for each in tmp_path.iterdir()] == [".env"]


@posix_only
def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    real = tmp_path / "real.env"
    real.write_text("NOTE=before\n", "utf-8")
    (tmp_path / ".env").symlink_to(real)
    write_private(tmp_path / ".env", "NOTE=after\n")
    assert (tmp_path / ".env").is_symlink()
    assert real.read_text("utf-8") == "NOTE=after\n"


@posix_only
def test_a_state_folder_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    with pytest.raises(FileUnusable, match="other users can write"):
        make_private_folder(tmp_path)


def test_a_file_in_the_place_of_the_state_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").touch()
    with pytest.raises(FileUnusable, match="a folder should stand here"):
        make_private_folder(tmp_path / "state")
    with pytest.raises(FileUnusable, match="can't be used as a folder"):
        make_private_folder(tmp_path / "state" / "below")


def test_the_sample_explains_every_setting_and_changes_none(tmp_path: Path) -> None:
    sample = (PROJECT / ".env.sample").read_text("utf-8")
    for name in (*FORMS, "WORKSHOP_STATE"):
        assert re.search(rf"^# .+\n(# .+\n)*(# )?{name}=", sample, re.MULTILINE), name
    (tmp_path / ".env").write_text(sample, "utf-8")
    copied, without = settings_of(tmp_path), settings_of(tmp_path / "elsewhere")
    assert copied.mode == without.mode
    assert set(copied.values) == set(without.values)


def test_every_error_is_one_line_of_the_one_family() -> None:
    told: list[Exception] = [
        SettingMissing("NAME", ("here", "there"), "Do this."),
        SettingMalformed("NAME", "here", "a word", "b"),
        FileUnusable(Path("x"), "is in the way."),
        errors.RestartNeeded("It is so."),
        tenant_errors.TenantNotRunning(Path("x")),
        tenant_errors.TenantSilent(1, 120.0),
        tenant_errors.TenantDidNotStart(Path("x"), "it ended", ("one", "two")),
        tenant_errors.TenantRefused("GET /log", 400, "no"),
        tenant_errors.TenantOutdated(),
        tenant_errors.NotPrivate(Path("x"), "is a symbolic link."),
    ]
    ours = {each for each in (*vars(errors).values(), *vars(tenant_errors).values()) if isinstance(each, type)}
    known = {WorkshopError, *WorkshopError.__subclasses__(), *PracticeTenantError.__subclasses__()} & ours
    assert {type(error) for error in told} >= known - {WorkshopError}
    assert all(isinstance(error, errors.TOLD) for error in told)
    for error in told:
        assert str(error)
        assert "\n" not in str(error)
