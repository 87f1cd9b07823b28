"""Forged and misdirected tokens at the servers' doors: who turns them away, and with which answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from fastmcp import FastMCP
from fastmcp.server.auth import AuthProvider, MultiAuth, RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from fastmcp.server.auth.providers.jwt import JWTVerifier
from server_help import serving

from workshop.background import BackgroundServer
from workshop.diagnosis import diagnose
from workshop.servers import both_doors, preauthorized
from workshop.servers.proxy import EntraProxy, provider
from workshop.servers.verifier import EntraTokenVerifier, Rules

from .conftest import Entra
from .doors import Outcome, Said, door, listening, planted, publishing, tries
from .forge import GUISES, Attempt, Forge
from .forged import FASTMCP, KINDS, OWN, ROLE, Kind
from .forged_proxy import PROXY_KINDS, Held, ProxyKind

LET_IN = "LET IN"


@dataclass(frozen=True)
class Doors:
    """The servers' doors: for clients with tokens of their own, Azure's verifier alone, the OAuth proxy, and both.

    `opened` is the first of them, where apps that act for themselves are let in if they hold a role.
    """

    checked: BackgroundServer
    opened: BackgroundServer
    both: BackgroundServer
    bare: BackgroundServer
    proxy: BackgroundServer
    provider: EntraProxy
    forge: Forge
    said: Said

    def tries(self, server: BackgroundServer, attempt: Attempt) -> Outcome:
        """Send a tool call with what is attempted."""
        return tries(self.said, server, attempt)

    def inside(self, token: str) -> Attempt:
        """Put a token into the proxy's store as Entra's, and bring the proxy's own token that stands for it."""
        return Attempt(planted(self.provider, token, self.forge.claims["exp"]))

    def held(self) -> Held:
        """Return a genuine token of the proxy."""
        return Held(self.inside(self.forge.token).token, self.forge.token, self.forge.entra.app.secret)


@pytest.fixture(scope="module")
def doors(entra: Entra) -> Iterator[Doors]:
    """All doors, open."""
    app, tenant_id = entra.app, entra.tenant.id
    strict = {"allowed_clients": (app.client_id,), "confidential_clients_only": True}
    settings, own = entra.settings(**strict), entra.preauthorized(**strict)
    to_apps = entra.preauthorized(**strict, app_roles=("access", ROLE))

    forge = Forge(entra)
    providers: list[EntraProxy] = []

    with ExitStack() as running:
        keys = running.enter_context(publishing(forge.key_set()))

        def azure() -> AzureJWTVerifier:
            made = AzureJWTVerifier(client_id=app.client_id, tenant_id=tenant_id, required_scopes=["access"])
            made.jwks_uri = keys
            return made

        def looking_there(auth: AuthProvider) -> AuthProvider:
            for verifier in verifiers(auth):
                verifier.jwks_uri = keys
            return auth

        def proxied(base_url: str) -> FastMCP:
            providers.append(provider(settings, base_url))
            return door(looking_there(providers[0]))

        def doubled(base_url: str) -> FastMCP:
            return door(looking_there(both_doors.doors(provider(settings, base_url), settings)))

        def direct(base_url: str) -> FastMCP:
            return door(looking_there(preauthorized.provider(own, base_url)))

        def open_to_apps(base_url: str) -> FastMCP:
            return door(looking_there(preauthorized.provider(to_apps, base_url)))

        checked = running.enter_context(serving(direct, name="checked"))
        opened = running.enter_context(serving(open_to_apps, name="opened"))
        bare = running.enter_context(serving(lambda _: door(azure()), name="bare"))
        before = running.enter_context(serving(proxied, name="proxy"))
        both = running.enter_context(serving(doubled, name="both"))
        yield Doors(checked, opened, both, bare, before, providers[0], forge, running.enter_context(listening()))


def verifiers(auth: AuthProvider) -> list[JWTVerifier]:
    """Return FastMCP's verifiers behind a door."""
    if isinstance(auth, MultiAuth):
        return [found for part in (auth.server, *auth.verifiers) if part for found in verifiers(part)]
    if isinstance(auth, EntraProxy):
        return verifiers(auth._token_validator)
    if isinstance(auth, RemoteAuthProvider):
        return verifiers(auth.token_verifier)
    if isinstance(auth, EntraTokenVerifier):
        return [found for part in (auth.inner, auth.of_apps) if part for found in verifiers(part)]
    assert isinstance(auth, JWTVerifier)
    return [auth]


def test_a_token_that_is_right_gets_in(doors: Doors) -> None:
    """Else every test here would pass at a door that is walled up."""
    token = doors.forge.token
    for server in (doors.checked, doors.opened, doors.both, doors.bare):
        assert doors.tries(server, Attempt(token)).status == 200
        # The scheme has no case: RFC 9110 section 11.1.
        assert doors.tries(server, Attempt(headers=(("authorization", f"bearer {token}".encode()),))).status == 200
        assert doors.tries(server, Attempt(doors.forge.signed())).status == 200, "the forge makes genuine tokens"
    assert doors.tries(doors.proxy, doors.inside(token)).status == 200


@pytest.mark.parametrize("kid", ["sound", "any-tenants", "says-what-for"])
def test_a_key_that_is_right_counts(kid: str, doors: Doors) -> None:
    """Else the keys below might be refused for any reason."""
    token = doors.forge.by_published(kid)
    for server in (doors.checked, doors.opened, doors.both):
        assert doors.tries(server, Attempt(token)).status == 200
    assert doors.tries(doors.proxy, doors.inside(token)).status == 200


def test_an_apps_token_counts_by_the_same_keys_as_a_users(doors: Doors) -> None:
    """At the open door another verifier of FastMCP's looks at it, and the same look comes after it."""
    forge = doors.forge
    claims = {name: value for name, value in forge.claims.items() if name != "scp"}
    claims |= {"sub": claims["oid"], "roles": [ROLE], "azpacr": "1"}
    assert doors.tries(doors.opened, Attempt(forge.signed(claims))).status == 200
    for kid in GUISES:
        token = forge.signed(claims, forge.header | {"kid": kid}, forge.other_key)
        sound = kid in ("sound", "any-tenants", "says-what-for")
        assert doors.tries(doors.opened, Attempt(token)).status == (200 if sound else 401), kid
        assert doors.tries(doors.checked, Attempt(token)).status == 401


def test_scopes_are_those_of_scp_and_of_no_other_claim(doors: Doors) -> None:
    """A tool that asks for another scope must not get it from a claim that Entra never writes."""
    verifier = EntraTokenVerifier(verifiers(doors.provider)[0], Rules(frozenset({doors.forge.entra.tenant.id})))
    access = asyncio.run(verifier.verify_token(doors.forge.but(scope="access manage")))
    assert access
    assert access.scopes == ["access"]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_it_is_turned_away(kind: Kind, doors: Doors) -> None:
    attempt = kind.make(doors.forge)
    outcome = doors.tries(doors.checked, attempt)
    assert outcome == Outcome(kind.who, kind.status, kind.error)
    # A second door is not a weaker one.
    assert doors.tries(doors.both, attempt) == outcome
    # Nor is one that is open to apps. Who turns an app away there is another.
    seen = doors.tries(doors.opened, attempt)
    assert (bool(seen.who), seen.status, seen.error) == (True, kind.status, kind.error)
    # At the proxy's door counts only what the proxy issued.
    outcome = doors.tries(doors.proxy, attempt)
    assert outcome.who
    assert (outcome.status, outcome.error) == (kind.status, kind.error)
    if kind.inside:
        outcome = doors.tries(doors.proxy, doors.inside(attempt.token))
        assert outcome == Outcome(kind.inside_who or kind.who, 401, "invalid_token")


@pytest.mark.parametrize("kind", PROXY_KINDS, ids=lambda kind: kind.name)
def test_a_token_of_the_proxys_own_kind_is_turned_away(kind: ProxyKind, doors: Doors) -> None:
    held = doors.held()
    assert doors.tries(doors.proxy, Attempt(kind.make(held))) == Outcome(FASTMCP, 401, "invalid_token")
    assert doors.tries(doors.proxy, Attempt(held.but())).status == 200, "the key is the proxy's"


def test_nothing_of_a_token_or_a_person_is_logged(doors: Doors) -> None:
    claims = doors.forge.claims
    personal = [claims[name] for name in ("oid", "sub", "tid", "azp", "name", "preferred_username", "uti")]
    for kind in KINDS:
        if kind.who == OWN:
            reason = doors.tries(doors.checked, kind.make(doors.forge)).reason
            assert reason
            assert not [value for value in (*personal, *doors.forge.parts()) if value in reason], reason


def test_the_log_says_of_a_time_that_is_wrong_which_one(doors: Doors) -> None:
    """It is what a learner looks at, and FastMCP says it at INFO only."""
    for claim, value, told, failures in (
        ("nbf", int(time.time()) + 3_600, "token not yet valid (nbf)", ("token-from-the-future",)),
        ("nbf", None, "it has no time nbf", ()),
        ("exp", int(time.time()) - 1, "token expired", ("token-expired",)),
        ("exp", None, "it has no expiry (exp)", ()),
        ("iat", int(time.time()) + 3_600, "it was issued in the future (iat)", ("token-from-the-future",)),
    ):
        attempt = Attempt(doors.forge.but(**{claim: value}))
        for server in (doors.checked, doors.both, doors.proxy):
            doors.tries(server, doors.inside(attempt.token) if server is doors.proxy else attempt)
            said = server.log.refusals[-1].text
            assert told in said, (server.name, claim, value)
            assert diagnose(said).names == failures, said


def test_the_table(doors: Doors, capsys: pytest.CaptureFixture[str]) -> None:
    """Print what each kind gets; the servers' own checks are what turns some away, and nothing else does."""
    rows = [Row.of(kind, doors) for kind in KINDS]
    held = doors.held()
    own_kind = [(kind.name, doors.tries(doors.proxy, Attempt(kind.make(held)))) for kind in PROXY_KINDS]
    with capsys.disabled():
        print(f"\n\n{len(rows)} kinds of forged and misdirected tokens of Entra's\n")
        heads = f"{'turned away by':14}  {'answer':20}  {'both doors':14}  {'inside the proxy':16}"
        print(f"{'kind':46}  {heads}  FastMCP's verifier alone")
        for row in rows:
            print(row)
        print(f"\n{len(own_kind)} kinds of tokens of the proxy's own kind\n")
        for name, outcome in own_kind:
            print(f"{name:46}  {outcome.who:14}  {outcome.status} {outcome.error}")
    assert len(rows) >= 30
    assert len({kind.name for kind in KINDS}) == len(KINDS)
    assert all(row.checked.who and row.both.who and row.inside != LET_IN for row in rows)
    assert all(outcome.who for _, outcome in own_kind)
    assert [row.kind.name for row in rows if not row.alone.who and row.kind.who != OWN] == []
    assert sum(not row.alone.who for row in rows) >= 15


@dataclass(frozen=True)
class Row:
    """What one kind gets at each door."""

    kind: Kind
    checked: Outcome
    both: Outcome
    alone: Outcome
    inside: str

    @classmethod
    def of(cls, kind: Kind, doors: Doors) -> Row:
        """Try all doors."""
        attempt = kind.make(doors.forge)
        inside = "-"
        if kind.inside:
            inside = doors.tries(doors.proxy, doors.inside(attempt.token)).who or LET_IN
        return cls(
            kind,
            doors.tries(doors.checked, attempt),
            doors.tries(doors.both, attempt),
            doors.tries(doors.bare, attempt),
            inside,
        )

    def __str__(self) -> str:
        answer = f"{self.checked.status} {self.checked.error or '(no error)'}"
        alone = f"{self.alone.status} {self.alone.error}" if self.alone.who else f"{self.alone.status} {LET_IN}"
        both = self.both.who or LET_IN
        return f"{self.kind.name:46}  {self.checked.who:14}  {answer:20}  {both:14}  {self.inside:16}  {alone}"
