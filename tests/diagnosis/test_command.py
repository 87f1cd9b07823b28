"""`workshop diagnose` in a terminal: text and JSON, exit codes, and what it says before it calls."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from practice_help import clean_environ
from server_help import serving

from workshop.commands.cli import main
from workshop.servers import proxy

from .conftest import Entra
from .test_token import CLIENT, TENANT, token

SECRET = "practice.abcDEF123ghiJKL456mnoPQR789"


def test_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "AADSTS50011"]) == 1
    said = capsys.readouterr()
    assert "[redirect-uri-not-registered]" in said.out
    assert "az ad app update --id <client id> --web-redirect-uris" in said.out
    assert said.err == ""


def test_an_unknown_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", "4242424"]) == 2
    assert "reference-error-codes" in capsys.readouterr().out


def test_a_log_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    log = (
        f"12:01 client_secret={SECRET}\n12:02 AADSTS7000222: The provided client secret keys for app 'x' are expired.\n"
    )
    monkeypatch.setattr(
        sys, "stdin", io.StringIO(log + "12:03 AADSTS50011: The redirect URI 'https://h/x' specified\n")
    )
    assert main(["diagnose", "-", "--json"]) == 1
    said = capsys.readouterr()
    found = json.loads(said.out)
    assert [one["failure"] for one in found["findings"]] == ["secret-expired", "redirect-uri-not-registered"]
    assert set(found["findings"][0]["mend"]) == {"portal", "az", "python", "client"}
    assert SECRET not in said.out


def test_a_token_for_either_of_two_apps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "33333333-3333-3333-3333-333333333333"
    told = {"AZURE_TENANT_ID": TENANT, "ENTRA_PROXY_AZURE_CLIENT_ID": other, "WORKSHOP_TENANT": "own"}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))
    now = int(time.time())
    mine = token(exp=now + 600, iat=now, nbf=now)
    for client_id, code in ((CLIENT, 0), ("44444444-4444-4444-4444-444444444444", 1)):
        monkeypatch.setenv("ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID", client_id)
        monkeypatch.setattr(sys, "stdin", io.StringIO(f"Bearer {mine}\n"))
        assert main(["diagnose", "-"]) == code
        said = capsys.readouterr().out
        assert ("token-for-another-api" in said) is bool(code)
        assert mine not in said


def test_another_hosts_server_from_a_terminal_that_is_led_to_the_practice_tenant(
    entra: Entra, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKSHOP_STATE", str(entra.tenant.state))
    monkeypatch.setenv("SSL_CERT_FILE", str(entra.tenant.state / "ca.pem"))
    assert main(["diagnose", "https://expenses.example/mcp"]) == 2
    said = capsys.readouterr()
    assert "led to the practice tenant" in said.err
    assert "calling" not in said.err
    assert said.out == ""


def test_an_address_and_its_registration(entra: Entra) -> None:
    command = [sys.executable, "-m", "workshop", "diagnose", "--json", "--client-id", entra.app.client_id]
    with serving(lambda url: proxy.build(url, entra.settings()), name="diagnosed") as server:
        environ = clean_environ(entra.tenant.state)
        run = subprocess.run([*command, server.url], env=environ, capture_output=True, text=True, check=False)
    said = json.loads(run.stdout)
    assert said["findings"] == [], run.stdout
    called = [line for line in run.stderr.splitlines() if line.startswith("calling ")]
    assert called[0] == f"calling POST {server.url}"
    assert any("login.microsoftonline.com" in line for line in called)
    assert "looking up the registration" in run.stderr
    # The app of these tests is no app of the workshop's: its scopes and permissions are others.
    assert said["registration"]["client_id"] == entra.app.client_id
    assert run.returncode == 1
    assert entra.app.secret not in run.stdout + run.stderr
