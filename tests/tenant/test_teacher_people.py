"""What a teacher does to people and lays upon a directory: accounts, consent, policies, outside issuers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from .process import GRAPH
from .world import App, World


@pytest.fixture(scope="module")
def lesson(world: World) -> World:
    """A directory of this module's own."""
    return world.of("people")


@pytest.fixture(scope="module")
def mine(lesson: World) -> App:
    """An application of that directory."""
    return lesson.register()


def code_of(answer: Any) -> int:
    """Return the AADSTS number of a refusal."""
    (code,) = answer.json()["error_codes"]
    return int(code)


def property_of(world: World, name: str, key: str) -> Any:
    (row,) = world.tenant.sql("SELECT graph FROM users WHERE upn = ?", f"{name}@{world.domain}")
    return json.loads(row[0]).get(key)


class TestAccounts:
    def test_disabled_and_enabled(self, lesson: World, mine: App) -> None:
        refresh_token = lesson.tokens(mine)["refresh_token"]
        said = lesson.teach("PATCH", "/users/robin", enabled=False)
        assert said == {"user": f"robin@{lesson.domain}", "before": {"enabled": True}}
        assert code_of(lesson.refresh(mine, refresh_token)) == 50057
        assert lesson.teach("PATCH", "/users/robin", **said["before"])["before"] == {"enabled": False}
        assert lesson.refresh(mine, refresh_token).status_code == 200

    def test_no_second_factor(self, lesson: World) -> None:
        assert lesson.teach("PATCH", "/users/sam", mfa_registered=False)["before"] == {"mfa_registered": True}
        assert property_of(lesson, "sam", "isMfaRegistered") is False

    def test_sessions_revoked_by_the_directorys_clock(self, lesson: World) -> None:
        lesson.teach("PATCH", clock=-86_400)
        said = lesson.teach("POST", "/users/sam/revoke")
        now = lesson.teach("GET")["now"]
        lesson.teach("PATCH", clock=0)
        assert 0 <= now - datetime.fromisoformat(said["valid_from"]).timestamp() < 5
        assert property_of(lesson, "sam", "signInSessionsValidFromDateTime") == said["valid_from"]

    @pytest.mark.parametrize(
        ("path", "body", "line"),
        [
            (
                "/users/nobody",
                {"enabled": False},
                "there is no user 'nobody': the users are avery, robin, sam, kim_fab",
            ),
            ("/users/robin", {"on": False}, "there is no 'on' here: the names are enabled, mfa_registered\n"),
            ("/users/robin", {"enabled": "no"}, 'enabled takes true or false, not "no"\n'),
        ],
    )
    def test_what_nobody_knows(self, lesson: World, path: str, body: dict[str, Any], line: str) -> None:
        answer = lesson.teacher("PATCH", path, **body)
        assert answer.status_code in (400, 404)
        assert answer.text.startswith(line)
        assert len(answer.text.splitlines()) == 1


class TestConsent:
    def test_withdrawn_and_given_back(self, lesson: World) -> None:
        app = lesson.register()
        graph_too = f"openid offline_access {app.scope} {GRAPH}/User.Read"
        code = lesson.code(app, scope=graph_too)
        refresh_token = lesson.redeem(app, code, scope=app.scope).json()["refresh_token"]
        said = lesson.teach("DELETE", "/consent", client=app.client_id, resource=app.uri)
        assert [grant["scope"] for grant in said["withdrawn"]] == ["access"]
        refused = lesson.refresh(app, refresh_token)
        assert (code_of(refused), refused.json()["suberror"]) == (65001, "consent_required")
        assert lesson.refresh(app, refresh_token, scope=f"{GRAPH}/User.Read").status_code == 200
        for grant in said["withdrawn"]:
            lesson.teach("POST", "/consent", **grant)
        assert lesson.refresh(app, refresh_token).status_code == 200

    def test_of_one_user_only(self, lesson: World) -> None:
        app = lesson.register()
        tokens = {name: lesson.tokens(app, name)["refresh_token"] for name in ("robin", "sam")}
        lesson.teach("DELETE", "/consent", client=app.client_id, user="robin")
        assert code_of(lesson.refresh(app, tokens["robin"])) == 65001
        assert lesson.refresh(app, tokens["sam"]).status_code == 200
        assert lesson.teach("DELETE", "/consent", client=app.client_id, user="robin") == {"withdrawn": []}

    def test_given_by_a_teacher_spares_the_page(self, lesson: World) -> None:
        app = lesson.register()
        before = lesson.browser().sign_in(app.asks(prompt="none"))
        assert before["error"] == "login_required"
        lesson.teach("POST", "/consent", client=app.client_id, resource=app.uri, scope="access")
        browser = lesson.browser()
        browser.sign_in(lesson.register(principal=False).asks(scope="openid"))
        answer = browser.open(app.asks(scope=app.scope, prompt="none"))
        assert "code=" in answer.headers["location"]

    @pytest.mark.parametrize(
        ("body", "line"),
        [
            ({}, "client is missing\n"),
            ({"client": "x"}, "there is no application 'x': give its application id or identifier URI\n"),
            ({"client": 5}, "client takes a text, not 5\n"),
        ],
    )
    def test_what_nobody_knows(self, lesson: World, body: dict[str, Any], line: str) -> None:
        answer = lesson.teacher("DELETE", "/consent", **body)
        assert answer.status_code in (400, 404)
        assert answer.text == line

    def test_a_scope_nobody_knows(self, lesson: World, mine: App) -> None:
        answer = lesson.teacher("POST", "/consent", client=mine.client_id, resource=mine.uri, scope="nothing")
        assert answer.text == "the resource has no scope 'nothing': it has access, manage\n"


class TestPolicies:
    def stored(self, world: World) -> list[dict[str, Any]]:
        rows = world.tenant.sql("SELECT graph FROM policies WHERE tenant_id = ? ORDER BY rowid", world.tenant.id)
        return [json.loads(row[0]) for row in rows]

    def test_one_for_a_resource_and_a_user(self, lesson: World, mine: App) -> None:
        said = lesson.teach("POST", "/policies", require="mfa", resource=mine.uri, user="robin")
        (stored,) = self.stored(lesson)
        robin = property_of(lesson, "robin", "id")
        assert stored == said
        assert stored["conditions"] == {
            "users": {"includeUsers": [robin]},
            "applications": {"includeApplications": [mine.client_id]},
        }
        assert stored["grantControls"] == {"operator": "OR", "builtInControls": ["mfa"]}
        assert lesson.teach("GET")["policies"] == [{"id": said["id"], "name": f"mfa for {mine.uri}"}]
        assert lesson.teach("DELETE", f"/policies/{said['id']}") == {"removed": 1}
        assert lesson.teach("DELETE", f"/policies/{said['id']}") == {"removed": 0}
        assert self.stored(lesson) == []

    def test_one_for_everybody_and_all(self, lesson: World) -> None:
        lesson.teach("POST", "/policies", require="sign_in_frequency", hours=4)
        lesson.teach("POST", "/policies", require="block")
        frequency, block = self.stored(lesson)
        assert block["conditions"]["users"] == {"includeUsers": ["All"]}
        assert block["conditions"]["applications"] == {"includeApplications": ["All"]}
        assert (block["sessionControls"], frequency["grantControls"]) == (None, None)
        assert frequency["sessionControls"] == {"signInFrequency": {"isEnabled": True, "type": "hours", "value": 4}}
        assert lesson.teach("DELETE", "/policies") == {"removed": 2}

    @pytest.mark.parametrize(
        ("body", "line"),
        [
            ({"require": "magic"}, 'require takes mfa or block or sign_in_frequency, not "magic"\n'),
            ({"require": "sign_in_frequency", "hours": 0}, "hours takes a whole number from 1 to 8760\n"),
            ({"requires": "mfa"}, "there is no 'requires' here: the names are require, resource, user, hours\n"),
            (
                {"require": "mfa", "resource": "api://nothing"},
                "there is no resource 'api://nothing': give an application id or identifier URI, or All\n",
            ),
        ],
    )
    def test_what_nobody_knows(self, lesson: World, body: dict[str, Any], line: str) -> None:
        answer = lesson.teacher("POST", "/policies", **body)
        assert answer.status_code in (400, 404)
        assert answer.text == line
        assert self.stored(lesson) == []


class TestIssuers:
    def test_one_is_known(self, lesson: World) -> None:
        key_set = {"keys": [{"kty": "RSA", "n": "AQ", "e": "AQAB"}]}
        said = lesson.teach("POST", "/issuers", issuer="https://token.actions.example", jwks=key_set)
        assert said == {"issuer": "https://token.actions.example", "keys": 1}
        stored = lesson.tenant.sql("SELECT jwks FROM issuers WHERE tenant_id = ?", lesson.tenant.id)
        assert json.loads(stored[0][0]) == key_set

    def test_what_is_no_key_set(self, lesson: World) -> None:
        answer = lesson.teacher("POST", "/issuers", issuer="https://x.example", jwks={"key": []})
        assert (answer.status_code, answer.text) == (
            400,
            "jwks takes a JSON Web Key Set: an object with the list keys\n",
        )
