"""`workshop token`: from standard input only; words or JSON; the exit code."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from practice_help import clean_environ
from test_tokens import OURS, token

from workshop.commands.cli import main


class Told(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Told]:
    """Run the command in this process with a text on its standard input."""

    def run(text: str, *options: str) -> Told:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        return Told(main(["token", *options]), *capsys.readouterr())

    return run


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An own tenant without any settings."""
    for name in set(os.environ) - set(clean_environ(tmp_path)):
        monkeypatch.delenv(name)
    for name, value in {"TENANT": "own", "STATE": str(tmp_path / "state"), "PROJECT": str(tmp_path)}.items():
        monkeypatch.setenv(f"WORKSHOP_{name}", value)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_a_token_is_told_in_words_and_never_shown(piped: Callable[..., Told]) -> None:
    told = piped(f"Bearer {token()}\n")
    assert (told.code, told.err) == (0, "")
    assert "on behalf of          Robin Marsh: a user, as far as scp says" in told.out
    assert "for whom the token is: nobody else may take it" in told.out
    assert not [part for part in token().split(".") if part in told.out]


def test_as_json(piped: Callable[..., Told]) -> None:
    told = json.loads(piped(json.dumps({"access_token": token()}), "--json").out)
    assert told["claims"] == OURS
    assert told["facts"]["kind"] == "an access token for a user (delegated)"
    assert told["meanings"]["aud"] == "for whom the token is: nobody else may take it"


def test_in_a_process_of_its_own_what_is_no_token_is_exit_code_1_and_no_traceback() -> None:
    lines = (
        "import sys",
        "from workshop.commands.cli import main",
        "code = main(['token'])",
        "print('fastmcp' in sys.modules)",
    )
    command = [sys.executable, "-c", "\n".join([*lines, "sys.exit(code)"])]
    told = subprocess.run(command, input="[" * 50_000, capture_output=True, text=True, check=False, timeout=120)
    assert (told.returncode, told.stderr) == (1, "")
    assert told.stdout.startswith("THIS CAN'T BE READ AS A TOKEN\n")
    assert told.stdout.endswith("False\n"), "reading needs no FastMCP, which takes seconds to import"


def test_nothing_on_standard_input(piped: Callable[..., Told]) -> None:
    told = piped("", "--json")
    assert (told.code, json.loads(told.out)) == (1, {"problem": "Nothing was given. Copy the token again."})


@pytest.mark.parametrize(
    "arguments", [(token(),), ("--json", token()), ("--token", token()), (f"--token={token()}",)], ids=range(4)
)
def test_a_token_as_an_argument_is_refused_in_one_line_that_says_why(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", *arguments]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert len(told.err.splitlines()) == 1
    assert "your shell's history" in told.err
    assert token() not in told.err


def test_a_terminal_is_no_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.TextIOWrapper(io.BytesIO())
    screen.isatty = lambda: True  # type: ignore[method-assign]
    monkeypatch.setattr("sys.stdin", screen)
    assert main(["token"]) == 2
    told = capsys.readouterr().err
    assert "pipe the token in" in told
    assert len(told.splitlines()) == 1


def test_verified_for_a_server_with_your_own_settings(piped: Callable[..., Told], own: pytest.MonkeyPatch) -> None:
    """Without any tenant: the proxy turns away what it did not sign itself, and needs no key of Entra's for that."""
    guid = "11111111-2222-4333-8444-555555555555"
    own.setenv("AZURE_TENANT_ID", guid)
    own.setenv("ENTRA_PROXY_AZURE_CLIENT_ID", guid)
    own.setenv("ENTRA_PROXY_AZURE_CLIENT_SECRET", "practice.a-secret-of-nobody")
    own.setenv("ENTRA_PROXY_STORAGE", "memory")
    told = piped(token(), "--for", "proxy")
    assert told.code == 1, told.err
    assert "TURNED AWAY because of alg: the server answers 401." in told.out
    assert "✗ FAILED    alg        is it signed by HS256?  it says RS256 (FastMCP)" in told.out
    found = json.loads(piped(token(), "--json", "--for", "proxy").out)["verified"]
    assert (found["let_in"], found["answer"]["status"]) == (False, 401)
    assert found["checks"][0]["claim"] == "alg"


@pytest.mark.usefixtures("own")
def test_a_missing_setting_is_one_line(piped: Callable[..., Told]) -> None:
    told = piped(token(), "--for", "proxy")
    assert told.code == 1
    assert len(told.err.splitlines()) == 1
    assert "AZURE_TENANT_ID is not set" in told.err
