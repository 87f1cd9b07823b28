"""What the servers must be told, what they say when it is missing or malformed, and where each value goes."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import stat
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastmcp.server.auth.oauth_proxy.upstream import AsyncOAuth2Client
from fastmcp.server.auth.providers.azure import AzureProvider
from key_value.aio.stores.memory import MemoryStore
from practice_help import posix_only

from workshop.core import settings as workshop_settings
from workshop.servers import proxy, settings, whoami
from workshop.servers.app_settings import LOCAL
from workshop.servers.environment import Variable, host, sample, setting
from workshop.servers.redirects import KNOWN_CLIENTS
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET, PROXY, TENANT_ID, ProxySettings, SettingsError

PROJECT = workshop_settings.load().project
GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
OTHER = "7a2d4b63-0000-4000-8000-0123456789ab"
SECRET = "a value for tests"
GIVEN = {CLIENT_ID: GUID, CLIENT_SECRET: SECRET, TENANT_ID: GUID}
ISSUER = f"https://login.microsoftonline.com/{OTHER}/v2.0"

RIGHT: dict[str, tuple[str, Any]] = {
    TENANT_ID: (OTHER.upper(), OTHER),
    CLIENT_ID: (OTHER, OTHER),
    CLIENT_SECRET: ("practice.$with{dollar}", "practice.$with{dollar}"),
    "ENTRA_PROXY_AZURE_CLIENT_CERTIFICATE_PATH": ("keys/app.pem", Path("keys/app.pem")),
    "ENTRA_PROXY_AZURE_CLIENT_CERTIFICATE_PASSWORD": ("a word", "a word"),
    "ENTRA_PROXY_AZURE_MANAGED_IDENTITY": (OTHER, OTHER),
    "ENTRA_PROXY_BASE_URL": ("https://mcp.example.com/", "https://mcp.example.com"),
    "ENTRA_PROXY_ALLOWED_HOSTS": ("MCP.example.com *.example.org", ("mcp.example.com", "*.example.org")),
    "ENTRA_PROXY_ALLOWED_ORIGINS": ("https://app.example.com", ("https://app.example.com",)),
    "ENTRA_PROXY_REQUIRED_SCOPES": ("read write", ("read", "write")),
    "ENTRA_PROXY_ADDITIONAL_AUTHORIZE_SCOPES": ("User.Read, Mail.Read", ("User.Read", "Mail.Read")),
    "ENTRA_PROXY_IDENTIFIER_URI": ("api://expenses", "api://expenses"),
    "ENTRA_PROXY_REDIRECT_PATH": ("/back", "/back"),
    "ENTRA_PROXY_BASE_AUTHORITY": ("login.microsoftonline.us", "login.microsoftonline.us"),
    "ENTRA_PROXY_TOKEN_ISSUERS": (f"{ISSUER} {ISSUER}", (ISSUER, ISSUER)),
    "ENTRA_PROXY_ALLOWED_CLIENTS": (f"{GUID},{OTHER}", (GUID, OTHER)),
    "ENTRA_PROXY_CONFIDENTIAL_CLIENTS_ONLY": ("yes", True),
    "ENTRA_PROXY_APP_ROLES": ("Expenses.Count, Expenses.Run", ("Expenses.Count", "Expenses.Run")),
    "ENTRA_PROXY_CONSENT": ("Remember", "remember"),
    "ENTRA_PROXY_CONSENT_CSP_POLICY": ("default-src https:", "default-src https:"),
    "ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS": ("http://localhost:*", ("http://localhost:*",)),
    "ENTRA_PROXY_KNOWN_CLIENTS": ("Cursor", ("cursor",)),
    "ENTRA_PROXY_REGISTRATIONS_PER_MINUTE": ("5", 5),
    "ENTRA_PROXY_UNUSED_CLIENT_SECONDS": ("3600", 3_600),
    "ENTRA_PROXY_ENABLE_CIMD": ("no", False),
    "ENTRA_PROXY_STORAGE": ("memory", "memory"),
    "ENTRA_PROXY_JWT_SIGNING_KEY": ("k" * 32, "k" * 32),
    "ENTRA_PROXY_AUDIT_LOG": ("/var/log/mcp/audit.jsonl", "/var/log/mcp/audit.jsonl"),
    "ENTRA_PROXY_DATABASE": ("data/expenses.sqlite", Path("data/expenses.sqlite")),
    "ENTRA_PROXY_RESOURCE_BASE_URL": ("https://api.example.com", "https://api.example.com"),
    "ENTRA_PROXY_ISSUER_URL": ("https://id.example.com", "https://id.example.com"),
    "ENTRA_PROXY_FORWARD_RESOURCE": ("no", False),
    "ENTRA_PROXY_EXTRA_AUTHORIZE_PARAMS": ('{"domain_hint": "contoso.com"}', {"domain_hint": "contoso.com"}),
    "ENTRA_PROXY_ACCESS_TOKEN_SECONDS": ("600", 600),
    "ENTRA_PROXY_REFRESH_TOKEN_SECONDS": ("86400", 86_400),
    "ENTRA_PROXY_REFRESH_EARLY_SECONDS": ("30", 30),
    "ENTRA_PROXY_GRAPH_URL": ("https://graph.microsoft.us/", "https://graph.microsoft.us"),
    "ENTRA_PROXY_APPROVERS_GROUP_ID": (OTHER, OTHER),
}
"""A text for each variable, and the value it gives."""
IN_PLACE_OF_THE_SECRET = ("certificate", "managed_identity")

WRONG = [
    (TENANT_ID, "contoso.onmicrosoft.com", "a GUID such as 00000000-0000-0000-0000-000000000000, or organizations"),
    (CLIENT_ID, "my-app", "a GUID such as"),
    (CLIENT_SECRET, OTHER, "the secret's Value; this looks like the Secret ID"),
    ("ENTRA_PROXY_BASE_URL", "mcp.contoso.com", "an address such as https://mcp.example.com"),
    ("ENTRA_PROXY_BASE_URL", "https://mcp.example.com/mcp/", "the address without /mcp"),
    ("ENTRA_PROXY_BASE_URL", "http://mcp.example.com", "https, or http on localhost"),
    ("ENTRA_PROXY_ALLOWED_HOSTS", "https://mcp.example.com", "host names such as mcp.example.com"),
    ("ENTRA_PROXY_ALLOWED_HOSTS", "mcp.example.com:443", "host names such as mcp.example.com"),
    ("ENTRA_PROXY_ALLOWED_ORIGINS", "a.page", "origins such as https://app.example.com"),
    ("ENTRA_PROXY_ALLOWED_ORIGINS", "https://app.example.com/page", "origins such as https://app.example.com"),
    ("ENTRA_PROXY_ALLOWED_ORIGINS", "null", "origins such as https://app.example.com"),
    ("ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS", "cursor", "addresses such as http://localhost:*"),
    ("ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS", "https://*", "addresses such as http://localhost:*"),
    ("ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS", "http://*:*/callback", "addresses such as http://localhost:*"),
    ("ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS", "http://[::1", "addresses such as http://localhost:*"),
    ("ENTRA_PROXY_KNOWN_CLIENTS", "Gemini", "names from this list: claude, chatgpt, cursor, copilot-studio"),
    ("ENTRA_PROXY_REGISTRATIONS_PER_MINUTE", "0", "a whole number above zero"),
    ("ENTRA_PROXY_UNUSED_CLIENT_SECONDS", "a day", "a whole number of seconds"),
    ("ENTRA_PROXY_IDENTIFIER_URI", "expenses", "an Application ID URI such as api://"),
    ("ENTRA_PROXY_REDIRECT_PATH", "callback/auth", "a path that begins with /"),
    ("ENTRA_PROXY_BASE_AUTHORITY", "https://login.microsoftonline.us", "a host name such as login.microsoftonline.us"),
    ("ENTRA_PROXY_TOKEN_ISSUERS", "https://login.microsoftonline.com/organizations/v2.0", "issuers such as"),
    ("ENTRA_PROXY_ALLOWED_CLIENTS", f"{GUID} vscode", "a GUID such as"),
    ("ENTRA_PROXY_CONFIDENTIAL_CLIENTS_ONLY", "azpacr", "one of yes, no"),
    ("ENTRA_PROXY_CONSENT", "sometimes", "one of always, remember, external, never"),
    ("ENTRA_PROXY_ENABLE_CIMD", "perhaps", "one of yes, no"),
    ("ENTRA_PROXY_FORWARD_RESOURCE", "perhaps", "one of yes, no"),
    ("ENTRA_PROXY_JWT_SIGNING_KEY", "short-and-guessable", "at least 32 characters"),
    ("ENTRA_PROXY_RESOURCE_BASE_URL", "api", "an address such as"),
    ("ENTRA_PROXY_ISSUER_URL", "id", "an address such as"),
    ("ENTRA_PROXY_EXTRA_AUTHORIZE_PARAMS", "prompt=login", "a JSON object of texts"),
    ("ENTRA_PROXY_EXTRA_AUTHORIZE_PARAMS", '{"max_age": 5}', "a JSON object of texts"),
    ("ENTRA_PROXY_ACCESS_TOKEN_SECONDS", "one hour", "a whole number of seconds"),
    ("ENTRA_PROXY_REFRESH_TOKEN_SECONDS", "-1", "a whole number of seconds"),
    ("ENTRA_PROXY_APPROVERS_GROUP_ID", "Expense approvers", "a GUID such as"),
    ("ENTRA_PROXY_AZURE_MANAGED_IDENTITY", "expenses-identity", "system, or a GUID such as"),
    ("ENTRA_PROXY_REFRESH_EARLY_SECONDS", "1.5", "a whole number of seconds"),
]


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{CLIENT_SECRET}=from the file\n{TENANT_ID}={GUID}\n")
    read = settings.load({CLIENT_ID: GUID, CLIENT_SECRET: " from the environment "}, tmp_path)
    assert read == ProxySettings(GUID, "from the environment", GUID)
    assert settings.load({CLIENT_ID: GUID, CLIENT_SECRET: " "}, tmp_path).client_secret == "from the file"


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_value_is_named_with_where_it_was_looked_for(tmp_path: Path, name: str) -> None:
    for given in ({key: value for key, value in GIVEN.items() if key != name}, {**GIVEN, name: " "}):
        with pytest.raises(SettingsError) as refused:
            settings.load(given, tmp_path)
        assert str(refused.value) == f"{name} is not set. Looked in the environment and in {tmp_path / '.env'}."


@pytest.mark.parametrize(("name", "value", "expected"), WRONG)
def test_a_malformed_value_is_named_with_where_it_stands_and_not_shown(
    tmp_path: Path, name: str, value: str, expected: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings.load({**GIVEN, name: value}, tmp_path)
    said = str(refused.value)
    assert said.startswith(f"{name} from the environment can't be used: it should be {expected}")
    assert len(said.splitlines()) == 1
    assert value not in said.removeprefix(name)
    (tmp_path / ".env").write_text(f"{name}='{value}'\n")
    with pytest.raises(SettingsError, match=f"^{name} from .*[.]env can't be used"):
        settings.load({key: given for key, given in GIVEN.items() if key != name}, tmp_path)


@pytest.mark.parametrize("content", [f"{CLIENT_ID}={GUID}\n".encode("utf-16"), b"\xff\xfe\x00"])
def test_a_file_that_is_not_utf8_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"[.]env can't be read: it should be UTF-8 text"):
        settings.load(GIVEN, tmp_path)


def test_the_mark_that_notepad_puts_first_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"{CLIENT_ID}={OTHER}\n", encoding="utf-8-sig")
    given = {name: value for name, value in GIVEN.items() if name != CLIENT_ID}
    assert settings.load(given, tmp_path).client_id == OTHER


@pytest.mark.parametrize("variable", PROXY, ids=lambda variable: variable.name)
def test_every_value_arrives_in_its_field(tmp_path: Path, variable: Variable) -> None:
    text, value = RIGHT[variable.name]
    given, told = GIVEN, settings.load(GIVEN, tmp_path / "nowhere")
    if variable.field in IN_PLACE_OF_THE_SECRET:
        given = {CLIENT_ID: GUID, TENANT_ID: GUID, "ENTRA_PROXY_JWT_SIGNING_KEY": "k" * 32}
        told = ProxySettings(GUID, "", GUID, jwt_signing_key="k" * 32)
    for environ, line in (({**given, variable.name: text}, ""), (given, f"{variable.name}='{text}'\n")):
        (tmp_path / ".env").write_text(line)
        preset = {name: given for name, given in environ.items() if line == "" or name != variable.name}
        read = settings.load(preset, tmp_path)
        assert getattr(read, variable.field) == value
        assert dataclasses.replace(read, **{variable.field: getattr(told, variable.field)}) == told


def test_every_field_is_told_by_one_variable() -> None:
    fields = [field.name for field in dataclasses.fields(ProxySettings)]
    assert sorted(variable.field for variable in PROXY) == sorted(fields)
    assert len({variable.name for variable in PROXY}) == len(PROXY)
    assert set(RIGHT) == {variable.name for variable in PROXY}


def test_a_field_is_all_that_a_new_setting_needs(tmp_path: Path) -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class MoreSettings(ProxySettings):
        mirror: str = setting("a.example.com", host, "The host of the mirror,", "see {prefix}_BASE_URL.", secret=True)

    assert MoreSettings.load(GIVEN, tmp_path).mirror == "a.example.com"
    told = MoreSettings.load({**GIVEN, "ENTRA_PROXY_MIRROR": "b.example.com"}, tmp_path)
    assert told.mirror == "b.example.com"
    assert "b.example.com" not in repr(told)
    with pytest.raises(SettingsError, match=r"^ENTRA_PROXY_MIRROR from the environment can't be used: .* a host name"):
        MoreSettings.load({**GIVEN, "ENTRA_PROXY_MIRROR": "https://b"}, tmp_path)
    lines = "# The host of the mirror,\n# see ENTRA_PROXY_BASE_URL.\n# ENTRA_PROXY_MIRROR=a.example.com\n"
    assert sample(MoreSettings.variables()).endswith("\n\n" + lines)


def test_the_sample_explains_every_value_and_shows_its_default() -> None:
    """On a difference: the text between the headings of .env.sample is `sample(PROXY)`."""
    text = (PROJECT / ".env.sample").read_text(encoding="utf-8")
    _, _, rest = text.partition("# --- Your own tenant (used only with WORKSHOP_TENANT=own) ---\n\n")
    own, _, _ = rest.partition("\n# --- ")
    assert own == sample(PROXY)


@pytest.mark.parametrize("variable", [one for one in PROXY if one.default], ids=lambda variable: variable.name)
def test_a_default_that_the_sample_shows_is_the_default(tmp_path: Path, variable: Variable) -> None:
    shown = getattr(settings.load({**GIVEN, variable.name: variable.default or ""}, tmp_path), variable.field)
    default = getattr(settings.load(GIVEN, tmp_path), variable.field)
    if variable.field == "base_url":
        assert default is None, "the port decides"
        assert shown == LOCAL
    elif variable.field == "extra_authorize_params":
        assert default is None, "AzureProvider decides"
        provider = proxy.provider(settings.load(GIVEN, tmp_path), LOCAL, MemoryStore())
        assert shown == provider._extra_authorize_params
    else:
        assert shown == default


@pytest.mark.parametrize("name", ["organizations", "common", "consumers"])
def test_accounts_of_many_tenants_need_their_issuers(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"^ENTRA_PROXY_TOKEN_ISSUERS is not set, and {TENANT_ID} is") as refused:
        settings.load({**GIVEN, TENANT_ID: name}, tmp_path)
    assert len(str(refused.value).splitlines()) == 1
    read = settings.load({**GIVEN, TENANT_ID: name, "ENTRA_PROXY_TOKEN_ISSUERS": ISSUER}, tmp_path)
    assert read.tenant_ids == {OTHER}


def test_no_secret_is_in_a_repr(tmp_path: Path) -> None:
    read = settings.load({**GIVEN, "ENTRA_PROXY_JWT_SIGNING_KEY": "k" * 32}, tmp_path)
    assert SECRET not in repr(read)
    assert "kkk" not in repr(read)


# --- where the values go ---


class Given(Exception):
    """What AzureProvider is given, instead of one."""


def options(monkeypatch: pytest.MonkeyPatch, told: ProxySettings, **more: Any) -> dict[str, Any]:
    """Return what AzureProvider would be made of."""

    def note(_self: object, **given: Any) -> None:
        raise Given(given)

    monkeypatch.setattr(AzureProvider, "__init__", note)
    with pytest.raises(Given) as given:
        proxy.provider(told, LOCAL, **more)
    return dict(given.value.args[0])


NOT_SET = {"identity_assertion"}
"""Left as it is, for a reason that stands in `proxy.provider`; `test_identity_assertion.py` holds it."""


def test_every_parameter_of_azure_provider_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = set(inspect.signature(AzureProvider.__init__).parameters) - {"self"}
    others = [variable.name for variable in PROXY if variable.field in IN_PLACE_OF_THE_SECRET]
    told = settings.load({name: text for name, (text, _) in RIGHT.items() if name not in others}, tmp_path)
    store, client = MemoryStore(), object()
    given = options(monkeypatch, told, client_storage=store, http_client=client)
    assert set(given) == known - NOT_SET
    assert given == {
        "client_id": OTHER,
        "client_secret": "practice.$with{dollar}",
        "tenant_id": OTHER,
        "required_scopes": ["read", "write"],
        "base_url": LOCAL,
        "resource_base_url": "https://api.example.com",
        "identifier_uri": "api://expenses",
        "issuer_url": "https://id.example.com",
        "redirect_path": "/back",
        "additional_authorize_scopes": ["User.Read", "Mail.Read"],
        "allowed_client_redirect_uris": ["http://localhost:*", *KNOWN_CLIENTS["cursor"]],
        "client_storage": store,
        "jwt_signing_key": "k" * 32,
        "require_authorization_consent": "remember",
        "consent_csp_policy": "default-src https:",
        "forward_resource": False,
        "fallback_refresh_token_expiry_seconds": 86_400,
        "fastmcp_access_token_expiry_seconds": 600,
        "token_expiry_threshold_seconds": 30,
        "base_authority": "login.microsoftonline.us",
        "token_issuer": [ISSUER, ISSUER],
        "extra_authorize_params": {"domain_hint": "contoso.com"},
        "http_client": client,
        "enable_cimd": False,
    }


def test_the_defaults_are_azure_providers_own_but_for_what_it_leaves_open(monkeypatch: pytest.MonkeyPatch) -> None:
    parameters = inspect.signature(AzureProvider.__init__).parameters
    given = options(monkeypatch, ProxySettings(GUID, SECRET, GUID))
    differ = {name for name, value in given.items() if value != parameters[name].default}
    assert differ == {
        "client_id", "client_secret", "tenant_id", "required_scopes", "base_url",
        "additional_authorize_scopes", "redirect_path", "token_issuer", "http_client",
        "allowed_client_redirect_uris", "fallback_refresh_token_expiry_seconds",
    }  # fmt: skip
    assert given["fallback_refresh_token_expiry_seconds"] == 14 * 86_400
    assert given["http_client"].timeout == httpx2.Timeout(60)
    assert given["redirect_path"] == "/auth/callback"
    assert given["token_issuer"] == f"https://login.microsoftonline.com/{GUID}/v2.0"


def test_what_it_asks_entra_for_may_take_a_minute() -> None:
    """FastMCP's own patience is 10 s for the keys, whose lack is a 401, and 30 s for a token, whose lack is a 500."""
    door = proxy.provider(ProxySettings(GUID, SECRET, GUID), LOCAL, MemoryStore())
    upstream = door._create_upstream_oauth_client()
    assert upstream._client.timeout == httpx2.Timeout(60)
    assert (upstream.client_id, upstream.client_secret) == (GUID, SECRET)
    assert upstream.token_endpoint_auth_method == AsyncOAuth2Client(GUID, SECRET).token_endpoint_auth_method


@pytest.mark.parametrize(
    ("word", "value"), [("always", True), ("remember", "remember"), ("external", "external"), ("never", False)]
)
def test_consent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, word: str, value: object) -> None:
    told = settings.load({**GIVEN, "ENTRA_PROXY_CONSENT": word}, tmp_path)
    assert options(monkeypatch, told)["require_authorization_consent"] == value


def test_azure_government_is_one_setting(tmp_path: Path) -> None:
    told = settings.load({**GIVEN, "ENTRA_PROXY_BASE_AUTHORITY": "login.microsoftonline.us"}, tmp_path)
    provider = proxy.provider(told, LOCAL, MemoryStore())
    assert provider._upstream_authorization_endpoint.startswith(f"https://login.microsoftonline.us/{GUID}/")
    assert told.issuers == (f"https://login.microsoftonline.us/{GUID}/v2.0",)
    assert provider.rules.base_authority == "login.microsoftonline.us"


@posix_only
def test_a_folder_for_storage_is_made_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "by-the-proxy"
    provider = proxy.provider(ProxySettings(GUID, SECRET, GUID, storage=str(folder)), LOCAL)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not isinstance(provider._client_storage, MemoryStore)


def test_the_smallest_server_has_one_tool_and_its_icon_needs_no_network() -> None:
    server = whoami.build("http://localhost:8000", ProxySettings(GUID, SECRET, GUID))
    assert [tool.name for tool in asyncio.run(server.list_tools())] == ["get_user_info"]
    assert [icon.src.partition(",")[0] for icon in server.icons] == ["data:image/svg+xml;base64"]
