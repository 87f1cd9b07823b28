"""Managed identity through the unpatched libraries: azure-identity, sync and async, and msal. Only variables differ."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import msal  # type: ignore[import-untyped]
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ChainedTokenCredential,
    ClientAssertionCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
)
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from practice_help import clean_environ, end_any, let_aiohttp_trust, posix_only
from tenant.browser import Browser
from tenant.world import AZURE_CLI

from practice_tenant import Running
from practice_tenant.client.environment import Environment
from workshop.core.settings import load
from workshop.practice import ensure

GRAPH = "https://graph.microsoft.com"
NOBODY = "22222222-2222-4333-8444-555555555555"

Put = Callable[..., None]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    project = tmp_path_factory.mktemp("project")
    settings = load({"WORKSHOP_STATE": str(project / "state")}, project)
    tenant = ensure(settings, "identity")
    let_aiohttp_trust(tenant.ca)
    yield tenant
    end_any(settings.state)


@pytest.fixture
def on_azure(running: Running, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Set the variables of a host on Azure, as a process in the practice tenant has them."""

    def put(**options: Any) -> None:
        led = running.environment(environ=os.environ)
        host = running.managed_identity_environment(**options)
        for variables in (led, host):
            for name in variables.remove:
                monkeypatch.delenv(name, raising=False)
            for name, value in variables.set.items():
                monkeypatch.setenv(name, value)

    return put


def identity(running: Running, name: str) -> dict[str, Any]:
    found = running.directory().show()["managed_identities"]
    return next(each for each in found if each["name"] == name)


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


@contextlib.contextmanager
def as_administrator(running: Running) -> Iterator[Callable[[str, str, dict[str, Any]], dict[str, Any]]]:
    """Call Graph as Avery does with the Azure CLI's permissions."""
    trust = ssl.create_default_context(cafile=str(running.ca))
    with httpx.Client(proxy=running.doors.proxy, verify=trust, trust_env=False, timeout=120) as http:
        agent = Browser(http, running.tenant_id)
        asks = {"client_id": AZURE_CLI, "response_type": "code", "redirect_uri": "http://localhost:8400"}
        code = agent.sign_in({**asks, "scope": f"openid {GRAPH}/.default"}, "avery")["code"]
        form = {"grant_type": "authorization_code", "client_id": AZURE_CLI, "code": code}
        form |= {"redirect_uri": asks["redirect_uri"], "scope": f"{GRAPH}/.default"}
        url = f"https://login.microsoftonline.com/{running.tenant_id}/oauth2/v2.0/token"
        headers = {"Authorization": f"Bearer {http.post(url, data=form).json()['access_token']}"}

        def call(method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = http.request(method, f"{GRAPH}/v1.0{path}", json=body, headers=headers)
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

        yield call


async def with_aio(**options: Any) -> str:
    async with AsyncManagedIdentityCredential(**options) as credential:
        return str((await credential.get_token(f"{GRAPH}/.default")).token)


def by_sync(**options: Any) -> str:
    return str(ManagedIdentityCredential(**options).get_token(f"{GRAPH}/.default").token)


def by_async(**options: Any) -> str:
    return asyncio.run(with_aio(**options))


def by_msal(managed_identity: Any) -> dict[str, Any]:
    client = msal.ManagedIdentityClient(managed_identity, http_client=requests.Session())
    return dict(client.acquire_token_for_client(resource=GRAPH))


FORMS = pytest.mark.parametrize("form", ["app_service", "imds"])
AZURE_IDENTITY = pytest.mark.parametrize("token_by", [by_sync, by_async])


@FORMS
@AZURE_IDENTITY
class TestAzureIdentity:
    def test_the_system_assigned_identity(self, running: Running, on_azure: Put, form: str, token_by: Any) -> None:
        on_azure(form=form)
        found = claims(token_by())
        assert (found["oid"], found["aud"], found["idtyp"]) == (
            *(identity(running, "workshop-server")["object_id"], GRAPH, "app"),
        )

    def test_a_user_assigned_one_by_each_of_its_ids(
        self, running: Running, on_azure: Put, form: str, token_by: Any
    ) -> None:
        on_azure(form=form, assigned="user")
        wanted = identity(running, "reports-identity")
        # What the sync credential calls resource_id, the async one wants under the host's own name.
        resource = "mi_res_id" if form == "app_service" else "msi_res_id"
        resource = resource if token_by is by_async else "resource_id"
        for options in (
            {"client_id": wanted["client_id"]},
            {"identity_config": {"object_id": wanted["object_id"]}},
            {"identity_config": {resource: wanted["resource_id"]}},
        ):
            assert claims(token_by(**options))["oid"] == wanted["object_id"], options

    def test_an_identity_nobody_assigned(self, on_azure: Put, form: str, token_by: Any) -> None:
        on_azure(form=form)
        told = "No User Assigned" if form == "app_service" else "Identity not found"
        with pytest.raises((CredentialUnavailableError, ClientAuthenticationError), match=told):
            token_by(client_id=NOBODY)


@FORMS
class TestMsal:
    def test_the_system_assigned_identity(self, running: Running, on_azure: Put, form: str) -> None:
        on_azure(form=form)
        answer = by_msal(msal.SystemAssignedManagedIdentity())
        assert claims(answer["access_token"])["oid"] == identity(running, "workshop-server")["object_id"]
        assert answer["expires_in"] > 86_000

    def test_a_user_assigned_one_by_each_of_its_ids(self, running: Running, on_azure: Put, form: str) -> None:
        on_azure(form=form)
        wanted = identity(running, "expenses-identity")
        for named in (
            msal.UserAssignedManagedIdentity(client_id=wanted["client_id"]),
            msal.UserAssignedManagedIdentity(object_id=wanted["object_id"]),
            msal.UserAssignedManagedIdentity(resource_id=wanted["resource_id"]),
        ):
            assert claims(by_msal(named)["access_token"])["oid"] == wanted["object_id"]

    def test_an_identity_nobody_assigned(self, on_azure: Put, form: str) -> None:
        on_azure(form=form)
        answer = by_msal(msal.UserAssignedManagedIdentity(client_id=NOBODY))
        assert "access_token" not in answer
        told = "No User Assigned" if form == "app_service" else "Identity not found"
        assert told in answer["error_description"]


def test_a_chain_that_probes_imds_first(running: Running, on_azure: Put) -> None:
    on_azure(form="imds")
    token = ChainedTokenCredential(ManagedIdentityCredential()).get_token(f"{GRAPH}/.default").token
    assert claims(token)["oid"] == identity(running, "workshop-server")["object_id"]


@pytest.fixture(scope="module")
def client_id(running: Running) -> str:
    """An application that trusts the identity, registered by its own administrator with the Graph SDK's JSON."""
    with as_administrator(running) as graph:
        made = graph("POST", "/applications", {"displayName": "No secret"})
        graph("POST", "/servicePrincipals", {"appId": made["appId"]})
        trust = {
            "name": "host",
            "issuer": f"https://login.microsoftonline.com/{running.tenant_id}/v2.0",
            "subject": identity(running, "expenses-identity")["object_id"],
            "audiences": ["api://AzureADTokenExchange"],
        }
        graph("POST", f"/applications/{made['id']}/federatedIdentityCredentials", trust)
    return str(made["appId"])


class TestAsAFederatedCredential:
    """The token of a user-assigned identity in the place of a client secret."""

    @FORMS
    def test_by_azure_identity(self, running: Running, on_azure: Put, client_id: str, form: str) -> None:
        on_azure(form=form)
        host = ManagedIdentityCredential(client_id=identity(running, "expenses-identity")["client_id"])
        credential = ClientAssertionCredential(
            running.tenant_id, client_id, lambda: host.get_token("api://AzureADTokenExchange/.default").token
        )
        found = claims(credential.get_token(f"{GRAPH}/.default").token)
        assert (found["appid"], found["idtyp"], found["appidacr"]) == (client_id, "app", "2")

    def test_another_identity_is_not_trusted(self, running: Running, on_azure: Put, client_id: str) -> None:
        on_azure()
        host = ManagedIdentityCredential(client_id=identity(running, "reports-identity")["client_id"])
        credential = ClientAssertionCredential(
            running.tenant_id, client_id, lambda: host.get_token("api://AzureADTokenExchange/.default").token
        )
        with pytest.raises(ClientAuthenticationError, match="AADSTS700213"):
            credential.get_token(f"{GRAPH}/.default")


def test_a_directory_of_ones_own(running: Running, on_azure: Put) -> None:
    tenant_id = running.new_directory("hosts")
    on_azure(form="app_service", directory=tenant_id)
    assert claims(by_sync())["tid"] == tenant_id
    on_azure(form="app_service", directory="hosts.onmicrosoft.com")
    assert claims(by_sync())["tid"] == tenant_id


def test_nothing_is_set_unless_it_is_asked_for(running: Running) -> None:
    assert not [name for name in running.environment().set if "IDENTITY" in name or "MSI" in name]
    assert set(running.managed_identity_environment().set) == {"IDENTITY_ENDPOINT", "IDENTITY_HEADER"}
    assert set(running.managed_identity_environment(form="imds").set) == {"AZURE_POD_IDENTITY_AUTHORITY_HOST"}
    assert isinstance(running.managed_identity_environment(), Environment)


@posix_only
def test_the_variables_in_a_shell(running: Running) -> None:
    code = (
        "import jwt; from azure.identity import ManagedIdentityCredential as C; "
        f"t = C().get_token('{GRAPH}/.default').token; "
        "print(jwt.decode(t, options={'verify_signature': False})['oid'])"
    )
    environ = clean_environ(running.state, CODE=code, MSI_ENDPOINT="http://127.0.0.1:9/", AZURE_CLIENT_ID="mine")
    for form in ("app_service", "imds"):
        env = f"{shlex.quote(sys.executable)} -m workshop tenant env --managed-identity {form}"
        script = f'eval "$({env})"; {shlex.quote(sys.executable)} -c "$CODE"'
        done = subprocess.run(
            ["sh", "-c", script], env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stdout.strip() == identity(running, "workshop-server")["object_id"], done.stderr


def test_a_host_keeps_its_header_when_the_tenant_starts_again(running: Running) -> None:
    settings = load({"WORKSHOP_STATE": str(running.state)}, running.state.parent)
    before = running.managed_identity_environment().set
    running.stop()
    assert ensure(settings, "identity").managed_identity_environment().set == before
