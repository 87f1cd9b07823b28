"""What the server for pre-authorized clients must be told, and what its app and the proxy's prove themselves with."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from workshop.core import settings as workshop_settings
from workshop.servers import preauthorized_settings
from workshop.servers import settings as proxy_settings
from workshop.servers.environment import SettingsError, Variable, sample
from workshop.servers.preauthorized_settings import CLIENT_ID, PREAUTHORIZED, PREFIX, PreauthorizedSettings, load
from workshop.servers.serve import with_settings
from workshop.servers.settings import TENANT_ID

PROJECT = workshop_settings.load().project
GUID = "6f1c3a52-0000-4000-8000-0123456789ab"
OTHER = "7a2d4b63-0000-4000-8000-0123456789ab"
GIVEN = {CLIENT_ID: GUID, TENANT_ID: GUID}
ISSUER = f"https://login.microsoftonline.com/{OTHER}/v2.0"
KEY = {"ENTRA_PROXY_JWT_SIGNING_KEY": "k" * 32}

RIGHT: dict[str, tuple[str, Any]] = {
    TENANT_ID: (OTHER.upper(), OTHER),
    CLIENT_ID: (OTHER, OTHER),
    f"{PREFIX}_AZURE_CLIENT_SECRET": ("practice.$with{dollar}", "practice.$with{dollar}"),
    f"{PREFIX}_AZURE_CLIENT_CERTIFICATE_PATH": ("keys/app.pem", Path("keys/app.pem")),
    f"{PREFIX}_AZURE_CLIENT_CERTIFICATE_PASSWORD": ("a word", "a word"),
    f"{PREFIX}_AZURE_MANAGED_IDENTITY": ("System", "system"),
    f"{PREFIX}_BASE_URL": ("https://mcp.example.com/", "https://mcp.example.com"),
    f"{PREFIX}_ALLOWED_HOSTS": ("mcp.example.com", ("mcp.example.com",)),
    f"{PREFIX}_ALLOWED_ORIGINS": ("https://app.example.com", ("https://app.example.com",)),
    f"{PREFIX}_REQUIRED_SCOPES": ("read write", ("read", "write")),
    f"{PREFIX}_IDENTIFIER_URI": ("api://expenses", "api://expenses"),
    f"{PREFIX}_BASE_AUTHORITY": ("login.microsoftonline.us", "login.microsoftonline.us"),
    f"{PREFIX}_TOKEN_ISSUERS": (ISSUER, (ISSUER,)),
    f"{PREFIX}_ALLOWED_CLIENTS": (f"{GUID},{OTHER}", (GUID, OTHER)),
    f"{PREFIX}_CONFIDENTIAL_CLIENTS_ONLY": ("Yes", True),
    f"{PREFIX}_APP_ROLES": ("Expenses.Count", ("Expenses.Count",)),
    f"{PREFIX}_AUDIT_LOG": ("STDERR", "stderr"),
    f"{PREFIX}_DATABASE": ("data/expenses.sqlite", Path("data/expenses.sqlite")),
    f"{PREFIX}_GRAPH_URL": ("https://graph.microsoft.us", "https://graph.microsoft.us"),
    f"{PREFIX}_APPROVERS_GROUP_ID": (OTHER, OTHER),
}
"""A text for each variable, and the value it gives."""


@pytest.mark.parametrize("variable", PREAUTHORIZED, ids=lambda variable: variable.name)
def test_every_value_arrives_in_its_field(tmp_path: Path, variable: Variable) -> None:
    text, value = RIGHT[variable.name]
    read = load({**GIVEN, variable.name: text}, tmp_path)
    assert getattr(read, variable.field) == value
    plain = load(GIVEN, tmp_path)
    assert dataclasses.replace(read, **{variable.field: getattr(plain, variable.field)}) == plain


def test_every_field_is_told_by_one_variable() -> None:
    fields = [field.name for field in dataclasses.fields(PreauthorizedSettings)]
    assert sorted(variable.field for variable in PREAUTHORIZED) == sorted(fields)
    assert set(RIGHT) == {variable.name for variable in PREAUTHORIZED}


def test_the_sample_explains_every_value() -> None:
    """On a difference: the text below the heading of .env.sample is `sample(PREAUTHORIZED[1:])`."""
    text = (PROJECT / ".env.sample").read_text(encoding="utf-8")
    _, _, rest = text.partition("# --- Your own tenant: the app for pre-authorized clients ---\n\n")
    own, _, _ = rest.partition("\n# --- ")
    assert own == sample(PREAUTHORIZED[1:])
    assert PREAUTHORIZED[0].name == TENANT_ID, "the same one as the proxy's"


@pytest.mark.parametrize("variable", [one for one in PREAUTHORIZED if one.default], ids=lambda one: one.name)
def test_a_default_that_the_sample_shows_is_the_default(tmp_path: Path, variable: Variable) -> None:
    shown = getattr(load({**GIVEN, variable.name: variable.default or ""}, tmp_path), variable.field)
    default = getattr(load(GIVEN, tmp_path), variable.field)
    assert shown == default or (variable.field == "base_url" and default is None), "the port decides"


@pytest.mark.parametrize("name", GIVEN)
def test_a_missing_value_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=f"^{name} is not set. Looked in the environment and in "):
        load({key: value for key, value in GIVEN.items() if key != name}, tmp_path)


def test_accounts_of_many_tenants_need_their_issuers(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=f"^{PREFIX}_TOKEN_ISSUERS is not set, and {TENANT_ID} is"):
        load({**GIVEN, TENANT_ID: "organizations"}, tmp_path)


def test_tokens_are_verified_without_any_credential(tmp_path: Path) -> None:
    assert load(GIVEN, tmp_path) == PreauthorizedSettings(GUID, GUID)


@pytest.mark.parametrize(
    ("told", "address"),
    [
        ({}, None),
        ({"IDENTIFIER_URI": "api://expenses/mcp"}, None),
        ({"IDENTIFIER_URI": "https://contoso.com/expenses"}, None),
        ({"IDENTIFIER_URI": "https://mcp.contoso.com/mcp"}, "https://mcp.contoso.com"),
        ({"IDENTIFIER_URI": "https://mcp.contoso.com/team/mcp/"}, "https://mcp.contoso.com/team"),
        (
            {"IDENTIFIER_URI": "https://mcp.contoso.com/mcp", "BASE_URL": "http://localhost:9000"},
            "http://localhost:9000",
        ),
    ],
)
def test_an_https_identifier_uri_says_where_the_server_is(
    tmp_path: Path, told: dict[str, str], address: str | None
) -> None:
    """One fact, one place: a process of its own serves at what the URI says, unless it is told an address."""
    environ = GIVEN | {f"{PREFIX}_{name}": text for name, text in told.items()}
    asked: list[str] = []

    def build(base_url: str, _: PreauthorizedSettings) -> Any:
        asked.append(base_url)

    with_settings(build, lambda: load(environ, tmp_path))("http://localhost:8000")
    assert asked == [address or "http://localhost:8000"]


# --- what an app proves itself with, at both servers ---

APPS = [
    ("ENTRA_PROXY", {proxy_settings.CLIENT_ID: GUID, TENANT_ID: GUID, **KEY}, proxy_settings.load),
    (PREFIX, GIVEN, preauthorized_settings.load),
]
BOTH = pytest.mark.parametrize(("prefix", "given", "read"), APPS, ids=[one[0] for one in APPS])


@BOTH
def test_one_credential_is_enough_and_two_are_refused(tmp_path: Path, prefix: str, given: Any, read: Any) -> None:
    certificate = {f"{prefix}_AZURE_CLIENT_CERTIFICATE_PATH": "app.pem"}
    identity = {f"{prefix}_AZURE_MANAGED_IDENTITY": GUID}
    assert read(given | certificate, tmp_path).certificate == Path("app.pem")
    assert read(given | identity, tmp_path).managed_identity == GUID
    for two in (certificate | identity, certificate | {f"{prefix}_AZURE_CLIENT_SECRET": "practice.one"}):
        with pytest.raises(SettingsError, match=r"has a .* and .*[.] Set one") as refused:
            read(given | two, tmp_path)
        assert "practice" not in str(refused.value)


@BOTH
def test_a_managed_identity_is_named_by_its_client_id(tmp_path: Path, prefix: str, given: Any, read: Any) -> None:
    with pytest.raises(SettingsError, match=f"^{prefix}_AZURE_MANAGED_IDENTITY .*: it should be system, or a GUID"):
        read(given | {f"{prefix}_AZURE_MANAGED_IDENTITY": "expenses-identity"}, tmp_path)


def test_a_proxy_without_a_secret_needs_a_key_for_its_own_tokens(tmp_path: Path) -> None:
    given = {proxy_settings.CLIENT_ID: GUID, TENANT_ID: GUID, "ENTRA_PROXY_AZURE_MANAGED_IDENTITY": "system"}
    with pytest.raises(SettingsError, match=r"^ENTRA_PROXY_JWT_SIGNING_KEY is not set, and there is no client secret"):
        proxy_settings.load(given, tmp_path)
    assert proxy_settings.load(given | KEY, tmp_path).client_secret == ""


def test_no_secret_is_in_a_repr() -> None:
    told = PreauthorizedSettings(GUID, GUID, client_secret="practice.hidden", certificate_password="practice.hidden")
    assert "hidden" not in repr(told)
