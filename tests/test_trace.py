"""Hops seen by several observers become one diagram, the same in every run."""

from __future__ import annotations

import asyncio
import base64
import logging
import re
import threading
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx2
import pytest
from fastmcp import Client
from hop_details import Details
from practice_help import until
from server_help import call, get, protected, serving, signed_in_server, token
from tenant import process as tenant_process
from tenant import stalling

from practice_tenant import Running
from practice_tenant.client.control import announced
from workshop import signin, trace
from workshop.background import BackgroundServer
from workshop.show.symbols import Symbols
from workshop.trace import Diagram, Hop, bus
from workshop.trace.asgi import Recorder
from workshop.trace.carried import marks_of
from workshop.trace.following import follow
from workshop.trace.hop import Sighting
from workshop.trace.merging import merged
from workshop.trace.symbols import symbolic, symbols_of

pytestmark = pytest.mark.filterwarnings("ignore:Using in-memory token storage")
AGENT = "practice-browser/1"


def announced_in(state: Path) -> Running:
    """Return the tenant that announced itself there."""
    running = announced(state)
    assert running
    return running


def hop(at: float = 0.0, **changes: Any) -> Hop:
    made = Hop(at, "MCP client", "MCP server", "POST", "http://localhost:8000/mcp", (), 200, (), seconds=0.1)
    return replace(made, **changes)


class TestMerging:
    def test_a_hop_seen_by_the_browser_and_by_the_server_is_one_with_the_servers_reason(self) -> None:
        seen = hop(1.0, source="Browser", method="GET", url="http://localhost:8000/auth/callback", status=500)
        hops = merged(
            [
                Sighting(replace(seen, at=1.01, seconds=0.05, note="no such code"), "server", AGENT),
                Sighting(seen, "browser", AGENT),
            ]
        )
        assert hops == (replace(seen, note="no such code"),)

    def test_a_hop_that_the_server_saw_was_to_the_server(self) -> None:
        """A link straight to Entra names the server's own address as the one to return to: no client's."""
        seen = hop(1.0, source="Browser", target="MCP client", method="GET", url="http://localhost:8000/auth/callback")
        (only,) = merged(
            [Sighting(seen, "browser", AGENT), Sighting(replace(seen, target="MCP server"), "server", AGENT)]
        )
        assert only.target == "MCP server"

    def test_a_hop_to_the_tenant_during_a_request_is_the_servers_and_comes_after_it(self) -> None:
        inside = hop(1.05, target="Entra", url="https://login.microsoftonline.com/t/token")
        after = hop(1.5, target="Entra", url="https://graph.microsoft.com/v1.0/me")
        hops = merged([Sighting(each, "tenant", "x") for each in (after, inside)] + [Sighting(hop(1.0), "server")])
        assert [each.source for each in hops] == ["MCP client", "MCP server", "MCP client"]
        assert [each.at for each in hops] == [1.0, 1.05, 1.5]

    def test_the_open_stream_makes_nobody_the_servers(self) -> None:
        stream = hop(1.0, method="GET", seconds=60.0)
        asked = hop(2.0, target="Entra", url="https://login.microsoftonline.com/t/token")
        (only,) = merged([Sighting(stream, "server"), Sighting(asked, "tenant", "msal")])
        assert only.source == "MCP client"

    @pytest.mark.parametrize(
        "noise",
        [
            {"method": "GET", "url": "http://localhost:8000/authorize"},
            {"method": "GET"},
            {"method": "DELETE"},
            {"method": "OPTIONS"},
        ],
        ids=["preflight", "stream", "end of session", "options"],
    )
    def test_noise_is_left_out(self, noise: dict[str, Any]) -> None:
        assert merged([Sighting(hop(**noise), "server", "python-httpx2/2")]) == ()

    def test_a_real_browsers_request_is_kept(self) -> None:
        seen = hop(source="Browser", method="GET", url="http://localhost:8000/authorize")
        assert merged([Sighting(seen, "server", "Mozilla/5.0")]) == (seen,)

    def test_the_metadata_of_the_resource_is_no_stream(self) -> None:
        seen = hop(method="GET", url="http://localhost:8000/.well-known/oauth-protected-resource/mcp")
        assert merged([Sighting(seen, "server", "")]) == (seen,)


class TestSymbols:
    TENANT, CLIENT, OTHER = (str(uuid.uuid4()) for _ in range(3))

    def _hops(self) -> tuple[Hop, ...]:
        authorize = f"https://login.microsoftonline.com/{self.TENANT}/oauth2/v2.0/authorize"
        said = f"AADSTS1: app '{self.CLIENT}' Trace ID: {self.OTHER} Timestamp: 2026-11-21 02:35:49Z"
        return (
            hop(sent=(("client_id", str(uuid.uuid4())), ("redirect_uri", "http://localhost:51234/callback"))),
            hop(url=authorize, target="Entra", sent=(("client_id", self.CLIENT),)),
            hop(url="http://127.0.0.1:8001/x", note=said),
        )

    def test_each_id_has_a_name_that_says_what_it_is(self) -> None:
        hops = self._hops()
        first, second, third = symbolic(hops, symbols_of(hops))
        assert first.sent == (
            ("client_id", "{mcp-client}"),
            ("redirect_uri", "http://localhost:PORT/callback"),
        )
        assert second.url == "https://login.microsoftonline.com/{tenant}/oauth2/v2.0/authorize"
        assert second.sent == (("client_id", "{client}"),)
        assert third.url == "http://127.0.0.1:PORT/x"
        assert third.note == "AADSTS1: app '{client}' Trace ID: {guid-1} Timestamp: {time}"

    def test_two_ids_of_a_kind_are_told_apart(self) -> None:
        one, two = str(uuid.uuid4()), str(uuid.uuid4())
        symbols = symbols_of([hop(note=f"{one} {two} {self.OTHER}")], {one: "{tenant}"})
        assert symbols.text(f"{one} {two.upper()} {self.OTHER}") == "{tenant} {guid-1} {guid-2}"
        assert Symbols({one: "{tenant}", "box.example": "{domain}"}).text(f"robin@box.example {one}") == (
            "robin@{domain} {tenant}"
        )


class TestDiagram:
    HOPS = (
        hop(status=401, received=(("WWW-Authenticate", "Bearer"),), note="the request carries no bearer token"),
        hop(source="Browser", method="GET", url="http://localhost:PORT/a<b>", received=(("page", "consent"),)),
        hop(
            source="MCP server",
            target="Entra",
            sent=(("code", "‹code›"),),
            received=(("id_token", "‹id_token›"),),
        ),
    )

    def test_the_picture_is_an_image_with_all_words_in_its_alt_text(self) -> None:
        shown = Diagram(self.HOPS).to_html()
        found = re.fullmatch(r'<img alt="([^"]*)" src="data:image/svg\+xml;base64,([^"]*)" style="[^"]*">', shown)
        assert found
        assert "3 steps" in found[1]
        assert (
            "1. MCP client to MCP server: POST /mcp, answered 401 (→ the request carries no bearer token)" in found[1]
        )
        picture = ElementTree.fromstring(base64.b64decode(found[2]))  # noqa: S314  # it is our own
        words = [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert words[:4] == ["MCP client", "Browser", "MCP server", "Entra"]
        assert "GET /a<b> → 200" in words
        assert "‹code› → ‹id_token›" in words

    def test_only_who_takes_part_is_drawn(self) -> None:
        assert "Entra" not in Diagram(self.HOPS[:1]).svg()

    def test_the_text_is_a_numbered_list(self) -> None:
        lines = repr(Diagram(self.HOPS)).splitlines()
        assert lines[0].split() == ["1", "MCP", "client", "->", "MCP", "server", "POST", "/mcp", "401"]
        assert lines[1].strip() == "→ the request carries no bearer token"

    def test_nothing_recorded_is_said(self) -> None:
        assert repr(Diagram(())) == Diagram(()).to_html() == "Nothing was recorded."

    def test_every_text_stays_inside_the_picture(self) -> None:
        long = hop(source="MCP server", target="Entra", note="word " * 100, status=400)
        svg = Diagram((long,)).svg()
        picture = ElementTree.fromstring(svg)  # noqa: S314
        width = float(picture.attrib["width"])
        for text in picture.iter("{http://www.w3.org/2000/svg}text"):
            if text.get("text-anchor") != "middle":
                end = float(text.attrib["x"]) + 5.9 * len(text.text or "")
                assert float(text.attrib["x"]) >= 0
                assert end <= width

    def test_the_details_are_escaped(self) -> None:
        details = Details(self.HOPS)
        assert "a<b>" not in details.to_html()
        assert "a&lt;b&gt;" in details.to_html()
        assert "received  page=consent" in repr(details)


class TestFollowing:
    """Secrets are gone from a recording; what is left tells which of them are the same."""

    # RFC 7636, appendix B
    VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

    def _hops(self) -> tuple[Hop, ...]:
        return (
            hop(source="Browser", sent_marks=marks_of([("code_challenge", self.CHALLENGE)])),
            hop(received_marks=marks_of([("code_challenge", "other"), ("code", "one"), ("access_token", "t")])),
            hop(sent_marks=marks_of([("code_verifier", self.VERIFIER), ("code", "two")])),
            hop(target="Entra", sent_marks=marks_of([("Authorization", "Bearer t")])),
        )

    def test_a_verifier_has_the_letter_of_its_challenge_and_no_other(self) -> None:
        assert follow(self._hops(), ["code_challenge", "code_verifier"]).rows == (
            ("code_challenge A", "1 Browser → MCP server"),
            ("code_verifier A", "3 MCP client → MCP server"),
            ("code_challenge B", "2 MCP server → MCP client"),
        )

    def test_two_codes_are_told_apart_and_a_token_is_known_again_in_a_header(self) -> None:
        assert follow(self._hops(), ["code", "access_token"]).rows == (
            ("code A", "2 MCP server → MCP client"),
            ("access_token B", "2 MCP server → MCP client\n4 MCP client → Entra"),
            ("code C", "3 MCP client → MCP server"),
        )

    def test_what_could_be_guessed_has_no_mark(self) -> None:
        short = [("state", "x"), ("client_secret", "s"), ("Authorization", "Basic abc"), ("code", "")]
        assert marks_of([*short, ("scope", "openid")]) == ()

    def test_a_mark_says_nothing_of_the_value(self) -> None:
        (pair,) = marks_of([("code_challenge", self.CHALLENGE)])
        assert re.fullmatch("[0-9a-f]{12}", pair[1])
        assert marks_of([("code_challenge", "\ud800")])  # nor does an odd one stop the recording


@pytest.fixture
def server() -> Iterator[BackgroundServer]:
    with serving(protected) as running:
        yield running


class TestRecorder:
    """A client that has its answer may leave the block: by then the hop must have been reported."""

    @pytest.mark.parametrize(
        ("headers", "messages", "reported_before"),
        [
            ([(b"content-length", b"0")], [b""], 0),
            ([(b"content-type", b"application/json")], [b"{", b"}", b""], 3),
            (
                [(b"content-type", b"text/event-stream")],
                [b": ping\n\n", b'data: {"jsonrpc":"2.0","result":1}\n\n', b""],
                2,
            ),
        ],
        ids=["no body", "in pieces", "event stream"],
    )
    def test_a_hop_is_reported_before_the_client_has_the_answer(
        self, headers: list[tuple[bytes, bytes]], messages: list[bytes], reported_before: int
    ) -> None:
        reports: list[Sighting] = []
        sent: list[int] = []

        async def app(_scope: Any, _receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            for number, body in enumerate(messages, 1):
                await send({"type": "http.response.body", "body": body, "more_body": number < len(messages)})

        async def send(_message: Any) -> None:
            sent.append(len(reports))

        scope = {"type": "http", "method": "POST", "path": "/mcp", "query_string": b"", "headers": []}
        recorder = Recorder(app, "http://localhost:1", lambda sighting, _body: reports.append(sighting))
        asyncio.run(recorder(scope, _nothing, send))
        assert sent.index(1) == reported_before
        assert len(reports) == 1

    def test_a_request_without_an_answer_is_reported(self) -> None:
        reports: list[Sighting] = []

        async def app(_scope: Any, _receive: Any, _send: Any) -> None:
            raise LookupError

        scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": []}
        recorder = Recorder(app, "http://localhost:1", lambda sighting, _body: reports.append(sighting))
        with pytest.raises(LookupError):
            asyncio.run(recorder(scope, _nothing, _nothing))
        assert [report.hop.status for report in reports] == [0]


async def _nothing(*_message: Any) -> Any:
    return {"type": "http.request", "body": b""}


class TestRecording:
    def test_a_call_and_its_refusal(self, server: BackgroundServer) -> None:
        with trace.recording() as recorded:
            call(server)
            call(server, token())
        refused, answered = recorded.hops
        assert (refused.status, refused.note) == (401, "the request carries no bearer token")
        assert refused.sent == (("method", "tools/call"), ("tool", "hello"))
        assert ("resource_metadata" in dict(refused.received)) or refused.received
        assert answered.status == 200
        assert answered.sent[-1] == ("Authorization", "Bearer ‹access_token›")
        assert answered.url == server.url

    def test_only_the_block_is_recorded(self, server: BackgroundServer) -> None:
        call(server)
        with trace.recording() as recorded:
            pass
        call(server)
        assert recorded.hops == ()

    def test_two_recordings_at_once_see_the_same(self, server: BackgroundServer) -> None:
        with trace.recording() as outer:
            call(server)
            with trace.recording() as inner:
                call(server)
        assert (len(outer.hops), len(inner.hops)) == (2, 1)

    def test_a_block_that_raises_is_recorded_up_to_there(self, server: BackgroundServer) -> None:
        recorded = None
        try:
            with trace.recording() as recorded:
                call(server)
                raise KeyError("x")
        except KeyError:
            pass
        assert recorded is not None
        assert len(recorded.hops) == 1

    def test_it_waits_for_observers_that_are_still_at_work(self) -> None:
        late = Sighting(hop(), "browser", AGENT)
        let_go = threading.Event()

        def observe() -> None:
            let_go.wait(10)
            bus.publish(late)
            bus.end()

        with trace.recording() as recorded:
            bus.begin()
            threading.Thread(target=observe).start()
            threading.Timer(0.2, let_go.set).start()
        assert recorded.hops == (late.hop,)

    def test_a_connection_that_came_to_nothing_is_no_hop(self, tmp_path: Path) -> None:
        with tenant_process.serving(tmp_path / "state", "--patience", "1") as tenant:
            running = replace(announced_in(tenant.state), holder=stalling.LABEL)
            with trace.recording(running) as recorded:
                stalled = stalling.staller(tenant)
                stalling.before_tls(stalled)
                until(lambda: stalled.ended, "the end of the stalled connection")
            assert [each["flow"] for each in running.exchanges(holder=stalling.LABEL)] == ["let go"]
        assert recorded.hops == ()

    def test_two_runs_of_one_flow_give_the_same_output(self) -> None:
        agent = signin.install()
        outputs = []
        for _ in range(2):
            with signed_in_server() as server:
                with trace.recording() as recorded:
                    assert asyncio.run(_call_hello(server.url)) == "hello"
                assert agent.last is not None
                outputs.append(
                    (repr(recorded.diagram()), recorded.diagram().to_html(), Details(recorded._symbolic()).to_html())
                )
        assert outputs[0] == outputs[1]
        assert [line.split()[0] for line in outputs[0][0].splitlines()[::2]] == [str(n) for n in range(1, 16)]

    def test_a_session_of_the_older_protocol_is_recorded_without_its_stream(self) -> None:
        from fastmcp import FastMCP

        def build(_base_url: str) -> FastMCP:
            made = FastMCP("plain")

            @made.tool
            def hello() -> str:
                return "hello"

            return made

        with serving(build) as plain:
            texts = set()
            for _ in range(3):
                with trace.recording() as recorded:
                    assert asyncio.run(_call_hello(plain.url, auth=None, mode="legacy")) == "hello"
                texts.add(repr(recorded.diagram()))
        (text,) = texts
        methods = re.findall(r"POST /mcp ([\w/ ]*\w)  ", text)
        assert methods == ["initialize", "notifications/initialized", "tools/call hello", "tools/list"]

    def test_without_a_practice_tenant_the_librarys_own_lines_are_read(self) -> None:
        from fastmcp import FastMCP

        with serving(lambda _: FastMCP("elsewhere")) as server, trace.recording() as recorded:
            # A name of this machine that the recorder does not take for it, as Entra's is not.
            logging.getLogger("httpx2").info(
                'HTTP Request: %s %s "%s %d %s"',
                "POST",
                "https://login.example/t/token?x=1",
                "HTTP/1.1",
                200,
                "OK",
            )
            asyncio.run(_get_with_httpx2(f"{server.base_url}/nowhere"))
        assert [(each.target, each.method, each.url) for each in recorded.hops] == [
            ("Entra", "POST", "https://login.example/t/token"),
            ("MCP server", "GET", f"{server.base_url}/nowhere"),
        ]


async def _call_hello(url: str, **options: Any) -> Any:
    options.setdefault("auth", "oauth")
    async with Client(url, **options) as client:
        return (await client.call_tool("hello")).data


async def _get_with_httpx2(url: str) -> None:
    async with httpx2.AsyncClient(trust_env=False) as client:
        await client.get(url)


def test_a_published_page_is_not_changed_by_the_recorder(server: BackgroundServer) -> None:
    assert get(f"{server.base_url}/nowhere").text == "Not Found"
