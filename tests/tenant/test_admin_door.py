"""Who is let into the practice admin center, and which requests are believed: links, cookies, forms, hosts, proxies."""

from __future__ import annotations

import http.server
import itertools
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from practice_tenant.server.admin.sessions import Sessions

from .admin import Center, link, opened
from .process import PATIENCE
from .world import World

CLOSED = "The practice admin center is closed"
COOKIE = "practice-admin-center"


@pytest.fixture(scope="module")
def office(world: World) -> World:
    """A directory of this module's own."""
    return world.of("admindoor")


@pytest.fixture(scope="module")
def center(office: World) -> Iterator[Center]:
    with opened(office) as found:
        yield found


@pytest.fixture
def stranger(office: World) -> Iterator[httpx.Client]:
    """Another user of this machine, or another browser."""
    with httpx.Client(trust_env=False, verify=office.tenant.trust, timeout=PATIENCE) as client:
        yield client


class TestLinks:
    def test_it_opens_once_and_is_gone_from_the_address(self, office: World, stranger: httpx.Client) -> None:
        url = link(office)
        token = url.partition("token=")[2]
        answer = stranger.get(url)
        assert (answer.status_code, answer.headers["location"]) == (303, "./")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert cookie.endswith("; HttpOnly; SameSite=Strict")
        assert token not in cookie + answer.text
        page = stranger.get(urljoin(url, "./"))
        assert page.status_code == 200
        assert token not in page.text
        with httpx.Client(trust_env=False, verify=office.tenant.trust) as second:
            again = second.get(url)
            assert (again.status_code, again.headers["location"]) == (303, "./")
            assert "set-cookie" not in again.headers
            assert second.get(urljoin(url, "./")).status_code == 403

    def test_looking_at_its_head_does_not_use_it(self, office: World, stranger: httpx.Client) -> None:
        url = link(office)
        assert "set-cookie" not in stranger.head(url).headers
        assert "set-cookie" in stranger.get(url).headers

    @pytest.mark.parametrize("change", ["token", "place", "empty"])
    def test_a_wrong_one_opens_nothing(self, office: World, stranger: httpx.Client, change: str) -> None:
        url = link(office)
        wrong = {
            "token": url[:-1] + ("A" if url[-1] != "A" else "B"),
            "place": url.replace("/?", "x/?"),
            "empty": url.partition("=")[0] + "=",
        }[change]
        answer = stranger.get(wrong)
        assert answer.status_code == 303
        assert "set-cookie" not in answer.headers
        assert "set-cookie" in stranger.get(url).headers, "it still works for whom it is"

    def test_it_is_of_an_account(self, office: World) -> None:
        for account, shown in (("robin", "robin@"), ("", "avery@"), (f"sam@{office.domain}", "sam@")):
            with opened(office, account) as found:
                assert f"<span>{shown}{office.domain}</span>" in found.page()

    def test_for_whom_there_is_none(self, office: World) -> None:
        for account, status in (("nobody", 404), ("lee", 403), (7, 400), ("x" * 300, 400)):
            assert office.teacher("POST", "/admin-center", account=account).status_code == status
        assert office.teacher("POST", "/admin-center", password="x").status_code == 400

    def test_two_accounts_in_one_browser(self, office: World, stranger: httpx.Client) -> None:
        urls = [link(office, account) for account in ("avery", "robin")]
        for url in urls:
            stranger.get(url)
        shown = [stranger.get(url.partition("?")[0]).text for url in urls]
        assert ["avery@" in shown[0], "robin@" in shown[1]] == [True, True]


class TestTime:
    """Links and sessions by a clock that the test moves; no test waits ten minutes."""

    @pytest.fixture
    def now(self) -> list[float]:
        return [1_000_000.0]

    @pytest.fixture
    def sessions(self, now: list[float]) -> Sessions:
        numbers = itertools.count()
        return Sessions(lambda size: f"{next(numbers):0{size}d}", lambda: now[0])

    def test_a_link_lasts_ten_minutes(self, sessions: Sessions, now: list[float]) -> None:
        for seconds, opens in ((599, True), (600, False)):
            place, token = sessions.link("tenant", "user").split("/?token=")
            now[0] += seconds
            assert bool(sessions.redeem(place, token)) is opens

    def test_a_session_lasts_eight_hours(self, sessions: Sessions, now: list[float]) -> None:
        place, token = sessions.link("tenant", "user").split("/?token=")
        key = sessions.redeem(place, token)
        now[0] += 8 * 3_600 - 1
        assert sessions.of(place, key)
        now[0] += 1
        assert sessions.of(place, key) is None
        assert not sessions.is_reached_at(place, "*")

    def test_many_links_push_out_the_oldest(self, sessions: Sessions) -> None:
        links = [sessions.link("tenant", "user").split("/?token=") for _ in range(201)]
        assert [bool(sessions.redeem(*link)) for link in (links[0], links[1], links[-1])] == [False, True, True]


class TestWithoutASession:
    @pytest.mark.parametrize("path", ["", "new", "apps/00000000-0000-0000-0000-000000000000/overview"])
    def test_nothing_is_shown(self, office: World, center: Center, stranger: httpx.Client, path: str) -> None:
        for base in (center.base, f"{office.tenant.said['admin_center']}/guessed/"):
            answer = stranger.get(base + path)
            assert answer.status_code == 403
            assert CLOSED in answer.text
            assert office.tenant.id not in answer.text
            assert "avery" not in answer.text

    def test_the_door_itself_says_nothing(self, office: World, stranger: httpx.Client) -> None:
        for path in ("/", "", "/favicon.ico", "/a/b/c/d/e", "//"):
            answer = stranger.get(office.tenant.said["admin_center"] + path)
            assert answer.status_code in (403, 404)
            assert office.tenant.id not in answer.text

    def test_the_cookie_of_another_session(self, office: World, center: Center, stranger: httpx.Client) -> None:
        url = link(office, "robin")
        stranger.get(url)
        (value,) = (cookie.value for cookie in stranger.cookies.jar)
        for cookie in (f"{COOKIE}={value}", f"{COOKIE}=", "other=1"):
            assert httpx.get(center.base, headers={"Cookie": cookie}, trust_env=False).status_code == 403

    def test_a_form_is_not_taken(self, center: Center, stranger: httpx.Client) -> None:
        sent = {
            "form_token": center.form_token,
            "action": "register",
            "name": "Stolen",
            "account_types": "AzureADMyOrg",
        }
        assert stranger.post(center.base + "new", data=sent).status_code == 403
        assert "Stolen" not in center.page()

    def test_a_browser_that_comes_from_another_site_asks_once_more(
        self, center: Center, stranger: httpx.Client
    ) -> None:
        """It leaves the strict cookie out when it follows a link of a notebook; from this page it sends it."""
        for site in ("cross-site", "same-site"):
            answer = stranger.get(center.base, headers={"Sec-Fetch-Site": site})
            assert (answer.status_code, answer.headers["refresh"]) == (200, "0")
            assert "avery" not in answer.text
        for site in ("same-origin", "none"):
            assert stranger.get(center.base, headers={"Sec-Fetch-Site": site}).status_code == 403

    def test_an_account_that_is_disabled_meanwhile(self, office: World) -> None:
        with opened(office, "sam") as sam:
            assert sam.get().status_code == 200
            office.teach("PATCH", "/users/sam", enabled=False)
            try:
                assert sam.get().status_code == 403
            finally:
                office.teach("PATCH", "/users/sam", enabled=True)


class TestForms:
    @pytest.mark.parametrize(
        "headers",
        [
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "none"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://127.0.0.1:1"},
        ],
    )
    def test_another_site_can_not_send_one(self, center: Center, headers: dict[str, str]) -> None:
        sent = {"name": "Forged", "account_types": "AzureADMyOrg"}
        answer = center.send("new", "register", sent, headers=headers)
        assert answer.status_code == 403
        assert "Forged" not in center.page()

    @pytest.mark.parametrize("kind", ["same-origin", "origin", "neither"])
    def test_its_own_pages_can(self, center: Center, kind: str) -> None:
        origin = center.base.partition("//")[2].partition("/")[0]
        headers = {"same-origin": {"Sec-Fetch-Site": "same-origin"}, "origin": {"Origin": f"http://{origin}"}}.get(kind)
        sent = {"name": f"Sent {kind}", "account_types": "AzureADMyOrg"}
        assert center.send("new", "register", sent, headers=headers).status_code == 303

    def test_without_the_sessions_token(self, office: World, center: Center) -> None:
        with opened(office, "robin") as robin:
            for token in ("", "x", robin.form_token, "é"):
                sent = {"name": "Forged", "account_types": "AzureADMyOrg", "form_token": token}
                assert center.send("new", "register", sent).status_code == 403
        assert "Forged" not in center.page()

    def test_an_unknown_form(self, center: Center) -> None:
        assert center.send("new", "delete-everything").status_code == 403
        assert center.http.put(center.base + "new").status_code == 405

    def test_nothing_secret_is_in_the_log(self, office: World) -> None:
        url = link(office)
        token = url.partition("token=")[2]
        with httpx.Client(trust_env=False, verify=office.tenant.trust) as http:
            http.get(url)
            found = Center(office, http, url.partition("?")[0])
            form_token = found.form_token
            found.register("Logged")
            (cookie,) = (one.value for one in http.cookies.jar)
        with office.tenant.control() as control:
            text = control.get("/log").text
        assert "Logged" in text
        assert not [secret for secret in (token, form_token, cookie) if secret and secret in text]

    def test_what_it_asks_graph_stands_in_the_log_of_who_asked(self, office: World) -> None:
        url = link(office, holder="the-notebook")
        with httpx.Client(trust_env=False, verify=office.tenant.trust) as http:
            http.get(url)
            Center(office, http, url.partition("?")[0]).register("Through Graph")
        with office.tenant.control() as control:
            exchanges = control.get("/log", params={"holder": "the-notebook"}).json()["exchanges"]
        assert [(one["method"], one["host"], one["path"]) for one in exchanges if one["method"] == "POST"] == [
            ("POST", "graph.microsoft.com", "/v1.0/applications"),
            ("POST", "graph.microsoft.com", "/v1.0/servicePrincipals"),
        ]


class TestHeaders:
    @pytest.mark.parametrize("path", ["", "new"])
    def test_of_every_page(self, center: Center, path: str) -> None:
        answer = center.get(path)
        policy = answer.headers["content-security-policy"].split("; ")
        assert {"default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"} <= set(policy)
        assert not [part for part in policy if part.startswith("script-src")]
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "<script" not in answer.text
        assert "PRACTICE" in answer.text

    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:{port}", "localhost", "127.0.0.1", "[::1]:{port}", ""]
    )
    def test_another_host_is_refused(self, office: World, center: Center, stranger: httpx.Client, host: str) -> None:
        port = urlsplit(center.base).port
        for url in (center.base, link(office)):
            answer = stranger.get(url, headers={"Host": host.format(port=port)})
            assert answer.status_code in (400, 403)
            assert "set-cookie" not in answer.headers
            assert "avery" not in answer.text

    def test_localhost_is_ours(self, office: World, stranger: httpx.Client) -> None:
        url = link(office).replace("127.0.0.1", "localhost")
        assert stranger.get(url, follow_redirects=True).status_code == 200


class Prefix(http.server.BaseHTTPRequestHandler):
    """A proxy that takes its prefix off the path and says so, as jupyter-server-proxy does."""

    prefix = "/user/robin/proxy/40123"
    target = ""

    def pass_on(self) -> None:
        if not self.path.startswith(self.prefix + "/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name: value for name, value in self.headers.items() if name != "Connection"}
        headers |= {"X-Forwarded-Prefix": "//evil.example", "X-Forwarded-Host": "evil.example"}
        url = self.target + self.path.removeprefix(self.prefix)
        answer = httpx.request(self.command, url, headers=headers, content=body, trust_env=False)
        self.send_response(answer.status_code)
        for name, value in answer.headers.items():
            if name not in ("content-length", "connection", "date"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    do_GET = do_POST = pass_on  # noqa: N815  (the names that http.server calls)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def proxied(door: str) -> Iterator[str]:
    """Put such a proxy before a door, and give its address."""
    handler = type("Before", (Prefix,), {"target": door})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}{Prefix.prefix}"
        finally:
            server.shutdown()
            thread.join()


class TestBehindAProxy:
    def test_the_whole_way_stays_below_the_prefix(self, office: World, stranger: httpx.Client) -> None:
        with proxied(office.tenant.said["admin_center"]) as outside:
            host = urlsplit(outside).netloc
            path = link(office, host=host).removeprefix(office.tenant.said["admin_center"])
            url = outside + path
            answer = stranger.get(url)
            assert answer.headers["location"] == "./"
            assert "path=" not in answer.headers["set-cookie"].lower()
            base = url.partition("?")[0]
            center = Center(office, stranger, base)
            assert 'href="new"' in center.page()
            origin = {"Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
            sent = {"name": "Behind a proxy", "account_types": "AzureADMyOrg"}
            answer = center.send("new", "register", sent, headers=origin)
            assert answer.status_code == 303
            landed = urljoin(str(answer.url), answer.headers["location"])
            assert landed.startswith(base + "apps/")
            page = stranger.get(landed)
            assert "Behind a proxy" in page.text
            assert "evil.example" not in page.text
            assert 'href="../../' in page.text
            assert 'href="/' not in page.text

    def test_only_a_link_for_a_proxy_may_be_used_there(self, office: World, stranger: httpx.Client) -> None:
        with proxied(office.tenant.said["admin_center"]) as outside:
            for host, status in (("", 403), ("hub.example", 403), ("*", 303), (urlsplit(outside).netloc, 303)):
                path = link(office, host=host).removeprefix(office.tenant.said["admin_center"])
                assert stranger.get(outside + path).status_code == status


def test_starting_the_tenant_loads_neither_the_pages_nor_what_a_later_request_needs() -> None:
    server = "practice_tenant.server"
    program = f"import sys, {server}.process, {server}.login.discovery\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.split()
    pages = [name for name in loaded if name.startswith("practice_tenant.server.admin.")]
    assert pages == ["practice_tenant.server.admin.door", "practice_tenant.server.admin.sessions"]
    later = {"cryptography", "jinja2", "trustme", "email.utils", "importlib.resources", f"{server}.login.pages"}
    assert not later & set(loaded)
    assert not {"practice_tenant.server.directory.seed", "practice_tenant.server.login.routes"} & set(loaded)


def test_templates_are_loaded_with_the_first_page_and_not_for_a_token() -> None:
    server = "practice_tenant.server"
    rooms = f"{server}.login.routes, {server}.login.page_routes, {server}.graph.routes, {server}.admin.routes"
    program = f"import sys, {rooms}\nprint('jinja2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "False\n"
