"""Log forging: whatever a stranger sends, each record is one printable line, and the audit stands alone."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fastmcp
import pytest
from fastmcp import Client, FastMCP
from fastmcp.utilities.logging import configure_logging, get_logger
from practice_help import posix_only
from server_help import free_port, serving

from workshop.background.log import ServerLog
from workshop.diagnosis import diagnose
from workshop.servers.audit import write_to
from workshop.servers.environment import SettingsError
from workshop.servers.logs import LONGEST_LINE, OneLine, StandardError, escaped, one_line_each

from .conftest import Entra
from .programs import served
from .strange import AUDIT, FORGED, LINES, STEERING, TEXTS, asked, requests
from .test_runs import command, environ, with_a_token  # noqa: F401 - environ is a fixture

LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (DEBUG|INFO|WARNING|ERROR) [\w.]+: .+")
AUDITED = {"time", "caller", "oid", "tid", "client", "mcp_client", "tool", "outcome", "milliseconds"}
WAYS = {
    "python -m": lambda port: command("python -m", "both_doors", port),
    "fastmcp run file:function": lambda port: command("fastmcp run file:function", "both_doors", port),
    "at DEBUG": lambda port: [*command("fastmcp run file:function", "both_doors", port), "--log-level", "DEBUG"],
}


@pytest.mark.parametrize("way", WAYS)
def test_whatever_a_stranger_sends_each_line_is_one_and_the_audit_stands_alone(
    way: str,
    environ: dict[str, str],  # noqa: F811
    entra: Entra,
    tmp_path: Path,
) -> None:
    port = free_port()
    told = environ | {"ENTRA_PROXY_BASE_URL": f"http://localhost:{port}"}
    with served(WAYS[way](port), port, told, tmp_path, apart=True) as server:
        for text in TEXTS:
            for request in requests(text):
                asked(port, request)
        with_a_token(server.url, entra.world.tokens(entra.app)["access_token"])
        printed, log = server.said(), server.errors()
    lines = log.splitlines()
    assert log.count("\n") == len(lines), "no other character breaks a line"
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert [line for line in lines if not line.isprintable() or len(line) > LONGEST_LINE + 100] == []
    assert "x\\n{" in log, "the line was tried"
    assert not set(lines) & set(FORGED)
    assert "code=" not in log, "the access log of FastMCP's command has no queries"
    assert "a-code" not in log
    # And beside it, where nothing of a stranger's is:
    audited = [json.loads(line) for line in printed.splitlines()]
    assert [one["tool"] for one in audited] == ["add_expense", "list_expenses"]
    assert all(set(one) == AUDITED for one in audited)


def test_the_audit_is_in_the_file_that_is_named_and_nowhere_else(
    environ: dict[str, str],  # noqa: F811
    entra: Entra,
    tmp_path: Path,
) -> None:
    port, file = free_port(), tmp_path / "audit.jsonl"
    token = entra.world.tokens(entra.app)["access_token"]
    told = environ | {"ENTRA_PREAUTHORIZED_AUDIT_LOG": "./audit.jsonl"}
    with served(command("python -m", "preauthorized", port), port, told, tmp_path, apart=True) as server:
        with_a_token(server.url, token)
        assert server.said() == ""
        assert "add_expense" not in server.errors()
        if os.name == "posix":
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            file.rename(tmp_path / "audit.1")  # as logrotate does
            with_a_token(server.url, token)
            assert len((tmp_path / "audit.1").read_text().splitlines()) == 2
    lines = file.read_text().splitlines()
    assert [json.loads(line)["tool"] for line in lines] == ["add_expense", "list_expenses"]


def test_over_stdio_stdout_is_the_connection_and_nothing_is_audited(
    environ: dict[str, str],  # noqa: F811
    tmp_path: Path,
) -> None:
    """`fastmcp run` without --transport: nobody is signed in there, and what is printed lands among the log."""
    started = {
        "protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "x", "version": "1"},
    }  # fmt: skip
    messages: list[dict[str, object]] = [
        {"id": 1, "method": "initialize", "params": started},
        {"method": "notifications/initialized"},
        {"id": 2, "method": "tools/call", "params": {"name": "list_expenses", "arguments": {}}},
    ]
    line = [part for part in command("fastmcp run file:function", "preauthorized", 0) if part != "http"]
    line = [*line[: line.index("--transport")], "--no-banner"]
    with subprocess.Popen(
        line,
        env=environ,
        cwd=tmp_path,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        for message in messages:
            process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        process.stdin.flush()
        said = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.stdin.close()
        said += [json.loads(rest) for rest in process.stdout]
        log = process.stderr.read().splitlines()
    assert {one.get("jsonrpc") for one in said} == {"2.0"}
    assert [one["id"] for one in said if "id" in one] == [1, 2]
    assert [line for line in log if not LINE.fullmatch(line)] == []


@posix_only
def test_an_audit_that_cant_be_written_ends_the_start_with_one_line(tmp_path: Path) -> None:
    for where in (str(tmp_path), str(tmp_path / "no" / "audit"), "~nobody-of-this-name/audit"):
        with pytest.raises(SettingsError, match="can't be written to for the audit") as refused:
            write_to(where)
        assert len(str(refused.value).splitlines()) == 1


@pytest.fixture
def loggers() -> Iterator[None]:
    """Logging as a process has it that has just imported FastMCP; afterwards as it was."""
    kept = {name: (logging.getLogger(name).handlers[:], logging.getLogger(name).propagate) for name in ("fastmcp",)}
    enabled, fastmcp.settings.log_enabled = fastmcp.settings.log_enabled, True
    yield
    fastmcp.settings.log_enabled = enabled
    for name, (handlers, propagate) in kept.items():
        logging.getLogger(name).handlers[:] = handlers
        logging.getLogger(name).propagate = propagate


@pytest.mark.usefixtures("loggers")
@pytest.mark.parametrize("rich", [True, False])
def test_whoever_sets_logging_up_later_its_lines_are_one_each(
    rich: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """FastMCP does with --log-level, after the server was built."""
    monkeypatch.setattr(fastmcp.settings, "enable_rich_logging", rich)
    one_line_each()
    configure_logging("DEBUG")
    try:
        raise KeyError(STEERING[0])
    except KeyError as error:
        inner = ExceptionGroup("several\nof them", [error])
    get_logger("proxy").error("Failed\n%s [red]x[/red] %d", inner, 7, exc_info=inner)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert LINE.fullmatch(lines[0])
    assert lines[0].isprintable()
    assert "Failed\\nseveral\\nof them (1 sub-exception) [red]x[/red] 7 | ExceptionGroup: " in lines[0]
    assert "KeyError: " in lines[0]
    assert "test_logs.py:" in lines[0]


@pytest.mark.usefixtures("loggers")
def test_the_programs_own_handlers_and_records_stay(capsys: pytest.CaptureFixture[str]) -> None:
    own = logging.StreamHandler(sys.stderr)
    own.setFormatter(logging.Formatter("mine: %(message)s"))
    file = logging.FileHandler(os.devnull)
    file.setFormatter(logging.Formatter("%(levelname)s: %(message)s"))
    logger = logging.getLogger("fastmcp")
    logger.handlers[:] = [own, file]
    one_line_each()
    get_logger("proxy").warning("one\ntwo %s", AUDIT)
    logging.getLogger("my.program").warning("one\ntwo")
    assert logger.handlers == [own, file]
    file.close()
    said = capsys.readouterr().err
    # What a library says is escaped for them as well; what a program says is its own.
    assert said.startswith(f"mine: one\\ntwo {AUDIT}\n")
    assert not any(isinstance(handler, StandardError) for handler in logger.handlers)


@pytest.mark.parametrize("text", [*TEXTS, "\ud800 alone", "C:\\folder\\name", "plain – text é 日本 👍"])
def test_escaping(text: str) -> None:
    line = escaped(text)
    assert line.isprintable()
    assert len(line.splitlines()) == 1
    assert line.encode("utf-8")
    assert len(line) < 2_100 * 10
    assert escaped(line) == line or len(text) > 2_000, "an escaped text stays as it is"
    if text.isprintable() and len(text) <= 2_000:
        assert line == text


def test_a_format_keeps_its_arguments_and_its_length() -> None:
    one_line_each()
    logger, kept = logging.getLogger("mcp.strange"), []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(OneLine().format(record))

    logger.addHandler(handler := Keep())
    try:
        logger.warning("%(who)s\n%(number)05.1f", {"who": "a\nb", "number": 2.5})
        logger.warning("y" * 3_000 + " %r %s %d%%", "a\nb", None, 7)
        logger.warning(ValueError("as it\nis"))
        logger.warning("no % arguments\n")
    finally:
        logger.removeHandler(handler)
    said = [line.partition(": ")[2] for line in kept]
    assert said[0] == "a\\nb\\n002.5"
    assert said[1].endswith(" 'a\\\\nb' None 7%")
    assert said[2:] == ["as it\\nis", "no % arguments\\n"]


def test_a_notebooks_log_is_escaped_too() -> None:
    """Here by a server of the learner's own, which nothing of the kit's built."""

    def build(_: str) -> FastMCP:
        server = FastMCP("strange")

        @server.tool
        def strange(text: str) -> str:
            logging.getLogger("fastmcp.of.the.learner").warning(f"Asked for {text}")
            raise RuntimeError(text)

        return server

    async def ask(url: str) -> None:
        async with Client(url) as client:
            for text in (*LINES, *STEERING[:-2]):
                await client.call_tool("strange", {"text": text}, raise_on_error=False)

    with serving(build) as server:
        asyncio.run(ask(server.url))
        shown = repr(server.log)
        assert [line for line in shown.split("\n") if not line.isprintable()] == []
        assert len(shown.split("\n")) == len(server.log) + 1
        assert "Asked for x\\x85{" in shown


def test_a_reason_that_a_library_gives_is_escaped_wherever_it_is_told() -> None:
    log = ServerLog("any")
    log.begin_request()
    log.note_record(logging.LogRecord("any", logging.WARNING, "", 0, f"invalid {STEERING[0]}", (), None))
    assert log.reasons() == ["invalid x\\x1b[2J\\x1b[1;1Hy"]


@pytest.mark.parametrize(
    ("text", "failure"),
    [
        ("Bearer token rejected: it was issued in the future (iat)", "token-from-the-future"),
        ("Bearer token rejected for client c: token expired", "token-expired"),
        (
            "Bearer token rejected for client c: missing required scopes (has [], requires ['a'])",
            "required-scope-missing",
        ),
    ],
)
def test_a_line_of_it_is_diagnosed_as_its_words_are(text: str, failure: str) -> None:
    record = logging.LogRecord("fastmcp.server.auth", logging.WARNING, "", 0, text, (), None)
    assert diagnose(OneLine().format(record)).names == diagnose(text).names == (failure,)
