"""Killed in the middle of writes: what was answered is there, and nothing is half-written.

SIGKILL gives a process no moment to tidy up. After each kill the file is looked at as it was left, and the next
tenant starts from it. The points are chosen: before a transaction, within it, before its commit. ``test --soak`` also
kills two hundred times at random moments, every tenth while the tenant is still starting.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import sqlite3
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from practice_help import posix_only

from .process import PATIENCE, Tenant, command, serving
from .world import App, World, scope_entry

KILLS = 200
LANES = 2  # tenants that are killed at the same time
MOST_WRITES = 12  # answered before the kill
LONGEST = 0.02  # seconds from the last of them to the kill
EVERY_KIND = 15  # the number of a write in which a teacher does all there is
STARTING = 0.25  # seconds that a start takes
DIRECTORIES = ("alpha", "beta")


@dataclass
class Told:
    """What the tenant answered that it did: an object's id and what must stand there."""

    applications: dict[str, list[str]] = field(default_factory=dict)
    maybe: dict[str, list[str]] = field(default_factory=dict)
    secrets: list[tuple[str, str]] = field(default_factory=list)
    refresh_tokens: list[str] = field(default_factory=list)
    clocks: dict[str, list[int]] = field(default_factory=lambda: {name: [0] for name in DIRECTORIES})
    faults: dict[str, set[int]] = field(default_factory=dict)
    writes: int = 0


class Line:
    """A connection to one of the doors."""

    def __init__(self, tenant: Tenant, door: str, headers: dict[str, str]) -> None:
        parts = urlsplit(tenant.said[door])
        self.connection: http.client.HTTPConnection
        if parts.scheme == "https":
            context: ssl.SSLContext = tenant.trust
            self.connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=120, context=context)
        else:
            self.connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=120)
        self.headers = headers

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> dict[str, Any] | None:
        """Return the answer; None when it was a refusal. An OSError or HTTPException means that nobody answered."""
        form = isinstance(body, str)
        content = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
        text = body if form else json.dumps(body) if body is not None else None
        self.connection.request(method, path, text, self.headers | content | headers)
        response = self.connection.getresponse()
        received = response.read()
        if response.status >= 400:
            raise AssertionError(f"{method} {path}: {response.status} {received[:300]!r}")
        return dict(json.loads(received)) if received else {}


class Writer(threading.Thread):
    """Write until nobody answers any more, and remember what was answered."""

    def __init__(self, line: Line, told: Told, lock: threading.Condition) -> None:
        super().__init__(daemon=True)
        self.line, self.told, self.lock = line, told, lock
        self.wrong: BaseException | None = None

    def run(self) -> None:
        try:
            for number in range(100_000):
                self.write(number)
                with self.lock:
                    self.told.writes += 1
                    self.lock.notify_all()
        except (OSError, http.client.HTTPException):
            return
        except BaseException as error:
            self.wrong = error

    def write(self, number: int) -> None:
        raise NotImplementedError


class Registrar(Writer):
    """Registers applications, changes their identifier URIs, adds secrets."""

    def write(self, number: int) -> None:
        made = self.line.ask("POST", "/v1.0/applications", {"displayName": f"App {number}", "api": API})
        assert made
        with self.lock:
            self.told.applications[made["id"]] = []
        for step in range(2):
            uris = [f"api://{made['appId']}/{step}/{piece}" for piece in range(4)]
            with self.lock:
                self.told.maybe[made["id"]] = uris
            self.line.ask("PATCH", f"/v1.0/applications/{made['id']}", {"identifierUris": uris})
            with self.lock:
                self.told.applications[made["id"]] = uris
        secret = self.line.ask("POST", f"/v1.0/applications/{made['id']}/addPassword", {})
        assert secret
        with self.lock:
            self.told.secrets.append((made["id"], secret["keyId"]))


class Refresher(Writer):
    """Redeems a refresh token again and again: each answer carries a new one, which must stay good."""

    def __init__(self, line: Line, told: Told, lock: threading.Condition, app: App, path: str) -> None:
        super().__init__(line, told, lock)
        self.app, self.path = app, path

    def write(self, number: int) -> None:  # noqa: ARG002
        form = {"grant_type": "refresh_token", "client_id": self.app.client_id, "client_secret": self.app.secret}
        with self.lock:
            known = self.told.refresh_tokens[-1]
        answer = self.line.ask("POST", self.path, urlencode({**form, "refresh_token": known, "scope": self.app.scope}))
        assert answer
        with self.lock:
            self.told.refresh_tokens.append(answer["refresh_token"])


class Teacher(Writer):
    """Sets clocks, switches faults on, resets directories, makes new ones."""

    def write(self, number: int) -> None:
        name = DIRECTORIES[number % 2]
        with self.lock:
            self.told.clocks[name].append(number)
        self.line.ask("PATCH", f"/directories/{name}", {"clock": number})
        with self.lock:
            self.told.clocks[name] = [number]
        if number % 3 == 0:
            with self.lock:
                self.told.clocks[name] = [number, 0]
                self.told.faults[name] = set()
            self.line.ask("POST", f"/directories/{name}/reset")
            with self.lock:
                self.told.clocks[name] = [0]
        made = self.line.ask("POST", f"/directories/{name}/faults", {"kind": "slow", "at": "devicecode"})
        assert made
        with self.lock:
            self.told.faults.setdefault(name, set()).add(made["id"])
        if number % 5 == 0:
            self.line.ask("POST", "/directories", {"name": f"made{time.monotonic_ns()}"})


SEEDED = ("users", "groups", "service_principals", "permission_grants", "members")
API = {"oauth2PermissionScopes": [scope_entry("access")], "requestedAccessTokenVersion": 2}


@contextmanager
def written(tenant: Tenant) -> Iterator[sqlite3.Connection]:
    """Open the file that the killed process left, without changing it."""
    uri = (tenant.state / "directory.sqlite").as_uri() + "?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        yield connection


def check(tenant: Tenant, told: Told, seeded: dict[str, int]) -> None:
    """Hold the file against what was answered."""
    with written(tenant) as file:

        def rows(query: str, *values: object) -> list[tuple[Any, ...]]:
            return file.execute(query, values).fetchall()

        assert rows("PRAGMA integrity_check") == [("ok",)]
        uris: dict[str, list[str]] = {}
        for app_id, uri in rows("SELECT app_id, uri FROM identifier_uris ORDER BY rowid"):
            uris.setdefault(app_id, []).append(uri)
        found = {row[0]: (row[1], json.loads(row[2])) for row in rows("SELECT id, app_id, graph FROM applications")}
        for app_id, graph in found.values():
            assert sorted(uris.get(app_id, [])) == sorted(graph["identifierUris"]), "an application is half-written"
        for object_id, wanted in told.applications.items():
            assert object_id in found, "an answered application is gone"
            assert found[object_id][1]["identifierUris"] in (wanted, told.maybe.get(object_id, wanted))
        keys = {row[0] for row in rows("SELECT key_id FROM secrets")}
        for object_id, key_id in told.secrets:
            assert key_id in keys, "an answered secret is gone"
            assert key_id in {each["keyId"] for each in found[object_id][1]["passwordCredentials"]}
        for tenant_id, name in rows("SELECT tenant_id, name FROM directories"):
            for table, count in seeded.items():
                (there,) = rows(f"SELECT count(*) FROM {table} WHERE tenant_id = ?", tenant_id)[0]  # noqa: S608
                assert there == count or name == "contoso", f"{name} has {there} {table}, not {count}"
            settings = rows("SELECT settings FROM directory_settings WHERE tenant_id = ?", tenant_id)
            clock = json.loads(settings[0][0])["clock"] if settings else 0
            assert clock in told.clocks.get(name, [clock]), f"the clock of {name} is {clock}"
        known = {row[0] for row in rows("SELECT id FROM faults")}
        assert set().union(*told.faults.values()) <= known, "an answered fault is gone"


def writers_of(tenant: Tenant, made: Scene, lock: threading.Condition) -> list[Writer]:
    """Return one writer of each kind, on a connection of its own."""
    graph = {"Host": "graph.microsoft.com", "Authorization": f"Bearer {made.token}"}
    path = f"/{tenant.id}/oauth2/v2.0/token"
    login = Line(tenant, "https", {"Host": "login.microsoftonline.com"})
    return [
        Registrar(Line(tenant, "https", graph), made.told, lock),
        Refresher(login, made.told, lock, made.app, path),
        Teacher(Line(tenant, "control", {"Authorization": f"Bearer {tenant.secret}"}), made.told, lock),
    ]


def killed_while_writing(tenant: Tenant, made: Scene, chance: random.Random) -> None:
    """Write on three connections, and kill the tenant a moment after some of them were answered."""
    lock = threading.Condition()
    told, writers = made.told, writers_of(tenant, made, lock)
    wanted = told.writes + chance.randrange(MOST_WRITES)
    for writer in writers:
        writer.start()
    with lock:
        lock.wait_for(lambda: told.writes >= wanted or any(writer.wrong for writer in writers), PATIENCE)
    time.sleep(chance.uniform(0, LONGEST))
    tenant.kill()
    for writer in writers:
        writer.join(PATIENCE)
        assert not writer.is_alive()
        if writer.wrong:
            raise writer.wrong


def killed_while_starting(state: Path, seconds: float) -> None:
    """Start a tenant and kill it before, or just after, it is ready."""
    with subprocess.Popen(command(state), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as starting:
        time.sleep(seconds)
        starting.kill()


@dataclass(frozen=True)
class Scene:
    """What is written to, and what was there before.

    Attributes:
        token: an administrator's, for Graph.
        seeded: how many rows a directory has that nobody touched.
    """

    app: App
    token: str
    seeded: dict[str, int]
    told: Told


def scene(state: Path) -> Scene:
    """Make an app and directories in a new state folder."""
    with serving(state) as tenant:
        world = World(tenant)
        app = world.register()
        told = Told(refresh_tokens=[world.tokens(app)["refresh_token"]])
        token, other = world.administrator, world.of("untouched").tenant.id
        for name in DIRECTORIES:
            world.directory(name)
        return Scene(app, token, {table: count_of(tenant, table, other) for table in SEEDED}, told)


def is_well(state: Path, made: Scene) -> None:
    """See that the next tenant answers for what was answered before."""
    told = made.told
    with serving(state) as tenant:
        world = World(tenant)
        for refresh_token in told.refresh_tokens[:1] + told.refresh_tokens[-1:]:
            assert world.refresh(made.app, refresh_token).status_code == 200
        for object_id in [*told.applications][:5] + [*told.applications][-5:]:
            assert world.graph("GET", f"/applications/{object_id}", made.token).status_code == 200


def killed_again_and_again(state: Path, kills: int, seed: int) -> Told:
    """Kill the tenant of a state folder and look at what it left, each time; then see that the last one is well."""
    chance = random.Random(seed)  # noqa: S311
    made = scene(state)
    for number in range(kills):
        if number % 10 == 9:
            killed_while_starting(state, chance.uniform(0, STARTING))
            continue
        with serving(state) as tenant:
            killed_while_writing(tenant, made, chance)
            assert tenant.complaints() == ""
            check(tenant, made.told, made.seeded)
    is_well(state, made)
    return made.told


def count_of(tenant: Tenant, table: str, tenant_id: str) -> int:
    return int(tenant.sql(f"SELECT count(*) FROM {table} WHERE tenant_id = ?", tenant_id)[0][0])  # noqa: S608


@pytest.mark.soak
def test_what_was_answered_is_there_and_nothing_is_half_written(tmp_path: Path) -> None:
    with ThreadPoolExecutor(LANES) as pool:
        lanes = [
            pool.submit(killed_again_and_again, tmp_path / f"state{lane}", KILLS // LANES, lane)
            for lane in range(LANES)
        ]
        told = [lane.result() for lane in lanes]
    assert sum(each.writes for each in told) > 2 * KILLS
    assert sum(len(each.applications) for each in told) > KILLS / 2
    assert sum(len(each.refresh_tokens) for each in told) > KILLS / 2


def points(statements: list[str]) -> list[int]:
    """Choose the statements to die at: each start and end of a transaction, and one within; each that stands alone."""
    chosen, within = [], 0
    for number, statement in enumerate(statements, 1):
        begins, ends = statement.startswith("BEGIN"), statement.startswith("COMMIT")
        if begins or ends or within in (0, 2):
            chosen.append(number)
        within = 1 if begins else 0 if ends else within + 1 if within else 0
    return chosen


@posix_only
def test_killed_before_within_and_at_the_end_of_each_write(tmp_path: Path) -> None:
    state, lock, kills = tmp_path / "state", threading.Condition(), 0
    made = scene(state)
    struck = (str(Path(__file__).with_name("struck.py")), str(tmp_path))
    for kind in range(3):
        with serving(state, through=struck) as tenant:
            writer = writers_of(tenant, made, lock)[kind]
            tidied(tenant)
            (tmp_path / "statements").unlink()
            writer.write(EVERY_KIND)
            statements = (tmp_path / "statements").read_text("utf-8").splitlines()
        for point in points(statements):
            with serving(state, through=struck) as tenant:
                writer = writers_of(tenant, made, lock)[kind]
                tidied(tenant)
                (tmp_path / "strike").write_text(str(point), "utf-8")
                with pytest.raises((OSError, http.client.HTTPException)):
                    writer.write(EVERY_KIND)
                assert tenant.process.wait(PATIENCE) == -signal.SIGKILL
                assert tenant.complaints() == ""
                check(tenant, made.told, made.seeded)
                kills += 1
        print(f"\n{len(statements)} statements, killed at {points(statements)}")
    is_well(state, made)
    assert kills > 20


def tidied(tenant: Tenant) -> None:
    """Let the tenant have dropped old sign-ins, which it does at its start: a statement of that would be counted."""
    with tenant.control() as control:
        assert control.get("/status").status_code == 200
