"""What the servers' app proves itself with, at both places: the proxy's way to Entra, and the exchanges."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from practice_help import posix_only
from tenant.credentials import Certificate, certificate, trusts, with_certificate
from tenant.world import App

import practice_tenant
from workshop.servers import proxy
from workshop.servers.credentials import assertions
from workshop.servers.environment import SettingsError
from workshop.servers.obo import ServerApp, TokenExchanges
from workshop.servers.preauthorized_settings import PreauthorizedSettings
from workshop.servers.refusals import CallRefused

from .conftest import Entra
from .forge import decoded
from .office import consented

PASSWORD = "a word for tests"
Changes = dict[str, Any]
Make = Callable[[Entra, App, Path], Changes]


def pfx(one: Certificate, path: Path, password: str) -> Path:
    public = x509.load_der_x509_certificate(one.der)
    how = serialization.BestAvailableEncryption(password.encode())
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"app", one.key, public, None, how))
    return path


def with_secret(_: Entra, app: App, __: Path) -> Changes:
    return {"client_secret": app.secret}


def with_pem(entra: Entra, app: App, folder: Path) -> Changes:
    path = folder / "app.pem"
    path.write_text(with_certificate(entra.world, app).pem)
    return {"certificate": path}


def with_pfx(entra: Entra, app: App, folder: Path) -> Changes:
    return {
        "certificate": pfx(with_certificate(entra.world, app), folder / "app.pfx", PASSWORD),
        "certificate_password": PASSWORD,
    }


def with_identity(entra: Entra, app: App, _: Path) -> Changes:
    found = identity(entra, "expenses-identity")
    issuer = f"https://login.microsoftonline.com/{entra.tenant.id}/v2.0"
    trusts(entra.world, app, issuer, found["object_id"])
    return {"managed_identity": found["client_id"]}


KINDS = pytest.mark.parametrize("make", [with_secret, with_pem, with_pfx, with_identity])


def identity(entra: Entra, name: str) -> dict[str, Any]:
    running = practice_tenant.found(entra.tenant.state)
    assert running
    (found,) = [one for one in running.directory().show()["managed_identities"] if one["name"] == name]
    return dict(found)


@pytest.fixture
def on_azure(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process one that runs on Azure."""
    running = practice_tenant.found(entra.tenant.state)
    assert running
    host = running.managed_identity_environment()
    for name in host.remove:
        monkeypatch.delenv(name, raising=False)
    for name, value in host.set.items():
        monkeypatch.setenv(name, value)


def told(entra: Entra, app: App, changes: Changes) -> Any:
    plain: Changes = {"client_secret": "", "jwt_signing_key": "k" * 32}
    return type(entra.settings())(
        app.client_id, tenant_id=entra.tenant.id, required_scopes=("access",), storage="memory", **(plain | changes)
    )


@KINDS
@pytest.mark.usefixtures("on_azure")
def test_the_proxy_redeems_codes_refreshes_and_exchanges(make: Make, entra: Entra, tmp_path: Path) -> None:
    app = consented(entra, f"Proves itself {make.__name__}")
    settings = told(entra, app, make(entra, app, tmp_path))
    door = proxy.provider(settings, "http://localhost:8000")

    async def ask() -> tuple[dict[str, Any], dict[str, Any], str]:
        client = door._create_upstream_oauth_client()
        url = door._upstream_token_endpoint
        try:
            code = entra.world.code(app)
            got = await client.fetch_token(url=url, code=code, redirect_uri=app.redirect_uri, scope=app.scope)
            again = await client.refresh_token(url=url, refresh_token=got["refresh_token"], scope=app.scope)
            credential = await door.get_obo_credential(again["access_token"])
            return got, again, (await credential.get_token("https://graph.microsoft.com/User.Read")).token
        finally:
            await client.aclose()
            await door.close_obo_credentials()

    got, again, of_graph = asyncio.run(ask())
    assert decoded(got["access_token"], 1)["azpacr"] == ("1" if make is with_secret else "2")
    assert decoded(again["access_token"], 1)["oid"] == decoded(got["access_token"], 1)["oid"]
    claims = decoded(of_graph, 1)
    assert claims["oid"] == decoded(got["access_token"], 1)["oid"]
    assert (claims["appid"], claims["scp"].split().count("User.Read")) == (app.client_id, 1)


@pytest.mark.usefixtures("on_azure")
def test_an_identity_that_the_app_does_not_trust_is_the_operators_to_mend(entra: Entra) -> None:
    app = consented(entra, "Trusts nobody")
    found = identity(entra, "reports-identity")
    settings = PreauthorizedSettings(app.client_id, entra.tenant.id, managed_identity=found["client_id"])

    async def ask() -> None:
        exchanges = TokenExchanges(ServerApp(app.client_id, "", assertions(settings), "login.microsoftonline.com"))
        try:
            exchange = await exchanges.of(entra.world.tokens(app)["access_token"])
            await exchange.get_token("https://graph.microsoft.com/User.Read")
        finally:
            await exchanges.close()

    with pytest.raises(CallRefused, match=r"for its operator to mend; the server's log says AADSTS70021"):
        asyncio.run(ask())


@posix_only
def test_off_azure_a_managed_identity_is_the_operators_to_mend(entra: Entra, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:9")
    settings = PreauthorizedSettings(entra.app.client_id, entra.tenant.id, managed_identity="system")

    async def ask() -> None:
        exchanges = TokenExchanges(
            ServerApp(entra.app.client_id, "", assertions(settings), "login.microsoftonline.com")
        )
        exchange = await exchanges.of(entra.world.tokens(entra.app)["access_token"])
        await exchange.get_token("https://graph.microsoft.com/User.Read")

    with pytest.raises(CallRefused, match="for its operator to mend"):
        asyncio.run(ask())


@pytest.mark.parametrize("content", [b"", b"-----BEGIN CERTIFICATE-----\nno\n", b"\x30\x00 nonsense", None])
def test_a_certificate_that_cant_be_used_is_named_and_not_shown(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "app.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^The certificate .*app\.pem can't be (used|read)") as refused:
        assertions(PreauthorizedSettings("an-app", "a-tenant", certificate=path))
    assert len(str(refused.value).splitlines()) == 1
    assert "nonsense" not in str(refused.value)


def test_the_password_of_a_certificate_must_be_right(tmp_path: Path) -> None:
    path = pfx(certificate(), tmp_path / "app.pfx", PASSWORD)
    for password in (None, "another"):
        with pytest.raises(SettingsError, match="the password, if it has one, the right one"):
            assertions(PreauthorizedSettings("an-app", "a-tenant", certificate=path, certificate_password=password))


def test_nothing_of_a_key_is_in_a_repr(tmp_path: Path) -> None:
    path = tmp_path / "app.pem"
    path.write_text(certificate().pem)
    found = assertions(PreauthorizedSettings("an-app", "a-tenant", certificate=path))
    assert "key" not in repr(found)
    assert os.fspath(path) not in repr(found)
