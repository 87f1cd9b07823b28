"""Faults that a teacher switches on: what clients meet, where, how often, and which directory is spared."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .browser import page_of
from .process import LOGIN, serving
from .world import CLI, App, World

ENDPOINTS = ("all", "token", "devicecode", "discovery", "keys", "management", "managed_identity", "graph", "pages")


@pytest.fixture(scope="module")
def lesson(world: World) -> World:
    """A directory of this module's own."""
    return world.of("faults")


@pytest.fixture(scope="module")
def mine(lesson: World) -> App:
    """An application of that directory."""
    return lesson.register()


@pytest.fixture(autouse=True)
def _none_left(lesson: World) -> Iterator[None]:
    yield
    lesson.teach("DELETE", "/faults")


def last_reason(world: World) -> str:
    with world.tenant.control() as control:
        return str(control.get("/log").json()["exchanges"][-1]["reason"])


class TestThrottling:
    def test_with_retry_after_and_twice(self, lesson: World, mine: App) -> None:
        lesson.teach("POST", "/faults", kind="throttle", at="token", retry_after=60, times=2)
        for _ in range(2):
            answer = lesson.client_credentials(mine)
            assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (429, "Too Many Requests", "60")
        assert last_reason(lesson) == "a fault the teacher switched on: throttle (429) at token"
        assert lesson.client_credentials(mine).status_code == 200
        assert lesson.teach("GET")["faults"] == []

    def test_without_retry_after(self, lesson: World, mine: App) -> None:
        made = lesson.teach("POST", "/faults", kind="throttle", at="token")
        for _ in range(3):
            answer = lesson.client_credentials(mine)
            assert answer.status_code == 429
            assert "retry-after" not in answer.headers
        lesson.teach("DELETE", f"/faults/{made['id']}")
        assert lesson.client_credentials(mine).status_code == 200

    def test_before_anything_else_is_looked_at(self, lesson: World, mine: App) -> None:
        lesson.teach("POST", "/faults", kind="throttle", at="token")
        assert lesson.token().status_code == 429
        assert lesson.client_credentials(mine, client_secret="wrong").status_code == 429

    def test_graph_names_no_time(self, lesson: World) -> None:
        token = lesson.graph_token()
        lesson.teach("POST", "/faults", kind="throttle", at="graph")
        answer = lesson.graph("GET", "/me", token)
        assert answer.status_code == 429
        assert "retry-after" not in answer.headers
        error = answer.json()["error"]
        assert error["code"] == "TooManyRequests"
        identifier = f"Identifier:{lesson.tenant.id} under category:aadgraph.app.tenant_large"
        assert error["message"] == f"Too many requests from {identifier}. Please try again later."
        assert error["innerError"]["request-id"] == answer.headers["request-id"]

    def test_graph_names_one_if_it_is_told_to(self, lesson: World) -> None:
        token = lesson.graph_token()
        lesson.teach("POST", "/faults", kind="throttle", at="graph", retry_after=5)
        assert lesson.graph("GET", "/me", token).headers["retry-after"] == "5"


class TestErrors:
    @pytest.mark.parametrize(
        ("status", "error", "code"), [(503, "temporarily_unavailable", 90033), (500, "server_error", 90041)]
    )
    def test_in_entras_envelope(self, lesson: World, mine: App, status: int, error: str, code: int) -> None:
        lesson.teach("POST", "/faults", kind="error", at="token", status=status, retry_after=2)
        answer = lesson.client_credentials(mine)
        told = answer.json()
        assert (answer.status_code, told["error"], told["error_codes"]) == (status, error, [code])
        text = f"AADSTS{code}: A transient error has occurred. Please try again. Trace ID: "
        assert told["error_description"].startswith(text)
        assert answer.headers["retry-after"] == "2"

    @pytest.mark.parametrize(("status", "text"), [(502, "Bad Gateway"), (504, "Gateway Timeout")])
    def test_of_a_gateway(self, lesson: World, mine: App, status: int, text: str) -> None:
        lesson.teach("POST", "/faults", kind="error", at="token", status=status)
        answer = lesson.client_credentials(mine)
        assert (answer.status_code, answer.text) == (status, text)

    @pytest.mark.parametrize(
        ("status", "code", "message"),
        [
            (500, "InternalServerError", "The server encountered an internal error."),
            (503, "serviceNotAvailable", "Service unavailable"),
            (504, "UnknownError", ""),
        ],
    )
    def test_of_graph(self, lesson: World, status: int, code: str, message: str) -> None:
        token = lesson.graph_token()
        lesson.teach("POST", "/faults", kind="error", at="graph", status=status)
        answer = lesson.graph("GET", "/me", token)
        assert answer.status_code == status
        assert {name: answer.json()["error"][name] for name in ("code", "message")} == {
            "code": code,
            "message": message,
        }

    def test_on_the_pages(self, lesson: World, mine: App) -> None:
        lesson.teach("POST", "/faults", kind="error", at="pages")
        assert lesson.browser().open(mine.asks()).status_code == 503
        assert lesson.client_credentials(mine).status_code == 200


class TestSlowness:
    def test_the_answer_is_right_and_late(self, lesson: World, mine: App) -> None:
        lesson.teach("POST", "/faults", kind="slow", at="token", seconds=0.5, times=1)
        began = time.monotonic()
        assert lesson.client_credentials(mine).status_code == 200
        assert time.monotonic() - began >= 0.5

    def test_others_need_not_wait(self, world: World, app: App, lesson: World, mine: App) -> None:
        lesson.teach("POST", "/faults", kind="slow", at="token", seconds=60)
        with lesson.tenant.through_proxy("hasty") as http:
            form = {"grant_type": "client_credentials", "client_id": mine.client_id}
            url = f"{LOGIN}/{lesson.tenant.id}/oauth2/v2.0/token"
            with pytest.raises(httpx.ReadTimeout):
                http.post(url, data=form, timeout=0.3)
        assert world.client_credentials(app).status_code == 200


class TestWhere:
    @pytest.mark.parametrize(
        ("at", "struck"),
        [
            ("all", {"token", "discovery", "keys", "pages", "graph"}),
            *((name, {name}) for name in ("token", "discovery", "keys", "pages", "graph")),
        ],
    )
    def test_only_there(self, lesson: World, mine: App, at: str, struck: set[str]) -> None:
        token = lesson.graph_token()
        lesson.teach("POST", "/faults", kind="throttle", at=at)
        base = f"{LOGIN}/{lesson.tenant.id}"
        answers = {
            "token": lesson.client_credentials(mine),
            "discovery": lesson.http.get(f"{base}/v2.0/.well-known/openid-configuration"),
            "keys": lesson.http.get(f"{base}/discovery/v2.0/keys"),
            "pages": lesson.browser().open(mine.asks()),
            "graph": lesson.graph("GET", "/me", token),
        }
        assert {name for name, answer in answers.items() if answer.status_code == 429} == struck
        assert {answer.status_code for name, answer in answers.items() if name not in struck} <= {200}

    def test_at_azure_resource_manager(self, lesson: World) -> None:
        management = "https://management.azure.com"
        token = lesson.tokens(CLI, scope=f"{management}/user_impersonation")["access_token"]
        lesson.teach("POST", "/faults", kind="throttle", at="management", retry_after=7)
        headers = {"Authorization": f"Bearer {token}"}
        answer = lesson.http.get(f"{management}/subscriptions?api-version=2022-12-01", headers=headers)
        assert (answer.status_code, answer.text, answer.headers["retry-after"]) == (429, "Too Many Requests", "7")

    def test_not_in_another_directory(self, world: World, app: App, lesson: World) -> None:
        lesson.teach("POST", "/faults", kind="throttle")
        assert world.client_credentials(app).status_code == 200
        assert world.graph("GET", "/me", world.graph_token()).status_code == 200
        assert world.http.get(f"{LOGIN}/common/discovery/v2.0/keys").status_code == 200

    def test_a_sign_in_at_common_meets_it_where_the_directory_is_known(self, lesson: World) -> None:
        app = lesson.register(signInAudience="AzureADMultipleOrgs")
        lesson.teach("POST", "/faults", kind="error", at="pages", times=1)
        browser = lesson.browser()
        page = page_of(browser.open(app.asks(scope="openid", login_hint=f"robin@{lesson.domain}"), "common"))
        assert page.kind == "account-picker"
        assert browser.press(page, "account", f"robin@{lesson.domain}").status_code == 503
        assert lesson.teach("GET")["faults"] == []


def test_a_restart_keeps_them_and_their_count(tmp_path: Path) -> None:
    with serving(tmp_path / "state") as tenant:
        world = World(tenant)
        app = world.register()
        world.teach("POST", "/faults", kind="throttle", at="token", times=2)
        assert world.client_credentials(app).status_code == 429
    with serving(tmp_path / "state") as tenant:
        world = World(tenant)
        assert [world.client_credentials(app).status_code for _ in range(2)] == [429, 200]


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ({}, "there is no fault 'None': the faults are throttle, error, slow"),
        ({"kind": ["throttle"]}, "there is no fault \"['throttle']\": the faults are throttle, error, slow"),
        ({"kind": "fire"}, "there is no fault 'fire': the faults are throttle, error, slow"),
        ({"kind": "throttle", "status": 500}, "throttle has no 'status': it takes at, times, retry_after"),
        (
            {"kind": "error", "at": "login"},
            f'at takes {" or ".join(ENDPOINTS)}, not "login"',
        ),
        ({"kind": "error", "status": 418}, "status takes 500 or 502 or 503 or 504, not 418"),
        ({"kind": "error", "times": 0}, "times takes a number from 1 to 1000000, not 0"),
        ({"kind": "slow", "seconds": "5"}, 'seconds takes seconds from 0 to 120, not "5"'),
    ],
)
def test_what_nobody_knows(lesson: World, body: dict[str, Any], line: str) -> None:
    answer = lesson.teacher("POST", "/faults", **body)
    assert (answer.status_code, answer.text) == (400, f"{line}\n")
    assert lesson.teach("GET")["faults"] == []
