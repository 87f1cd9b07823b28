"""`workshop register` as people and CI run it: a process of its own, its exit code, what it prints."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from practice_help import clean_environ, end_any

from workshop.commands.register import APPROACHES
from workshop.core.settings import read_values, write_values
from workshop.registration.declarations import DECLARED

SECRET = "ENTRA_PROXY_AZURE_CLIENT_SECRET"
CLIENT_ID = "ENTRA_PROXY_AZURE_CLIENT_ID"


DRIVER = """
import contextlib, io, json, sys
from workshop.commands.cli import main

for line in sys.stdin:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(json.loads(line))
        except SystemExit as ended:
            code = ended.code
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
"""


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    returncode: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class Place:
    """A project of its own."""

    project: Path

    @property
    def state(self) -> Path:
        return self.project / "state"

    @property
    def environ(self) -> dict[str, str]:
        return clean_environ(self.state, WORKSHOP_PROJECT=str(self.project))

    def values(self) -> dict[str, str]:
        return read_values(self.state / "practice.env")

    def register(self, *words: str) -> Done:
        """Run `workshop register` as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "workshop", "register", *words],
            env=self.environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=180,
            cwd=self.project,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)


@dataclass(frozen=True)
class Command:
    """`workshop register`, again and again in one process: msgraph takes seconds to import."""

    place: Place
    process: subprocess.Popen[str]

    def __call__(self, *words: str) -> Done:
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(["register", *words]), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        assert line, "the process ended"
        return Done(*json.loads(line))

    def ok(self, *words: str) -> str:
        """Run what must succeed and say nothing on stderr."""
        done = self(*words)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def register(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    place = Place(tmp_path_factory.mktemp("command"))
    command = [sys.executable, "-c", DRIVER]
    with subprocess.Popen(
        command, env=place.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=place.project
    ) as process:
        watchdog = threading.Timer(180, process.kill)
        watchdog.start()
        yield Command(place, process)
        watchdog.cancel()
        process.kill()
    end_any(place.state)


def test_every_declaration_can_be_registered() -> None:
    assert set(APPROACHES) == set(DECLARED)


def test_from_a_plan_to_the_removal(register: Command) -> None:
    planned = register.ok("proxy", "--plan")
    assert "16 changes planned, nothing is done yet" in planned
    assert register.place.values() == {}

    applied = register.ok("proxy")
    secret = register.place.values()[SECRET]
    assert "16 changes made" in applied
    told = register.ok("verify", "--json")
    (one,) = json.loads(told)["registrations"]
    assert one["client_id"] == register.place.values()[CLIENT_ID]
    assert {finding["status"] for finding in one["findings"]} == {"right"}

    # The Secret ID in place of the Value: every other command refuses such a file, this one says what is wrong.
    text = (register.place.state / "practice.env").read_text("utf-8")
    swapped = text.replace(secret, "11111111-2222-4333-8444-555555555555")
    (register.place.state / "practice.env").write_text(swapped, "utf-8")
    found = register("verify")
    assert (found.returncode, found.stderr) == (1, "")
    assert "WRONG" in found.stdout
    assert "Secret ID" in found.stdout
    assert "az ad app credential reset" in found.stdout
    (register.place.state / "practice.env").write_text(text, "utf-8")

    # What would be taken away is asked first, and nobody is there to be asked.
    moved = register("proxy", "--base-url", "https://mcp.contoso.example")
    assert moved.returncode == 1
    assert "- Redirect URI (web) http://localhost:8000/auth/callback" in moved.stdout
    assert "add --yes" in moved.stderr
    assert "nothing to change" in register.ok("proxy", "--plan")

    removed = register.ok("remove", "--yes")
    assert "Removed." in removed
    assert CLIENT_ID not in register.place.values()
    for output in (planned, applied, told, found.stdout, moved.stdout, removed):
        assert secret not in output


def test_an_app_role_is_an_option(register: Command) -> None:
    words = ("preauthorized", "--app-role", "Expenses.Count", "--app-role", "Expenses.Run", "--env-file", "role.env")
    assert "+ App role Expenses.Count" in register.ok(*words, "--plan")
    told = register.ok(*words)
    assert "ENTRA_PREAUTHORIZED_APP_ROLES=Expenses.Count Expenses.Run" in told
    assert "Application permissions" in told
    assert "nothing to change" in register.ok(*words, "--plan")
    setting, file = "ENTRA_PREAUTHORIZED_APP_ROLES", register.place.project / "role.env"
    assert setting not in read_values(file), "the door stays closed"
    write_values(file, {setting: "Expenses.Count Expenses.Run"})
    assert "Expenses.Run" in register.ok("verify", "--env-file", "role.env")
    # Without the name it would go, and that is asked.
    gone = register("preauthorized", "--env-file", "role.env")
    assert gone.returncode == 1
    assert "- App role Expenses.Count" in gone.stdout
    assert "add --yes" in gone.stderr
    assert "Removed." in register.ok("remove", "--yes", "--env-file", "role.env")

    wrong = register("proxy", "--app-role", "two words", "--plan")
    assert wrong.returncode == 1
    assert "can't be the value of an app role" in wrong.stderr
    assert register("on-behalf-of", "--app-role", "Expenses.Count", "--plan").returncode == 2


def test_with_a_device_code(register: Command) -> None:
    told = register.ok("preauthorized", "--plan", "--sign-in", "device-code")
    assert told.startswith("Open https://")
    assert "9 changes planned" in told


def test_someone_without_rights_is_told_what_is_left(register: Command) -> None:
    sam = register("proxy", "--as", "sam@contoso.onmicrosoft.com", "--env-file", "sam.env")
    assert sam.returncode == 1
    assert "Left for an administrator" in sam.stdout
    assert read_values(register.place.project / "sam.env")[CLIENT_ID]


def test_an_app_that_is_not_there_is_exit_code_2(register: Command) -> None:
    unknown = register("verify", "11111111-2222-4333-8444-555555555555")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.startswith("workshop: ")
    assert len(unknown.stderr.splitlines()) == 1


def test_a_manifest_is_judged_without_asking_anybody(tmp_path: Path) -> None:
    place = Place(tmp_path)
    client_id = "11111111-2222-4333-8444-555555555555"
    web = {"redirectUris": ["http://localhost:8000/auth/callback/"]}
    manifest = {"appId": client_id, "displayName": "By hand", "signInAudience": "AzureADMyOrg", "web": web}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    done = place.register("verify", "--manifest", "manifest.json", "--approach", "proxy", "--json")
    assert (done.returncode, done.stderr) == (1, "")
    (one,) = json.loads(done.stdout)["registrations"]
    assert (one["client_id"], one["source"], one["approach"]) == (client_id, "manifest.json", "proxy")
    status = {finding["rule"]: finding["status"] for finding in one["findings"]}
    assert (status["redirect-path"], status["access-token-version"]) == ("wrong", "wrong")
    assert (status["account-types"], status["service-principal"]) == ("right", "unseen")

    missing = place.register("verify", "--manifest", "no-such-file.json")
    assert (missing.returncode, missing.stdout) == (2, "")
    assert "no-such-file.json" in missing.stderr
    assert not (place.state / "tenant.json").exists()


def test_for_an_administrator_nobody_signs_in(tmp_path: Path) -> None:
    place = Place(tmp_path)
    secret = "practice.not-to-be-told"
    place.state.mkdir(mode=0o700)
    write_values(place.state / "practice.env", {SECRET: secret})
    done = place.register("proxy", "--plan", "--for-admin")
    assert (done.returncode, done.stderr) == (0, "")
    told = done.stdout
    assert not (place.state / "tenant.json").exists()
    letter, script = sorted((tmp_path / "my-work" / "for-admin").iterdir())
    assert str(letter) in told
    assert str(script) in told
    text = letter.read_text("utf-8") + script.read_text("utf-8")
    assert secret not in text
    assert "adminconsent?client_id=CLIENT_ID&scope=https%3A%2F%2Fgraph.microsoft.com%2F.default" in text
    for value in ("mcp-access", "http://localhost:8000/auth/callback", "User.Read", "AADSTS50011"):
        assert value in text
    refused = place.register("proxy", "--for-admin")
    assert refused.returncode == 1
    assert "goes with --plan" in refused.stderr


def test_msgraph_is_not_imported_where_it_is_not_needed() -> None:
    program = (
        "import sys; from workshop.commands.cli import main\n"
        "try: main(['register', '--help'])\nexcept SystemExit: pass\n"
        "import workshop.registration\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('msgraph', 'kiota_abstractions', 'azure')])"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.splitlines()[-1] == "[]"


def test_an_https_address_becomes_the_application_id_uri_and_stays(register: Command) -> None:
    address = "https://expenses.contoso.onmicrosoft.com"
    refused = register("preauthorized", "--at", "https://expenses-mcp.azurewebsites.net", "--env-file", "at.env")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "azurewebsites.net is its owner's" in refused.stderr
    assert "`workshop register proxy`" in refused.stderr

    planned = register.ok("preauthorized", "--at", address, "--plan", "--env-file", "at.env")
    assert f"+ Application ID URI {address}/mcp" in planned
    assert f"Clients reach the server at {address}/mcp" in register.ok(
        "preauthorized", "--at", address, "--env-file", "at.env"
    )
    assert "nothing to change" in register.ok("preauthorized", "--plan", "--env-file", "at.env"), "as kept"
    assert f"{address}/mcp" in register.ok("verify", "--approach", "preauthorized", "--env-file", "at.env")

    named = register.ok("preauthorized", "--name", "Production", "--plan", "--env-file", "at.env")
    assert "Application ID URI" in named, "of its own"
    assert f"{address}/mcp" not in named, "a URI belongs to one app"
    other = register("verify", "--approach", "preauthorized", "--base-url", f"{address}.br", "--env-file", "at.env")
    assert other.returncode == 1
    assert f"clients send {address}.br/mcp" in other.stdout
    register.ok("preauthorized", "--at", address, "--plan", "--for-admin", "--env-file", "at.env")
    script = (register.place.project / "my-work" / "for-admin" / "register-preauthorized.sh").read_text("utf-8")
    assert f'"{address}/mcp",\n    "api://@CLIENT_ID@"' in script
    assert "unknown arguments: --at" in register("proxy", "--at", address).stderr
