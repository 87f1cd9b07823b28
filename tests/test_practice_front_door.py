"""The practice tenant as a package of its own: `running`, what a directory can do, the fixtures, the command line."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import subprocess
import sys
import webbrowser
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import psutil
import pytest
from practice_help import clean_environ, end_any, is_gone

import practice_tenant
from practice_tenant import AdministratorRefused, Directory, PracticeBrowser, Running, SignInFailed
from practice_tenant.errors import PracticeTenantError

README = Path(practice_tenant.__file__).with_name("README.md")


@pytest.fixture(scope="module")
def tenant() -> Iterator[Running]:
    with practice_tenant.running() as running:
        yield running


@pytest.fixture(scope="module")
def directory(tenant: Running) -> Directory:
    return tenant.directory(tenant.new_directory("frontdoor"))


def claims(token: str) -> dict[str, object]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


class TestRunning:
    def test_without_a_folder_all_is_gone_with_the_block(self) -> None:
        with practice_tenant.running() as running:
            assert psutil.pid_exists(running.pid)
            assert running.state.stat().st_mode & 0o077 == 0
        assert is_gone(running.pid)
        assert not running.state.exists()

    def test_an_error_in_the_block_ends_it_too(self) -> None:
        with pytest.raises(ZeroDivisionError), practice_tenant.running() as running:
            _ = 1 // 0
        assert is_gone(running.pid)
        assert not running.state.exists()

    def test_with_a_folder_two_share_one_and_what_was_made_stays(self, tmp_path: Path) -> None:
        with practice_tenant.running(tmp_path / "state", "first") as first:
            with practice_tenant.running(str(tmp_path / "state"), "second") as second:
                assert second.pid == first.pid
                assert sorted(first.status()["leases"]) == ["first", "second"]
            assert not is_gone(first.pid)
            app = first.directory().register("Stays")
        with practice_tenant.running(tmp_path / "state") as later:
            found = later.directory().graph("GET", f"applications(appId='{app.client_id}')")
            assert found["displayName"] == "Stays"

    def test_a_holder_that_no_url_can_carry_is_refused(self) -> None:
        with (
            pytest.raises(PracticeTenantError, match="can't be a holder's name"),
            practice_tenant.running(holder="a b"),
        ):
            pass


class TestDirectory:
    def test_an_app_and_a_token_for_it(self, directory: Directory) -> None:
        app = directory.register("Expenses", scopes=("read", "write"))
        robin = directory.sign_in("robin", [app.scope("read")])
        told = claims(robin.access_token)
        assert (told["aud"], told["ver"], told["scp"]) == (app.client_id, "2.0", "read")
        assert claims(robin.id_token)["preferred_username"] == robin.account == directory.account("robin")
        assert robin.expires_in > 3_000
        for secret in (robin.access_token, robin.refresh_token, app.client_secret):
            assert secret
            assert secret not in f"{robin!r} {app!r}"

    def test_more_properties_go_through_as_graph_names_them(self, directory: Directory) -> None:
        more = {"groupMembershipClaims": "SecurityGroup", "api": {"requestedAccessTokenVersion": None}}
        app = directory.register("Older tokens", properties=more, secret=False)
        told = claims(directory.sign_in("robin", [app.scope()]).access_token)
        assert told["ver"] == "1.0"
        assert told["groups"]
        assert app.client_secret == ""

    def test_what_graph_refuses_is_said(self, directory: Directory) -> None:
        with pytest.raises(AdministratorRefused, match=r"POST applications: 400 .*'web'") as refused:
            directory.register("Careless", redirect_uris=["http://example.com/callback"])
        assert refused.value.status == 400

    def test_a_client_that_needs_consent_gets_it_where_a_user_may_give_it(self, directory: Directory) -> None:
        app = directory.register("Asks", preauthorized=())
        assert directory.sign_in("sam", [app.scope()]).scope == app.scope()

    def test_entras_own_words_where_it_fails(self, directory: Directory) -> None:
        app = directory.register("Expenses")
        with pytest.raises(SignInFailed, match="AADSTS50057"):
            directory.sign_in("lee", [app.scope()])
        with pytest.raises(SignInFailed, match=r"AADSTS65005|AADSTS70011|AADSTS650053"):
            directory.sign_in("robin", [app.scope("no_such_scope")])
        with pytest.raises(SignInFailed, match="AADSTS700016"):
            directory.sign_in("robin", [app.scope()], client_id="00000000-0000-0000-0000-00000000dead")
        confidential = directory.register("Web", redirect_uris=["http://localhost"])
        with pytest.raises(SignInFailed, match="AADSTS7000215"):
            directory.sign_in("robin", [app.scope()], confidential.client_id, "not the secret")

    def test_a_confidential_client_signs_in_with_its_secret(self, directory: Directory) -> None:
        api = directory.register("Api")
        web = directory.register("Web", redirect_uris=["http://localhost"], properties={"publicClient": {}})
        robin = directory.sign_in("robin", [api.scope()], web.client_id, web.client_secret)
        assert claims(robin.access_token)["azp"] == web.client_id


class TestBrowser:
    def test_only_within_the_block_and_the_innermost_first(self, tenant: Running) -> None:
        opened: list[str] = []

        class Noted(PracticeBrowser):
            def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:  # noqa: ARG002
                opened.append(f"{self.account} {url}")
                return True

        outer, inner = (Noted(name, proxy=tenant.doors.proxy, ca=tenant.ca) for name in ("outer", "inner"))
        with outer.in_place():
            with inner.in_place():
                webbrowser.open("one")
            webbrowser.open("two")
        assert opened == ["inner one", "outer two"]
        assert not webbrowser.get("practice").open("three")
        assert len(opened) == 2


class TestReadme:
    def test_what_it_shows_without_pytest_runs(self) -> None:
        text = README.read_text(encoding="utf-8")
        example = doctest.DocTestParser().get_doctest(text, {}, README.name, str(README), 0)
        assert len(example.examples) >= 3
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.IGNORE_EXCEPTION_DETAIL)
        assert runner.run(example).failed == 0

    def test_its_ten_lines_run(self, tmp_path: Path) -> None:
        shown = re.findall(r"```python\n(from .+?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        assert len(shown) == 1
        (tmp_path / "test_notes.py").write_text("import pytest\npytestmark = pytest.mark.anyio\n" + shown[0])
        (tmp_path / "conftest.py").write_text((EXAMPLES / "conftest.py").read_text(encoding="utf-8"))
        done = pytest_in(tmp_path, PYTHONPATH=str(EXAMPLES))
        assert "1 passed" in done.stdout, done.stdout + done.stderr

    def test_its_people_are_the_seeds(self, directory: Directory) -> None:
        named = re.findall(r"\*\*(\w+)\*\*", README.read_text(encoding="utf-8").partition("The people ")[2][:400])
        people = {re.split("[@_]", person.account)[0]: person for person in directory.people()}
        assert sorted(named) == sorted(people)
        assert [name for name, person in people.items() if person.is_guest] == ["kim"]
        assert [name for name, person in people.items() if not person.is_enabled] == ["lee"]


EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

ISOLATED = """
import os
import subprocess

seen = []


def test_one(practice_directory, signed_in):
    app = practice_directory.register("One")
    assert signed_in("robin", [app.scope()]).access_token
    assert os.environ["AZURE_TENANT_ID"] == practice_directory.tenant_id
    assert os.environ["SSL_CERT_FILE"].endswith("ca.pem")
    assert "AZURE_CLIENT_SECRET" not in os.environ
    seen.append(practice_directory.tenant_id)


def test_two(practice_directory):
    assert practice_directory.tenant_id not in seen
    assert practice_directory.graph("GET", "applications")["value"] == []


def test_three():
    assert "SSL_CERT_FILE" not in os.environ
    assert os.environ["AZURE_CLIENT_SECRET"] == "of a real tenant"
"""


def pytest_in(folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(folder), str(folder)]
    made = clean_environ(folder / "state", **environ)
    return subprocess.run(command, cwd=folder, env=made, capture_output=True, text=True, check=False, timeout=240)


def test_each_test_has_a_directory_of_its_own_and_the_variables_go_back(tmp_path: Path) -> None:
    (tmp_path / "test_isolated.py").write_text(ISOLATED)
    done = pytest_in(tmp_path, AZURE_CLIENT_SECRET="of a real tenant")
    assert "3 passed" in done.stdout, done.stdout + done.stderr


def test_who_asks_for_no_fixture_pays_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_nothing.py").write_text(
        "import sys\ndef test_it(): assert not {'httpx', 'psutil', 'practice_tenant.client.control'} & set(sys.modules)"
    )
    done = pytest_in(tmp_path)
    assert "1 passed" in done.stdout, done.stdout + done.stderr


class TestCommand:
    @pytest.fixture
    def state(self, tmp_path: Path) -> Iterator[Path]:
        yield tmp_path / "state"
        end_any(tmp_path / "state")

    def ask(self, state: Path, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "practice_tenant", *words, "--state", str(state)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    def test_a_program_is_led_there_by_the_variables_that_env_prints(self, state: Path) -> None:
        with practice_tenant.running(state) as tenant:
            told = self.ask(state, "env", "--shell", "sh")
            assert told.returncode == 0, told.stderr
            program = "import httpx; print(httpx.get('https://login.microsoftonline.com/common/discovery/v2.0/keys').status_code)"
            line = f'{told.stdout}\n{shlex.quote(sys.executable)} -c "{program}"'
            done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, check=False, timeout=120)
            assert done.stdout == "200\n", done.stderr
            assert "/common/discovery/v2.0/keys" in self.ask(state, "log").stdout
            assert str(tenant.pid) in self.ask(state, "status").stdout
            assert self.ask(state, "set", "clock=+1h").stdout == "clock: 3600 (was 0)\n"
            assert self.ask(state, "stop").returncode == 0
        assert self.ask(state, "status").stdout == "not running\n"

    def test_the_browser_it_names_signs_in(self, state: Path) -> None:
        with practice_tenant.running(state) as tenant:
            url = f"https://login.microsoftonline.com/{tenant.tenant_id}/oauth2/v2.0/authorize"
            done = self.ask(state, "browser", url)
            assert done.returncode == 1
            assert "AADSTS900144" in done.stderr
            assert "python" in tenant.browser_variable("robin")["BROWSER"]
            assert "-m practice_tenant browser" in tenant.browser_variable("robin")["BROWSER"]

    @pytest.mark.parametrize("action", ["env", "log", "reset", "directory"])
    def test_without_a_tenant_one_line_says_so(self, state: Path, action: str) -> None:
        done = self.ask(state, action)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert "No practice tenant is running" in done.stderr

    def test_help_names_every_action(self) -> None:
        command = [sys.executable, "-m", "practice_tenant", "--help"]
        shown = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"COLUMNS": "120"})
        for action in ("run", "env", "status", "stop", "reset", "log", "set", "fault", "policy", "user", "browser"):
            assert re.search(rf"^    {action}\b", shown.stdout, re.MULTILINE), action


def test_the_proxy_of_a_directory_bears_the_holders_name(tenant: Running, directory: Directory) -> None:
    with directory.doors.client() as client:
        assert isinstance(client, httpx.Client)
        client.get("https://login.microsoftonline.com/common/discovery/v2.0/keys")
    assert tenant.exchanges()[-1]["holder"] == tenant.holder


class TestLibrariesOfOthers:
    """What people test their services with, as its authors show it, led here by the fixture's variables alone."""

    def test_msal_signs_in_where_it_opens_a_browser(self, practice_directory: Directory) -> None:
        import msal  # type: ignore[import-untyped]

        app = practice_directory.register("Notes")
        authority = f"https://login.microsoftonline.com/{practice_directory.tenant_id}"
        client = msal.PublicClientApplication(practice_tenant.AZURE_CLI, authority=authority)
        with practice_directory.browser("sam").in_place():
            got = client.acquire_token_interactive([app.scope()], timeout=120)
        assert got["id_token_claims"]["preferred_username"] == practice_directory.account("sam")
        assert client.acquire_token_silent([app.scope()], client.get_accounts()[0])["token_source"] == "cache"

    def test_azure_identity_signs_in_where_it_opens_a_browser(self, practice_directory: Directory) -> None:
        from azure.identity import InteractiveBrowserCredential

        app = practice_directory.register("Notes")
        with (
            practice_directory.browser("robin").in_place(),
            InteractiveBrowserCredential(tenant_id=practice_directory.tenant_id) as credential,
        ):
            token = credential.get_token(app.scope()).token
        assert claims(token)["preferred_username"] == practice_directory.account("robin")

    def test_azure_identity_reads_the_secret_from_the_environment(
        self, practice_directory: Directory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from azure.identity import EnvironmentCredential

        api, daemon = practice_directory.register("Api"), practice_directory.register("Daemon")
        monkeypatch.setenv("AZURE_CLIENT_ID", daemon.client_id)
        monkeypatch.setenv("AZURE_CLIENT_SECRET", daemon.client_secret)
        with EnvironmentCredential() as credential:
            told = claims(credential.get_token(f"{api.identifier_uri}/.default").token)
        assert (told["azp"], told["aud"]) == (daemon.client_id, api.client_id)
        assert "scp" not in told

    def test_pyjwt_fetches_the_keys_and_verifies(self, practice_directory: Directory) -> None:
        app = practice_directory.register("Notes")
        token = practice_directory.sign_in("robin", [app.scope()]).access_token
        base = f"https://login.microsoftonline.com/{practice_directory.tenant_id}"
        key = jwt.PyJWKClient(f"{base}/discovery/v2.0/keys").get_signing_key_from_jwt(token)
        read = jwt.decode(token, key, algorithms=["RS256"], audience=app.client_id, issuer=f"{base}/v2.0")
        assert read["scp"] == "access_as_user"
        with pytest.raises(jwt.InvalidAudienceError):
            jwt.decode(token, key, algorithms=["RS256"], audience="api://another", issuer=f"{base}/v2.0")

    def test_requests_reaches_graph_as_the_user(self, practice_directory: Directory) -> None:
        import requests

        robin = practice_directory.sign_in("robin", ["https://graph.microsoft.com/User.Read"])
        me = requests.get("https://graph.microsoft.com/v1.0/me", headers=robin.headers, timeout=120)
        assert me.json()["userPrincipalName"] == robin.account
        with pytest.raises(requests.exceptions.ProxyError):  # and nothing else of the internet
            requests.get("https://example.com/", timeout=120)
