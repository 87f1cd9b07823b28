"""The walk to servers that answer wrongly: what is found, where which client stops, and what is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from workshop.breaking.connecting import Front, through
from workshop.diagnosis import Diagnosis, walk

from .wrong import Wrong, serving

AS = "GET /.well-known/oauth-authorization-server"
REDIRECT, ELSEWHERE = "clients-redirect-uri-not-allowed", "metadata-at-another-path"
PRM = "GET /.well-known/oauth-protected-resource/mcp"


@pytest.fixture
def wrong() -> Iterator[Wrong]:
    """A server that is whole until a test breaks it."""
    with serving() as server:
        server.whole()
        yield server


def walked(url: str, **options: Any) -> Diagnosis:
    return Diagnosis(walk(url, tell=lambda _: None, **options))


def without(name: str) -> Callable[[Wrong], None]:
    def change(wrong: Wrong) -> None:
        status, said = wrong.answers[AS]
        wrong.answers[AS] = status, {key: value for key, value in said.items() if key != name}

    return change


def answers(call: str, status: int, said: Any) -> Callable[[Wrong], None]:
    def change(wrong: Wrong) -> None:
        wrong.answers[call] = status, said

    return change


def no_challenge_and_no_metadata(wrong: Wrong) -> None:
    wrong.challenge = ""
    del wrong.answers[PRM]


def test_a_whole_one_has_no_finding_and_gets_no_token(wrong: Wrong) -> None:
    said = walked(wrong.url)
    assert said.names == (), said
    assert not [headers for _, _, headers, _ in wrong.asked if "authorization" in {name.lower() for name in headers}]
    assert {path.partition("?")[0] for method, path, _, _ in wrong.asked if method == "POST"} == {"/mcp", "/register"}


def test_read_only_registers_nothing(wrong: Wrong) -> None:
    assert walked(wrong.url, register=False).names == ()
    assert {path for method, path, _, _ in wrong.asked if method == "POST"} == {"/mcp"}


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (answers("POST /mcp", 404, "Not Found"), ("no-mcp-at-this-address",)),
        (answers("POST /mcp", 500, "Internal Server Error"), ("server-error",)),
        (answers("POST /mcp", 429, "Too Many Requests"), ("throttled",)),
        (answers("POST /mcp", 403, "Forbidden"), ("gateway-refuses",)),
        (answers("POST /mcp", 421, "Invalid Host header"), ("host-not-allowed",)),
        (no_challenge_and_no_metadata, ("no-challenge", "no-protected-resource-metadata")),
        (answers(PRM, 200, "<html>hello</html>"), (ELSEWHERE,)),
        (answers(PRM, 200, {"resource": "http://x/mcp"}), (ELSEWHERE, "no-authorization-server")),
        (answers(PRM, 200, {"authorization_servers": "http://x"}), (ELSEWHERE, "no-authorization-server")),
        (answers(AS, 404, ""), ("no-authorization-server",)),
        (answers(AS, 200, "[" * 100_000), ("no-authorization-server",)),
        (answers(AS, 200, {"issuer": "http://[", "registration_endpoint": 5}),
         ("issuer-differs", "no-pkce-in-metadata", "no-client-registration")),
        (without("issuer"), ("issuer-differs",)),
        (without("code_challenge_methods_supported"), ("no-pkce-in-metadata",)),
        (without("registration_endpoint"), ("no-client-registration",)),
        (answers("POST /register", 400, {"error": "invalid_redirect_uri"}), (REDIRECT,)),
        (answers("POST /register", 404, ""), ("no-client-registration",)),
        (answers("GET /authorize", 400, "Redirect URI 'x' does not match allowed patterns."), (REDIRECT,)),
        (answers("POST /mcp", 307, "http://localhost:1/elsewhere"), ()),
    ],
)  # fmt: skip
def test_what_is_found(change: Callable[[Wrong], None], names: tuple[str, ...], wrong: Wrong) -> None:
    change(wrong)
    said = walked(wrong.url)
    assert said.names == names, said
    for one in said.findings:
        assert any(step.name == one.step and step.result == "wrong" and step.stops for step in said.diagnosed.steps)


def test_nobody_there(wrong: Wrong) -> None:
    said = walked("http://localhost:1/mcp")
    assert said.names == ("no-answer",)
    assert said.exit_code == 1
    assert wrong.asked == []


def test_a_certificate_that_nobody_trusts() -> None:
    with serving(tls=True) as server:
        assert walked(server.url).names == ("certificate-not-trusted",)


def test_by_http_from_elsewhere(wrong: Wrong) -> None:
    with through(Front(wrong.port, tells=False), "http://expenses.example") as http:
        said = walked("http://expenses.example/mcp", http=http, register=False)
    assert said.names[0] == "server-without-tls"


def test_no_token_and_no_secret_in_what_is_told(wrong: Wrong) -> None:
    told: list[str] = []
    walk(f"{wrong.url}?access_token=eyJhbGciOiJub25lIn0.eyJhIjoxfQ.x", tell=told.append)
    assert told
    assert not [line for line in told if "eyJ" in line]
