"""Signing in: the pages a person meets, and what the client is told."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx
import jwt
import pytest

from .browser import DOMAIN, KIM, Browser, Page, answer_of, page_of, upn
from .process import GRAPH, LOGIN
from .visits import after_picking, picker, refused
from .world import AZURE_CLI, GRAPH_APP, App, World, is_guid, scope_entry

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


class TestThePicker:
    def test_it_offers_everyone_of_the_directory_and_asks_for_no_password(self, world: World, app: App) -> None:
        page = picker(world, app)
        people = [upn(name) for name in ("avery", "robin", "sam", "kim", "lee")]
        assert page.buttons == [("account", name) for name in people]
        assert page.method == "post"
        assert "Expenses" in page.text
        for kind in ("administrator", "member", "guest", "account disabled"):
            assert kind in page.text

    @pytest.mark.parametrize("name", ["avery", "robin", "sam", "kim"])
    def test_each_of_them_can_sign_in(self, world: World, app: App, name: str) -> None:
        assert world.tokens(app, name)["token_type"] == "Bearer"

    def test_a_disabled_account_can_not(self, world: World, app: App) -> None:
        page = page_of(after_picking(world.browser(), app, "lee"))
        assert (page.status, page.kind) == (400, "error")
        assert page.error.startswith("AADSTS50057: The user account is disabled.")

    @pytest.mark.parametrize("account", [f"nobody@{DOMAIN}", "", "avery@fabrikam.example"])
    def test_nor_can_someone_unknown(self, world: World, app: App, account: str) -> None:
        browser = world.browser()
        page = picker(world, app, browser)
        form = dict(page.fields) | {"account": account}
        told = page_of(browser.http.post(LOGIN + page.action, data=form))
        assert told.error.startswith(f"AADSTS50034: The user account {account} does not exist in the {world.tenant.id}")

    def test_post_opens_it_as_get_does(self, world: World, app: App) -> None:
        url = f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/authorize"
        assert page_of(world.browser().http.post(url, data=app.asks())).kind == "account-picker"

    def test_common_offers_the_people_of_the_hinted_directory_too(self, world: World) -> None:
        app = world.register(signInAudience="AzureADMultipleOrgs")
        world.directory("northwind")
        browser = world.browser()
        page = page_of(browser.open(app.asks(login_hint="robin@northwind.onmicrosoft.com"), "common"))
        assert ("account", "robin@northwind.onmicrosoft.com") in page.buttons
        assert ("account", upn("robin")) in page.buttons


class TestThePages:
    @pytest.fixture(scope="class")
    @staticmethod
    def pages(world: World) -> dict[str, Page]:
        """Every kind of page, once."""
        app, browser = world.register(), world.browser()
        found = {"picker": page_of(browser.open(app.asks()))}
        found["consent"] = page_of(browser.press(found["picker"], "account", upn("robin")))
        answer = browser.press(found["consent"], "decision", "accept")
        assert answer.is_redirect
        found["form-post"] = page_of(browser.open(app.asks(response_mode="form_post")))
        found["error"] = page_of(browser.open(app.asks(redirect_uri="https://elsewhere.example/")))
        found["admin approval"] = page_of(browser.open(app.asks(scope=f"{app.uri}/manage")))
        found["signed out"] = page_of(browser.http.get(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/logout"))
        return found

    @pytest.mark.parametrize("name", ["picker", "consent", "form-post", "error", "admin approval", "signed out"])
    def test_each_says_practice_and_can_be_read_by_everyone(self, pages: dict[str, Page], name: str) -> None:
        page = pages[name]
        assert page.kind in ("account-picker", "consent", "form-post", "error", "signed-out")
        assert page.text.lstrip().startswith("PRACTICE")
        assert "not Microsoft" in page.text
        assert page.lang == "en"
        assert page.title.startswith("PRACTICE: ")
        assert page.h1
        assert set(page.input_types) <= {"hidden", "checkbox"}  # no password, nothing to type

    @pytest.mark.parametrize("name", ["picker", "consent", "form-post", "error", "admin approval", "signed out"])
    def test_each_keeps_itself_to_itself(self, pages: dict[str, Page], name: str) -> None:
        headers = pages[name].headers
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "no-store" in headers["cache-control"]
        assert headers["x-frame-options"] == "DENY"
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "frame-ancestors 'none'" in policy
        assert ("script-src" in policy) == (name == "form-post")

    def test_cookies_are_for_this_host_and_for_no_script(self, world: World, app: App) -> None:
        set_cookies = [
            cookie
            for response in (world.browser().open(app.asks()), after_picking(world.browser(), app))
            for cookie in response.headers.get_list("set-cookie")
        ]
        assert len(set_cookies) >= 2
        for cookie in set_cookies:
            assert cookie.startswith("__Host-")
            assert {"Secure", "HttpOnly", "Path=/", "SameSite=lax"} <= set(cookie.split("; ")[1:])

    def test_what_a_client_sends_is_shown_as_text(self, world: World) -> None:
        markup = '"><script>alert(1)</script>'
        app = world.register(markup, scopes=[scope_entry("extra", adminConsentDescription=markup)])
        browser = world.browser()
        response = browser.open(app.asks(scope=f"{app.uri}/extra", state=markup, login_hint=markup))
        consent = browser.press(page_of(response), "account", upn("sam"))
        wrong = browser.open(app.asks(redirect_uri=f"https://a.example/{markup}"))
        for shown in (response, consent, wrong):
            assert "<script" not in shown.text
        assert dict(page_of(response).fields)["state"] == markup


class TestPrompt:
    def test_none_without_a_session(self, world: World, app: App) -> None:
        answer = answer_of(world.browser().open(app.asks(prompt="none")))
        assert refused(answer) == ("login_required", "AADSTS50058")
        assert answer["state"] == "the state"

    def test_none_with_a_session(self, world: World, app: App) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        assert "code" in answer_of(browser.open(app.asks(prompt="none")))

    def test_none_without_consent(self, world: World, app: App) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        answer = answer_of(browser.open(world.register("New").asks(prompt="none")))
        assert refused(answer) == ("interaction_required", "AADSTS65001")

    @pytest.mark.parametrize("prompt", ["select_account", "login"])
    def test_these_show_the_picker_to_someone_signed_in(self, world: World, app: App, prompt: str) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        assert page_of(browser.open(app.asks(prompt=prompt))).kind == "account-picker"
        assert "code" in answer_of(browser.open(app.asks()))

    def test_a_hint_at_someone_else_shows_the_picker(self, world: World, app: App) -> None:
        browser = world.browser()
        browser.sign_in(app.asks(), "robin")
        assert "code" in answer_of(browser.open(app.asks(login_hint=upn("robin").upper())))
        assert page_of(browser.open(app.asks(login_hint=upn("sam")))).kind == "account-picker"

    def test_the_hinted_account_has_the_focus(self, world: World, app: App) -> None:
        text = world.browser().open(app.asks(login_hint=KIM)).text
        assert f'value="{KIM}" autofocus>' in text
        assert text.count("autofocus") == 1

    def test_a_session_of_another_directory_is_none_here(self, world: World) -> None:
        app = world.register(signInAudience="AzureADMultipleOrgs")
        other = world.directory("tailspin")
        browser = world.browser()
        browser.sign_in(app.asks(scope="openid"))
        assert page_of(browser.open(app.asks(scope="openid"), other)).kind == "account-picker"
        answer = answer_of(browser.open(app.asks(scope="openid", prompt="none"), other))
        assert refused(answer) == ("login_required", "AADSTS50058")

    def test_the_session_of_an_account_that_was_disabled_is_none(self, world: World) -> None:
        app = world.register(signInAudience="AzureADMultipleOrgs")
        other, robin = world.directory("woodgrove"), "robin@woodgrove.onmicrosoft.com"
        browser = world.browser()
        browser.sign_in(app.asks(scope="openid"), robin, tenant=other)
        assert browser.open(app.asks(scope="openid"), other).is_redirect
        world.disable_account(robin)
        assert page_of(browser.open(app.asks(scope="openid"), other)).kind == "account-picker"

    def test_signing_out_ends_the_session(self, world: World, app: App) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        url = f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/logout"
        assert page_of(browser.http.get(url)).kind == "signed-out"
        assert page_of(browser.open(app.asks())).kind == "account-picker"

    def test_sign_out_redirects_to_registered_addresses_only(self, world: World, app: App) -> None:
        def signed_out(uri: str) -> httpx.Response:
            query = {"client_id": app.client_id, "post_logout_redirect_uri": uri, "state": "s"}
            return world.browser().http.get(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/logout", params=query)

        assert signed_out(app.redirect_uri).headers["location"] == f"{app.redirect_uri}?state=s"
        assert page_of(signed_out("https://elsewhere.example/")).kind == "signed-out"


class TestTheAnswer:
    def test_it_carries_code_state_and_session_state(self, world: World, app: App) -> None:
        state = "a b&c=d#e+ü/%20\r\nX: y"
        answer = world.browser().sign_in(app.asks(state=state))
        assert set(answer) == {"code", "state", "session_state"}
        assert answer["state"] == state
        assert is_guid(answer["session_state"])

    def test_without_a_state_there_is_none(self, world: World, app: App) -> None:
        assert set(world.browser().sign_in(app.asks(state=None))) == {"code", "session_state"}

    @pytest.mark.parametrize(("mode", "part"), [(None, "query"), ("query", "query"), ("fragment", "fragment")])
    def test_in_query_or_fragment(self, world: World, app: App, mode: str | None, part: str) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        response = browser.open(app.asks(response_mode=mode))
        parts = urlsplit(response.headers["location"])
        assert response.status_code == 302
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == app.redirect_uri
        assert getattr(parts, part).startswith("code=")
        assert not {"query": parts.fragment, "fragment": parts.query}[part]
        assert "no-store" in response.headers["cache-control"]

    def test_in_a_form(self, world: World, app: App) -> None:
        browser = world.browser()
        browser.sign_in(app.asks())
        page = page_of(browser.open(app.asks(response_mode="form_post")))
        assert (page.kind, page.action, page.method) == ("form-post", app.redirect_uri, "post")
        assert [name for name, _ in page.fields] == ["code", "state", "session_state"]

    def test_an_error_takes_the_same_way(self, world: World, app: App) -> None:
        for mode in ("query", "fragment", "form_post"):
            answer = answer_of(world.browser().open(app.asks(prompt="none", response_mode=mode)))
            assert list(answer) == ["error", "error_description", "state"]
        error = world.browser().open(app.asks(scope="api://unknown/x"))
        answer = answer_of(error)
        assert refused(answer) == ("invalid_resource", "AADSTS500011")
        assert answer["error_uri"] == f"{LOGIN}/error?code=500011"
        for part in (" Trace ID: ", " Correlation ID: ", " Timestamp: "):
            assert part in answer["error_description"]

    def test_a_redirect_uri_without_a_path_is_answered_with_one(self, world: World) -> None:
        # Source: https://learn.microsoft.com/entra/identity-platform/reply-url
        app = world.register(platform="publicClient", redirects=["http://localhost", "http://localhost:1/x?a=b"])
        browser = world.browser()
        browser.sign_in(app.asks(redirect_uri="http://localhost:8400"))
        location = browser.open(app.asks(redirect_uri="http://localhost:8400")).headers["location"]
        assert location.startswith("http://localhost:8400/?code=")
        with_query = browser.open(app.asks(redirect_uri="http://localhost:8400/x?a=b")).headers["location"]
        assert with_query.startswith("http://localhost:8400/x?a=b&code=")

    def test_the_nonce_stands_in_the_id_token_of_the_sign_in(self, world: World, app: App) -> None:
        id_token = world.tokens(app, nonce="n-0S6_WzA2Mj")["id_token"]
        assert jwt.decode(id_token, options={"verify_signature": False})["nonce"] == "n-0S6_WzA2Mj"
        id_token = world.tokens(app)["id_token"]
        assert "nonce" not in jwt.decode(id_token, options={"verify_signature": False})


class TestRedirectUris:
    REGISTERED = (
        "https://app.example/Callback",
        "http://localhost:5000/cb",
        "http://127.0.0.1/ip",
        "http://localhost",
        "https://localhost:5001/tls",
        "myapp://auth",
    )

    @pytest.fixture(scope="class")
    @staticmethod
    def client(world: World) -> App:
        return world.register("Redirects", platform="publicClient", redirects=TestRedirectUris.REGISTERED)

    @pytest.mark.parametrize(
        "uri",
        [
            *REGISTERED,
            "http://localhost:8765/cb",  # the port does not count on loopback, RFC 8252 section 7.3
            "http://localhost/cb",
            "http://127.0.0.1:8765/ip",
            "http://localhost:8765",
        ],
    )
    def test_accepted(self, world: World, client: App, uri: str) -> None:
        assert page_of(world.browser().open(client.asks(redirect_uri=uri))).kind == "account-picker"

    @pytest.mark.parametrize(
        "uri",
        [
            "app.example/Callback",  # a base address without its scheme: hkamel/sonar-auth-aad#92
            "localhost:5000/cb",
            "localhost",
            "/auth/login/microsoft/callback",  # directus/directus#18324
            "//app.example/Callback",
            "undefined",  # what a script makes of a setting that is not there
            "Enter_Your_URL",  # microsoftgraph/aspnet-security-api-sample#45
            "://app.example",
            "1app://auth",
            "nonsense",
        ],
    )
    def test_without_a_scheme(self, world: World, client: App, uri: str) -> None:
        response = world.browser().open(client.asks(redirect_uri=uri))
        page = page_of(response)
        assert (page.status, page.kind) == (400, "error")
        assert "location" not in response.headers
        assert page.error.startswith("AADSTS90102: 'redirect_uri' value must be a valid absolute URI. Trace ID: ")

    @pytest.mark.parametrize(
        "uri",
        [
            "https://app.example/callback",
            "https://app.example/Callback/",
            "https://app.example/Callback?x=1",
            "https://app.example/Callback#",
            "https://app.example:443/Callback",
            "https://APP.example/Callback",
            "http://app.example/Callback",
            "https://app.example/Callback/../Callback",
            "https://app.example.evil.example/Callback",
            "http://127.0.0.1:5000/cb",
            "http://localhost/ip",
            "http://localhost:5000/CB",
            "http://localhost:5000/cb/",
            "http://localhost:5000/cb?",
            "http://localhost:5000/cb#",
            "http://localhost:5000/cb#x",
            "http://localhost:abc/cb",
            "http://localhost:99999999/cb",
            "http://localhost:/cb",
            "http://localhost@evil.example/cb",
            "http://localhost:80@evil.example/cb",
            "http://evil.example/cb",
            "http://LOCALHOST:5000/cb",
            "http://local\nhost:5000/cb",
            " http://localhost:5000/cb",
            "http://localhost:5000/cb\t",
            "http://localhost:5000\\cb",
            "https://localhost:5002/tls",
            "http://[::1]/ip",
            "http://[/ip",
            "myapp://other",
            "javascript:alert(1)",
        ],
    )
    def test_refused_on_a_page_that_never_redirects(self, world: World, client: App, uri: str) -> None:
        response = world.browser().open(client.asks(redirect_uri=uri, prompt="none"))
        page = page_of(response)
        assert (page.status, page.kind) == (400, "error")
        assert "Sorry, but we're having trouble signing you in." in page.text
        assert page.error.startswith(
            f"AADSTS50011: The redirect URI '{uri}' specified in the request does not match the redirect URIs "
            f"configured for the application '{client.client_id}'. Make sure"
        ) or any(char in uri for char in "\t\n")  # HTML folds white space

    def test_without_a_client_id(self, world: World, client: App) -> None:
        page = page_of(world.browser().open(client.asks(client_id=None)))
        assert page.error.startswith(
            "AADSTS900144: The request body must contain the following parameter: 'client_id'."
        )

    def test_without_one_a_registered_one_is_taken(self, world: World, app: App) -> None:
        # Source: https://learn.microsoft.com/entra/identity-platform/v2-protocols-oidc#send-the-sign-in-request
        browser = world.browser()
        browser.sign_in(app.asks())
        location = browser.open(app.asks(redirect_uri=None)).headers["location"]
        assert location.startswith(f"{app.redirect_uri}?code=")


@pytest.mark.parametrize(
    ("changes", "error", "code"),
    [
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_type": "id_token"}, "unsupported_response_type", 700054),  # [MEM], as the next three
        ({"response_type": "token"}, "unsupported_response_type", 700051),
        ({"response_type": "other"}, "unsupported_response_type", 70005),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request", 501491),
        ({"code_challenge": CHALLENGE, "code_challenge_method": "S512"}, "invalid_request", 9002313),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "nonsense/x"}, "invalid_scope", 70011),
        ({"scope": "api://nobody/x"}, "invalid_resource", 500011),
        ({"scope": f"{GRAPH}/User.Read", "resource": "https://mcp.example.com/mcp"}, "invalid_target", 9010010),
        ({"scope": "openid profile", "resource": "api://own"}, "invalid_target", 9010010),
    ],
)
def test_what_the_client_is_told_by_a_redirect(
    world: World, app: App, changes: dict[str, str | None], error: str, code: int
) -> None:
    answer = answer_of(world.browser().open(app.asks(**changes)))
    assert refused(answer) == (error, f"AADSTS{code}")
    assert answer["state"] == "the state"


@pytest.mark.parametrize("resource", [GRAPH, f"{GRAPH}/", GRAPH_APP])
def test_a_resource_that_owns_the_scopes(world: World, app: App, resource: str) -> None:
    response = world.browser().open(app.asks(scope=f"{GRAPH}/User.Read", resource=resource))
    assert page_of(response).kind == "account-picker"


@pytest.mark.parametrize("scope", ["openid mcp.access", "OWN/former", "OWN/unknown"])
def test_whether_a_scope_is_there_is_seen_after_the_sign_in(world: World, scope: str) -> None:
    app = world.register(scopes=[scope_entry("former", isEnabled=False)])
    answer = answer_of(after_picking(world.browser(), app, scope=scope.replace("OWN", app.uri)))
    assert refused(answer) == ("invalid_client", "AADSTS650053")
    silent = answer_of(world.browser().open(app.asks(scope=scope.replace("OWN", app.uri), prompt="none")))
    assert refused(silent) == ("login_required", "AADSTS50058")


def test_an_own_resource_with_its_own_scopes(world: World) -> None:
    app = world.register()
    uri = f"https://{DOMAIN}/{app.client_id}"
    world.change(app, identifierUris=[uri])
    assert picker(world, app, scope=f"{uri}/access", resource=uri).fields
    assert "error" in answer_of(world.browser().open(app.asks(scope=f"{uri}/access", resource=f"{uri}/")))


@pytest.mark.parametrize(
    ("segment", "client_id", "code"),
    [
        ("11111111-2222-4333-8444-555555555555", AZURE_CLI, 90002),
        ("", "22222222-2222-4333-8444-555555555555", 700016),
        ("", "not a guid", 700016),
        ("", "00000000-0000-0000-0000-000000000000", 700038),
    ],
)
def test_a_wrong_tenant_or_client_never_redirects(
    world: World, app: App, segment: str, client_id: str, code: int
) -> None:
    page = page_of(world.browser().open(app.asks(client_id=client_id), segment))
    assert (page.status, page.kind) == (400, "error")
    assert page.error.startswith(f"AADSTS{code}: ")


def test_common_is_for_multi_tenant_applications(world: World, app: App) -> None:
    page = page_of(world.browser().open(app.asks(), "common"))
    assert page.error.startswith(f"AADSTS50194: Application '{app.client_id}'(Expenses) is not configured as a multi-")
    many = world.register(signInAudience="AzureADMultipleOrgs")
    for segment in ("common", "organizations"):
        answer = world.browser().sign_in(many.asks(), tenant=segment)
        assert world.redeem(many, answer["code"], tenant=segment).status_code == 200


class TestForgedForms:
    @pytest.fixture
    @staticmethod
    def stage(world: World) -> tuple[Browser, Page]:
        """A consent page in someone's browser."""
        browser = world.browser()
        return browser, page_of(after_picking(browser, world.register()))

    @pytest.mark.parametrize(
        "origin", ["https://evil.example", "http://login.microsoftonline.com", "https://localhost"]
    )
    def test_from_another_origin(self, stage: tuple[Browser, Page], origin: str) -> None:
        browser, page = stage
        form = dict(page.fields) | {"decision": "accept"}
        told = page_of(browser.http.post(LOGIN + page.action, data=form, headers={"Origin": origin}))
        assert told.error.startswith("AADSTS9002313: ")

    def test_without_the_cookie(self, stage: tuple[Browser, Page]) -> None:
        browser, page = stage
        session = browser.http.cookies.get("__Host-practice-session")
        browser.http.cookies.clear()
        browser.http.cookies.set("__Host-practice-session", session or "", domain="login.microsoftonline.com")
        told = page_of(browser.press(page, "decision", "accept"))
        assert told.error.startswith("AADSTS9002313: ")

    @pytest.mark.parametrize("token", ["", "guess", None])
    def test_without_the_token_of_the_cookie(self, stage: tuple[Browser, Page], token: str | None) -> None:
        browser, page = stage
        form = dict(page.fields) | {"decision": "accept", "flow": token or ""}
        if token is None:
            del form["flow"]
        told = page_of(browser.http.post(LOGIN + page.action, data=form))
        assert told.error.startswith("AADSTS9002313: ")

    def test_of_another_browser(self, world: World, stage: tuple[Browser, Page]) -> None:
        _, page = stage
        other = world.browser()
        other.open(world.register().asks())
        assert page_of(other.press(page, "decision", "accept")).error.startswith("AADSTS9002313: ")

    def test_the_account_picker_is_guarded_too(self, world: World, app: App) -> None:
        page = picker(world, app)
        other = world.browser()
        assert page_of(other.press(page, "account", upn("avery"))).error.startswith("AADSTS9002313: ")
        assert page_of(other.open(app.asks())).kind == "account-picker"

    @pytest.mark.parametrize("origin", [LOGIN, "null"])
    def test_the_tenants_own_forms_go_through(self, stage: tuple[Browser, Page], origin: str) -> None:
        browser, page = stage
        form = dict(page.fields) | {"decision": "accept"}
        response = browser.http.post(LOGIN + page.action, data=form, headers={"Origin": origin})
        assert "code" in answer_of(response)


class TestPkce:
    @pytest.mark.parametrize(
        ("challenge", "method", "verifier"),
        [(CHALLENGE, "S256", VERIFIER), (VERIFIER, "plain", VERIFIER), (VERIFIER, None, VERIFIER)],
    )
    def test_a_fitting_verifier(
        self, world: World, app: App, challenge: str, method: str | None, verifier: str
    ) -> None:
        code = world.code(app, code_challenge=challenge, code_challenge_method=method)
        assert world.redeem(app, code, code_verifier=verifier).status_code == 200

    @pytest.mark.parametrize(
        ("challenge", "method", "verifier", "expected"),
        [
            (CHALLENGE, "S256", None, 50148),
            (CHALLENGE, "S256", CHALLENGE, 501481),
            (CHALLENGE, "S256", VERIFIER + "x", 501481),
            (CHALLENGE, "plain", VERIFIER, 501481),
            (VERIFIER, "plain", VERIFIER.lower(), 501481),
        ],
    )
    def test_one_that_does_not_fit(
        self, world: World, app: App, challenge: str, method: str, verifier: str | None, expected: int
    ) -> None:
        code = world.code(app, code_challenge=challenge, code_challenge_method=method)
        answer = world.redeem(app, code, code_verifier=verifier)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert answer.json()["error_codes"] == [expected]
        assert "access_token" not in answer.json()
