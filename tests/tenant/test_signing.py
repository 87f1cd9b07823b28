"""Signing: at once while requests come one by one, in a process of its own where they crowd."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode

import jwt
import psutil
import pytest
from practice_help import is_gone, until

from practice_tenant.server.directory import ids
from practice_tenant.server.signing.signer import CROWD

from .process import LOGIN, PATIENCE, Tenant, serving
from .test_http import URLENCODED, answer_on, head, line_to
from .world import App, World


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A tenant of these tests' own; it has not complained at their end."""
    with serving(tmp_path_factory.mktemp("busy") / "state") as running:
        yield World(running)
        assert running.errors.read_text("utf-8") == ""


def helpers_of(tenant: Tenant) -> list[psutil.Process]:
    return psutil.Process(tenant.process.pid).children()


def verified(world: World, app: App, token: str) -> bool:
    """Say whether a token is signed with a key that the directory publishes."""
    published = world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json()
    kid = jwt.get_unverified_header(token)["kid"]
    key = next(jwt.PyJWK(each, "RS256") for each in published["keys"] if each["kid"] == kid)
    return bool(jwt.decode(token, key, audience=app.client_id, options={"verify_iss": False}))


@contextmanager
def crowd(world: World, app: App) -> Iterator[Callable[[], list[str]]]:
    """Open connections, and give a function that asks on all of them before it reads one answer."""
    form = {"grant_type": "client_credentials", "client_id": app.client_id, "client_secret": app.secret}
    body = urlencode({**form, "scope": f"{app.client_id}/.default"}).encode()
    request = head(world, URLENCODED, f"Content-Length: {len(body)}") + body
    with ExitStack() as stack:
        lines = [stack.enter_context(line_to(world.tenant)) for _ in range(3 * CROWD)]

        def tokens() -> list[str]:
            for line in lines:
                line.sendall(request)
            return [str(json.loads(answer_on(line)[2])["access_token"]) for line in lines]

        yield tokens


def helper_at_work(world: World, tokens: Callable[[], list[str]]) -> psutil.Process:
    """Return the process that signs, once it has signed something."""

    def found() -> psutil.Process | None:
        tokens()
        return next((each for each in helpers_of(world.tenant) if each.cpu_times().user > 0.2), None)

    helper = until(found, "the process that signs")
    assert helper is not None
    return helper


def test_one_by_one_they_need_no_process(busy: World) -> None:
    app = busy.register()
    tokens = [busy.client_credentials(app).json()["access_token"] for _ in range(20)]
    assert all(verified(busy, app, token) for token in tokens[:3])
    assert helpers_of(busy.tenant) == []


def test_a_crowd_gets_its_tokens_from_a_process_and_with_a_new_key_too(busy: World) -> None:
    app = busy.register()
    with crowd(busy, app) as tokens:
        helper = helper_at_work(busy, tokens)
        found = [*tokens(), *tokens()]
        assert all(verified(busy, app, token) for token in found)
        assert len(set(found)) == len(found)
        with busy.tenant.control() as control:
            made = control.post(f"/directories/{busy.tenant.id}/keys", json={}).json()["kid"]
        found = [*tokens(), *tokens()]
    assert {jwt.get_unverified_header(token)["kid"] for token in found} == {made}
    assert all(verified(busy, app, token) for token in found)
    assert helpers_of(busy.tenant) == [helper]


def test_when_the_process_is_killed_everybody_gets_a_token_all_the_same(busy: World) -> None:
    app = busy.register()
    with crowd(busy, app) as tokens:
        helper = helper_at_work(busy, tokens)
        found: list[str] = []
        with ThreadPoolExecutor(1) as thread:
            going_on = thread.submit(lambda: [token for _ in range(50) for token in tokens()])
            helper.kill()
            found = going_on.result()
        assert len(found) == 50 * 3 * CROWD
        assert all(verified(busy, app, token) for token in [*found[-24:], *tokens()])
    until(lambda: helpers_of(busy.tenant) == [], "the end of the process that signs")


@pytest.mark.parametrize("killed", [True, False])
def test_the_process_ends_with_the_tenant(tmp_path: Path, killed: bool) -> None:
    with serving(tmp_path / "state") as tenant:
        world = World(tenant)
        with crowd(world, world.register()) as tokens:
            helper = helper_at_work(world, tokens)
            if killed:
                tenant.kill()
            else:
                assert tenant.control().post("/stop").status_code == 200
                assert tenant.process.wait(PATIENCE) == 0
        until(lambda: is_gone(helper.pid), "the end of the process that signs")
        assert tenant.errors.read_text("utf-8") == ""


def test_ids_are_those_of_the_standard_library() -> None:
    import uuid

    for raw in (bytes(16), b"\xff" * 16, *(os.urandom(16) for _ in range(100))):
        made = uuid.UUID(bytes=raw, version=4)
        assert ids.of_bytes(raw) == str(made)
        assert ids.bytes_of(str(made)) == made.bytes_le
        assert ids.is_guid(str(made))
        assert ids.is_guid(str(made).upper())
        assert not ids.is_guid(made.hex)
        assert not ids.is_guid(f"{{{made}}}")
        assert not ids.is_guid(f"{made}\n")
