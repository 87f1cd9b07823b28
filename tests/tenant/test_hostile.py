"""Hostile and garbled requests to every endpoint: never a 500, never a stack trace, never a token."""

from __future__ import annotations

import base64
import http.client
import json
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_from_bytes, urlsplit

import jwt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from practice_tenant.server.graph.application_properties import APPLICATION
from practice_tenant.server.graph.routes import GRAPH as GRAPH_ROWS
from practice_tenant.server.graph.routes import SEGMENTS
from practice_tenant.server.login.optional_claims import CLAIMS
from practice_tenant.server.login.page_routes import PAGES
from practice_tenant.server.login.routes import BY_GET, JSON

from .credentials import certificate, plain_claims, proof, publish, raw, signed, trusts, with_certificate
from .process import PATIENCE, Tenant
from .world import App, World, host_of

LOGIN_HOST, GRAPH_HOST = "login.microsoftonline.com", "graph.microsoft.com"
CONTROL = ("/lease", "/status", "/log", "/stop", "/reset", "/directories")
TOKEN = re.compile(rb"eyJ[\w-]{10,}\.[\w-]{10,}\.")
STACK = re.compile(rb"Traceback|File \"|line \d+, in |site-packages|\.py\b")

hostile = settings(
    max_examples=200, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)

# What a request is made of

POOL = [
    *("", " ", "\x00", "%", "%zz", "%00", "\r\nX: y", "\u202e", "ü", "\U0001f600", "'", '"', "<script>", "../..", "//"),
    *("null", "-1", "1e999", "NaN", "[]", "{}", "true", "0", "9" * 5_000, "a" * 20_000, "=", "&", ";", "#", "?", "\\"),
    *("https://[", "http://localhost:99999999/", "http://[::1", "javascript:alert(1)", "http://a@b:c/", "://", "urn:"),
    *("eyJhbGciOiJub25lIn0.e30.", "1.A" + "x" * 80, "common", "organizations", "consumers", "{tenantid}"),
    *("00000000-0000-0000-0000-000000000000", "api:///", "/.default", "openid", "https://graph.microsoft.com/.default"),
    *("authorization_code", "refresh_token", "client_credentials", "code", "none", "S256", "plain", "form_post"),
    *("urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:ietf:params:oauth:grant-type:device_code", "device_code"),
    *("urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "on_behalf_of", '{"access_token":{"capolids":[]}}'),
]
NAMES = [
    *("client_id", "client_secret", "grant_type", "scope", "code", "refresh_token", "redirect_uri", "state", "nonce"),
    *("response_type", "response_mode", "code_challenge", "code_challenge_method", "code_verifier", "prompt", "flow"),
    *("login_hint", "resource", "account", "decision", "organization", "client-request-id", "authorization_endpoint"),
    *("assertion", "requested_token_use", "client_assertion", "client_assertion_type", "claims", "device_code", "otc"),
    *(
        "api-version",
        "post_logout_redirect_uri",
        "id_token_hint",
        "logout_hint",
        "client_info",
        "$select",
        "$filter",
        "after",
        "wait",
        "holder",
        "name",
    ),
]

values = st.one_of(st.sampled_from(POOL), st.text(max_size=12))
raw_values = st.one_of(values.map(lambda text: text.encode("utf-8", "surrogatepass")), st.binary(max_size=12))
pairs = st.lists(st.tuples(st.one_of(st.sampled_from(NAMES), values), raw_values), max_size=8)
methods = st.one_of(
    st.none(), st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "X"])
)
header_values = st.one_of(
    st.sampled_from(
        [b"", b"Basic", b"Basic !", b"Basic " + b"/" * 2_000, b"Bearer", b"Bearer a.b.c", b"\xff", b"a" * 8_000]
    ),
    st.binary(max_size=20).map(lambda raw: b"Basic " + base64.b64encode(raw)),
    st.binary(max_size=20).map(lambda raw: raw.translate(None, b"\r\n\x00")),
)  # fmt: skip
headers = st.dictionaries(
    st.sampled_from([
        *(b"Authorization", b"Origin", b"Cookie", b"Content-Type", b"client-request-id", b"User-Agent", b"Accept"),
        *(b"Expect", b"Transfer-Encoding", b"Content-Encoding", b"Upgrade", b"X-Forwarded-For", b"Range"),
    ]),
    header_values,
    max_size=4,
)  # fmt: skip
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), values, st.just(10**400), st.just("\ud800")),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(values, inner, max_size=3)),
    max_leaves=6,
)
properties = st.one_of(
    json_values,
    st.fixed_dictionaries({}, optional={
        "redirectUris": st.lists(values, max_size=3),
        "oauth2PermissionScopes": st.lists(st.dictionaries(st.sampled_from(["id", "value"]), values), max_size=2),
        "requestedAccessTokenVersion": json_values,
        "preAuthorizedApplications": json_values,
        "displayName": json_values,
        "endDateTime": st.one_of(values, st.datetimes().map(str)),
    }),
)  # fmt: skip
graph_bodies = st.one_of(
    json_values,
    st.dictionaries(
        st.sampled_from([
            *APPLICATION,
            *("appId", "passwordCredential", "clientId", "consentType", "principalId", "resourceId"),
            *("scope", "appRoleId"),
        ]),
        properties,
        max_size=4,
    ),
)  # fmt: skip


def as_form(given: list[tuple[str, bytes]]) -> bytes:
    """Encode pairs, most of them properly."""
    return b"&".join(
        quote_from_bytes(name.encode("utf-8", "surrogatepass")).encode() + b"=" + quote_from_bytes(value).encode()
        for name, value in given
    )


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


bodies = st.one_of(
    st.tuples(st.just(b"application/x-www-form-urlencoded"), pairs.map(as_form)),
    st.tuples(st.just(b"application/json"), graph_bodies.map(as_json)),
    st.tuples(st.sampled_from([b"", b"text/plain", b"multipart/form-data", b"application/json; a=b"]), st.binary()),
    st.sampled_from([
        (b"application/json", b"[" * 100_000),
        (b"application/json", b'{"a":' * 50_000),
        (b"application/x-www-form-urlencoded", b"a=1&" * 5_000),
        (b"application/x-www-form-urlencoded", b"scope=" + b"x%20" * 50_000),
        (b"application/x-www-form-urlencoded", b"x" * 1_100_000),
    ]),
)  # fmt: skip


# Sending it, byte for byte


@dataclass
class Wire:
    """A TLS connection that sends what no client would."""

    tenant: Tenant
    context: ssl.SSLContext
    connection: ssl.SSLSocket | None = field(default=None)

    def connect(self) -> ssl.SSLSocket:
        parts = urlsplit(self.tenant.said["https"])
        plain = socket.create_connection(("127.0.0.1", parts.port or 0), PATIENCE)
        return self.context.wrap_socket(plain, server_hostname="localhost")

    def ask(self, method: str, host: str, target: bytes, given: dict[bytes, bytes], body: bytes) -> tuple[int, bytes]:
        """Return status and body; (0, b"") where the tenant hangs up."""
        head = [method.encode() + b" " + target + b" HTTP/1.1", b"Host: " + host.encode()]
        head += [name + b": " + value for name, value in given.items()]
        head += [b"Content-Length: %d" % len(body), b"Connection: close"]
        with self.connect() as connection:
            try:
                connection.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
                response = http.client.HTTPResponse(connection, method=method)
                response.begin()
                return response.status, response.read() + str(response.headers).encode("utf-8", "replace")
            except (OSError, http.client.HTTPException):
                return 0, b""


@pytest.fixture(scope="module")
def wire(tenant: Tenant) -> Wire:
    return Wire(tenant, tenant.trust)


@pytest.fixture(autouse=True)
def unimpressed(tenant: Tenant) -> Iterator[None]:
    """After each test the tenant lives, answers, and has written no error."""
    yield
    assert tenant.process.poll() is None
    assert tenant.control().get("/status").status_code == 200
    assert tenant.control().get("/log").status_code == 200
    assert tenant.complaints() == ""


def harmless(status: int, answer: bytes) -> None:
    assert status < 500 or status == 501, answer[:300]
    assert not STACK.search(answer)
    assert not TOKEN.search(answer)


def path_of(row: tuple[str, str, Any], segment: bytes) -> bytes:
    """Return a row's path with every parameter filled in."""
    path = row[1]
    for name, (_, example) in SEGMENTS.items():
        path = path.replace(f"{{{name}}}", example)
    return b"".join(segment if part.startswith("{") else part.encode() for part in re.split(r"(\{[^}]+\})", path))


segments = st.one_of(
    st.sampled_from([b"common", b"contoso.onmicrosoft.com"]),
    raw_values.map(lambda raw: quote_from_bytes(raw[:300]).encode()),
)
login_rows = st.sampled_from([*JSON, *BY_GET, *PAGES])
graph_rows = st.sampled_from(GRAPH_ROWS)


@hostile
@given(row=login_rows, method=methods, segment=segments, query=pairs, given=headers, body=bodies)
def test_the_identity_platform(
    wire: Wire, row: Any, method: str | None, segment: bytes, query: Any, given: dict[bytes, bytes], body: Any
) -> None:
    target = path_of(row, segment) + b"?" + as_form(query)[:30_000]
    kind, content = body
    harmless(*wire.ask(method or row[0], LOGIN_HOST, target, {b"Content-Type": kind} | given, content))


@hostile
@given(
    path=st.sampled_from(
        [
            *(b"oauth2/v2.0/authorize", b"oauth2/v2.0/token", b"oauth2/v2.0/devicecode", b"oauth2/v2.0/logout"),
            *(b"login", b"consent", b"second-factor", b"adminconsent", b"v2.0/adminconsent"),
        ]
    ),
    method=st.sampled_from(["GET", "POST"]),
    query=pairs,
    body=pairs,
    given=headers,
)
def test_a_known_client(
    world: World, app: App, wire: Wire, path: bytes, method: str, query: Any, body: Any, given: dict[bytes, bytes]
) -> None:
    known = [("client_id", app.client_id.encode()), ("redirect_uri", app.redirect_uri.encode())]
    kind = {b"Content-Type": b"application/x-www-form-urlencoded"}
    base = f"/{world.tenant.id}/".encode()
    target = base + path + b"?" + as_form([*query, *known])[:30_000]
    harmless(*wire.ask(method, LOGIN_HOST, target, kind | given, as_form([*body, *known])))


@hostile
@given(row=graph_rows, method=methods, segment=segments, query=pairs, given=headers, body=bodies)
def test_graph(
    world: World, wire: Wire, row: Any, method: str | None, segment: bytes, query: Any, given: Any, body: Any
) -> None:
    target = path_of(row, segment) + b"?" + as_form(query)[:30_000]
    kind, content = body
    bearer = {b"Authorization": b"Bearer " + world.administrator.encode(), b"Content-Type": kind}
    harmless(*wire.ask(method or row[0], GRAPH_HOST, target, given | bearer, content))


@hostile
@given(body=graph_bodies, path=st.sampled_from(["", "/addPassword", "patch"]))
def test_an_application_that_was_let_in_can_be_used(world: World, body: Any, path: str) -> None:
    token = {"Authorization": f"Bearer {world.administrator}", "Content-Type": "application/json"}
    url = f"https://{GRAPH_HOST}/v1.0/applications"
    whole = {"displayName": "Hostile"} | body if isinstance(body, dict) and not path else body
    if path:
        made = world.made("/applications", {"displayName": "Changed"})
        url += f"/{made['id']}" + path.replace("patch", "")
    method = "PATCH" if path == "patch" else "POST"
    answer = world.http.request(method, url, headers=token, content=as_json(whole))
    harmless(answer.status_code, answer.content)
    if path or answer.status_code != 201:
        return
    made = answer.json()
    uris = [uri for platform in ("web", "spa", "publicClient") for uri in made[platform]["redirectUris"]]
    for uri in (*uris, "http://localhost"):
        for scope in ("openid", f"{made['appId']}/.default"):
            asked = {"client_id": made["appId"], "redirect_uri": uri, "scope": scope, "response_type": "code"}
            page = world.http.get(f"https://{LOGIN_HOST}/{world.tenant.id}/oauth2/v2.0/authorize", params=asked)
            harmless(page.status_code, page.content)
    assert world.graph("POST", "/servicePrincipals", json={"appId": made["appId"]}).status_code == 201


claim_names = st.one_of(st.sampled_from(sorted(CLAIMS)), st.sampled_from(["groups", "aud", "idtyp", ""]), values)
wanted_claims = st.lists(
    st.fixed_dictionaries(
        {"name": claim_names},
        optional={
            "additionalProperties": st.lists(st.sampled_from(["emit_as_roles", "cloud_displayname", "use_guid", "x"])),
            "source": values,
            "essential": st.booleans(),
        },
    ),
    max_size=4,
)


@settings(hostile, max_examples=60)
@given(wants=wanted_claims, groups=st.sampled_from(["All", "ApplicationGroup", "SecurityGroup", "None,All", None]))
def test_tokens_of_a_registration_that_wants_anything(world: World, wants: Any, groups: str | None) -> None:
    """Whatever Graph lets in, the tokens are issued, and what protects an API stays what it is."""
    app = world.register()
    changes = {"optionalClaims": {"accessToken": wants, "idToken": wants}, "groupMembershipClaims": groups}
    url = f"https://{GRAPH_HOST}/v1.0/applications/{app.object_id}"
    token = {"Authorization": f"Bearer {world.administrator}", "Content-Type": "application/json"}
    answer = world.http.patch(url, headers=token, content=as_json(changes))
    harmless(answer.status_code, answer.content)
    tokens = world.tokens(app)
    for kind in ("access_token", "id_token"):
        one = jwt.decode(tokens[kind], options={"verify_signature": False})
        assert one["aud"] == app.client_id
        assert (one["tid"], one["iss"]) == (world.tenant.id, f"https://{LOGIN_HOST}/{world.tenant.id}/v2.0")


# Which of them depends on the character that is damaged: it may be one of the algorithm, of the key's name, of a
# claim's name, of a client id, an audience or a time. Some of these are looked at before the signature.
REFUSED_ASSERTIONS = {50013, 50027, 90014, 700021, 700023, 700024, 700027, 5002723, 5002738}


@hostile
@given(data=st.data())
def test_damaged_tokens_and_codes(world: World, app: App, good: dict[str, str], data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(sorted(good)))
    text = good[kind]
    at = data.draw(st.integers(0, len(text) - 2))  # the last character of a signature has bits that mean nothing
    other = data.draw(st.sampled_from(["", "A", ".", "=", "-", text[at] * 2]).filter(lambda c: c != text[at]))
    damaged = text[:at] + other + text[at + 1 :]
    if kind == "graph":
        answer = world.http.get(f"https://{GRAPH_HOST}/v1.0/me", headers={"Authorization": f"Bearer {damaged}"})
        assert answer.status_code == 401
    elif kind == "assertion":
        answer = world.on_behalf_of(app, damaged, f"https://{GRAPH_HOST}/User.Read")
        assert answer.json()["error_codes"][0] in REFUSED_ASSERTIONS
    elif kind == "certificate":
        answer = world.client_credentials(app, **proof(damaged))
        assert answer.json()["error_codes"][0] in REFUSED_ASSERTIONS
    elif kind == "device":
        answer = world.token(grant_type="device_code", client_id=app.client_id, device_code=damaged)
        assert answer.json()["error_codes"] == [70018]
    else:
        answer = (world.redeem if kind == "code" else world.refresh)(app, damaged)
        assert answer.json()["error_codes"] == [9002313]
    harmless(answer.status_code, answer.content)


@pytest.fixture(scope="module")
def good(world: World, app: App) -> dict[str, str]:
    """What is about to be damaged."""
    tokens = world.tokens(app)
    form = {"client_id": app.client_id, "scope": "openid"}
    device = world.http.post(f"https://{LOGIN_HOST}/{world.tenant.id}/oauth2/v2.0/devicecode", data=form).json()
    return {
        "graph": world.administrator,
        "code": world.code(app),
        "refresh": tokens["refresh_token"],
        "assertion": tokens["access_token"],
        "certificate": signed(world, app, certificate()),
        "device": device["device_code"],
    }


members = st.dictionaries(
    st.sampled_from([*("alg", "kid", "x5t", "x5t#S256", "typ", "crit", "jwk", "jku", "x5c", "nonce", "b64", "zip")]),
    st.one_of(json_values, st.sampled_from(["RS256", "PS256", "none", "HS256"])),
    max_size=5,
)  # fmt: skip
said = st.dictionaries(
    st.sampled_from([*("iss", "sub", "aud", "exp", "nbf", "iat", "tid", "oid", "scp", "azp", "appid", "ver", "aio")]),
    st.one_of(json_values, st.sampled_from([*(0, 4_102_444_800, "https://issuer.example", LOGIN_HOST)])),
    max_size=8,
)  # fmt: skip


@pytest.fixture(scope="module")
def holder(world: World) -> App:
    """An application with a certificate that trusts an outside issuer."""
    app = world.register("Holder")
    with_certificate(world, app)
    publish(world)
    trusts(world, app)
    return app


# What makes an assertion another one than the plain one; other times, or a second thumbprint, may be as good.
_MAY_BE_GOOD = {"exp", "nbf", "iat", "x5t#S256"}
_WEIGHTY = {"alg", "x5t", "crit", "iss", "sub", "aud"} | _MAY_BE_GOOD
_HALF_A_CHARACTER = re.compile(r"\\ud[89a-f]")


@hostile
@given(header=members, claims=said, honest=st.booleans())
def test_assertions_of_every_kind(
    world: World, holder: App, header: dict[str, Any], claims: dict[str, Any], honest: bool
) -> None:
    plain = {"alg": "RS256", "x5t": certificate().sha1} if honest else {}
    try:
        token = raw(plain_claims(world, holder) | claims, certificate().key, plain | header)
    except UnicodeEncodeError:
        return
    if len(token) > 65_536:
        return
    behalf = {"requested_token_use": "on_behalf_of", "client_secret": holder.secret, "assertion": token}
    for form in (
        {"grant_type": "client_credentials", "scope": f"{holder.client_id}/.default", **proof(token)},
        {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "scope": "openid", **behalf},
    ):
        answer = world.token(client_id=holder.client_id, **form)
        new = {name for name, value in header.items() if value != plain.get(name, "absent")}
        changed = _WEIGHTY & (new | claims.keys())
        proven = honest and "client_assertion" in form
        if answer.status_code == 200:
            assert proven
            assert changed <= _MAY_BE_GOOD
        else:
            assert not proven or changed or _HALF_A_CHARACTER.search(json.dumps([header, claims]))
            harmless(answer.status_code, answer.content)
            assert answer.json()["error_codes"]


@hostile
@given(path=st.sampled_from(CONTROL[1:3] + CONTROL[5:]), method=methods, query=pairs, given=headers, body=bodies)
def test_the_control_door(
    tenant: Tenant, path: str, method: str | None, query: Any, given: dict[bytes, bytes], body: Any
) -> None:
    url = tenant.said["control"]
    target = path.encode() + b"?" + as_form([pair for pair in query if pair[0] != "wait"])[:30_000]
    sent = given | {b"Authorization": f"Bearer {tenant.secret}".encode(), b"Content-Type": body[0]}
    head = [(method or "POST").encode() + b" " + target + b" HTTP/1.1", b"Host: " + host_of(url).encode()]
    head += [name + b": " + value for name, value in sent.items()]
    head += [b"Content-Length: %d" % len(body[1]), b"Connection: close"]
    answer = exchange(url, b"\r\n".join(head) + b"\r\n\r\n" + body[1])
    harmless(status_of(answer), answer)
    assert tenant.secret.encode() not in answer


def exchange(url: str, sent: bytes, wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain) -> bytes:
    """Send bytes, say that there are no more, and return what comes back."""
    received = b""
    try:
        with wrap(socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), PATIENCE)) as connection:
            connection.sendall(sent)
            if not isinstance(connection, ssl.SSLSocket):
                connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65_536):
                received += chunk
    except OSError:
        pass
    return received


def status_of(answer: bytes) -> int:
    found = re.match(rb"HTTP/1\.1 (\d{3})", answer)
    return int(found[1]) if found else 0


LINES = [
    *(b"GET / HTTP/1.1", b"CONNECT login.microsoftonline.com:443 HTTP/1.1", b"CONNECT x:443", b"PRI * HTTP/2.0"),
    *(b"GET /%00 HTTP/9.9", b"OPTIONS * HTTP/1.1", b"GET http://[ HTTP/1.1", b"\x16\x03\x01\x02\x00\x01", b"", b" "),
    *(
        b"Host: localhost:[",
        b"Host: localhost",
        b"Host:",
        b"Content-Length: -1",
        b"Content-Length: 99999999999999999999",
    ),
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: x",
        b"zz\r\n",
        b"ffffffffffffffff",
        b"0",
        b"Upgrade: websocket",
    ),
    *(
        b"Connection: upgrade",
        b"Proxy-Authorization: Basic !",
        b"Proxy-Authorization: Basic /w==",
        b"Expect: 100-continue",
    ),
]
garbage = st.one_of(
    st.binary(max_size=200),
    st.lists(st.one_of(st.sampled_from(LINES), st.binary(max_size=20)), max_size=8).map(
        lambda lines: b"\r\n".join(lines) + b"\r\n\r\n"
    ),
)


@pytest.mark.parametrize("door", ["proxy", "browser", "https", "control"])
@hostile
@given(sent=garbage)
def test_raw_bytes(tenant: Tenant, door: str, sent: bytes) -> None:
    if b"CONNECT login.microsoftonline.com:443 HTTP/1.1" in sent and door == "browser":
        sent += b"x"  # else the door waits for a TLS handshake
    answer = exchange(tenant.said[door], sent)
    harmless(status_of(answer), answer)


@hostile
@given(sent=garbage)
def test_raw_bytes_inside_tls(tenant: Tenant, sent: bytes) -> None:
    def wrap(plain: socket.socket) -> socket.socket:
        return tenant.trust.wrap_socket(plain, server_hostname="localhost")

    sent += b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    answer = exchange(tenant.said["https"], sent, wrap)
    harmless(status_of(answer), answer)
