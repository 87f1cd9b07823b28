"""Forged and misdirected tokens: each kind, who is to turn it away, and with which answer."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

from .forge import Attempt, Claims, Forge, b64, bearer, decoded, segment

FASTMCP, OWN, HTTP = "FastMCP", "own check", "HTTP"


@dataclass(frozen=True)
class Kind:
    """One way to be wrong.

    Attributes:
        who: turns it away where clients bring Entra's own token.
        status, error: the answer there; the error of WWW-Authenticate is empty for a request without a token.
        inside: whether it is also tried inside the proxy, as the token that Entra gave it.
        inside_who: turns it away there, if it is somebody else.
    """

    name: str
    make: Callable[[Forge], Attempt]
    who: str = FASTMCP
    status: int = 401
    error: str = "invalid_token"
    inside: bool = True
    inside_who: str | None = None


def other_algorithm(forge: Forge, algorithm: str) -> Attempt:
    """Sign with the right key by an algorithm that is not RS256."""
    text = f"{segment(forge.header | {'alg': algorithm})}.{segment(forge.claims)}"
    digest = hashes.SHA512() if algorithm.endswith("512") else hashes.SHA256()
    pad = padding.PSS(padding.MGF1(digest), digest.digest_size) if algorithm[0] == "P" else padding.PKCS1v15()
    return Attempt(f"{text}.{b64(forge.key.sign(text.encode(), pad, digest))}")


def elliptic(forge: Forge) -> Attempt:
    """Sign by ES256 with a key of the attacker's, under the right kid."""
    text = f"{segment(forge.header | {'alg': 'ES256'})}.{segment(forge.claims)}"
    der = ec.generate_private_key(ec.SECP256R1()).sign(text.encode(), ec.ECDSA(hashes.SHA256()))
    r, s = utils.decode_dss_signature(der)
    return Attempt(f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}")


def critical(forge: Forge) -> Attempt:
    """Demand in the header what the verifier does not know."""
    return Attempt(forge.signed(header={**forge.header, "crit": ["x"], "x": 1}))


def header_changed(forge: Forge) -> Attempt:
    """Keep payload and signature."""
    _, payload, signature = forge.parts()
    return Attempt(f"{segment(forge.header | {'typ': 'at+jwt'})}.{payload}.{signature}")


def payload_changed(forge: Forge) -> Attempt:
    """Keep header and signature, and become somebody else."""
    header, _, signature = forge.parts()
    return Attempt(f"{header}.{segment(forge.claims | {'oid': str(forge.claims['tid'])})}.{signature}")


def signature_changed(forge: Forge) -> Attempt:
    """Flip one bit."""
    header, payload, signature = forge.parts()
    raw = bytearray(base64.urlsafe_b64decode(signature + "=="))
    raw[10] ^= 1
    return Attempt(f"{header}.{payload}.{b64(bytes(raw))}")


def signature_of_another(forge: Forge) -> Attempt:
    """Put the signature of one genuine token under another."""
    header, payload, _ = forge.parts()
    return Attempt(f"{header}.{payload}.{forge.but(name='Somebody').split('.')[2]}")


def of_another_tenant(forge: Forge) -> Attempt:
    """Sign in to the same app id in another directory; it signs with the same key."""
    other = forge.entra.world.directory("fabrikam")
    issuer = str(forge.claims["iss"]).replace(forge.entra.tenant.id, other)
    return Attempt(forge.but(iss=issuer, tid=other))


def for_another_app(forge: Forge) -> Attempt:
    """Bring a genuine token for another API of the tenant."""
    world = forge.entra.world
    return Attempt(world.tokens(world.register("Another API"))["access_token"])


def version_one(forge: Forge) -> Attempt:
    """Bring a genuine token of an API whose requestedAccessTokenVersion is 1."""
    world = forge.entra.world
    return Attempt(world.tokens(world.register("Version 1", version=1))["access_token"])


def for_graph(forge: Forge) -> Attempt:
    """Bring a genuine token for Microsoft Graph."""
    return Attempt(forge.entra.world.graph_token("robin"))


def app_only(forge: Forge) -> Attempt:
    """Bring a genuine token that the app got for itself."""
    return Attempt(forge.entra.world.client_credentials(forge.entra.app).json()["access_token"])


def app_only_with_scope(forge: Forge) -> Attempt:
    """Bring such a token with a scope in it."""
    claims = decoded(app_only(forge).token, 1)
    return Attempt(forge.signed(claims | {"scp": "access"}))


def soon() -> int:
    """Return a time an hour ahead."""
    return int(time.time()) + 3600


def key_kind(kid: str, name: str) -> Kind:
    """Return a token that is right, signed by a key that is published and must not be taken."""
    return Kind(f"key {name}", lambda forge: Attempt(forge.by_published(kid)), OWN)


def marked(*, crit: object, **more: object) -> Callable[[Forge], Attempt]:
    """Demand in the header what FastMCP's verifier knows, or nothing at all."""
    return lambda forge: Attempt(forge.signed(header={**forge.header, "crit": crit, **more}))


def fastmcp_token(forge: Forge) -> Attempt:
    """Bring the token that a FastMCP proxy with the same secret issued, for another server."""
    from fastmcp.server.auth.jwt_issuer import JWTIssuer, derive_jwt_key

    key = derive_jwt_key(high_entropy_material=forge.entra.app.secret, salt="fastmcp-jwt-signing-key")
    issuer = JWTIssuer("http://localhost:8999/", "http://localhost:8999/mcp", key)
    return Attempt(issuer.issue_access_token("somebody", ["access"], "an-id", 3600))


def no_token(make: Callable[[Forge], Attempt], name: str) -> Kind:
    """Return a kind that counts as a request without a token."""
    return Kind(name, make, error="", inside=False)


def header(value: Callable[[Forge], bytes], name: str = "Authorization") -> Callable[[Forge], Attempt]:
    """Return the maker of an attempt with one header of its own."""
    return lambda forge: Attempt(headers=((name, value(forge)),))


KINDS = (
    # No token where one belongs, or more than one.
    no_token(header(lambda _: b"Bearer "), "empty token"),
    no_token(header(lambda forge: f"Basic {forge.token}".encode()), "another scheme (Basic)"),
    no_token(header(lambda forge: f"Bearer:{forge.token}".encode()), "colon after Bearer"),
    no_token(header(lambda forge: forge.token.encode()), "no scheme"),
    no_token(header(lambda forge: forge.token.encode(), "X-Access-Token"), "token in another header"),
    no_token(header(lambda forge: f"access_token={forge.token}".encode(), "Cookie"), "token in a cookie"),
    Kind(
        "token in the query string",
        lambda forge: Attempt(headers=(("X-Nothing", b"1"),), query=f"access_token={forge.token}"),
        OWN, 400, "invalid_request", inside=False,
    ),
    Kind(
        "token in the query string and in the header",
        lambda forge: Attempt(forge.token, query=f"a=1&access_token={forge.token}"),
        OWN, 400, "invalid_request", inside=False,
    ),
    Kind(
        "several Authorization headers, the first good",
        lambda forge: Attempt(headers=(bearer(forge.token), bearer("x.y.z"))),
        OWN, 400, "invalid_request", inside=False,
    ),
    Kind(
        "several Authorization headers, the last good",
        lambda forge: Attempt(headers=(bearer("x.y.z"), bearer(forge.token))),
        OWN, 400, "invalid_request", inside=False,
    ),
    Kind("two tokens in one header", lambda forge: Attempt(f"{forge.token}, Bearer {forge.token}")),
    # Not a JSON Web Token.
    Kind("garbage", lambda _: Attempt("not-a-token")),
    Kind("two dots", lambda _: Attempt("..")),
    Kind("three empty objects", lambda _: Attempt("e30.e30.e30")),
    Kind("letters beyond ASCII", lambda forge: Attempt("é" + forge.token), inside=False),
    Kind("spaces inside", lambda forge: Attempt(forge.token.replace(".", " . "))),
    Kind("five parts, as if encrypted", lambda forge: Attempt(f"{forge.token}.e30.e30")),
    Kind("oversized", lambda forge: Attempt(forge.but(name="x" * 70_000)), OWN, inside=False),
    Kind("deeply nested header", lambda _: Attempt(f"{b64(b'[' * 20_000)}.e30.e30"), OWN, inside_who=FASTMCP),
    Kind("the header is a list", lambda forge: Attempt(f"{segment([1])}.{segment(forge.claims)}.e30")),
    Kind("an opaque refresh token", lambda forge: Attempt(forge.genuine["refresh_token"])),
    # The header.
    Kind("algorithm none", lambda forge: Attempt(forge.unsigned({"alg": "none"}))),
    Kind("algorithm nOnE", lambda forge: Attempt(forge.unsigned({"alg": "nOnE"}))),
    Kind(
        "algorithm none over a good signature",
        lambda forge: Attempt(forge.unsigned({"alg": "none"}, base64.urlsafe_b64decode(forge.parts()[2] + "=="))),
    ),
    Kind("no algorithm", lambda forge: Attempt(forge.signed(header={"kid": forge.header["kid"]}))),
    Kind("HMAC with the public key", lambda forge: Attempt(forge.hmac(forge.public_pem()))),
    Kind("HMAC with an empty key", lambda forge: Attempt(forge.hmac(b""))),
    Kind("HMAC with the client secret", lambda forge: Attempt(forge.hmac(forge.entra.app.secret.encode()))),
    Kind("RS512, the right key", lambda forge: other_algorithm(forge, "RS512")),
    Kind("PS256, the right key", lambda forge: other_algorithm(forge, "PS256")),
    Kind("ES256, another key", elliptic),
    Kind("unknown kid", lambda forge: Attempt(forge.by_attacker(kid="unknown"))),
    Kind("no kid, another key", lambda forge: Attempt(forge.signed(header={"alg": "RS256"}, key=forge.other_key))),
    Kind("the right kid, another key", lambda forge: Attempt(forge.by_attacker())),
    Kind("path-traversing kid", lambda forge: Attempt(forge.hmac(b"", kid="../../../../../../dev/null"))),
    Kind("kid with SQL", lambda forge: Attempt(forge.by_attacker(kid="x' UNION SELECT 'key' --"))),
    Kind("kid is a list", lambda forge: Attempt(forge.by_attacker(kid=["a", "b"]))),
    Kind("embedded jwk", lambda forge: Attempt(forge.by_attacker(kid="mine", jwk=forge.jwk()))),
    Kind("jku of the attacker", lambda forge: Attempt(forge.by_attacker(kid="mine", jku="https://localhost:1/keys"))),
    Kind("x5u of the attacker", lambda forge: Attempt(forge.by_attacker(x5u="https://localhost:1/cert"))),
    Kind("x5c of the attacker", lambda forge: Attempt(forge.by_attacker(x5c=[b64(forge.public_pem())]))),
    Kind("critical header nobody knows", critical),
    # The parts.
    Kind("header changed", header_changed),
    Kind("payload changed", payload_changed),
    Kind("signature changed", signature_changed),
    Kind("signature left out", lambda forge: Attempt(".".join(forge.parts()[:2]) + ".")),
    Kind("signature of another token", signature_of_another),
    # Misdirected: signed by the tenant, for somebody or something else.
    Kind("another tenant", of_another_tenant),
    Kind("another audience", for_another_app),
    Kind("no audience", lambda forge: Attempt(forge.but(aud=None))),
    Kind("version 1 token", version_one),
    Kind("token for Microsoft Graph", for_graph),
    Kind("id token", lambda forge: Attempt(forge.genuine["id_token"])),
    Kind("FastMCP's own token of another server", fastmcp_token),
    Kind("issuer organizations", lambda forge: Attempt(forge.but(iss="https://login.microsoftonline.com/organizations/v2.0"))),
    Kind("issuer with a slash more", lambda forge: Attempt(forge.but(iss=f"{forge.claims['iss']}/"))),
    Kind("no issuer", lambda forge: Attempt(forge.but(iss=None))),
    Kind("foreign tid under the right issuer", lambda forge: Attempt(forge.but(tid=forge.claims["oid"])), OWN),
    Kind("no tid", lambda forge: Attempt(forge.but(tid=None)), OWN),
    Kind("ver 1.0 under the version 2 issuer", lambda forge: Attempt(forge.but(ver="1.0")), OWN),
    # Times.
    Kind("expired", lambda forge: Attempt(forge.but(exp=int(time.time()) - 1))),
    Kind("exp as text", lambda forge: Attempt(forge.but(exp=str(soon())))),
    Kind("exp without end", lambda forge: Attempt(forge.but(exp=float("inf"))), OWN, inside_who=FASTMCP),
    Kind("exp not a number", lambda forge: Attempt(forge.but(exp=float("nan")))),
    Kind("no exp", lambda forge: Attempt(forge.but(exp=None)), OWN),
    Kind("not valid yet", lambda forge: Attempt(forge.but(nbf=soon()))),
    Kind("not valid before the end of all numbers", lambda forge: Attempt(forge.but(nbf=10**400))),
    Kind("nbf as text", lambda forge: Attempt(forge.but(nbf="0"))),
    Kind("nbf not a number", lambda forge: Attempt(forge.but(nbf=float("nan"))), OWN),
    Kind("no nbf", lambda forge: Attempt(forge.but(nbf=None)), OWN),
    Kind("issued in the future", lambda forge: Attempt(forge.but(iat=soon(), exp=soon() + 3600)), OWN),
    # The signing key, as the issuer publishes it.
    key_kind("another-tenants", "of another tenant"),
    key_kind("another-clouds", "of another cloud"),
    key_kind("version-ones", "of the version 1 issuer"),
    key_kind("a-slash-more", "whose issuer has a slash more"),
    key_kind("nobodys", "that names no issuer among those that do"),
    key_kind("of-nobody", "whose issuer is empty"),
    key_kind("of-many", "whose issuer is a list"),
    key_kind("for-encryption", "for encryption"),
    key_kind("for-signing-only", "that may not verify"),
    key_kind("for-nothing", "whose operations are no list"),
    key_kind("for-another-algorithm", "for another algorithm"),
    key_kind("for-ps256", "for PS256"),
    key_kind("twice", "whose id stands twice"),
    Kind("an empty list of demands (crit)", marked(crit=[]), OWN),
    Kind("a demand for what every verifier knows (crit)", marked(crit=["alg"]), OWN),
    Kind("no demand, and yet the word (crit)", marked(crit=None)),
    # Permissions and who acts.
    Kind("scope in another claim", lambda forge: Attempt(forge.but(scp="manage", scope="access")), OWN),
    Kind("scope in another claim, as a list", lambda forge: Attempt(forge.but(scp="manage", scope=["access"])), OWN),
    Kind("another scope", lambda forge: Attempt(forge.but(scp="manage"))),
    Kind("a scope that begins alike", lambda forge: Attempt(forge.but(scp="access.read"))),
    Kind("scope in capitals", lambda forge: Attempt(forge.but(scp="ACCESS"))),
    Kind("empty scope", lambda forge: Attempt(forge.but(scp=""))),
    Kind("scope as a role", lambda forge: Attempt(forge.but(scp=None, roles=["access"]))),
    Kind("scope as a list", lambda forge: Attempt(forge.but(scp=["access"])), OWN),
    Kind("app-only", app_only),
    Kind("app-only that carries scp", app_only_with_scope, OWN),
    Kind("idtyp app with a scope", lambda forge: Attempt(forge.but(idtyp="app")), OWN),
    Kind("no oid", lambda forge: Attempt(forge.but(oid=None)), OWN),
    Kind("another client than those on the list", lambda forge: Attempt(forge.but(azp=str(forge.claims["oid"]))), OWN),
    Kind("clients, where there is a list", lambda forge: Attempt(forge.but(azp=[forge.claims["azp"]])), OWN),
    Kind("a public client, where clients must prove who they are", lambda forge: Attempt(forge.but(azpacr="0")), OWN),
    Kind("no word of what the client proved", lambda forge: Attempt(forge.but(azpacr=None)), OWN),
    Kind("a number for what the client proved", lambda forge: Attempt(forge.but(azpacr=1)), OWN),
    Kind("a proof that nobody knows", lambda forge: Attempt(forge.but(azpacr="3")), OWN),
    Kind("no client, where there is a list", lambda forge: Attempt(forge.but(azp=None)), OWN),
)  # fmt: skip


@dataclass(frozen=True)
class AppKind:
    """One way to be wrong at a door that lets in apps which act for themselves and hold a role.

    Attributes:
        changes: what is other in a token that would be let in; None leaves a claim out.
        claim: where the server sees it; empty if FastMCP does.
        of_a_user: whether it is made of a user's token, and not of an app's.
    """

    name: str
    changes: Claims
    claim: str
    of_a_user: bool = False


ROLE, OTHER_ROLE = "Expenses.Count", "Expenses.Approve"


def of_app(name: str, claim: str, **changes: Any) -> AppKind:
    """Return a kind that is made of an app's token."""
    return AppKind(name, changes, claim)


def of_user(name: str, claim: str, **changes: Any) -> AppKind:
    """Return a kind that is made of a user's token."""
    return AppKind(name, changes, claim, of_a_user=True)


APP_KINDS = (
    # A role that lets nobody in. An app without one gets its token from Entra all the same: no scp and no roles, as
    # people report it (MicrosoftDocs/azure-docs#50935, AzureAD/microsoft-identity-web#1038).
    of_app("an app without a role", "roles", roles=None),
    of_app("no role in a list", "roles", roles=[]),
    of_app("a role that lets nobody in", "roles", roles=[OTHER_ROLE]),
    of_app("a role of another API", "roles", roles=["User.Read.All", "Expenses.Count.All"]),
    of_app("a role that begins alike", "roles", roles=["Expenses"]),
    of_app("a role in small letters", "roles", roles=["expenses.count"]),
    of_app("a role with a space behind it", "roles", roles=[f"{ROLE} "]),
    of_app("roles as a text", "roles", roles=ROLE),
    of_app("several roles as a text", "roles", roles=f"{OTHER_ROLE} {ROLE}"),
    of_app("roles as an object", "roles", roles={ROLE: True}),
    of_app("roles in a list of lists", "roles", roles=[[ROLE]]),
    of_app("a role beside what is none", "roles", roles=[ROLE, {}]),
    of_app("an empty role", "roles", roles=[""]),
    of_app("the role in another claim", "roles", roles=None, role=[ROLE], wids=[ROLE], groups=[ROLE]),
    # A token that says two things of who acts. idtyp is app, user or device, and left out of users' tokens by default
    # (optional claims reference); scp is left out of apps' (AzureAD/microsoft-authentication-library-for-dotnet#1630).
    of_app("an app with a scope", "app-only", scp="access"),
    of_app("an app with a scope and idtyp", "idtyp", scp="access", idtyp="app"),
    of_app("an app with an empty scope", "", scp=""),
    of_app("an app with a scope that is a list", "", scp=[]),
    of_app("an app with no word in scp", "", scp=" "),
    of_app("an app that says it is a user", "", idtyp="user"),
    of_app("an app that says it is a device", "", idtyp="device"),
    of_app("an app that says it in capitals", "", idtyp="APP"),
    of_app("an app that says it in a list", "", idtyp=["app"]),
    of_app("an app, said to be of nobody else", "idtyp", idtyp="app", sub="somebody-else"),
    of_app("an app without a subject", "idtyp", idtyp="app", sub=None),
    of_app("an app without idtyp, of another subject", "", sub="somebody-else"),
    of_app("nobody at all", "oid", idtyp="app", oid=None, sub=None),
    of_app("an app whose id is a list", "", idtyp="app", oid=["x"], sub=["x"]),
    # A user stays one, whatever roles stand in the token.
    of_user("a user with the role and no scope", "", scp=None, roles=[ROLE]),
    of_user("a user with the role and another scope", "", scp="manage", roles=[ROLE]),
    of_user("a user with the role, called an app", "idtyp", roles=[ROLE], idtyp="app"),
    of_user("a user with the role, called an app, without scope", "idtyp", roles=[ROLE], idtyp="app", scp=None),
    # Who the app is, and whether that was proved.
    of_app("an app that proved nothing", "azpacr", azpacr="0"),
    of_app("no word of what the app proved", "azpacr", azpacr=None),
    of_app("a number for what the app proved", "azpacr", azpacr=1),
    of_app("an app without a name", "azp", azp=None),
    of_app("an app with a list of names", "azp", azp=["x"]),
    # All that is asked of every token.
    of_app("an app of another tenant", "tid", tid="22222222-3333-4444-5555-666666666666"),
    of_app("an app's token of version 1", "ver", ver="1.0"),
    of_app("an app's token for another API", "", aud="00000003-0000-0000-c000-000000000000"),
    of_app("an app's token of another issuer", "", iss="https://login.microsoftonline.com/common/v2.0"),
    of_app("an app's token without an end", "exp", exp=None),
    of_app("an app's token that has ended", "", exp=1),
)
