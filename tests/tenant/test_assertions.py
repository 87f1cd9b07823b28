"""Clients that prove themselves with a certificate or with the token of another issuer: what is let in."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest

from .credentials import (
    EXCHANGE,
    EXCHANGE_APP,
    HOUR,
    certificate,
    outside,
    plain_claims,
    proof,
    publish,
    raw,
    signed,
    trusts,
    with_certificate,
    with_header,
)
from .process import GRAPH, LOGIN
from .tokens import claims, ok
from .world import App, World


@pytest.fixture(scope="module")
def identity(world: World) -> App:
    """An application whose principal stands in for a managed identity."""
    app = world.register("Identity")
    world.tenant.sql(
        "UPDATE service_principals SET graph = json_set(graph, '$.servicePrincipalType', 'ManagedIdentity')"
        " WHERE id = ?",
        app.principal_id,
    )
    return app


@pytest.fixture(scope="module")
def holder(world: World) -> App:
    """An application with a certificate, that trusts an outside issuer too."""
    app = world.register("Holder")
    with_certificate(world, app)
    publish(world)
    trusts(world, app)
    world.grant(app, "User.Read")
    return app


def refused(answer: Any) -> int:
    """Return the AADSTS number of a refusal that carries no token."""
    assert answer.status_code in (400, 401), answer.text
    assert "access_token" not in answer.text
    (code,) = answer.json()["error_codes"]
    return int(code)


class TestACertificate:
    @pytest.mark.parametrize("algorithm", ["PS256", "RS256", "RS384", "RS512", "PS384", "PS512"])
    def test_each_algorithm(self, world: World, holder: App, algorithm: str) -> None:
        answer = world.client_credentials(holder, **proof(signed(world, holder, certificate(), algorithm=algorithm)))
        assert claims(ok(answer)["access_token"])["azpacr"] == "2"

    def test_each_name_of_the_key(self, world: World, holder: App) -> None:
        one = certificate()
        assert len(one.sha256) == 43
        for header in (
            {"x5t#S256": one.sha256},
            {"x5t#S256": f"{one.sha256}="},  # as the async azure-identity pads it
            {"x5t": one.sha1},
            {"x5t": f"{one.sha1}="},
            {"kid": one.thumbprint},
            {"x5t": one.sha1, "kid": "not a thumbprint"},
        ):
            assertion = signed(world, holder, one, algorithm="RS256", header=header)
            assert "access_token" in ok(world.client_credentials(holder, **proof(assertion))), header

    @pytest.mark.parametrize("path", ["{id}/oauth2/v2.0/token", "{id}/oauth2/token", "{id}/v2.0", "{id}/", "{id}"])
    @pytest.mark.parametrize("host", [LOGIN, "https://login.windows.net", "https://sts.windows.net"])
    def test_each_name_of_the_tenant(self, world: World, holder: App, host: str, path: str) -> None:
        for name in (world.tenant.id, world.domain):
            assertion = signed(world, holder, certificate(), aud=f"{host}/{path.format(id=name)}")
            assert "access_token" in ok(world.client_credentials(holder, **proof(assertion)))

    def test_one_of_several_and_a_clock_that_is_a_little_off(self, world: World) -> None:
        app = world.register()
        world.change(app, keyCredentials=[certificate(1).graph, certificate().graph])
        now = int(time.time())
        for one, begins, ends in ((certificate(), now + 200, now + HOUR), (certificate(1), now - HOUR, now - 200)):
            assertion = signed(world, app, one, nbf=begins, exp=ends)
            assert "access_token" in ok(world.client_credentials(app, **proof(assertion)))

    def test_the_one_of_another_application(self, world: World, holder: App) -> None:
        other = world.register()
        assert refused(world.client_credentials(other, **proof(signed(world, other, certificate())))) == 700027
        assert refused(world.client_credentials(other, **proof(signed(world, holder, certificate())))) == 700021

    def test_one_that_was_taken_away(self, world: World) -> None:
        app = world.register()
        one = with_certificate(world, app)
        assertion = signed(world, app, one)
        assert "access_token" in ok(world.client_credentials(app, **proof(assertion)))
        world.change(app, keyCredentials=[])
        assert refused(world.client_credentials(app, **proof(assertion))) == 700027

    def test_codes_refresh_tokens_and_on_behalf_of(self, world: World, holder: App) -> None:
        shown = proof(signed(world, holder, certificate()))
        first = ok(world.redeem(holder, world.code(holder), **shown))
        second = ok(world.refresh(holder, first["refresh_token"], **shown))
        third = ok(world.on_behalf_of(holder, second["access_token"], f"{GRAPH}/User.Read", **shown))
        assert claims(first["access_token"])["azpacr"] == claims(second["access_token"])["azpacr"] == "2"
        assert claims(third["access_token"])["appidacr"] == "2"

    def test_an_assertion_counts_before_a_secret(self, world: World, holder: App) -> None:
        """[MEM] which of the two counts."""
        good, bad = signed(world, holder, certificate()), signed(world, holder, certificate(1))
        answer = world.client_credentials(holder, **proof(good) | {"client_secret": "wrong"})
        assert claims(ok(answer)["access_token"])["azpacr"] == "2"
        assert refused(world.client_credentials(holder, **proof(bad) | {"client_secret": holder.secret})) == 700027


class TestForged:
    """Assertions by which nobody gets in, and none is answered with anything but Entra's envelope."""

    @pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5c"])
    def test_a_key_that_comes_along(self, world: World, holder: App, member: str) -> None:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(certificate(1).key.public_key(), as_dict=True)
        brought = {"jwk": public, "jku": "https://issuer.example/keys", "x5u": "https://issuer.example/x5u"}
        brought["x5c"] = [certificate(1).graph["key"]]
        for named, expected in ((certificate(), 700027), (certificate(1), 700027)):
            header = {"x5t#S256": named.sha256, member: brought[member]}
            assertion = signed(world, holder, certificate(1), header=header)
            assert refused(world.client_credentials(holder, **proof(assertion))) == expected

    def test_the_certificate_as_an_hmac_secret(self, world: World, holder: App) -> None:
        one = certificate()
        for secret in (one.graph["key"], one.pem.partition("-----BEGIN CERT")[2], one.sha256):
            for algorithm in ("HS256", "HS384", "HS512"):
                header = {"x5t#S256": one.sha256}
                assertion = jwt.encode(plain_claims(world, holder), secret.ljust(64, "x"), algorithm, header)
                assert refused(world.client_credentials(holder, **proof(assertion))) == 5002738

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", "RS1", "ES256", "EdDSA", "dir", "rs256"])
    def test_an_algorithm_that_is_none_of_them(self, world: World, holder: App, algorithm: str) -> None:
        good = signed(world, holder, certificate())
        for signature in ("", good.rpartition(".")[2]):
            forged = with_header(good, {"alg": algorithm, "x5t#S256": certificate().sha256}, signature)
            assert refused(world.client_credentials(holder, **proof(forged))) == 5002738

    @pytest.mark.parametrize("kid", ["../../../../dev/null", "/etc/passwd", "'; DROP TABLE keys; --", "\x00", "𐍈", "é"])
    def test_a_key_name_that_means_to_go_elsewhere(self, world: World, holder: App, kid: str) -> None:
        by_kid = signed(world, holder, certificate(), algorithm="RS256", header={"kid": kid})
        by_thumbprint = signed(world, holder, certificate(), algorithm="RS256", header={"x5t": kid})
        for assertion in (by_kid, by_thumbprint, outside(kid=kid)):
            assert refused(world.client_credentials(holder, **proof(assertion))) == 700027

    @pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "nbf"])
    def test_claims_of_the_wrong_kind(self, world: World, holder: App, claim: str) -> None:
        one = certificate()
        for value in (None, 10**400, -(10**400), 1e308, True, [], {}, ["x"] * 50, "x" * 20_000, "\ud800", {"a": "b"}):
            said = plain_claims(world, holder) | {claim: value}
            assertion = raw(said, one.key, {"alg": "RS256", "x5t": one.sha1})
            answer = world.client_credentials(holder, **proof(assertion))
            assert refused(answer) in (50027, 90014, 700021, 700023)

    def test_what_must_be_understood_and_is_not(self, world: World, holder: App) -> None:
        """Source: RFC 7515 section 4.1.11."""
        header = {"x5t#S256": certificate().sha256, "crit": ["exp"]}
        assertion = signed(world, holder, certificate(), header=header)
        assert refused(world.client_credentials(holder, **proof(assertion))) == 50027


class TestAnotherIssuer:
    def test_its_token_is_the_clients_secret(self, world: World, holder: App) -> None:
        answer = ok(world.client_credentials(holder, **proof(outside())))
        assert claims(answer["access_token"])["azpacr"] == "2"

    def test_for_codes_and_on_behalf_of(self, world: World, holder: App) -> None:
        first = ok(world.redeem(holder, world.code(holder), **proof(outside())))
        second = ok(world.on_behalf_of(holder, first["access_token"], f"{GRAPH}/User.Read", **proof(outside())))
        assert claims(second["access_token"])["appidacr"] == "2"

    def test_only_rs256(self, world: World, holder: App) -> None:
        assert refused(world.client_credentials(holder, **proof(outside(algorithm="PS256")))) == 5002738

    def test_one_that_has_expired(self, world: World, holder: App) -> None:
        answer = world.client_credentials(holder, **proof(outside(exp=int(time.time()) - HOUR)))
        assert refused(answer) == 700024

    @pytest.mark.parametrize(
        "jwk", [{}, {"kty": "EC"}, {"kty": "RSA", "n": "", "e": ""}, {"kty": "RSA", "n": "!"}, "x"]
    )
    def test_a_key_that_is_none(self, world: World, holder: App, jwk: Any) -> None:
        broken = f"https://broken{len(str(jwk))}.example"
        trusts(world, holder, broken)
        found = jwk | {"kid": "one"} if isinstance(jwk, dict) else jwk
        world.teach("POST", "/issuers", issuer=broken, jwks={"keys": [found]})
        assert refused(world.client_credentials(holder, **proof(outside(iss=broken)))) == 700027


class TestAManagedIdentity:
    """The token of a managed identity as a federated credential."""

    def test_its_token_is_the_clients_secret(self, world: World, identity: App) -> None:
        app = world.register()
        trusts(world, app, f"{LOGIN}/{world.tenant.id}/v2.0", identity.principal_id)
        token = ok(world.client_credentials(identity, f"{EXCHANGE}/.default"))["access_token"]
        found = claims(token)
        assert (found["aud"], found["ver"]) == (EXCHANGE_APP, "2.0")
        assert found["sub"] == found["oid"] == identity.principal_id
        answer = ok(world.client_credentials(app, **proof(token)))
        assert claims(answer["access_token"])["azp"] == app.client_id

    def test_the_subject_is_not_the_client_id(self, world: World, identity: App) -> None:
        app = world.register()
        trusts(world, app, f"{LOGIN}/{world.tenant.id}/v2.0", identity.client_id)
        token = ok(world.client_credentials(identity, f"{EXCHANGE}/.default"))["access_token"]
        assert refused(world.client_credentials(app, **proof(token))) == 700213

    def test_a_token_for_anything_else(self, world: World, identity: App) -> None:
        app = world.register()
        trusts(world, app, f"{LOGIN}/{world.tenant.id}/v2.0", identity.principal_id)
        token = ok(world.client_credentials(identity, f"{app.uri}/.default"))["access_token"]
        assert refused(world.client_credentials(app, **proof(token))) == 700212
