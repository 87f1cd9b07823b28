"""Twenty thousand generated requests over every endpoint of every door: no fault of its own, no hang, memory flat.

Each request starts as one that a client would send, and is then damaged in up to three places. How memory is judged:
the first fifth fills what has a limit (the log keeps 2,000 exchanges, some caches 1,024 texts); from there to the end
the resident size may grow by ``MOST_GROWTH``. A leak of one kilobyte a request would grow it by 16 megabytes.
Outside of ``test --soak`` it is two thousand requests, in which memory is not judged.
"""

from __future__ import annotations

import http.client
import json
import random
import re
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode, urlsplit

import psutil
import pytest

from practice_tenant.server.control.directories import DIRECTORY
from practice_tenant.server.graph.routes import GRAPH, OUTSIDE, REST, SEGMENTS
from practice_tenant.server.login.page_routes import PAGES
from practice_tenant.server.login.routes import BY_GET, JSON
from practice_tenant.server.management import TABLE

from .process import Tenant, serving
from .world import App, World

REQUESTS = (pytest.param(2_000, marks=pytest.mark.thorough), pytest.param(20_000, marks=pytest.mark.soak))
LINES = 4
WITHIN = 20.0  # seconds for one answer; all of them share the machine with whatever else runs
MOST_GROWTH = 8_000_000

POOL = (
    *("", " ", "\x00", "%", "%zz", "\u202e", "ü", "\U0001f600", "'", '"', "<script>", "../..", "//", "null", "-1"),
    *("1e999", "NaN", "[]", "{}", "true", "0", "9" * 400, "a" * 3_000, "=", "&", "#", "?", "\\", "https://[", "urn:"),
    *("http://[::1", "javascript:alert(1)", "eyJhbGciOiJub25lIn0.e30.", "1.A" + "x" * 80, "common", "api:///"),
    *("00000000-0000-0000-0000-000000000000", "/.default", "openid", "none", "S256", "form_post", "refresh_token"),
)
HEADERS = ("Authorization", "Origin", "Cookie", "Content-Type", "client-request-id", "Metadata", "ConsistencyLevel")
MEMBERS = ("identifierUris", "api", "web", "kind", "at", "times", "require", "scope", "passwordCredential", "@odata.id")
FAULT_OF_ITS_OWN = b"this is a fault of its own"


@dataclass(frozen=True)
class Sample:
    """What a proper client sends."""

    door: str
    method: str
    path: str
    host: str = ""
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)
    form: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def filled(path: str, chance: random.Random, tenant: str, ids: list[str]) -> str:
    """Return a row's path with every parameter filled in, most of them with something that exists.

    Args:
        ids: of objects in Graph that may be changed and deleted.
    """
    for name, (_, example) in SEGMENTS.items():
        path = path.replace(f"{{{name}}}", example)
    known = {"tenant": tenant, "directory": "storm", "user": "robin", "version": "v1.0"}

    def value(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        if name == "id" and chance.random() < 0.6:
            return chance.choice(ids)
        return known[name] if name in known and chance.random() < 0.9 else quote(chance.choice(POOL)[:200], safe="")

    return re.sub(r"\{([^}]+)\}", value, path)


def samples(world: World, app: App) -> list[Sample]:
    """Return one proper request for each row of each door."""
    tokens = world.tokens(app)
    known = {
        "client_id": app.client_id,
        "client_secret": app.secret,
        "redirect_uri": app.redirect_uri,
        "scope": app.scope,
        "response_type": "code",
        "refresh_token": tokens["refresh_token"],
        "assertion": tokens["access_token"],
        "requested_token_use": "on_behalf_of",
        "state": "x",
        "code": "x",
    }
    on_behalf_of = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    grants = ("authorization_code", "refresh_token", "client_credentials", "device_code", on_behalf_of)
    bearer = {"Authorization": f"Bearer {world.administrator}"}
    body: dict[str, object] = {"displayName": "Storm", "appId": app.client_id, "accountEnabled": True}
    found = [
        Sample("https", "POST", "/{tenant}/oauth2/v2.0/token", LOGIN, {}, {**known, "grant_type": grant}, form=True)
        for grant in grants
    ]
    found += [
        Sample("https", method, path, LOGIN, dict(known) if method == "GET" else {}, dict(known), form=True)
        for method, path, _ in (*JSON, *BY_GET, *PAGES)
    ]
    graph = [*GRAPH, *REST[:2], *OUTSIDE[:2]]
    found += [Sample("https", method, path, GRAPH_HOST, {}, body, headers=bearer) for method, path, _ in graph]
    found += [Sample("https", method, path, "management.azure.com", headers=bearer) for method, path, _ in TABLE]
    control = {"Authorization": f"Bearer {world.tenant.secret}"}
    found += [
        Sample("control", method, f"/directories/{{directory}}{path}", body={"clock": 5}, headers=control)
        for method, path, _ in DIRECTORY
        if path != "/keys"  # a new RSA key for each call would be all there is to measure
    ]
    found += [Sample("control", "GET", path, headers=control) for path in ("/status", "/log")]
    header = (world.tenant.state / "identity-header").read_text("utf-8").strip()
    asked = {"resource": app.uri, "api-version": "2019-08-01"}
    identity = {"X-IDENTITY-HEADER": header, "Metadata": "true"}
    secret = urlsplit(world.tenant.identities).path
    for path in ("/{tenant}/both/msi/token", "/{tenant}/both/metadata/identity/oauth2/token"):
        found.append(Sample("managed_identity", "GET", secret + path, query=asked, headers=identity))
    return found


LOGIN, GRAPH_HOST = "login.microsoftonline.com", "graph.microsoft.com"


def damaged(chance: random.Random, given: dict[str, str]) -> dict[str, str]:
    """Return parameters of which up to three are dropped, replaced, or new."""
    result = dict(given)
    for _ in range(chance.randrange(4)):
        name = chance.choice([*given, "x", chance.choice(POOL)[:40]])
        if chance.random() < 0.4:
            result.pop(name, None)
        else:
            result[name] = chance.choice(POOL)
    return result


def json_body(chance: random.Random, given: dict[str, object]) -> bytes:
    """Return a JSON body, damaged now and then; some are none at all."""
    result: dict[str, object] = dict(given)
    for _ in range(chance.randrange(4)):
        text = chance.choice(POOL)
        values: tuple[object, ...] = (text, None, True, 10**30, -1, 0.5, [], {}, [text], {"a": [1, {}]})
        result[chance.choice([*given, *MEMBERS])] = chance.choice(values)
    raw = json.dumps(result).encode()
    return raw[: chance.randrange(len(raw))] if chance.random() < 0.1 else raw


class Line:
    """Connections to the doors, kept open as long as the tenant keeps them."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.open: dict[str, http.client.HTTPConnection] = {}

    def connection(self, door: str) -> http.client.HTTPConnection:
        if door not in self.open:
            parts = urlsplit(self.tenant.said[door])
            host, port = str(parts.hostname), parts.port
            self.open[door] = (
                http.client.HTTPSConnection(host, port, timeout=WITHIN, context=self.tenant.trust)
                if parts.scheme == "https"
                else http.client.HTTPConnection(host, port, timeout=WITHIN)
            )
        return self.open[door]

    def ask(self, sample: Sample, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """Return status and body; (0, b"") where the tenant hangs up. A hang is an error."""
        connection = self.connection(sample.door)
        try:
            connection.putrequest(sample.method, path, skip_host=bool(sample.host), skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value.encode("utf-8", "replace"))
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response.status, response.read()
        except TimeoutError:
            raise AssertionError(f"no answer within {WITHIN} s: {sample.method} {path[:200]}") from None
        except (OSError, http.client.HTTPException):
            connection.close()
            del self.open[sample.door]
            return 0, b""


def storm(tenant: Tenant, known: list[Sample], ids: list[str], seed: int, count: int) -> Iterator[tuple[str, int]]:
    """Send that many requests on lines of one's own, and tell what each was answered."""
    chance, line = random.Random(seed), Line(tenant)  # noqa: S311
    for _ in range(count):
        sample = chance.choice(known)
        path = filled(sample.path, chance, tenant.id, ids)
        query = damaged(chance, sample.query)
        target = f"{path}?{urlencode(query)}" if query else path
        if sample.form:
            given = {name: str(value) for name, value in sample.body.items()}
            body, kind = urlencode(damaged(chance, given)).encode(), "application/x-www-form-urlencoded"
        else:
            body, kind = json_body(chance, sample.body), "application/json"
        headers = {"Content-Type": kind, **sample.headers}
        if chance.random() < 0.1:
            headers[chance.choice(HEADERS)] = re.sub(r"[\r\n\x00]", "", chance.choice(POOL))
        if sample.host:
            headers["Host"] = sample.host
        body = b"" if sample.method == "GET" else body
        status, answer = line.ask(sample, target, body, headers)
        assert FAULT_OF_ITS_OWN not in answer, f"{sample.method} {target[:300]} {body[:300]!r}"
        # App Service tells an unknown resource with a 500 of its own form; 501 is what Graph has not got here.
        told = status == 500 and "/msi/token" in target and b"statusCode" in answer
        assert status < 500 or status == 501 or told, (
            f"{status} {sample.method} {target[:300]} {body[:300]!r}: {answer[:300]!r}"
        )
        yield sample.door + sample.path, status


@pytest.mark.parametrize("requests", REQUESTS)
def test_no_fault_no_hang_and_memory_stays_flat(tmp_path: Path, requests: int) -> None:
    with serving(tmp_path / "state") as tenant:
        world = World(tenant)
        world.directory("storm")
        known = samples(world, world.register())
        spare = world.register("Spare")
        group = world.graph("GET", "/groups").json()["value"][0]["id"]
        ids = [spare.object_id, spare.principal_id, group, "sam@" + world.domain]
        process = psutil.Process(tenant.process.pid)
        answered: Counter[tuple[str, int]] = Counter()
        sizes: list[int] = []
        share = requests // 20 // LINES
        with ThreadPoolExecutor(LINES) as pool:
            for part in range(20):
                seeds = range(part * LINES, (part + 1) * LINES)
                for done in pool.map(lambda seed: Counter(storm(tenant, known, ids, seed, share)), seeds):
                    answered += done
                sizes.append(process.memory_info().rss)
                world.teach("DELETE", "/faults")
        assert tenant.process.poll() is None
        assert tenant.complaints() == ""
        began = time.monotonic()
        assert world.http.get(f"https://{LOGIN}/common/discovery/v2.0/keys").status_code == 200
        assert time.monotonic() - began < WITHIN
    assert sum(answered.values()) == share * 20 * LINES
    assert {door for door, _ in answered} == {sample.door + sample.path for sample in known}
    statuses = Counter(dict.fromkeys(range(600), 0))
    for (_, status), count in answered.items():
        statuses[status] += count
    assert statuses[200] > requests / 50, "next to nothing was right: the samples are stale"
    assert statuses[0] < requests / 50
    grown = statistics.median(sizes[-4:]) - statistics.median(sizes[3:7])
    print(f"\n{sum(answered.values())} requests; memory {sizes[0]:,} {sizes[4]:,} {sizes[-1]:,}; {+statuses}")
    if requests >= 20_000:
        assert grown < MOST_GROWTH, f"memory grew by {grown:,.0f} bytes: {sizes}"
