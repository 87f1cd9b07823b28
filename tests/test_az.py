"""The Azure CLI against the practice tenant: the real program, led there by environment variables alone."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from practice_help import clean_environ, line_of
from tenant.credentials import certificate

from practice_tenant import Running, found
from workshop.core import azure_cli, settings

pytestmark = pytest.mark.needs("az")

AVERY = "avery@contoso.onmicrosoft.com"
GRAPH = "00000003-0000-0000-c000-000000000000"
USER_READ = "e1fe6dd8-ba31-4d61-89e7-88639da4683d"

USER_READ_ALL = "df021288-bdef-4463-88db-98f22de89214"


@dataclass(frozen=True)
class Az:
    """The program, with a folder of its own for what it remembers."""

    program: Path
    running: Running
    environ: dict[str, str] = field(repr=False)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *words], env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )

    def __call__(self, *words: str) -> Any:
        """Run a command that must succeed, and return what it printed as JSON."""
        done = self.run(*words, "--output", "json")
        assert done.returncode == 0, done.stderr
        assert self.running.secret not in done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    state = tmp_path_factory.mktemp("az") / "state"
    command = [sys.executable, "-m", "workshop", "tenant", "run"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean_environ(state)) as process:
        try:
            line_of(process)
            there = found(state)
            assert there
            yield there
        finally:
            process.terminate()


def cli(running: Running, folder: Path, account: str = AVERY) -> Az:
    program = azure_cli.find(settings.load().project)
    assert program
    environ = clean_environ(running.state, **running.browser_variable(account))
    running.environment().put(environ)
    more = {"AZURE_CONFIG_DIR": str(folder), "AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_ONLY_SHOW_ERRORS": "yes"}
    return Az(program, running, environ | more)


@pytest.fixture(scope="module")
def az(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Return an Azure CLI to which the administrator is signed in."""
    signed_in = cli(running, tmp_path_factory.mktemp("azure"))
    told = signed_in("login", "--allow-no-subscriptions")
    assert [each["user"] for each in told] == [{"name": AVERY, "type": "user"}]
    assert told[0]["tenantId"] == running.tenant_id
    return signed_in


@pytest.fixture(scope="module")
def app(az: Az) -> dict[str, Any]:
    """Return an application made by the Azure CLI."""
    made = az(
        *("ad", "app", "create", "--display-name", "Made with az", "--sign-in-audience", "AzureADMyOrg"),
        *("--web-redirect-uris", "http://localhost:8000/auth/callback"),
    )
    assert made["web"]["redirectUris"] == ["http://localhost:8000/auth/callback"]
    return dict(made)


def test_who_is_signed_in(az: Az) -> None:
    assert az("ad", "signed-in-user", "show")["userPrincipalName"] == AVERY


def test_the_token_version_is_set_as_the_guide_says(az: Az, app: dict[str, Any]) -> None:
    assert app["api"]["requestedAccessTokenVersion"] is None
    az("ad", "app", "update", "--id", app["appId"], "--set", 'api={"requestedAccessTokenVersion":2}')
    assert az("ad", "app", "show", "--id", app["appId"])["api"]["requestedAccessTokenVersion"] == 2
    az("ad", "app", "update", "--id", app["appId"], "--identifier-uris", f"api://{app['appId']}")
    assert az("ad", "app", "show", "--id", app["id"])["identifierUris"] == [f"api://{app['appId']}"]


def test_an_application_is_listed_by_name_and_deleted(az: Az) -> None:
    made = az("ad", "app", "create", "--display-name", "Soon gone")
    assert [each["id"] for each in az("ad", "app", "list", "--display-name", "Soon gone")] == [made["id"]]
    az("ad", "app", "delete", "--id", made["appId"])
    assert az("ad", "app", "list", "--display-name", "Soon gone") == []
    gone = az.run("ad", "app", "show", "--id", made["appId"])
    assert gone.returncode == 3
    assert made["appId"] in gone.stderr


def test_a_service_principal_signs_in_with_the_secret_that_az_made(az: Az, app: dict[str, Any], tmp_path: Path) -> None:
    principal = az("ad", "sp", "create", "--id", app["appId"])
    assert principal["appId"] == app["appId"]
    assert az("ad", "sp", "show", "--id", app["appId"])["id"] == principal["id"]
    made = az("ad", "app", "credential", "reset", "--id", app["appId"], "--append", "--display-name", "az")
    assert [each["displayName"] for each in az("ad", "app", "credential", "list", "--id", app["appId"])] == ["az"]
    own = cli(az.running, tmp_path / "azure")
    service = ("login", "--service-principal", "--username", app["appId"], "--tenant", az.running.tenant_id)
    told = own(*service, "--password", made["password"], "--allow-no-subscriptions")
    assert [each["user"] for each in told] == [{"name": app["appId"], "type": "servicePrincipal"}]
    # A folder of its own again: with the token that it remembers, az would not ask.
    wrong = cli(az.running, tmp_path / "again").run(*service, "--password", "no such secret")
    assert wrong.returncode != 0
    assert "AADSTS7000215" in wrong.stderr


def test_a_service_principal_signs_in_with_a_certificate(az: Az, tmp_path: Path) -> None:
    made = az("ad", "app", "create", "--display-name", "Has a certificate")
    az("ad", "sp", "create", "--id", made["appId"])
    pem = tmp_path / "certificate.pem"
    pem.touch(0o600)
    pem.write_text(certificate().pem)
    public = tmp_path / "public.pem"
    public.write_text(pem.read_text().partition("-----END PRIVATE KEY-----\n")[2])
    az("ad", "app", "credential", "reset", "--id", made["appId"], "--append", "--cert", f"@{public}")
    told = cli(az.running, tmp_path / "azure")(
        *("login", "--service-principal", "--username", made["appId"], "--tenant", az.running.tenant_id),
        *("--certificate", str(pem), "--allow-no-subscriptions"),
    )
    assert [each["user"]["name"] for each in told] == [made["appId"]]


def test_permissions_are_asked_for_granted_and_consented(az: Az) -> None:
    made = az("ad", "app", "create", "--display-name", "Asks for Graph")
    az("ad", "sp", "create", "--id", made["appId"])
    wanted = ("--id", made["appId"], "--api", GRAPH)
    az("ad", "app", "permission", "add", *wanted, "--api-permissions", f"{USER_READ}=Scope")
    (asked,) = az("ad", "app", "permission", "list", "--id", made["appId"])
    assert asked["resourceAppId"] == GRAPH
    assert asked["resourceAccess"] == [{"id": USER_READ, "type": "Scope"}]
    granted = az("ad", "app", "permission", "grant", *wanted, "--scope", "User.Read")
    assert (granted["scope"], granted["consentType"]) == ("User.Read", "AllPrincipals")
    (shown,) = az("ad", "app", "permission", "list-grants", "--id", made["appId"])
    assert shown["scope"] == "User.Read"


def test_an_administrator_consents_to_all_that_is_asked_for(az: Az) -> None:
    made = az("ad", "app", "create", "--display-name", "Asks an administrator")
    principal = az("ad", "sp", "create", "--id", made["appId"])
    wanted = (f"{USER_READ}=Scope", f"{USER_READ_ALL}=Role")
    az("ad", "app", "permission", "add", "--id", made["appId"], "--api", GRAPH, "--api-permissions", *wanted)
    az("ad", "app", "permission", "admin-consent", "--id", made["appId"])
    (shown,) = az("ad", "app", "permission", "list-grants", "--id", made["appId"])
    assert (shown["scope"], shown["consentType"]) == ("User.Read", "AllPrincipals")
    path = f"https://graph.microsoft.com/v1.0/servicePrincipals/{principal['id']}/appRoleAssignments"
    (role,) = az("rest", "--url", path)["value"]
    assert role["appRoleId"] == USER_READ_ALL


def test_a_rest_call_shows_graphs_refusal(az: Az) -> None:
    nobody = f"https://graph.microsoft.com/v1.0/users/{GRAPH}"
    refused = az.run("rest", "--url", nobody)
    assert refused.returncode == 1
    assert "Request_ResourceNotFound" in refused.stderr


def test_a_federated_credential_is_added(az: Az, app: dict[str, Any]) -> None:
    wanted = {
        "name": "from-elsewhere",
        "issuer": "https://issuer.example/",
        "subject": "someone",
        "audiences": ["api://AzureADTokenExchange"],
    }
    az("ad", "app", "federated-credential", "create", "--id", app["appId"], "--parameters", json.dumps(wanted))
    (listed,) = az("ad", "app", "federated-credential", "list", "--id", app["appId"])
    assert {name: listed[name] for name in wanted} == wanted


def test_a_token_for_graph(az: Az) -> None:
    told = az("account", "get-access-token", "--scope", "https://graph.microsoft.com/.default")
    assert told["tenant"] == az.running.tenant_id
    assert told["accessToken"].count(".") == 2
