"""Whatever people type is text on every page: no template lets markup through, and every page is looked at."""

from __future__ import annotations

import ast
import base64
import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from jinja2 import Environment, FileSystemLoader, nodes

import practice_tenant.server as server

from .admin import Center, opened
from .browser import Browser, page_of, upn
from .credentials import certificate
from .process import LOGIN
from .world import App, World, scope_entry

MARKUP = """'"><x-markup on="1">&amp;</x-markup>"""
SERVER = Path(server.__file__).parent
FOLDERS = [SERVER / "login" / "templates", SERVER / "admin" / "templates"]
# What pages are made of, and no page itself.
SHARED = {"page", "form-page", "parts", "frame", "forms", "credentials", "application-id-uri"}
# What makes markup of text, or a page without a template, and the only file that may name it.
MAKES_MARKUP = {"Markup", "markupsafe", "autoescape", "HTMLResponse"}
MAY_NAME_IT = {"http/templates.py": {"autoescape", "HTMLResponse"}, "http/messages.py": {"HTMLResponse"}}

Visits = dict[str, httpx.Response]


def templates(folder: Path) -> set[str]:
    return {file.stem for file in folder.glob("*.html")} - SHARED


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text("utf-8"))


def named(file: Path) -> set[str]:
    """Return the names, modules, attributes and keywords of a program."""
    names: set[str] = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.keyword | ast.alias):
            names.add(str(node.arg if isinstance(node, ast.keyword) else node.name))
        elif isinstance(node, ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module))
    return names


class Tags(HTMLParser):
    """The elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}


class TestTheTemplates:
    @pytest.mark.parametrize("file", sorted(SERVER.rglob("*.html")), ids=lambda file: "-".join(file.parts[-3::2]))
    def test_none_switches_escaping_off(self, file: Path) -> None:
        environment = Environment(loader=FileSystemLoader(file.parent), autoescape=True)
        tree = environment.parse(file.read_text("utf-8"))
        marked = (
            nodes.MarkSafe,
            nodes.MarkSafeIfAutoescape,
            nodes.EvalContextModifier,
            nodes.ScopedEvalContextModifier,
        )
        assert not list(tree.find_all(marked))
        used = {filter_.name for filter_ in tree.find_all(nodes.Filter)}
        assert used <= {"escape", "trim", "length", "join"}, "a filter that may return markup"
        assert {name.name for name in tree.find_all(nodes.Name)}.isdisjoint({"Markup"})

    @pytest.mark.parametrize("file", sorted(SERVER.rglob("*.html")), ids=lambda file: "-".join(file.parts[-3::2]))
    def test_what_is_put_into_an_attribute_stands_in_quotes(self, file: Path) -> None:
        """Escaping keeps a value in its quotes, and does nothing for one without."""
        text = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not re.findall(r"\s[\w-]+=\s*\{\{", text)
        for element in re.findall(r"<(?:script|style)\b.*?</(?:script|style)>", text, re.DOTALL):
            assert "{{" not in element

    def test_no_program_makes_markup(self) -> None:
        found = {file.relative_to(SERVER).as_posix(): named(file) & MAKES_MARKUP for file in SERVER.rglob("*.py")}
        annotated = {"login/pages.py", "admin/pages.py"}  # what they return
        assert {file: names for file, names in found.items() if names and file not in annotated} == MAY_NAME_IT
        for file in annotated:
            called = [node.func for node in ast.walk(tree_of(SERVER / file)) if isinstance(node, ast.Call)]
            assert "HTMLResponse" not in {func.id for func in called if isinstance(func, ast.Name)}

    def test_every_file_is_a_page_or_shared(self) -> None:
        every = {file.stem for folder in FOLDERS for file in folder.glob("*.html")}
        assert every >= SHARED


@pytest.fixture(scope="module")
def hostile(world: World) -> World:
    """A directory in which all that can be named is named with markup."""
    lesson = world.of("markup")
    lesson.graph_token()
    lesson.tenant.sql(
        "UPDATE directories SET graph = json_set(graph, '$.displayName', ?) WHERE tenant_id = ?",
        MARKUP, lesson.tenant.id,
    )  # fmt: skip
    for name in ("avery", "robin"):
        changed = lesson.graph("PATCH", f"/users/{lesson.user_id(name)}", json={"displayName": MARKUP})
        assert changed.status_code == 204, changed.text
    return lesson


def registered(world: World, **more: object) -> App:
    texts = {"adminConsentDisplayName": MARKUP, "adminConsentDescription": f"Meaning of {MARKUP}"}
    extra = [scope_entry("extra", userConsentDisplayName=MARKUP, **texts)]
    return world.register(MARKUP, scopes=extra, **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def pages_seen(hostile: World) -> Visits:
    app = registered(hostile)
    seen: Visits = {}
    browser = hostile.browser()
    asks = app.asks(state=MARKUP, nonce=MARKUP, scope=f"openid {app.uri}/extra") | {MARKUP: MARKUP}
    seen["account-picker"] = browser.open(asks)
    seen["consent"] = press(browser, seen["account-picker"], "account", upn("robin", hostile.domain))
    seen["form-post"] = press(browser, seen["consent"], "decision", "accept", response_mode="form_post")
    manage = asks | {"scope": f"{app.uri}/manage"}
    seen["admin-approval"] = press(
        browser, browser.open(manage | {"prompt": "login"}), "account", upn("robin", hostile.domain)
    )
    seen["signed-out"] = browser.http.get(f"{LOGIN}/{hostile.tenant.id}/oauth2/v2.0/logout")
    seen["error"] = browser.open(asks | {"client_id": MARKUP})
    seen["admin-consent"] = admin_consent(hostile, app)
    guarded = registered(hostile)
    hostile.policy(guarded.client_id)
    page = browser.open(guarded.asks(state=MARKUP))
    seen["second-factor"] = press(browser, page, "account", upn("robin", hostile.domain))
    return seen | device(hostile)


def press(browser: Browser, answer: httpx.Response, name: str, value: str, **more: str) -> httpx.Response:
    return browser.press(page_of(answer), name, value, **more)


def admin_consent(world: World, app: App) -> httpx.Response:
    browser = world.browser()
    asked = app.asks(state=MARKUP, scope=f"{app.uri}/extra", response_type=None)
    answer = browser.http.get(f"{LOGIN}/{world.tenant.id}/v2.0/adminconsent", params=asked)
    return press(browser, answer, "account", upn("avery", world.domain))


def device(world: World) -> Visits:
    app = registered(world, platform="publicClient", isFallbackPublicClient=True)
    seen: Visits = {}
    for decision, kind in (("accept", "device-done"), ("cancel", "device-declined")):
        form = {"client_id": app.client_id, "scope": f"openid {app.uri}/extra"}
        told = world.http.post(f"{LOGIN}/{world.tenant.id}/oauth2/v2.0/devicecode", data=form).json()
        browser = world.browser()
        browser.http.follow_redirects = True
        seen["device-code"] = browser.http.get(f"{LOGIN}/common/oauth2/deviceauth")
        entered = dict(page_of(seen["device-code"]).fields) | {"otc": told["user_code"]}
        answer = browser.http.post(f"{LOGIN}/common/oauth2/deviceauth", data=entered)
        answer = press(browser, answer, "account", upn("sam", world.domain))
        if page_of(answer).kind == "consent":
            answer = press(browser, answer, "decision", "accept")
        seen["device-confirm"] = answer
        seen[kind] = press(browser, answer, "decision", decision)
    return seen


class TestSigningIn:
    def test_every_page_is_looked_at(self, pages_seen: Visits) -> None:
        assert set(pages_seen) == templates(FOLDERS[0])
        kinds = {name: page_of(answer).kind for name, answer in pages_seen.items()}
        assert {name for name, kind in kinds.items() if kind != name} == {"admin-consent", "admin-approval"}

    def test_markup_is_text(self, pages_seen: Visits) -> None:
        for name, answer in pages_seen.items():
            assert "x-markup" not in Tags(answer.text).names, name
            assert "on" not in Tags(answer.text).attributes, name
        shown = {name for name, answer in pages_seen.items() if MARKUP in html.unescape(answer.text)}
        assert shown == set(pages_seen) - {"device-code", "signed-out"}


@pytest.fixture(scope="module")
def center(hostile: World) -> Iterator[Center]:
    with opened(hostile) as found:
        yield found


@pytest.fixture(scope="module")
def app(hostile: World) -> App:
    role = {"displayName": MARKUP, "description": MARKUP, "value": "Role", "allowedMemberTypes": ["User"]}
    app = registered(
        hostile,
        appRoles=[{**role, "id": "aaaaaaaa-1111-4222-8333-444444444444", "isEnabled": True}],
        web={"redirectUris": ["https://a.example/?x='&y"], "homePageUrl": "https://a.example/?x='&y"},
    )
    path = f"/applications/{app.object_id}"
    hostile.made(f"{path}/addPassword", {"passwordCredential": {"displayName": MARKUP}})
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": MARKUP}
    key["key"] = base64.b64encode(certificate().der).decode()
    hostile.change(app, keyCredentials=[key])
    there = {"name": "one", "issuer": "https://a.example", "subject": MARKUP, "audiences": ["api://x"]}
    hostile.made(f"{path}/federatedIdentityCredentials", there)
    owner = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{hostile.user_id('robin')}"}
    assert hostile.graph("POST", f"{path}/owners/$ref", json=owner).status_code == 204
    scopes = hostile.graph("GET", path).json()["api"]["oauth2PermissionScopes"]
    access = [{"id": scope["id"], "type": "Scope"} for scope in scopes]
    hostile.change(app, requiredResourceAccess=[{"resourceAppId": app.client_id, "resourceAccess": access}])
    return app


@pytest.fixture(scope="module")
def center_seen(hostile: World, center: Center, app: App) -> Visits:
    here = f"apps/{app.object_id}"
    paths = {
        "registrations": "",
        "new-registration": "new",
        "overview": f"{here}/overview",
        "delete": f"{here}/delete",
        "branding": f"{here}/branding",
        "authentication": f"{here}/authentication",
        "client-secrets": f"{here}/credentials",
        "certificates": f"{here}/credentials/certificates",
        "federated-credentials": f"{here}/credentials/federated",
        "api-permissions": f"{here}/api-permissions",
        "request-api-permissions": f"{here}/api-permissions/add?api={app.client_id}",
        "grant-admin-consent": f"{here}/grant-admin-consent",
        "expose-an-api": f"{here}/expose-an-api",
        "scope": f"{here}/expose-an-api/scope",
        "app-roles": f"{here}/app-roles",
        "owners": f"{here}/owners",
        "manifest": f"{here}/manifest",
    }
    seen = {name: center.get(path) for name, path in paths.items()}
    assert {name: answer.status_code for name, answer in seen.items() if answer.status_code != 200} == {}
    with httpx.Client(trust_env=False, verify=hostile.tenant.trust) as stranger:
        seen["closed"] = stranger.get(center.base)
        seen["opening"] = stranger.get(center.base, headers={"sec-fetch-site": "cross-site"})
    seen["not-shown"] = center.get("apps/none/overview")
    return seen


class TestTheAdminCenter:
    def test_every_page_is_looked_at(self, center_seen: Visits) -> None:
        assert set(center_seen) == templates(FOLDERS[1])
        statuses = {name: answer.status_code for name, answer in center_seen.items() if answer.status_code != 200}
        assert statuses == {"closed": 403, "not-shown": 404}

    def test_markup_is_text(self, center_seen: Visits) -> None:
        for name, answer in center_seen.items():
            assert "x-markup" not in Tags(answer.text).names, name
            assert "on" not in Tags(answer.text).attributes, name
        shown = {name for name, answer in center_seen.items() if MARKUP in html.unescape(answer.text)}
        assert shown == set(center_seen) - {"closed", "opening", "not-shown"}

    def test_so_is_what_was_typed_and_refused(self, center: Center, app: App) -> None:
        fields = {"uri": f"https://a.example/{MARKUP}"}
        for path, action, sent in (
            ("authentication", "add-web", fields),
            ("credentials/federated", "add", {"issuer": MARKUP, "subject": MARKUP, "name": MARKUP, "audience": "x"}),
            ("expose-an-api/scope", "add", {"value": MARKUP, "who": "User", "state": "on", "admin_about": MARKUP}),
        ):
            answer = center.send(f"apps/{app.object_id}/{path}", action, sent)
            assert answer.status_code == 400
            assert "x-markup" not in Tags(answer.text).names
            assert MARKUP in html.unescape(answer.text)
