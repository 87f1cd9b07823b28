"""The teacher's hand in Python and on the command line: what it changes, and that it puts it back."""

from __future__ import annotations

import ssl
import subprocess
import sys
import time
from collections.abc import Iterator

import httpx
import jwt
import pytest
from practice_help import clean_environ, end_any

from practice_tenant import Directory, Running
from practice_tenant.commands.directory import NAMES, seconds
from practice_tenant.errors import PracticeTenantError, TenantRefused
from workshop.core.settings import load
from workshop.practice import ensure


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

    def test_any_claims_under_its_key(self, running: Running, directory: Directory) -> None:
        token = directory.sign({"oid": "anybody"}, {"typ": "at+jwt"})
        uri = f"{running.https}/{directory.tenant_id}/discovery/v2.0/keys"
        keys = httpx.get(uri, verify=ssl.create_default_context(cafile=str(running.ca)), trust_env=False).json()
        signed = jwt.decode_complete(token, jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(token)["kid"]])
        assert signed["payload"] == {"oid": "anybody"}
        assert {name: signed["header"][name] for name in ("alg", "typ")} == {"alg": "RS256", "typ": "at+jwt"}
        wrong: list[dict[str, object]] = [{"claims": 5}, {"header": []}, {"header": {"nonce": 5}}, {"other": {}}]
        for body in wrong:
            with pytest.raises(TenantRefused) as refused:
                directory.call("POST", f"/directories/{directory.tenant_id}/sign", body)
            assert refused.value.status == 400

    def test_rotated_keys(self, directory: Directory) -> None:
        assert len(directory.rotate_keys()["keys"]) == 2
        assert len(directory.rotate_keys("dropped")["keys"]) == 1

    def test_faults_until_the_block_ends(self, directory: Directory) -> None:
        with directory.fault("throttle", at="token", retry_after=3, times=2), directory.fault("slow", seconds=0.1):
            assert [fault["told"] for fault in directory.show()["faults"]] == [
                "a fault the teacher switched on: throttle (429) at token",
                "a fault the teacher switched on: slow (0.1 s) at all",
            ]
        assert directory.show()["faults"] == []
        directory.fault("error")
        directory.clear_faults()
        assert directory.show()["faults"] == []

    def test_a_policy_until_the_block_ends(self, directory: Directory) -> None:
        with directory.conditional_access("mfa", resource="https://graph.microsoft.com", user="robin"):
            (policy,) = directory.show()["policies"]
            assert policy["name"] == "mfa for https://graph.microsoft.com"
        assert directory.show()["policies"] == []
        directory.conditional_access("sign_in_frequency", hours=1)
        directory.clear_policies()
        assert directory.show()["policies"] == []

    def test_accounts_until_the_block_ends(self, directory: Directory) -> None:
        with directory.disable("robin"), directory.forget_mfa("robin"):
            with directory.enable("robin") as change:
                assert change.said["before"] == {"enabled": False}
            assert directory.disable("robin").said["before"] == {"enabled": False}
        with directory.disable("robin") as change:
            assert change.said["before"] == {"enabled": True}
        assert directory.revoke_sessions("robin")["user"].startswith("robin@")

    def test_consent_until_the_block_ends(self, directory: Directory) -> None:
        cli, graph = "04b07795-8ddb-461a-bbee-02f9e1bf7b46", "https://graph.microsoft.com"
        with directory.withdraw_consent(cli) as change:
            withdrawn = change.said["withdrawn"]
            assert "User.Read.All" in " ".join(grant["scope"] for grant in withdrawn).split()
            assert directory.withdraw_consent(cli).said["withdrawn"] == []
        (again,) = directory.withdraw_consent(cli, resource=graph).said["withdrawn"]
        assert again in withdrawn
        directory.give_consent(cli, graph, "User.Read", user="robin")
        (mine,) = directory.withdraw_consent(cli, user="robin").said["withdrawn"]
        assert mine["scope"] == "User.Read"

    def test_an_outside_issuer(self, directory: Directory) -> None:
        assert directory.trust_issuer("https://token.actions.example", {"keys": []})["keys"] == 0

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

    def test_a_fault_and_a_policy(self, running: Running, directory: Directory) -> None:
        of = ("--directory", directory.tenant_id)
        done = workshop(running, "fault", "throttle", *of, "--at", "token", "--retry-after", "3", "--times", "2")
        assert done.stdout == "a fault the teacher switched on: throttle (429) at token\n"
        assert workshop(running, "policy", "mfa", *of, "--user", "robin").stdout.endswith(": mfa for All\n")
        shown = workshop(running, "directory", *of).stdout
        assert "throttle (429) at token" in shown
        assert "mfa for All" in shown
        workshop(running, "fault", *of, "--clear")
        workshop(running, "policy", *of, "--clear")
        assert [directory.show()[kind] for kind in ("faults", "policies")] == [[], []]

    def test_people(self, running: Running, directory: Directory) -> None:
        of = ("--directory", directory.tenant_id)
        assert workshop(running, "user", "robin", *of, "--disable").returncode == 0
        assert directory.enable("robin").said["before"] == {"enabled": False}
        assert "good no more" in workshop(running, "user", "robin", *of, "--revoke").stdout
        cli = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
        assert "taken back: Application.ReadWrite.All" in workshop(running, "withdraw-consent", cli, *of).stdout
        assert workshop(running, "withdraw-consent", cli, *of).stdout == "Nothing was granted.\n"

    @pytest.mark.parametrize(
        ("arguments", "told"),
        [
            (["fault"], "the faults are throttle, error, slow"),
            (["fault", "slow", "--at", "login"], "at takes all or token or"),
            (["policy"], "require takes mfa or block or sign_in_frequency"),
            (["user", "nobody", "--disable"], "the users are avery, robin"),
            (["withdraw-consent", "nothing"], "there is no application 'nothing'"),
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

    def test_the_help_names_every_endpoint_and_policy(self, running: Running) -> None:
        listed = workshop(running, "fault", "slow", "--at", "x").stderr
        shown = workshop(running, "fault", "--help").stdout
        for name in listed.partition("at takes all or ")[2].partition(",")[0].split(" or "):
            assert name in shown
        for name in ("throttle", "error", "slow"):
            assert f"\n  {name} " in shown
        shown = workshop(running, "policy", "--help").stdout
        for name in ("mfa", "block", "sign_in_frequency"):
            assert f"\n  {name} " in shown

    def test_a_time(self) -> None:
        times = {"90": 90, "+1h": 3_600, "-2.5m": -150, "1d": 86_400, "0.5": 0.5, "5s": 5}
        assert {text: seconds(text) for text in times} == times
        for text in ("", "h", "1w", "1h30m", "--1"):
            with pytest.raises(PracticeTenantError, match="is no time"):
                seconds(text)
