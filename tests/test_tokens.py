"""`workshop.tokens.read` and `compare`: what they say of any text, genuine, forged or hostile."""

from __future__ import annotations

import base64
import json
import re
import uuid
from typing import Any

import pytest

from workshop import tokens
from workshop.tokens import meanings
from workshop.tokens.trying import value_of

TENANT, CLIENT, PERSON = (f"{number}0000000-0000-4000-8000-000000000000" for number in (1, 2, 3))
GRAPH = "https://graph.microsoft.com"
NOW = 1_800_000_000
ISSUER = f"https://login.microsoftonline.com/{TENANT}/v2.0"
OURS: dict[str, Any] = {
    "aud": CLIENT, "iss": ISSUER, "iat": NOW - 300, "nbf": NOW - 300, "exp": NOW + 3_840, "azp": CLIENT, "azpacr": "1",
    "name": "Robin Marsh", "oid": PERSON, "scp": "mcp-access", "sub": "s" * 43, "tid": TENANT, "ver": "2.0",
}  # fmt: skip
PROXYS = {
    "iss": "http://localhost:8000/", "aud": "http://localhost:8000/mcp", "client_id": "c", "scope": "mcp-access",
    "exp": NOW + 60, "iat": NOW, "jti": "j",
}  # fmt: skip


def b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(claims: Any = None, header: Any = None, signature: bytes = b"s" * 256) -> str:
    """Return a token of these parts; it is signed by nobody."""
    parts = (header or {"alg": "RS256", "typ": "JWT", "kid": "k"}, OURS if claims is None else claims)
    return ".".join([*(b64(json.dumps(part).encode()) for part in parts), b64(signature)])


def without(*names: str, **more: object) -> str:
    return token({name: value for name, value in OURS.items() if name not in names} | more)


class TestAGoodToken:
    def test_whose_for_whom_and_until_when_in_words(self) -> None:
        found = tokens.read(token(), now=NOW)
        assert dict(found.facts) == {
            "kind": "an access token for a user (delegated)",
            "whose": f"Entra ID: {ISSUER}",
            "version": "2.0",
            "for whom": f"one app, the resource: {CLIENT}",
            "given to": f"the client {CLIENT}",
            "on behalf of": "Robin Marsh: a user, as far as scp says",
            "valid": "for another 64 minutes (2027-01-15 09:04:00 UTC)",
            "only on request": "email, groups, idtyp, upn: the app it is for did not ask for them, or has none",
        }

    @pytest.mark.parametrize(
        ("claims", "kind"),
        [
            (OURS | {"scp": None, "sub": PERSON}, "an access token for an app itself (app-only)"),
            (PROXYS, "an access token of FastMCP's OAuth proxy"),
            (PROXYS | {"token_use": "refresh"}, "a refresh token of FastMCP's OAuth proxy"),
            (OURS | {"iss": "https://issuer.example"}, "a token of another issuer"),
            ({name: OURS[name] for name in ("aud", "iss", "exp", "iat", "oid", "tid", "ver")}, "an ID token"),
            (OURS | {"iss": "https://login.microsoftonline.com.evil.example/v2.0"}, "a token of another issuer"),
            (OURS | {"iss": 5}, "a token of another issuer"),
            (OURS | {"iss": "https://["}, "a token of another issuer"),
        ],
    )
    def test_its_kind(self, claims: dict[str, Any], kind: str) -> None:
        header = {"alg": "HS256"} if "jti" in claims else None
        assert tokens.read(token(claims, header)).fact("kind") == kind

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"exp": NOW - 7_200}, "no longer: it ended 2 hours ago (2027-01-15 06:00:00 UTC)"),
            ({"nbf": NOW + 90}, "not yet: it begins in 90 seconds (2027-01-15 08:01:30 UTC)"),
            ({"exp": "soon"}, "nobody can say: its exp is not a time"),
            ({"exp": 10**400}, "nobody can say: its exp is not a time"),
            ({"exp": True}, "nobody can say: its exp is not a time"),
            ({"exp": float("nan")}, "nobody can say: its exp is not a time"),
        ],
    )
    def test_until_when(self, changed: dict[str, Any], words: str) -> None:
        assert tokens.read(token(OURS | changed), now=NOW).fact("valid") == words

    def test_what_is_missing(self) -> None:
        found = tokens.read(without("exp", "oid"))
        assert found.missing == ("exp", "oid")
        assert found.fact("missing") == "exp, oid"
        assert found.fact("valid") == "forever: it names no end"

    def test_each_claim_has_its_meaning_and_where_that_is_written(self) -> None:
        for entry in tokens.read(token()).entries:
            assert entry.meaning
            assert entry.source.startswith("https://")
        html = tokens.read(token())._repr_html_()
        assert f'<a href="{meanings.ACCESS}">azp</a>' in html
        assert '<a href="https://www.rfc-editor.org/rfc/rfc7519#section-4.1.3">aud</a>' in html

    def test_every_source_is_a_page_of_a_standard_or_of_its_maker(self) -> None:
        hosts = {"learn.microsoft.com", "www.rfc-editor.org", "openid.net", "gofastmcp.com"}
        for table in (meanings.HEADER, meanings.ENTRA, meanings.FASTMCP):
            assert {one.source.split("/")[2] for one in table.values()} <= hosts
            assert all(one.words for one in table.values())

    @pytest.mark.parametrize(
        "paste",
        ["{}", " {}\n", "Bearer {}", "Authorization: bearer {}", '"{}"', '{{"access_token": "{}"}}',
         '{{"accessToken": "{}", "expires_on": 1}}', "\ufeff{}"],
    )  # fmt: skip
    def test_as_people_paste_it(self, paste: str) -> None:
        assert tokens.read(paste.format(token())).claims == OURS
        assert tokens.read(paste.format(token()).encode()).claims == OURS

    def test_with_names_it_says_the_same_in_every_run(self) -> None:
        known = {TENANT: "{tenant}", CLIENT: "{client}"}
        told = repr(tokens.read(token(), known=known, now=NOW))
        later = OURS | {"exp": NOW + 9_999, "oid": str(uuid.uuid4()), "sub": "t" * 43, "iat": NOW}
        assert repr(tokens.read(token(later, {"alg": "RS256", "typ": "JWT", "kid": "z"}), known=known, now=NOW)) == told
        assert "{tenant}" in told
        assert PERSON not in told


class TestWhatIsNoToken:
    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ("", "Nothing was given"),
            (None, "Python NoneType"),
            (..., "Python ellipsis"),
            (OURS, "Python dict"),
            ("hello", "no dots"),
            ("x" * 40, "An opaque value"),
            ("a.b", "two parts of three"),
            ("a.b.c.d", "4 parts"),
            ("..", "its header is not JSON"),
            ("e30.e30", "two parts of three"),
            ("e30.e30.e30.e30.e30", "this header names no encryption"),
            ("W10.e30.", "its header is no JSON object"),
            ("e30.bm90IGpzb24.", "its claims is not JSON"),
            ("e30.e.", "its claims is not base64url"),
            ("e30.e30.a b", "There are spaces or line breaks in it"),
            ("e30.e30+.", "another kind of base64"),
            ("e30.e30.‹signature›", "shown masked"),
            ("é.e30.", "its header is not base64url"),
            ("{", "begins like JSON"),
            ("{}", "no access_token in it"),
            ('{"access_token": 5}', "no access_token in it"),
            ("[" * 100_000, "A text of 100000 characters"),
            ("{" * 300_000, "begins like JSON"),
            ('{"a":' * 100_000, "begins like JSON"),
            ("e30." * 40_000, "A text of 160000 characters"),
            (b"\xff\xfe\x00", "no dots"),
        ],
        ids=lambda value: str(value)[:16],
    )
    def test_it_is_told_in_plain_words(self, given: object, words: str) -> None:
        found = tokens.read(given)
        assert words in found.problem
        assert found.problem in repr(found)
        assert found.as_json() == {"problem": found.problem}

    @pytest.mark.parametrize("text", ["[" * 20_000, '{"a":' * 9_000 + "1" + "}" * 9_000])
    def test_deep_nesting(self, text: str) -> None:
        for crafted in (f"{b64(text.encode())}.e30.e30", f"e30.{b64(text.encode())}.e30"):
            assert tokens.read(crafted).problem

    def test_nesting_that_can_just_be_read_can_be_shown(self) -> None:
        deep: Any = 1
        for _ in range(400):
            deep = [deep]
        found = tokens.read(without(deep=deep, aud=deep, iss=deep, exp=deep))
        assert not found.problem
        assert repr(found)
        assert found._repr_html_()

    def test_an_encrypted_token_says_who_could_read_it(self) -> None:
        header = b64(json.dumps({"alg": "RSA-OAEP", "enc": "A256GCM"}).encode())
        problem = tokens.read(f"{header}.a.b.c.d").problem
        assert problem.startswith("An encrypted token (JWE, A256GCM)")
        assert "private key" in problem

    def test_a_name_that_stands_twice_is_pointed_out(self) -> None:
        twice = '{"oid": "a", "oid": "b"}'
        assert "'oid' twice" in tokens.read(f"e30.{b64(twice.encode())}.e30").fact("doubt")


class TestHostileContents:
    def test_no_terminal_obeys_a_claim_and_no_page_runs_one(self) -> None:
        bad = "\x1b[2J<script>alert(1)</script>\u202e\r\n"
        found = tokens.read(without(name=bad, **{bad: "x"}))
        for text in (repr(found), found._repr_html_()):
            assert "\x1b" not in text
            assert "\u202e" not in text
            assert "\r" not in text
        assert "<script" not in found._repr_html_()

    def test_a_token_inside_a_token_is_masked_too(self) -> None:
        inner = token()
        found = tokens.read(without(note=inner, notes=[inner], more={"x": [inner]}))
        for text in (repr(found), found._repr_html_()):
            assert not re.search(r"eyJ\w{8}", text)

    def test_a_long_claim_is_cut(self) -> None:
        assert "(30000 characters)" in repr(tokens.read(without(name="x" * 30_000)))

    @pytest.mark.parametrize(
        ("made", "doubt"),
        [
            (token(signature=b""), "no signature"),
            (token(header={"alg": "None"}), "not signed"),
            (token(OURS | {"aud": GRAPH}, {"alg": "RS256", "nonce": "n"}), "to anybody else it proves nothing"),
        ],
    )
    def test_what_a_careful_reader_would_notice(self, made: str, doubt: str) -> None:
        assert doubt in tokens.read(made).fact("doubt")


def test_two_tokens_side_by_side() -> None:
    table = tokens.compare(token(), token(PROXYS, {"alg": "HS256"}), names=("Entra's", "FastMCP's"))
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.headings == ("claim", "Entra's", "FastMCP's")
    assert rows["(kind)"] == ("an access token for a user (delegated)", "an access token of FastMCP's OAuth proxy")
    assert rows["header alg"] == ("RS256", "HS256")
    assert rows["scp"] == ("mcp-access", "")
    assert rows["scope"] == ("", "mcp-access")
    assert set(OURS) | set(PROXYS) <= set(rows)
    both = tokens.compare(token(), without("scp", name="Sam"), only_different=True)
    assert {"name", "scp", "(kind)"} <= {row[0] for row in both.rows}
    assert not {"aud", "tid", "(version)"} & {row[0] for row in both.rows}
    broken = {row[0]: row[1:] for row in tokens.compare(token(), "x").rows}
    assert broken["(kind)"][1].startswith("Not a token")


def test_a_changed_claim_keeps_the_signature() -> None:
    changed = tokens.changed(token(), {"oid": "x", "azp": None})
    assert changed.rpartition(".")[2] == token().rpartition(".")[2]
    assert tokens.read(changed).claims == {name: OURS[name] for name in OURS if name != "azp"} | {"oid": "x"}
    assert tokens.changed(token(), {"oid": PERSON, "email": None}) == token(), "it says the same as before"
    with pytest.raises(tokens.Unreadable, match="no dots"):
        tokens.changed("x", {})


@pytest.mark.parametrize(
    ("typed", "value"), [("", None), ("5", 5), ("abc", "abc"), ('"5"', "5"), ("[" * 9_999, "[" * 9_999)]
)
def test_what_is_typed_into_the_field(typed: str, value: object) -> None:
    assert value_of(typed) == value
