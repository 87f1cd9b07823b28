"""A walk to a server that means harm: what is shown of it, where it can't lead, and how much of it is read."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme

from workshop.breaking.connecting import Front
from workshop.commands.cli import main
from workshop.diagnosis import Diagnosis, HttpAnswer, diagnose
from workshop.diagnosis.walk import gone, walk
from workshop.diagnosis.web import MOST_BYTES, BoundedCaller, Fence, NotCalled, target_of
from workshop.diagnosis.web.fence import Resolve
from workshop.diagnosis.web.reach import Reach, reach_of

from .hostile import Hostile, answer, bearer, hostile
from .test_token import token
from .wrong import serving

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\u202egpj\u2066\u200b\x00\x85\u2028"
FORGED = "x\r\n  ok    call without a token: 401\n"
SIGNS = {chr(number) for number in (*range(32), *range(127, 160), 0x200B, 0x2028, 0x2029, 0x202E, 0x2066)} - {"\n"}


@pytest.fixture(autouse=True)
def nobody_leads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Calls go where they are sent: neither a practice tenant, unless it is asked for, nor this machine's settings."""
    if "entra" in request.fixturenames:
        return
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("WORKSHOP_TENANT", "own")
    monkeypatch.setenv("WORKSHOP_STATE", str(tmp_path))


@pytest.fixture
def server() -> Iterator[Hostile]:
    with hostile() as one:
        yield one


def obeyed(text: str) -> set[str]:
    """Return what a terminal would obey of a text."""
    return SIGNS & set(text)


def walked(server: Hostile, **options: Any) -> Diagnosis:
    return Diagnosis(walk(server.url, tell=lambda _: None, **options))


def well_known(server: Hostile, resource: object, metadata: object) -> None:
    server.challenge(f"{server.base}/prm")
    server.replies["GET /prm"] = answer(json.dumps(resource).encode())
    server.replies["GET /.well-known/oauth-authorization-server"] = answer(json.dumps(metadata).encode())


def in_every_field(server: Hostile) -> None:
    """BoundedAnswer with terminal escapes wherever an answer has words."""
    evil = f"{EVIL}{FORGED}"
    resource = {"resource": evil, "authorization_servers": [f"{server.base}"], "scopes_supported": [evil]}
    metadata = {
        "issuer": evil,
        "authorization_endpoint": f"{server.base}/authorize",
        "registration_endpoint": f"{server.base}/register",
        "code_challenge_methods_supported": [evil],
    }
    well_known(server, resource, metadata)
    server.replies["POST /register"] = answer(json.dumps({"error": evil, "e": 1}).encode() + evil.encode())


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_of_a_server_is_obeyed_by_a_terminal(
    options: tuple[str, ...], server: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    in_every_field(server)
    assert main(["diagnose", *options, server.url]) == 1
    said = capsys.readouterr()
    assert obeyed(said.out + said.err) == set()
    assert "owned" in said.out
    assert "\n  ok    call without" not in said.out.partition("\n  ok    call without")[2]


@pytest.mark.parametrize(
    "reply",
    [
        answer(f"{EVIL}{FORGED}".encode(), status="403 Forbidden"),
        answer(f"{EVIL}{FORGED}".encode(), status="500 \x1b[2J"),
        answer(b"", status="307 Temporary Redirect", more="Location: http://x/\x9b31m\x80\r\n"),
        answer(b"", status="401 Unauthorized", more="WWW-Authenticate: Basic \x9b31m\x85\r\n"),
        answer(b"", status="401 Unauthorized", more=bearer("http://127.0.0.1:1/\x9b31m\x85\x80")),
        answer(b"", status="401 Unauthorized", more=bearer("http://127.0.0.1:1/\xe2\x80\xaegpj")),
        b"HTTP/1.1 \x1b[2J\r\n\r\n",
    ],
    ids=["403", "500", "307", "401", "an address", "turned round", "no HTTP"],
)
def test_nor_of_a_first_answer(reply: bytes, server: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    server.replies["POST /mcp"] = reply
    assert main(["diagnose", server.url]) in (0, 1, 2)
    said = capsys.readouterr()
    assert obeyed(said.out + said.err) == set()


def test_nor_in_a_notebook(server: Hostile) -> None:
    in_every_field(server)
    said = walked(server)
    page = said._repr_html_()
    assert obeyed(page) == set()
    assert obeyed(repr(said)) == set()
    server.replies["POST /register"] = answer(b"<script>alert(1)</script>", status="400 Bad Request")
    assert "<script" not in walked(server)._repr_html_()


class Pasted:
    """An answer as another library has it."""

    status_code = 401
    headers = {"www-authenticate": f'Bearer error_description="AADSTS50011: {EVIL}"'}  # noqa: RUF012
    text = f"AADSTS7000222: {EVIL}"


def test_nor_of_an_answer_that_is_handed_in() -> None:
    pasted: HttpAnswer = Pasted()
    said = diagnose(pasted)
    assert said.names
    assert obeyed(said.text()) == set()


@pytest.mark.parametrize("options", [(), ("--json",)])
@pytest.mark.parametrize("command", ["token", "diagnose -"])
def test_nor_of_a_token(
    command: str, options: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: dict[str, Any] = dict.fromkeys(
        ("iss", "aud", "scp", "ver", "tid", "name", "oid", "azp", "\x1b[2J\x7f"), EVIL + FORGED
    )
    held = token(**claims)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(held.encode())))
    main([*command.split(), *options])
    said = capsys.readouterr()
    assert said.out
    assert obeyed(said.out + said.err) == set()


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nor_of_a_log(
    options: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{EVIL} AADSTS50011: The redirect URI '{EVIL}' specified\n"))
    assert main(["diagnose", "-", *options]) == 1
    assert obeyed(capsys.readouterr().out) == set()


# --- where it can't lead


def public(server: Hostile, names: dict[str, tuple[str, ...]]) -> BoundedCaller:
    """Return a caller for whom the server stands at a public address: no test's machine has one.

    Names and their addresses are injected; https://expenses.example leads to the server on this machine.
    """
    resolve: Resolve = {"expenses.example": ("93.184.215.14",), **names}.get  # type: ignore[assignment]
    fence = Fence(target_of("https://expenses.example/mcp"), lambda _: True, resolve)
    front = httpx.Client(mounts={"all://": Front(server.port)}, trust_env=False)
    return BoundedCaller(fence, front)


INSIDE = {
    "loopback": "http://127.0.0.1:9/x",
    "by another loopback": "https://127.8.9.1/x",
    "by version 6": "https://[::1]/x",
    "by a name": "https://localhost/x",
    "by a name below it": "https://admin.localhost/x",
    "mapped": "https://[::ffff:127.0.0.1]/x",
    "mapped in hex": "https://[::ffff:7f00:1]/x",
    "by NAT64": "https://[64:ff9b::10.0.0.1]/x",
    "by a NAT64 of its own": "https://[64:ff9b:1::808:808]/x",
    "by 6to4": "https://[2002:0a00:0001::1]/x",
    "compatible": "https://[::10.0.0.1]/x",
    "private": "https://10.0.0.1/x",
    "private 172": "https://172.31.0.1/x",
    "private 192": "https://192.168.1.1/x",
    "unique local": "https://[fd00:ec2::254]/x",
    "carrier's": "https://100.100.100.200/x",
    "link-local": "https://169.254.169.254/latest/meta-data",
    "link-local 6": "https://[fe80::1]/x",
    "Azure's host": "https://168.63.129.16/x",
    "Oracle's host": "https://192.0.0.192/x",
    "translated": "https://[::ffff:0:10.0.0.1]/x",
    "site-local": "https://[fec0::1]/x",
    "benchmarks": "https://198.18.0.1/x",
    "unspecified": "https://0.0.0.0/x",
    "unspecified 6": "https://[::]/x",
    "this network": "https://0.1.2.3/x",
    "multicast": "https://224.0.0.1/x",
    "broadcast": "https://255.255.255.255/x",
    "by DNS": "https://inside.example/x",
    "by DNS, one of two": "https://both.example/x",
    "by DNS, with a dot": "https://inside.example./x",
}
NAMES = {
    "inside.example": ("10.1.2.3",),
    "inside.example.": ("10.1.2.3",),
    "both.example": ("93.184.215.14", "127.0.0.1"),
    "localhost": ("127.0.0.1",),
    "admin.localhost": ("127.0.0.1",),
}


@pytest.mark.parametrize("name", INSIDE)
def test_a_public_server_leads_inside(name: str, server: Hostile) -> None:
    url = INSIDE[name].replace("http://", "https://")
    server.challenge(url)
    said = Diagnosis(gone(public(server, NAMES), "https://expenses.example/mcp", tell=lambda _: None).diagnosed)
    assert said.names == ("address-inside",), said
    assert said.exit_code == 1
    assert not [head for head in server.asked if " /mcp" not in head]


ODD = (
    "https://127.1/x", "https://2130706433/x", "https://0x7f.0.0.1/x", "https://0177.0.0.1/x", "https://127.0.0.01/x",
    "https://robin@expenses.example/x", "https://expenses.example@10.0.0.1/x", "https://expenses.example\\@10.0.0.1/x",
    "https:\\\\10.0.0.1/x", "file:///etc/passwd", "gopher://127.0.0.1:6379/_x", "ftp://expenses.example/x", "//x/y",
    "javascript:alert(1)", "https://[::1%25lo]/x", "https://%31%32%37.0.0.1/x", "https://x:99999/y", "https:///x",
    "https://expenses.example:0/x", f"https://expenses.example/{'x' * 9000}", "https://\uff11\uff12\uff17.\uff11/x",
    "https://a b/x",
)  # fmt: skip


@pytest.mark.parametrize("url", ODD)
def test_an_address_written_in_an_odd_way(url: str, server: Hostile) -> None:
    in_utf_8 = url.encode().decode("latin-1")
    server.challenge(in_utf_8)
    said = Diagnosis(gone(public(server, NAMES), "https://expenses.example/mcp", tell=lambda _: None).diagnosed)
    assert said.exit_code in (1, 2), said
    assert "is not called" in said.text() or "no-challenge" in said.names, said
    assert not [head for head in server.asked if " /mcp" not in head]


@pytest.mark.parametrize("field", ["authorization_servers", "authorization_endpoint", "registration_endpoint", "next"])
def test_from_wherever_it_leads_inside(field: str, server: Hostile) -> None:
    base, inside = "https://expenses.example", "https://10.0.0.1/x"
    resource = {"resource": f"{base}/mcp", "authorization_servers": [base]}
    metadata = {
        "issuer": base,
        "authorization_endpoint": f"{base}/authorize",
        "registration_endpoint": f"{base}/register",
        "code_challenge_methods_supported": ["S256"],
    }
    well_known(server, resource, metadata)
    server.challenge(f"{base}/prm")
    server.replies["POST /register"] = answer(b'{"client_id": "one"}', status="201 Created")
    server.replies["GET /authorize"] = answer(b"", status="302 Found", more=f"Location: {inside}\r\n")
    if field == "authorization_servers":
        well_known(server, resource | {field: [inside] * 100}, metadata)
        server.challenge(f"{base}/prm")
    elif field != "next":
        well_known(server, resource, metadata | {field: inside})
        server.challenge(f"{base}/prm")
    said = Diagnosis(gone(public(server, {}), f"{base}/mcp", tell=lambda _: None).diagnosed)
    assert said.names == (("address-inside",) if field != "next" else ()), said
    assert "10.0.0.1" in said.text()
    assert "/x" not in {head.split(" ")[1] for head in server.asked}


def test_a_name_is_looked_up_once() -> None:
    looked: list[str] = []

    def rebinding(host: str) -> tuple[str, ...]:
        looked.append(host)
        return ("93.184.215.14",) if len(looked) == 1 else ("127.0.0.1",)

    fence = Fence(target_of("http://rebinding.example/mcp"), resolve=rebinding)
    for _ in range(3):
        fence.admit("GET", "http://rebinding.example/mcp")
    assert looked == ["rebinding.example"]
    assert fence.addresses == {"rebinding.example": ("93.184.215.14",)}


def test_what_was_looked_at_is_what_is_called(server: Hostile) -> None:
    """The name has no address for anyone else: it is called at the one that was looked up, by its own name."""
    fence = Fence(target_of(f"http://only-here.example:{server.port}/mcp"), resolve=lambda _: ("127.0.0.1",))
    caller = BoundedCaller(fence)
    assert caller.call("GET", f"http://only-here.example:{server.port}/mcp").status_code == 404
    caller.close()
    assert f"host: only-here.example:{server.port}" in server.asked[0].lower()


def test_tls_is_for_the_name_and_not_for_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    for name, names in (("only-here.example", ()), ("another.example", ("certificate-not-trusted",))):
        with serving(tls=True, ca=ca, name=name) as server:
            url = f"https://only-here.example:{server.port}/mcp"
            server.answers["POST /mcp"] = (200, "{}")
            caller = BoundedCaller(Fence(target_of(url), resolve=lambda _: ("127.0.0.1",)))
            assert Diagnosis(gone(caller, url, tell=lambda _: None).diagnosed).names == names
            caller.close()


def test_through_a_proxy_with_a_password(server: Hostile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy looks the name up; an address of its own network is not called through it all the same."""
    monkeypatch.setenv("HTTP_PROXY", f"http://robin:secret@127.0.0.1:{server.port}")
    server.replies["POST http://expenses.invalid/mcp"] = answer(
        b"", status="401 Unauthorized", more=bearer("http://10.0.0.1/x")
    )
    said = Diagnosis(walk("http://expenses.invalid/mcp", tell=lambda _: None, ask=lambda _: True))
    assert said.names == ("server-without-tls", "address-inside"), said
    assert "proxy-authorization: basic cm9iaw46c2vjcmv0" in server.asked[0].lower()
    assert len(server.asked) == 1


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://0.0.0.0:9/x", "http://224.0.0.1/x"])
def test_a_server_of_this_machine_leads_to_the_network_itself(url: str, server: Hostile) -> None:
    server.challenge(url)
    assert walked(server, ask=lambda _: True).names == ("address-inside",)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2606:4700::1", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1"]
)
def test_what_is_public_stays_public(address: str) -> None:
    """Networks without IPv4 reach all of it by NAT64."""
    assert reach_of(address) is Reach.PUBLIC


def test_a_link_local_server_leads_to_the_cloud_that_it_runs_in() -> None:
    with pytest.raises(NotCalled):
        Fence(target_of("http://169.254.10.1/mcp"), lambda _: True).admit("GET", "http://169.254.169.254/x")


def test_a_private_server_leads_to_this_machine() -> None:
    fence = Fence(target_of("http://10.0.0.1/mcp"), lambda _: True)
    with pytest.raises(NotCalled) as refused:
        fence.admit("GET", "http://127.0.0.1:8888/api")
    assert refused.value.inside
    fence.admit("GET", "http://10.0.0.2/x")


def test_another_host_is_called_when_somebody_allows_it(server: Hostile) -> None:
    """A private address that leads to another private one: allowed, asked once, and called."""
    with hostile() as other:
        asked: list[str] = []
        names = {"mine.test": ("127.0.0.1",), "other.test": ("127.0.0.1",)}

        def ask(host: str) -> bool:
            asked.append(host)
            return allowed

        for allowed in (False, True):
            asked.clear()
            caller = BoundedCaller(Fence(target_of(f"http://mine.test:{server.port}/mcp"), ask, names.get))  # type: ignore[arg-type]
            server.challenge(f"http://other.test:{other.port}/prm")
            said = Diagnosis(gone(caller, f"http://mine.test:{server.port}/mcp", tell=lambda _: None).diagnosed)
            caller.close()
            assert asked == ["other.test"]
            assert bool(other.asked) is allowed
            assert ("metadata-at-another-path" in said.names) is allowed
            assert ("--other-hosts" in said.text()) is not allowed


def test_a_script_leaves_the_named_host_only_by_the_option(server: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    server.challenge("https://other.invalid/prm")
    assert main(["diagnose", server.url]) == 2
    assert "nobody allowed it" in capsys.readouterr().out
    main(["diagnose", "--other-hosts", server.url])
    assert "[no-answer]" in capsys.readouterr().out  # it was tried: the name has no address


def test_a_server_of_this_machine_leads_to_another_one_of_it(server: Hostile) -> None:
    with hostile() as other:
        server.challenge(f"http://localhost:{other.port}/prm")
        walked(server)
        assert [head.split(" ")[1] for head in other.asked] == ["/prm"]


def test_nothing_is_posted_to_entra(server: Hostile) -> None:
    well_known(
        server,
        {"resource": server.url, "authorization_servers": [server.base]},
        {
            "issuer": server.base,
            "authorization_endpoint": f"{server.base}/authorize",
            "registration_endpoint": "https://login.microsoftonline.com/register",
            "code_challenge_methods_supported": ["S256"],
        },
    )
    said = walked(server)
    assert said.exit_code == 2
    assert "at Entra only pages are opened" in said.text()


def test_a_form_goes_nowhere_else(server: Hostile) -> None:
    with hostile() as other:
        form = (
            f"<form id='consentForm' action='{other.base}/delete'><input name='txn_id'><input name='csrf_token'></form>"
        )
        well_known(
            server,
            {"resource": server.url, "authorization_servers": [server.base]},
            {
                "issuer": server.base,
                "authorization_endpoint": f"{server.base}/authorize",
                "registration_endpoint": f"{server.base}/register",
                "code_challenge_methods_supported": ["S256"],
            },
        )
        server.replies["POST /register"] = answer(b'{"client_id": "one"}', status="201 Created")
        server.replies["GET /authorize"] = answer(form.encode())
        walked(server)
        assert any("GET /authorize" in head for head in server.asked)
        assert other.asked == []


# --- how much is read, and how long


def test_of_a_text_without_end_the_end_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("x" * 3_000_000 + " AADSTS50011: The redirect URI"))
    assert main(["diagnose", "-"]) == 1
    assert "redirect-uri-not-registered" in capsys.readouterr().out


def without_end(head: bytes, piece: bytes) -> Iterator[bytes]:
    yield head
    while True:
        yield piece


OK = b"HTTP/1.1 401 Unauthorized\r\n"
ENDLESS = {
    "a body": lambda: without_end(b"HTTP/1.1 500 Oh\r\n\r\n", b"x" * 65_536),
    "a body in chunks": lambda: without_end(
        b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n", b"ffff\r\n" + b"x" * 65_535 + b"\r\n"
    ),
    "a header": lambda: without_end(OK + b"X: ", b"x" * 65_536),
    "headers": lambda: without_end(OK, b"X: y\r\n" * 10_000),
    "a status line": lambda: without_end(b"HTTP/1.1 401 ", b"x" * 65_536),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_without_end(name: str, server: Hostile, capsys: pytest.CaptureFixture[str]) -> None:
    server.replies["*"] = ENDLESS[name]
    assert main(["diagnose", server.url]) == 1
    assert server.sent < 20 * MOST_BYTES
    assert "longer than 1000000 bytes" in capsys.readouterr().out or "body" not in name


DRIPPING = {
    "a body": lambda: without_end(OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "a header": lambda: without_end(OK + b"X: ", b"x"),
    "answers before the answer": lambda: without_end(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("name", DRIPPING)
def test_an_answer_that_drips(name: str, server: Hostile) -> None:
    server.replies["*"] = DRIPPING[name]
    ticks = itertools.count()
    caller = BoundedCaller(Fence(target_of(server.url)), seconds=20, clock=lambda: float(next(ticks)))
    said = Diagnosis(gone(caller, server.url, tell=lambda _: None).diagnosed)
    caller.close()
    assert said.names == ("no-answer",)
    assert "took longer than 20 seconds" in said.text()


def test_what_is_packed_is_unpacked_within_bounds(server: Hostile) -> None:
    packed = gzip.compress(b"0" * 30_000_000)
    for encoding in ("gzip", "deflate", "br", "gzip, gzip", "zstd"):
        server.replies["*"] = answer(packed, status="500 Oh", more=f"Content-Encoding: {encoding}\r\n")
        said = walked(server)
        assert said.names == ("server-error",), said
        assert ("longer than 1000000 bytes" in said.text()) is (encoding == "gzip")
    small = answer(gzip.compress(b"out of order"), status="500 Oh", more="Content-Encoding: gzip\r\n")
    server.replies["*"] = small
    assert "out of order" in walked(server).text()


@pytest.mark.parametrize("charset", ["undefined", "utf-7", "zlib", "idna", "base64", "x" * 100])
def test_a_charset_that_is_none(charset: str, server: Hostile) -> None:
    server.replies["*"] = answer(
        b"caf\xe9" * 9, status="500 Oh", more=f"Content-Type: text/plain; charset={charset}\r\n"
    )
    assert walked(server).names == ("server-error",)


SLOW_TO_READ = (
    b"<html" + b"<" * 900_000,
    b"<html" + b"<script " * 100_000,
    b"<html" + b"<a " * 300_000,
    b"<!--" * 200_000,
    b"eyJ" * 300_000,
    b"a" * 900_000,
    b"http://" * 100_000,
    b"<form id=consentForm>" + b"<a b='" * 100_000,
)


@pytest.mark.parametrize("number", range(len(SLOW_TO_READ)))
def test_a_text_that_was_made_to_be_slow_to_read(number: int, server: Hostile) -> None:
    """On the code before, each of these took minutes to hours: the patterns began anew at each sign."""
    body = SLOW_TO_READ[number]
    in_every_field(server)
    for call, status in (("POST /register", "400 No"), ("GET /authorize", "400 No")):
        server.replies[call] = answer(body, status=status)
    walked(server)
    server.replies["POST /register"] = answer(b'{"client_id": "one"}', status="201 Created")
    assert walked(server).findings
    server.replies["POST /mcp"] = answer(body, status="403 No")
    assert walked(server).findings


@pytest.mark.parametrize("header", ["a" * 95_000, 'a="' * 30_000, 'a="\\' * 20_000, "a=b " * 20_000, " " * 95_000])
def test_a_challenge_that_was_made_to_be_slow_to_read(header: str, server: Hostile) -> None:
    """The first took a minute on the code before."""
    more = f"WWW-Authenticate: Bearer {header}\r\n"
    server.replies["POST /mcp"] = answer(b"", status="401 Unauthorized", more=more)
    assert walked(server).findings


def test_what_a_token_says_is_cut(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    held = token(iss="https://sts.windows.net/" + "x" * 20_000, ver="1" * 9_000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(held.encode())))
    assert main(["diagnose", "-"]) == 1
    assert len(capsys.readouterr().out) < 3_000


def test_redirects_without_end(server: Hostile) -> None:
    again = answer(b"", status="302 Found", more=f"Location: {server.base}/again\r\n")
    base = {"resource": server.url, "authorization_servers": [server.base]}
    metadata = {"issuer": server.base, "authorization_endpoint": f"{server.base}/again"}
    well_known(server, base, metadata | {"registration_endpoint": f"{server.base}/register"})
    server.replies["POST /register"] = answer(b'{"client_id": "one"}', status="201 Created")
    server.replies["GET /again"] = again
    walked(server)
    assert len(server.asked) < 20


NESTED = ("[" * 990 + "]" * 990).encode()


@pytest.mark.parametrize(
    "body",
    [
        b'{"resource": ' + NESTED + b', "authorization_servers": ["x"]}',
        b'{"resource": 5, "authorization_servers": ["http://[", "\\ud800"]}',
        b'{"resource": "\\ud800", "authorization_servers": ["\\u0000"]}',
        b'{"resource": {}, "authorization_servers": [5, null], "scopes_supported": {"a": 1}}',
        b'{"authorization_servers": ["' + b"x" * 900_000 + b'"]}',
        b"9" * 900_000,
        b"\xff\xfe[\x00",
        b'{"a": 1, "a": NaN, "authorization_servers": ["http://127.0.0.1:1"], "scopes_supported": "'
        + b"\\n" * 99
        + b'"}',
    ],
)
def test_metadata_of_another_kind_is_no_stack_trace(
    body: bytes, server: Hostile, capsys: pytest.CaptureFixture[str]
) -> None:
    server.challenge(f"{server.base}/prm")
    server.replies["GET /prm"] = answer(body)
    assert main(["diagnose", server.url]) in (1, 2)
    assert capsys.readouterr().out


@pytest.mark.parametrize("body", [NESTED, b'{"client_id": {"a": 1}}', b"[1]", b'{"client_id": "\\u001b[2J\\ud800"}'])
def test_nor_a_registration_of_another_kind(body: bytes, server: Hostile) -> None:
    in_every_field(server)
    server.replies["POST /register"] = answer(body, status="201 Created")
    assert obeyed(walked(server).text()) == set()


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "304 Not Modified", "300 Multiple Choices", "399 Odd"])
def test_a_redirect_that_leads_nowhere(status: str, server: Hostile) -> None:
    server.replies["*"] = answer(b"", status=status)
    assert walked(server).exit_code in (0, 1, 2)


@pytest.mark.parametrize("url", ["http://127.1/mcp", "http://robin:secret@localhost/mcp", "http://localhost:99999/x"])
def test_an_address_that_the_user_writes_in_an_odd_way(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diagnose", url]) == 2
    said = capsys.readouterr()
    assert "is not called" in said.out
    assert "secret" not in said.out + said.err


def test_a_challenge_that_is_none_of_ours(server: Hostile) -> None:
    server.replies["POST /mcp"] = answer(
        b"",
        status="401 Unauthorized",
        more=bearer(f"{server.base}/x") * 50 + "WWW-Authenticate: " + "a=" * 9000 + "\r\n",
    )
    assert walked(server).findings
