"""No secret that goes into a recording comes out of it."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

import pytest
from hop_details import Details
from hypothesis import given
from hypothesis import strategies as st

from workshop.show.masking import LEFT_OUT, SECRET, mask, mask_name, mask_text, mask_url
from workshop.trace import Diagram, Hop, carried
from workshop.trace.carried import Carried

BASE64URL = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
# Each begins with what stands nowhere else, so that one that comes out is no coincidence.
secrets = st.builds(lambda text: f"Zq{text}x", st.text(BASE64URL + "~.", min_size=13, max_size=80))
parts = st.builds(lambda text: f"Zq{text}", st.text(BASE64URL, min_size=6, max_size=60))
jwts = st.builds(lambda *three: "eyJ" + ".".join(three), parts, parts, parts)
SECRETS_OF_THE_PROTOCOL = (
    "code state client_secret refresh_token access_token id_token assertion client_assertion code_verifier "
    "password device_code txn_id csrf_token client_info registration_access_token cookie"
)
secret_names = st.sampled_from(sorted({*SECRETS_OF_THE_PROTOCOL.split(), *SECRET} - {"authorization"}))
any_names = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20)

FORM = {"content-type": "application/x-www-form-urlencoded"}
JSON = {"content-type": "application/json"}


NOTHING = Carried((), ())


def shown(sent: Carried, received: Carried = NOTHING) -> str:
    """Return everything that is ever shown of a hop."""
    hop = Hop(
        at=0,
        source="MCP client",
        target="Entra",
        method="POST",
        url="https://login.microsoftonline.com/t",
        sent=sent.pairs,
        status=200,
        received=received.pairs,
        sent_marks=sent.marks,
        received_marks=received.marks,
    )
    diagram = Diagram((hop,))
    everything = (
        repr(hop),
        repr(diagram),
        diagram.svg(),
        diagram.alt,
        repr(Details((hop,))),
        Details((hop,)).to_html(),
    )
    return "\n".join(everything)


@given(secret_names, secrets)
def test_a_secret_parameter_is_masked_wherever_it_stands(name: str, secret: str) -> None:
    form = urlencode({name: secret})
    location = {"location": f"http://localhost:1/callback?{form}"}
    fragment = {"location": f"http://localhost:1/callback#{form}"}
    members = json.dumps({name: secret, "nested": {name: secret}}).encode()
    assert secret not in shown(carried.of_request(form, {}, b""))
    assert secret not in shown(carried.of_request("", FORM, form.encode()))
    assert secret not in shown(carried.of_request("", JSON, members))
    for answer in (
        carried.of_answer(location, b""),
        carried.of_answer(fragment, b""),
        carried.of_answer(JSON, members),
    ):
        assert secret not in shown(NOTHING, answer)


@given(any_names, secrets)
def test_a_value_nobody_vouched_for_is_left_out(name: str, secret: str) -> None:
    """A secret under a name that nobody thought of."""
    form = urlencode({f"x_{name}": secret})
    assert secret not in shown(carried.of_request(form, FORM, form.encode()))


@given(st.sampled_from(["Bearer", "bearer", "Basic", "Custom"]), secrets)
def test_credentials_are_masked(scheme: str, secret: str) -> None:
    assert secret not in shown(carried.of_request("", {"authorization": f"{scheme} {secret}"}, b""))


@given(any_names | st.just("error_description") | st.just("scope"), jwts, st.sampled_from(["", "see ", "a="]))
def test_a_token_is_masked_wherever_it_stands(name: str, token: str, before: str) -> None:
    text = f"{before}{token} is not good"
    query = urlencode({name: text})
    challenge = {"www-authenticate": f'Bearer error="invalid_token", error_description="{text}"'}
    members = json.dumps({name: text, "list": [text]}).encode()
    for pairs in (
        carried.of_request(query, {}, b""),
        carried.of_request(f"{quote(token)}=1", {}, b""),
        carried.of_answer(challenge, b""),
        carried.of_answer(JSON, members),
        carried.of_answer({"location": f"https://a.example/{token}/b?{query}"}, b""),
    ):
        assert token not in shown(pairs)
        assert token.split(".")[2] not in shown(pairs)
    assert token not in mask_text(text)
    assert token not in mask_url(f"http://localhost/{token}?{query}")


@given(secret_names, secrets)
def test_a_secret_assigned_in_a_text_is_masked(name: str, secret: str) -> None:
    assert secret not in mask_text(f"GET /callback?x=1&{name}={secret} failed")


@given(
    st.text(max_size=200),
    st.dictionaries(st.sampled_from(["content-type", "location", "www-authenticate"]), st.text()),
)
def test_nothing_that_is_sent_stops_the_recording(query: str, headers: dict[str, str]) -> None:
    for body in (
        b"",
        query.encode("utf-8", "replace"),
        b'{"jsonrpc": "2.0", "method": ["x"], "params": 1}',
        b"[[[[",
    ):
        for kind in ({}, FORM, JSON, {"content-type": "text/event-stream"}):
            carried.of_request(query, headers | kind, body)
            carried.of_answer(headers | kind, body)


@given(st.binary(max_size=200))
def test_no_body_stops_the_recording(body: bytes) -> None:
    for kind in (FORM, JSON, {"content-type": "text/event-stream"}):
        carried.of_request("", kind, body)
        carried.of_answer(kind, body)


def test_what_a_learner_needs_is_shown() -> None:
    query = urlencode(
        {
            "response_type": "code",
            "client_id": "00000000-1111-2222-3333-444444444444",
            "redirect_uri": "http://localhost:8000/auth/callback",
            "scope": "api://00000000-1111-2222-3333-444444444444/access_as_user openid",
            "state": "af0ifjsldkj",
            "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            "error_description": "AADSTS65004: User declined to consent to access the app.",
        }
    )
    assert carried.of_request(query, {}, b"").pairs == (
        ("response_type", "code"),
        ("client_id", "00000000-1111-2222-3333-444444444444"),
        ("redirect_uri", "http://localhost:8000/auth/callback"),
        ("scope", "api://00000000-1111-2222-3333-444444444444/access_as_user openid"),
        ("state", "‹state›"),
        ("code_challenge", "‹code_challenge›"),
        ("error_description", "AADSTS65004: User declined to consent to access the app."),
    )


def test_a_refusal_names_its_parameters() -> None:
    challenge = 'Bearer error="invalid_token", resource_metadata="http://localhost:8000/.well-known/x/mcp"'
    assert carried.of_answer({"www-authenticate": challenge}, b"").pairs == (
        ("WWW-Authenticate", "Bearer"),
        ("error", "invalid_token"),
        ("resource_metadata", "http://localhost:8000/.well-known/x/mcp"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
        "AADSTS7000215: Invalid client secret provided.",
        "Authentication failed. The provided bearer token is invalid or expired.",
        "audience mismatch (got 'api://y', expected 'api://x')",
        "https://login.microsoftonline.com/00000000-1111-2222-3333-444444444444/oauth2/v2.0/authorize",
        "oauth2PermissionGrants",
    ],
)
def test_plain_words_stay(text: str) -> None:
    assert mask_text(text) == text


def test_the_user_and_the_query_of_a_url_are_gone() -> None:
    assert mask_url("https://me:pw@a.example:1/b?c=d#e") == "https://a.example:1/b"
    assert mask_url("http://[") == LEFT_OUT


def test_a_masked_value_stays_as_it_is() -> None:
    assert mask("code", "‹code›") == "‹code›"


def test_a_stray_secret_is_no_name() -> None:
    assert mask_name("Abc8" + "Q~" + "dEfGhIjKlMnOpQrStUvWxYz0123456789") == LEFT_OUT
