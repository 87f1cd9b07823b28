"""The process: its announcement, its doors, its files, its end, and what survives it."""

from __future__ import annotations

import contextlib
import http.client
import json
import signal
import socket
import stat
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from practice_help import can_bind, posix_only, until

from .browser import answer_of, page_of, upn
from .process import GRAPH, LOGIN, PATIENCE, Tenant, command, serving
from .world import World, host_of

ANNOUNCED = [
    "pid",
    "proxy",
    "browser",
    "https",
    "ca",
    "tenant_id",
    "state",
    "control",
    "managed_identity",
    "admin_center",
]
DOORS = ("proxy", "browser", "https", "control", "managed_identity", "admin_center")
HOSTS = (
    *("login.microsoftonline.com", "login.microsoft.com", "login.windows.net", "sts.windows.net"),
    *("login.microsoftonline.us", "graph.microsoft.com", "graph.microsoft.us", "management.azure.com"),
    *("main.iam.ad.ext.azure.com", "microsoft.com", "www.microsoft.com", "entra.microsoft.com"),
)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Tenant]:
    """A tenant of this test's own."""
    with serving(tmp_path / "state") as running:
        yield running


def raw(url: str, sent: bytes, *, close: bool = False) -> bytes:
    """Send bytes to a door and return all that comes back."""
    parts = urlsplit(url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), PATIENCE) as connection:
        connection.sendall(sent)
        if close:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
        except ConnectionError:
            pass
    return received


def lease(tenant: Tenant, holder: str) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    """Take a lease; closing both gives it back."""
    connection = http.client.HTTPConnection(host_of(tenant.said["control"]), timeout=PATIENCE)
    connection.request("GET", f"/lease?holder={holder}", headers={"Authorization": f"Bearer {tenant.secret}"})
    response = connection.getresponse()
    assert json.loads(response.readline())["holder"] == holder
    return connection, response


class TestTheAnnouncement:
    def test_is_one_json_object(self, own: Tenant) -> None:
        assert list(own.said) == ANNOUNCED
        assert own.said["pid"] == own.process.pid
        assert json.loads((own.state / "tenant.json").read_text("utf-8")) == own.said
        assert {urlsplit(own.said[door]).scheme for door in DOORS if door != "https"} == {"http"}
        assert {urlsplit(own.said[door]).hostname for door in DOORS} == {"127.0.0.1", "localhost"}
        assert Path(own.said["ca"]).parent == own.state

    def test_every_door_answers_once_it_is_made(self, own: Tenant) -> None:
        assert World(own).http.get(f"{LOGIN}/common/discovery/v2.0/keys").status_code == 200
        assert own.direct().get("/common/discovery/v2.0/keys").status_code == 200
        assert own.control().get("/status").json()["pid"] == own.process.pid

    def test_the_doors_are_on_loopback_only(self, own: Tenant) -> None:
        connections = psutil.Process(own.process.pid).net_connections("inet")
        mine = [connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN]
        assert len(mine) == len(DOORS)
        assert set(mine) == {"127.0.0.1"}


class TestPorts:
    def test_a_restarted_one_is_where_it_was(self, tmp_path: Path) -> None:
        said = []
        for _ in range(2):
            with serving(tmp_path / "state") as tenant:
                said.append({door: tenant.said[door] for door in DOORS})
        assert said[0] == said[1]

    def test_a_taken_port_is_left_to_its_owner(self, tmp_path: Path) -> None:
        with serving(tmp_path / "state") as tenant:
            before = tenant.said["proxy"]
        with socket.create_server(("127.0.0.1", urlsplit(before).port or 0)), serving(tmp_path / "state") as tenant:
            assert tenant.said["proxy"] != before
            assert World(tenant).http.get(f"{LOGIN}/common/discovery/v2.0/keys").status_code == 200

    def test_the_proxys_port_can_be_chosen(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
            refused = subprocess.run(
                command(tmp_path / "state", "--port", str(port)), capture_output=True, text=True, check=False
            )
            assert refused.returncode == 1
            assert refused.stdout == ""
            assert len(refused.stderr.splitlines()) == 1
        with serving(tmp_path / "state", "--port", str(port)) as tenant:
            assert urlsplit(tenant.said["proxy"]).port == port


class TestTheEnd:
    def test_a_second_one_for_the_same_state_leaves_with_3(self, own: Tenant) -> None:
        second = subprocess.run(command(own.state), capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert second.returncode == 3
        assert second.stdout == ""
        assert second.stderr == f"a practice tenant already serves {own.state}\n"
        assert own.control().get("/status").json()["pid"] == own.process.pid
        assert json.loads((own.state / "tenant.json").read_text("utf-8")) == own.said

    @posix_only
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal(self, own: Tenant, number: signal.Signals) -> None:
        held = lease(own, "someone")
        own.process.send_signal(number)
        self.ended_well(own)
        assert held[1].read() == b""

    def test_the_control_door(self, own: Tenant) -> None:
        def wait_for_exchange() -> None:
            with contextlib.suppress(httpx.HTTPError):  # it may come too late to be let in
                own.control().get("/log", params={"wait": 30})

        waiting = threading.Thread(target=wait_for_exchange)
        waiting.start()
        assert own.control().post("/stop").status_code == 200
        self.ended_well(own)
        waiting.join(PATIENCE)
        assert not waiting.is_alive()

    def test_the_last_lease(self, tmp_path: Path) -> None:
        with serving(tmp_path / "state", "--leased") as tenant:
            first, second = lease(tenant, "first"), lease(tenant, "second")
            assert tenant.control().get("/status").json()["leases"] == ["first", "second"]
            for part in reversed(first):
                part.close()
            until(lambda: tenant.control().get("/status").json()["leases"] == ["second"], "the first lease's end")
            for part in reversed(second):
                part.close()
            self.ended_well(tenant)

    def test_a_lease_that_nobody_takes(self, tmp_path: Path) -> None:
        with serving(tmp_path / "state", "--leased", "--grace", "0.1") as tenant:
            self.ended_well(tenant)

    def ended_well(self, tenant: Tenant) -> None:
        assert tenant.process.wait(PATIENCE) == 0
        for door in DOORS:
            until(lambda door=door: can_bind(tenant.said[door]), f"the end of {door}")  # type: ignore[misc]
        assert not (tenant.state / "tenant.json").exists()
        assert tenant.errors.read_text("utf-8") == ""


class TestWhatSurvivesSigkill:
    def test_what_was_answered_is_on_disk(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        with serving(state) as tenant:
            world = World(tenant)
            app = world.register()
            tenant.kill()
        with serving(state) as tenant:
            world = World(tenant)
            assert world.client_credentials(app).status_code == 200
            browser = world.browser()
            page = page_of(browser.press(page_of(browser.open(app.asks())), "account", upn("robin")))
            code = answer_of(browser.press(page, "decision", "accept"))["code"]
            tenant.kill()
        with serving(state) as tenant:
            world = World(tenant)
            browser.http = tenant.through_proxy()
            assert page_of(browser.open(app.asks())).kind == "account-picker"  # a new browser
            answer = world.redeem(app, code)
            tenant.kill()
            refresh_token = answer.json()["refresh_token"]
        with serving(state) as tenant:
            world = World(tenant)
            assert world.redeem(app, code).json()["error_codes"] == [54005]
            assert world.refresh(app, refresh_token).status_code == 200
            assert "code" in world.browser().sign_in(app.asks())  # consent is remembered
            assert tenant.errors.read_text("utf-8") == ""


class TestControlDoor:
    @pytest.mark.parametrize(
        "path",
        [
            *("/status", "/log", "/lease", "/stop", "/reset", "/directories", "/nothing"),
            *(f"/directories/contoso{path}" for path in ("", "/keys", "/reset", "/faults", "/faults/1")),
            *(f"/directories/contoso{path}" for path in ("/policies", "/issuers", "/users/robin", "/consent")),
        ],
    )
    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"Authorization": ""}, 401),
            ({"Authorization": "Bearer"}, 401),
            ({"Authorization": "Bearer wrong"}, 401),
            ({"Authorization": "Basic {secret}"}, 401),
            ({"Authorization": "Bearer {secret}x"}, 401),
            ({"Origin": "http://127.0.0.1"}, 403),
            ({"Origin": "null"}, 403),
            ({"Sec-Fetch-Site": "none"}, 403),
            ({"Host": "evil.example"}, 403),
            ({"Host": "localhost"}, 403),
            ({"Host": ""}, 403),
        ],
    )
    def test_refuses(self, tenant: Tenant, path: str, headers: dict[str, str], status: int) -> None:
        given = {name: value.replace("{secret}", tenant.secret) for name, value in headers.items()}
        for method in ("GET", "POST", "PATCH", "DELETE"):
            answer = tenant.control().request(method, path, headers=given)
            assert answer.status_code == status
            assert tenant.secret not in answer.text

    def test_status(self, tenant: Tenant) -> None:
        status = tenant.control().get("/status").json()
        assert set(status) == {"pid", "instance", "uptime_seconds", "leases", "directories", "requests"}
        assert status["pid"] == tenant.process.pid
        first = status["directories"][0]
        assert (first["tenant_id"], first["name"]) == (tenant.id, "contoso")
        assert type(status["requests"]) is int

    def test_another_directory(self, world: World) -> None:
        assert world.directory("fourthcoffee") == world.directory("fourthcoffee") == world.directory("FourthCoffee")
        assert world.directory("fourthcoffee") not in (world.tenant.id, world.directory("adatum"))
        document = world.http.get(f"{LOGIN}/adatum.onmicrosoft.com/v2.0/.well-known/openid-configuration").json()
        assert document["issuer"] == f"{LOGIN}/{world.directory('adatum')}/v2.0"

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"{}", b"[]", b'{"name":""}', b'{"name":"a b"}', b'{"name":"x.y"}', b"\xff", b"[" * 100_000),
            b'{"name":"%s"}' % (b"x" * 41),
        ],
    )
    def test_a_directory_without_a_proper_name(self, tenant: Tenant, body: bytes) -> None:
        assert tenant.control().post("/directories", content=body).status_code == 400

    def test_reset_puts_the_directory_back_and_keeps_key_and_doors(self, own: Tenant) -> None:
        world = World(own)
        app = world.register()
        refresh_token = world.tokens(app)["refresh_token"]
        keys = world.http.get(f"{LOGIN}/common/discovery/v2.0/keys").json()
        ca = Path(own.said["ca"]).read_bytes()
        assert own.control().post("/reset").status_code == 200
        assert world.http.get(f"{LOGIN}/common/discovery/v2.0/keys").json() == keys
        assert Path(own.said["ca"]).read_bytes() == ca
        assert world.client_credentials(app).json()["error_codes"] == [700016]
        assert world.refresh(app, refresh_token).json()["error_codes"] == [700016]
        assert [d["name"] for d in own.control().get("/status").json()["directories"]] == ["contoso"]
        again = World(own)
        assert again.tokens(again.register())["token_type"] == "Bearer"


class TestFiles:
    @posix_only
    def test_only_this_user_may_read_them(self, own: Tenant) -> None:
        World(own).tokens(World(own).register())
        assert stat.S_IMODE(own.state.stat().st_mode) == 0o700
        files = [path for path in own.state.rglob("*") if path.is_file()]
        assert {path.name for path in files} >= {"ca.pem", "leaf.pem", "directory.sqlite", "control-secret"}
        assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == dict.fromkeys(
            (path.name for path in files), "0o600"
        )

    def test_the_authoritys_key_is_nowhere(self, own: Tenant) -> None:
        ca = x509.load_pem_x509_certificate((own.state / "ca.pem").read_bytes())
        (pem,) = {row[0] for row in own.sql("SELECT private_pem FROM signing_keys")}
        keys = [pem]
        for path in own.state.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            if not path.name.startswith("directory.sqlite"):
                keys += [b"-----BEGIN " + part for part in content.split(b"-----BEGIN ")[1:] if b"PRIVATE KEY" in part]
            assert (b"PRIVATE KEY" in content) <= (path.name == "leaf.pem" or path.name.startswith("directory.sqlite"))
        assert len(keys) == 2  # the leaf's and the signing key
        publics = [serialization.load_pem_private_key(key, None).public_key() for key in keys]
        assert ca.public_key() not in publics
        leaf = x509.load_pem_x509_certificate((own.state / "leaf.pem").read_bytes())
        assert leaf.public_key() in publics
        leaf.verify_directly_issued_by(ca)

    def test_the_leaf_is_for_the_tenants_hosts_and_no_others(self, tenant: Tenant) -> None:
        leaf = x509.load_pem_x509_certificate((tenant.state / "leaf.pem").read_bytes())
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert sorted(names.get_values_for_type(x509.DNSName)) == sorted((*HOSTS, "localhost"))
        assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "::1"}
        assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

    def test_no_code_token_or_secret_is_kept_as_it_is(self, own: Tenant) -> None:
        world = World(own)
        app = world.register()
        code = world.code(app)
        answer = world.redeem(app, code).json()
        session = world.browser()
        session.sign_in(app.asks())
        cookies = [cookie.value or "" for cookie in session.http.cookies.jar]
        secrets = [app.secret, code, answer["refresh_token"], answer["access_token"], *cookies]
        assert len(secrets) == 6
        for path in own.state.rglob("*"):
            content = path.read_bytes() if path.is_file() else b""
            assert not [secret for secret in secrets if secret.encode() in content]


class TestProxy:
    @pytest.mark.parametrize("host", HOSTS)
    def test_it_answers_for_these(self, tenant: Tenant, host: str) -> None:
        assert World(tenant).http.get(f"https://{host}/nothing").status_code in (401, 404, 501)

    @pytest.mark.parametrize(
        "target",
        [
            *("example.com:443", "login.microsoftonline.com:80", "login.microsoftonline.com", "localhost:443"),
            *("127.0.0.1:443", "evil-login.microsoftonline.com:443", "login.microsoftonline.com.evil.example:443"),
            *("login.microsoftonline.com:443x", ":443", "", "[::1]:443", "169.254.169.254:443"),
        ],
    )
    def test_every_other_host_is_refused(self, tenant: Tenant, target: str) -> None:
        answer = raw(tenant.said["proxy"], f"CONNECT {target} HTTP/1.1\r\n{tenant.credentials()}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        assert b"PRACTICE" in answer

    def test_a_client_sees_why(self, tenant: Tenant) -> None:
        with pytest.raises(httpx.ProxyError, match="403"):
            World(tenant).http.get("https://example.com/")

    @pytest.mark.parametrize(
        "request_line",
        ["GET http://example.com/ HTTP/1.1", "GET / HTTP/1.1", "POST http://login.microsoftonline.com/x HTTP/1.1", "x"],
    )
    def test_plain_http_is_refused(self, tenant: Tenant, request_line: str) -> None:
        answer = raw(tenant.said["proxy"], f"{request_line}\r\n{tenant.credentials()}\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")

    def test_an_oversized_head(self, tenant: Tenant) -> None:
        head = b"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\nX-Filler: " + b"x" * 40_000
        for end in (b"", b"\r\n\r\n"):
            assert b"431" in raw(tenant.said["proxy"], head + end).partition(b"\r\n")[0]

    def test_bytes_behind_the_head(self, tenant: Tenant) -> None:
        head = f"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\n{tenant.credentials()}\r\n\r\n".encode()
        answer = raw(tenant.said["proxy"], head + b"GET / HTTP/1.1\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")

    def test_something_else_than_tls_behind_connect(self, tenant: Tenant) -> None:
        parts = urlsplit(tenant.said["proxy"])
        with socket.create_connection((str(parts.hostname), parts.port or 0), PATIENCE) as connection:
            head = f"CONNECT login.microsoftonline.com:443 HTTP/1.1\r\n{tenant.credentials()}\r\n\r\n"
            connection.sendall(head.encode())
            assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n" * 10)
            received = b""
            try:
                while chunk := connection.recv(100):
                    received += chunk
            except ConnectionError:
                pass
        assert b"HTTP" not in received


def exchanges(tenant: Tenant, **query: Any) -> list[dict[str, Any]]:
    return list(tenant.control().get("/log", params=query).json()["exchanges"])


class TestTheLog:
    def test_an_exchange(self, world: World, app: Any) -> None:
        before = world.tenant.control().get("/log", params={"after": 2**53}).json()["last"]
        world.client_credentials(app, headers={"User-Agent": "probe/1"})
        (found,) = exchanges(world.tenant, after=before)
        assert found["seq"] == before + 1
        assert found["method"] == "POST"
        assert (found["host"], found["path"]) == (host_of(LOGIN), f"/{world.tenant.id}/oauth2/v2.0/token")
        assert (found["user_agent"], found["flow"], found["status"]) == ("probe/1", "client_credentials", 200)
        assert ["client_secret", "‹client_secret›"] in found["sent"]
        assert ["client_id", app.client_id] in found["sent"]
        assert ["access_token", "‹access_token›"] in found["received"]
        assert ["expires_in", "3599"] in found["received"]
        assert found["reason"] == ""

    def test_a_path_that_is_not_there_is_in_it_too(self, world: World) -> None:
        before = world.tenant.control().get("/log", params={"after": 2**53}).json()["last"]
        answer = world.http.post(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/register", json={"client_name": "x"})
        (found,) = exchanges(world.tenant, after=before)
        assert answer.status_code == found["status"] == 404
        assert (found["method"], found["path"]) == ("POST", f"/{world.tenant.id}/oauth2/v2.0/register")
        assert found["sent"] == [["client_name", "x"]]

    def test_secrets_of_one_name_are_told_apart_by_their_marks(self, world: World, app: Any) -> None:
        verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        before = world.tenant.control().get("/log", params={"after": 2**53}).json()["last"]
        answer = world.browser().sign_in(app.asks(code_challenge=challenge, code_challenge_method="S256"))
        tokens = world.redeem(app, answer["code"], code_verifier=verifier).json()
        other = world.tokens(app)
        world.graph("GET", "/me", tokens["access_token"])
        found = exchanges(world.tenant, after=before)
        redeemed, again = (exchange for exchange in found if exchange["path"].endswith("/token"))
        sent, received = dict(redeemed["sent_marks"]), dict(redeemed["received_marks"])
        assert dict(found[0]["sent_marks"])["code_challenge"] == sent["code_verifier"]
        assert sent["code"] in [dict(exchange["received_marks"]).get("code") for exchange in found]
        assert found[-1]["sent_marks"] == [["access_token", received["access_token"]]]
        assert dict(again["received_marks"])["access_token"] != received["access_token"]
        assert tokens["access_token"] != other["access_token"]

    def test_each_exchange_names_its_flow(self, world: World, app: Any) -> None:
        last = exchanges(world.tenant)[-1]["seq"]
        tokens = world.tokens(app)
        world.refresh(app, tokens["refresh_token"])
        obo: dict[str, Any] = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "requested_token_use": "on_behalf_of",
        }
        world.token(**obo, client_id=app.client_id, client_secret=app.secret, assertion=tokens["access_token"])
        world.token(grant_type="device_code", client_id=app.client_id, device_code="x")
        world.token(grant_type="password", client_id=app.client_id)
        world.http.get(f"{LOGIN}/{world.tenant.id}/v2.0/.well-known/openid-configuration")
        world.http.get(f"{LOGIN}/common/discovery/instance")
        world.http.get(f"{LOGIN}/{world.tenant.id}/discovery/v2.0/keys")
        world.graph("GET", "/me", world.administrator)
        world.teach("POST", "/faults", kind="throttle", at="token", times=1)
        world.client_credentials(app)
        flows = [exchange["flow"] for exchange in exchanges(world.tenant, after=last)]
        assert flows[0] == "authorization_code"
        assert [flow for flow, before in zip(flows[1:], flows, strict=False) if flow != before] == [
            *("refresh_token", "on_behalf_of", "device_code", "", "discovery", "keys", "graph", "client_credentials"),
        ]

    def test_a_refusal_has_its_reason(self, world: World, app: Any) -> None:
        world.client_credentials(app, client_secret="wrong")
        assert exchanges(world.tenant)[-1]["reason"].startswith("AADSTS7000215: Invalid client secret provided.")
        world.graph("GET", "/me", "x")
        assert exchanges(world.tenant)[-1]["reason"].startswith("InvalidAuthenticationToken: ")

    def test_the_label_of_the_proxy_is_the_holder(self, tenant: Tenant) -> None:
        for label in ("kernel-1", "kernel-2"):
            tenant.through_proxy(label).get(f"{LOGIN}/common/discovery/v2.0/keys")
        found = exchanges(tenant, holder="kernel-1")
        assert {(exchange["holder"], exchange["path"]) for exchange in found} == {
            ("kernel-1", "/common/discovery/v2.0/keys")
        }

    def test_a_reader_is_woken_by_the_next_exchange(self, tenant: Tenant) -> None:
        last = tenant.control().get("/log", params={"after": 2**53}).json()["last"]
        answers: list[Any] = []
        reader = threading.Thread(target=lambda: answers.append(exchanges(tenant, after=last, wait=30, holder="waker")))
        reader.start()
        tenant.through_proxy("someone-else").get(f"{LOGIN}/common/discovery/v2.0/keys")
        tenant.through_proxy("waker").get(f"{LOGIN}/common/discovery/v2.0/keys")
        reader.join(PATIENCE)
        assert [exchange["holder"] for exchange in answers[0]] == ["waker"]

    @pytest.mark.parametrize(("after", "wait"), [("x", "0"), ("0", "x"), ("1" * 5_000, "0"), ("0", "nan")])
    def test_numbers_that_are_none(self, tenant: Tenant, after: str, wait: str) -> None:
        assert tenant.control().get("/log", params={"after": after, "wait": wait}).status_code == 400

    def test_no_secret_of_a_whole_sign_in_is_in_it(self, own: Tenant) -> None:
        world = World(own)
        app = world.register()
        browser = world.browser()
        answer = browser.sign_in(app.asks(nonce="a-nonce-to-hide", state="a-state-to-hide", code_challenge="c" * 43))
        tokens = world.redeem(app, answer["code"], code_verifier="c" * 43, client_info="1").json()
        world.refresh(app, tokens["refresh_token"])
        page = browser.open(app.asks(response_mode="fragment", state="a-state-to-hide"))
        graph_token = world.tokens(world.register(), scope=f"openid {GRAPH}/User.Read")["access_token"]
        world.graph("GET", "/me", graph_token)
        secrets = [
            *(app.secret, answer["code"], "a-nonce-to-hide", "a-state-to-hide", "c" * 43, graph_token),
            *(tokens[name] for name in ("access_token", "refresh_token", "id_token", "client_info")),
            *(cookie.value or "" for cookie in browser.http.cookies.jar),
            answer_of(page)["code"],
            world.administrator,
        ]
        self.hidden(own, secrets)

    @pytest.mark.parametrize(
        "name", ["client_id", "scope", "redirect_uri", "Client_Secret", "x", "grant_type", "resource"]
    )
    def test_nor_one_that_was_sent_under_a_wrong_name(self, world: World, app: Any, name: str) -> None:
        tokens = world.tokens(app)
        for secret in (app.secret, tokens["refresh_token"], tokens["access_token"]):
            world.client_credentials(app, **{name: secret})
            world.browser().open(app.asks(**{name: secret}))
            world.graph("GET", f"/users/{secret}")
            world.graph("POST", "/applications", json={name: secret, secret: name})
        self.hidden(world.tenant, [app.secret, tokens["refresh_token"], tokens["access_token"]])

    def hidden(self, tenant: Tenant, secrets: list[str]) -> None:
        logged = json.dumps(exchanges(tenant), ensure_ascii=False)
        assert len(logged) > 1_000
        for secret in secrets:
            assert len(secret) > 10
            assert secret not in logged
            if secret.count(".") == 2:  # a token: no part of it either
                assert secret.split(".")[1][:60] not in logged
                assert secret.split(".")[2] not in logged
