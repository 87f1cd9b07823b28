"""What a teacher sets for one directory: its clock, its lifetimes, its key; and that no other directory notices."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from .process import LOGIN, serving
from .world import App, World

DAY = 86_400
ALLOWED = 3.0  # seconds a call may take


@pytest.fixture(scope="module")
def lesson(world: World) -> World:
    """A directory of this module's own."""
    return world.of("clocks")


@pytest.fixture(scope="module")
def mine(lesson: World) -> App:
    """An application of that directory."""
    return lesson.register()


@pytest.fixture(autouse=True)
def _as_entra(lesson: World) -> Any:
    yield
    as_entra: dict[str, Any] = dict.fromkeys(lesson.teach("GET")["settings"])
    lesson.teach("PATCH", **as_entra)


def claims(token: str) -> dict[str, Any]:
    return dict(jwt.decode(token, options={"verify_signature": False}))


def token_of(world: World, app: App) -> dict[str, Any]:
    return dict(world.client_credentials(app).json())


def code_of(answer: Any) -> int:
    """Return the AADSTS number of a refusal."""
    (code,) = answer.json()["error_codes"]
    return int(code)


class TestTheClock:
    @pytest.mark.parametrize("moved", [3_700, -3_700, 400 * DAY])
    def test_tokens_go_by_it(self, lesson: World, mine: App, moved: int) -> None:
        lesson.teach("PATCH", clock=moved)
        now = time.time() + moved
        assert 0 <= lesson.teach("GET")["now"] - now < ALLOWED
        answer = lesson.tokens(mine)
        for token in (answer["access_token"], answer["id_token"]):
            found = claims(token)
            assert found["iat"] == found["nbf"]
            assert -1 < found["iat"] + 300 - now < ALLOWED
            assert 3_599 <= found["exp"] - now <= 5_400 + ALLOWED

    def test_another_directory_does_not_notice(self, world: World, app: App, lesson: World, mine: App) -> None:
        lesson.teach("PATCH", clock=7_200)
        assert claims(token_of(world, app)["access_token"])["exp"] < time.time() + 3_700
        assert claims(token_of(lesson, mine)["access_token"])["exp"] > time.time() + 7_200

    def test_a_code_ends_by_it(self, lesson: World, mine: App) -> None:
        code = lesson.code(mine)
        lesson.teach("PATCH", clock=601)
        assert code_of(lesson.redeem(mine, code)) == 70008
        lesson.teach("PATCH", clock=0)
        assert lesson.redeem(mine, code).status_code == 200

    def test_a_code_redeemed_at_organizations_ends_by_it(self, lesson: World) -> None:
        app = lesson.register(signInAudience="AzureADMultipleOrgs")
        code = lesson.code(app)
        lesson.teach("PATCH", clock=601)
        assert code_of(lesson.redeem(app, code, tenant="organizations")) == 70008

    def test_a_device_code_of_no_directory_ends_by_the_machines(self, lesson: World) -> None:
        """It was asked for at an endpoint that is nobody's; polling at a directory's own changes no clock."""
        everyone: dict[str, Any] = {"signInAudience": "AzureADMultipleOrgs", "isFallbackPublicClient": True}
        app = lesson.register(platform="publicClient", **everyone)
        form = {"client_id": app.client_id, "scope": "openid"}
        device = lesson.http.post(f"{LOGIN}/organizations/oauth2/v2.0/devicecode", data=form).json()
        lesson.teach("PATCH", clock=3_600)
        grant = "urn:ietf:params:oauth:grant-type:device_code"
        poll = lesson.token(grant_type=grant, client_id=app.client_id, device_code=device["device_code"])
        assert code_of(poll) == 70016

    def test_a_refresh_token_and_a_secret_end_by_it(self, lesson: World, mine: App) -> None:
        refresh_token = lesson.tokens(mine)["refresh_token"]
        lesson.teach("PATCH", clock=89 * DAY)
        assert lesson.refresh(mine, refresh_token).status_code == 200
        lesson.teach("PATCH", clock=180 * DAY)
        assert code_of(lesson.refresh(mine, refresh_token)) == 700082
        lesson.teach("PATCH", clock=3 * 365 * DAY)
        assert code_of(lesson.client_credentials(mine)) == 7000222

    def test_graph_goes_by_it(self, lesson: World) -> None:
        token = lesson.graph_token()
        assert lesson.graph("GET", "/me", token).status_code == 200
        lesson.teach("PATCH", clock=7_200)
        late = lesson.graph("GET", "/me", token)
        assert late.status_code == 401
        assert late.json()["error"]["message"] == "Access token has expired or is not yet valid."
        made = lesson.graph("POST", "/applications", lesson.graph_token(), json={"displayName": "Later"}).json()
        lesson.teach("PATCH", clock=0)
        assert made["createdDateTime"] > time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 7_100))

    def test_an_error_is_stamped_by_it(self, lesson: World, mine: App) -> None:
        lesson.teach("PATCH", clock=365 * DAY)
        stamp = lesson.client_credentials(mine, client_secret="wrong").json()["timestamp"]
        assert stamp[:10] == time.strftime("%Y-%m-%d", time.gmtime(lesson.teach("GET")["now"]))


class TestLifetimes:
    def test_of_access_and_id_tokens(self, lesson: World, mine: App) -> None:
        lesson.teach("PATCH", access_lifetime=5, id_lifetime=7)
        answer = lesson.tokens(mine)
        assert (answer["expires_in"], answer["ext_expires_in"]) == (5, 5)
        access, identity = claims(answer["access_token"]), claims(answer["id_token"])
        assert (access["exp"] - access["iat"], identity["exp"] - identity["iat"]) == (305, 307)
        own = token_of(lesson, mine)
        assert own["expires_in"] == 5
        assert claims(own["access_token"])["exp"] - time.time() <= 5

    def test_a_refresh_token_left_alone(self, lesson: World, mine: App) -> None:
        refresh_token = lesson.tokens(mine)["refresh_token"]
        lesson.teach("PATCH", refresh_idle=60, clock=61)
        refused = lesson.refresh(mine, refresh_token)
        assert code_of(refused) == 700082
        assert "was inactive for 0.00:01:00." in refused.json()["error_description"]

    def test_a_backdated_token_has_ended_and_its_client_does_not_know(self, lesson: World, mine: App) -> None:
        lesson.teach("PATCH", backdate=7_200)
        answer = token_of(lesson, mine)
        assert answer["expires_in"] == 3_599
        found = claims(answer["access_token"])
        assert found["exp"] < time.time() - 3_500
        assert found["exp"] - found["iat"] == 3_899
        assert lesson.graph("GET", "/organization", lesson.graph_token()).status_code == 401

    def test_a_postdated_token_is_not_yet_valid(self, lesson: World, mine: App) -> None:
        lesson.teach("PATCH", backdate=-3_600)
        assert claims(token_of(lesson, mine)["access_token"])["nbf"] > time.time() + 3_200
        answer = lesson.graph("GET", "/organization", lesson.graph_token())
        assert answer.json()["error"]["message"] == "Access token has expired or is not yet valid."


class TestKeys:
    def kids(self, world: World, tenant: str = "") -> list[str]:
        """Return the keys that sign or have signed: those that are published beside them sign nothing."""
        document = world.http.get(f"{LOGIN}/{tenant or world.tenant.id}/discovery/v2.0/keys").json()
        beside = {row[0] for row in world.tenant.sql("SELECT kid FROM announced_keys")}
        return [key["kid"] for key in document["keys"] if key["kid"] not in beside]

    def verifies(self, world: World, app: App, token: str) -> bool:
        document = world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys").json()
        keys = {key.key_id: key for key in jwt.PyJWKSet.from_dict(document).keys}
        kid = jwt.get_unverified_header(token)["kid"]
        if kid not in keys:
            return False
        return bool(jwt.decode(token, keys[kid].key, algorithms=["RS256"], audience=app.client_id))

    def test_the_old_one_kept(self, world: World, app: App) -> None:
        lesson = world.of("rotating")
        mine = lesson.register()
        before = token_of(lesson, mine)["access_token"]
        (old,) = self.kids(lesson)
        made = lesson.teach("POST", "/keys", old="kept")
        assert self.kids(lesson) == [old, made["kid"]] == made["keys"]
        after = token_of(lesson, mine)["access_token"]
        assert jwt.get_unverified_header(after)["kid"] == made["kid"] != old
        assert self.verifies(lesson, mine, before)
        assert self.verifies(lesson, mine, after)
        assert lesson.graph("GET", "/me", lesson.graph_token()).status_code == 200
        assert self.kids(world) == [old]
        assert jwt.get_unverified_header(token_of(world, app)["access_token"])["kid"] == old
        assert set(self.kids(world, "common")) >= {old, made["kid"]}

    def test_the_old_one_dropped(self, world: World) -> None:
        lesson = world.of("dropping")
        mine = lesson.register()
        before, graphs = token_of(lesson, mine)["access_token"], lesson.graph_token()
        made = lesson.teach("POST", "/keys", old="dropped")
        assert self.kids(lesson) == [made["kid"]]
        assert not self.verifies(lesson, mine, before)
        assert lesson.graph("GET", "/me", graphs).status_code == 401
        assert self.verifies(lesson, mine, token_of(lesson, mine)["access_token"])

    def test_many_times(self, world: World) -> None:
        lesson = world.of("spinning")
        for _ in range(7):
            made = lesson.teach("POST", "/keys")
        assert len(self.kids(lesson)) == 5
        assert self.kids(lesson)[-1] == made["kid"]

    def test_a_token_of_one_directory_is_not_verified_by_the_key_of_another(self, world: World) -> None:
        lesson = world.of("apart")
        lesson.teach("POST", "/keys", old="dropped")
        token = lesson.graph_token()
        assert lesson.graph("GET", "/me", token).status_code == 200
        assert set(self.kids(world)).isdisjoint(self.kids(lesson))
        lesson.teach("POST", "/reset")
        assert lesson.graph("GET", "/me", token).status_code == 401

    def test_no_private_part_is_published(self, world: World) -> None:
        lesson = world.of("published")
        lesson.teach("POST", "/keys")
        for key in lesson.http.get(f"{LOGIN}/common/discovery/v2.0/keys").json()["keys"]:
            assert set(key) == {"kty", "use", "kid", "x5t", "n", "e", "x5c", "cloud_instance_name", "issuer"}
            assert key["issuer"] == f"{LOGIN}/{{tenantid}}/v2.0"


def test_a_restart_keeps_what_was_set(tmp_path: Any) -> None:
    with serving(tmp_path / "state") as tenant:
        lesson = World(tenant).of("kept")
        lesson.teach("PATCH", clock=3_700, access_lifetime=5, resource_parameter="refused", replication_delay=1.5)
        lesson.teach("POST", "/keys", old="dropped")
        before = lesson.teach("GET")
    with serving(tmp_path / "state") as tenant:
        after = World(tenant).of("kept").teach("GET")
    assert after["settings"]["access_lifetime"] == 5
    assert {**after, "now": 0} == {**before, "now": 0}


class TestReset:
    def test_one_directory_and_no_other(self, world: World, app: App) -> None:
        lesson = world.of("fresh")
        mine = lesson.register()
        refresh_token = lesson.tokens(mine)["refresh_token"]
        lesson.teach("PATCH", clock=3_700)
        lesson.teach("POST", "/keys", old="dropped")
        assert lesson.teach("POST", "/reset") == {"reset": lesson.tenant.id}
        assert code_of(lesson.client_credentials(mine)) == 700016
        assert code_of(lesson.refresh(mine, refresh_token)) == 700016
        assert lesson.teach("GET")["settings"]["clock"] == 0
        assert lesson.teach("GET")["keys"] == world.teach("GET")["keys"]
        assert token_of(world, app)["token_type"] == "Bearer"
        again = World(lesson.tenant, lesson.domain)
        assert again.tokens(again.register())["token_type"] == "Bearer"

    def test_nothing_of_it_stays_in_any_table(self, world: World) -> None:
        lesson = world.of("vanishing")
        app = lesson.register(signInAudience="AzureADMultipleOrgs")
        other = world.of("stranger")
        other.tokens(app, scope="openid")
        lesson.tokens(app)
        lesson.teach("PATCH", clock=5)
        lesson.teach("POST", "/keys")
        lesson.teach("POST", "/reset")
        seeded = world.of("untouched")
        tables = [row[0] for row in world.tenant.sql("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert "directory_keys" in tables
        for table in tables:
            columns = {row[1] for row in world.tenant.sql(f"PRAGMA table_info({table})")}
            for column in columns & {"tenant_id", "sign_in", "flow"}:
                query = f"SELECT count(*) FROM {table} WHERE {column} LIKE '%' || ? || '%'"  # noqa: S608
                counts = [world.tenant.sql(query, each.tenant.id) for each in (lesson, seeded)]
                assert counts[0] == counts[1], table
        ids = [row[0] for row in world.tenant.sql("SELECT DISTINCT application_id FROM secrets")]
        assert app.object_id not in ids
        principals = "SELECT count(*) FROM service_principals WHERE app_id = ?"
        assert world.tenant.sql(principals, app.client_id) == [(0,)]

    def test_a_reset_of_everything_resets_settings_too(self, tmp_path: Any) -> None:
        with serving(tmp_path / "state") as tenant:
            world = World(tenant)
            kids = world.teach("GET")["keys"]
            world.teach("PATCH", clock=3_700)
            world.teach("POST", "/keys", old="dropped")
            world.of("other").teach("PATCH", clock=60)
            assert tenant.control().post("/reset").status_code == 200
            assert world.teach("GET")["settings"]["clock"] == 0
            assert world.teach("GET")["keys"] == kids
            assert world.of("other").teach("GET")["settings"]["clock"] == 0


class TestWhatNobodyKnows:
    NAMES = "clock, backdate, access_lifetime, id_lifetime, refresh_idle, resource_parameter, replication_delay"

    @pytest.mark.parametrize(
        ("body", "line"),
        [
            ({"clok": 5}, f"there is no setting 'clok': the settings are {NAMES}\n"),
            ({"clock": "soon"}, 'clock takes seconds from -630720000 to 630720000, not "soon"\n'),
            ({"clock": 10**12}, "clock takes seconds from -630720000 to 630720000, not 1000000000000\n"),
            ({"clock": True}, "clock takes seconds from -630720000 to 630720000, not true\n"),
            ({"access_lifetime": 0}, "access_lifetime takes seconds from 1 to 86400, not 0\n"),
            ({"resource_parameter": "off"}, 'resource_parameter takes checked or refused, not "off"\n'),
            ({"clock": 5, "nothing": 1}, f"there is no setting 'nothing': the settings are {NAMES}\n"),
        ],
    )
    def test_a_setting(self, lesson: World, body: dict[str, Any], line: str) -> None:
        answer = lesson.teacher("PATCH", **body)
        assert (answer.status_code, answer.text) == (400, line)
        assert lesson.teach("GET")["settings"]["clock"] == 0

    def test_a_word_for_the_old_key(self, lesson: World) -> None:
        answer = lesson.teacher("POST", "/keys", old="burnt")
        assert (answer.status_code, answer.text) == (400, 'old takes kept or dropped, not "burnt"\n')
        answer = lesson.teacher("POST", "/keys", odl="kept")
        assert (answer.status_code, answer.text) == (400, "there is no 'odl' here: the names are old\n")
        assert len(lesson.teach("GET")["keys"]) == 1

    def test_a_directory(self, world: World) -> None:
        with world.tenant.control() as control:
            answer = control.get("/directories/nowhere")
            assert answer.status_code == 404
            assert answer.text.startswith("there is no directory 'nowhere': the directories are contoso (")
            by = [
                control.get(f"/directories/{name}") for name in ("contoso", "CONTOSO.onmicrosoft.com", world.tenant.id)
            ]
        assert {answer.json()["tenant_id"] for answer in by} == {world.tenant.id}

    @pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'{"clock":NaN}', b"[" * 50_000, b'{"x":"' + b"x" * 70_000])
    def test_a_body(self, lesson: World, body: bytes) -> None:
        with lesson.tenant.control() as control:
            answer = control.request("PATCH", f"/directories/{lesson.tenant.id}", content=body)
        assert answer.status_code in (400, 413)
        assert len(answer.text.splitlines()) == 1
