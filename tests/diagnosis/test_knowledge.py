"""What is known: every entry is whole, every code is answered, the most telling sign wins."""

from __future__ import annotations

import json
import re
from html import escape
from urllib.parse import quote_plus

import pytest
from tenant import test_errors  # noqa: F401  (importing it fills the table of refusals)
from tenant.refusals import ROWS, Row

from workshop.diagnosis import FAILURES, diagnose
from workshop.diagnosis.guide import guide
from workshop.diagnosis.knowledge import CODES, known_codes
from workshop.diagnosis.report import mends

ALL = pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: failure.name)
TAIL = " Trace ID: 00000000-0000-0000-0000-000000000001 Correlation ID: {} Timestamp: 2026-11-21 10:00:00Z"


def test_names_are_given_once() -> None:
    names = [failure.name for failure in FAILURES]
    assert len(names) == len(set(names)) > 60


def test_each_of_the_25_is_there() -> None:
    assert {failure.number for failure in FAILURES} == set(range(26))


@ALL
def test_an_entry_is_whole(failure: object) -> None:
    entry = next(one for one in FAILURES if one is failure)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.name)
    assert mends(entry)
    assert entry.cause.endswith(".")
    assert not entry.title.endswith(".")
    assert entry.source.startswith("https://")
    for sign in entry.signs:
        assert sign.code or sign.says
        for pattern in (*sign.says, *sign.lacks):
            re.compile(pattern)


def test_a_code_has_one_entry_that_needs_nothing_else() -> None:
    plain = [sign.code for failure in FAILURES for sign in failure.signs if sign.code and not sign.says]
    assert sorted(plain) == sorted(set(plain))
    assert known_codes() - set(plain) == {65005}


@pytest.mark.parametrize(
    "row", {row.code: row for row in ROWS if row.code}.values(), ids=lambda row: f"AADSTS{row.code}"
)
def test_each_code_of_the_practice_tenant_is_answered(row: Row) -> None:
    said = diagnose(f"AADSTS{row.code}: {row.text}{TAIL}")
    assert len(said.findings) == 1, said
    assert row.code in {sign.code for sign in said.findings[0].failure.signs}
    assert said.exit_code == 1


def test_a_code_alone_in_every_form_is_answered_alike() -> None:
    forms = (7000215, "7000215", "AADSTS7000215", " aadsts7000215\n", '{"error_codes":[7000215]}')
    assert {diagnose(form).names for form in forms} == {("secret-wrong",)}
    uri = "see https://login.microsoftonline.com/error?code=7000215"
    assert diagnose(uri).names == ("secret-wrong",)


def test_an_unknown_code_is_said_to_be_unknown() -> None:
    said = diagnose("AADSTS4242424: Something new.")
    assert said.findings == ()
    assert said.exit_code == 2
    assert f"AADSTS4242424 is not known here. Microsoft's page of codes: {CODES}" in said.text()
    assert said.json()["unknown"] == [{"code": "AADSTS4242424", "see": CODES}]
    assert "AADSTS4242424" in said._repr_html_()


def test_an_unknown_code_beside_a_known_one() -> None:
    said = diagnose("AADSTS4242424: new. Then AADSTS54005: OAuth2 Authorization code was already redeemed")
    assert said.names == ("code-used-twice",)
    assert said.diagnosed.unknown == (4242424,)


def test_what_is_nothing_known() -> None:
    said = diagnose("It does not work.")
    assert said.exit_code == 2
    assert "Nothing in it is known" in said.text()


MISMATCH = "AADSTS9010010: The resource parameter provided in the request doesn't match with the requested scopes."
NOT_THERE = "AADSTS650053: The application 'x' asked for scope '{}' that doesn't exist on the resource '{}'."


def sign_in(**parameters: str) -> str:
    asked = "&".join(f"{name}={quote_plus(value)}" for name, value in ({"client_id": "c"} | parameters).items())
    return f"GET https://login.microsoftonline.com/t/oauth2/v2.0/authorize?{asked}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MISMATCH, "resource-not-an-identifier-uri"),
        (
            f"{sign_in(scope='openid api://a/x', resource='https://h/mcp')}\n{MISMATCH}",
            "resource-not-an-identifier-uri",
        ),
        (f"{sign_in(scope='openid api://a/x', resource='https://h/')}\n{MISMATCH}", "resource-with-a-slash"),
        (f"{sign_in(scope='mcp.read openid', resource='https://h/mcp')}\n{MISMATCH}", "client-asks-entra-directly"),
        (NOT_THERE.format("mcp.read", "00000003-0000-0000-c000-000000000000"), "scope-without-its-resource"),
        (NOT_THERE.format("openid", "11111111-0000-0000-c000-000000000000"), "openid-scope-prefixed"),
        ("AADSTS50011: The redirect URI 'https://h/callback' specified", "redirect-uri-not-registered"),
        ("AADSTS50011: The redirect URI 'http://localhost:9/callback' specified", "redirect-uri-not-registered"),
        ("AADSTS50011: The redirect URI 'http://h.example/callback' specified", "redirect-uri-http-behind-a-proxy"),
        ("AADSTS50011: The redirect URI 'https://h/mcp/auth/callback' specified", "redirect-uri-with-the-mcp-path"),
        ("AADSTS65001: ... with ID '04b07795-8ddb-461a-bbee-02f9e1bf7b46' named", "azure-cli-not-preauthorized"),
        (
            "Bearer token rejected for client x: issuer mismatch (got 'https://sts.windows.net/t/', ...)",
            "token-version-1",
        ),
        ("Bearer token rejected for client x: issuer mismatch (got 'https://l/t2/v2.0')", "token-from-another-issuer"),
        ("audience mismatch (got '00000003-0000-0000-c000-000000000000', expected ...)", "graphs-token"),
        ("audience mismatch (got 'x', expected 'y')", "token-for-another-api"),
        ("HTTP/1.1 421\n\nInvalid Host header", "host-not-allowed"),
        ("Error: Incompatible auth server: does not support dynamic client registration", "no-client-registration"),
        ("Protected resource https://h does not match expected https://h/mcp", "metadata-at-another-path"),
        ('HTTP/1.1 401\nWWW-Authenticate: Basic realm="x"\n', "no-challenge"),
        ("KeyError: 'AZURE_TENANT_ID'", "setting-missing"),
        ("EntraOBOToken requires an AzureProvider as the auth provider.", "on-behalf-of-without-the-proxy"),
        ("Failed to add identifier URI https://x. All newly added URIs must", "identifier-uri-refused"),
        ("Client ID 'https://vscode.dev/oauth/client-metadata.json' is not registered", "client-document-unread"),
        ("The client ID <code>https://c.example/c.json</code> was not found in the server's", "client-document-unread"),
        ("WARNING CIMD fetch failed for https://c.example/c.json: HTTP error fetching", "client-document-unread"),
        ("Client ID '0b8a5f6e-aaaa-4222-8333-bbbbbbbbbbbb' is not registered with this server", "client-forgotten"),
    ],
)
def test_the_most_telling_sign_wins(text: str, name: str) -> None:
    assert diagnose(text).names == (name,)


def test_a_healthy_challenge_is_no_failure() -> None:
    head = 'HTTP/1.1 401\nwww-authenticate: Bearer scope="x", resource_metadata="https://h/.well-known/x"\n\n'
    assert diagnose(head).findings == ()


def test_a_number_that_is_no_status_is_none() -> None:
    port = (
        'www-authenticate: Bearer resource_metadata="http://localhost:40441/.well-known/oauth-protected-resource/mcp"'
    )
    assert diagnose(f"{port}\ntook 429 ms, 401 bytes").findings == ()


def test_a_page_and_an_address_are_read() -> None:
    page = "<html><body><h1>Sign in</h1><p>AADSTS50105: Your administrator has configured</p></body></html>"
    assert diagnose(page).names == ("user-not-assigned",)
    address = "http://localhost:1/callback?error=access_denied&error_description=AADSTS65004%3a+User+declined&state=s"
    assert diagnose(address).names == ("consent-declined",)


def test_what_is_shown_is_masked() -> None:
    secret = "practice.abcDEF123ghiJKL456mnoPQR789"
    said = diagnose(f"robin@contoso.example AADSTS7000215: Invalid client secret. client_secret={secret}")
    everything = said.text() + json.dumps(said.json(), ensure_ascii=False) + said._repr_html_()
    assert said.names == ("secret-wrong",)
    assert "client_secret=‹client_secret›" in everything
    assert secret not in everything
    assert "robin@" not in everything


def test_a_secret_is_masked_before_a_long_line_is_cut() -> None:
    secret = "plainwords" * 8
    said = diagnose(f"client_secret={secret} AADSTS7000215: Invalid client secret.")
    assert said.names == ("secret-wrong",)
    assert "plainwords" not in said.text()


def test_the_field_guide_has_what_is_reported_most() -> None:
    table = guide()
    assert len(table.rows) == sum(failure.number > 0 for failure in FAILURES) >= 25
    assert "AADSTS9010010" in table.rows[0][0]
    assert "Application ID URI" in table.rows[0][2]
    shown = table._repr_html_()
    assert all(escape(failure.title) in shown for failure in FAILURES if failure.number)


NEVER_VERIFIED = ("azurewebsites.net", "azurecontainerapps.io", "devtunnels.ms")


@pytest.mark.parametrize(
    "said",
    [MISMATCH, "Values of IdentifierUris property must use a verified domain: 'https://e.azurewebsites.net/mcp'"],
)
def test_a_mend_by_an_https_identifier_uri_names_the_hosts_where_it_cannot_be_made(said: str) -> None:
    told = diagnose(said).text()
    assert "verified" in told
    assert all(host in told.replace("\n", " ") for host in NEVER_VERIFIED)
    assert "or requestedAccessTokenVersion 2" not in told  # of no help to an https URI


def test_need_admin_approval_is_explained_by_the_managed_default_too() -> None:
    assert "Microsoft's managed default" in " ".join(diagnose("AADSTS90094").text().split())


def test_entra_takes_metadata_documents_in_some_tenants_and_registers_nobody() -> None:
    told = " ".join(diagnose("Incompatible auth server: does not support dynamic client registration").text().split())
    assert "no Dynamic Client Registration" in told
    assert "public preview" in told
