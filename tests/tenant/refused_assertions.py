"""Refusals of assertions with which a client proves who it is. ``test_errors`` provokes each row.

The texts are those of AzureAD/microsoft-authentication-library-for-dotnet, tests/Microsoft.Identity.Test.Common
(MockHelpers.cs, answers recorded on 2023-12-11), unless a row says otherwise.
"""

from __future__ import annotations

import time
from typing import Any

import httpx
import jwt

from .credentials import (
    EXCHANGE,
    HOUR,
    OUTSIDE,
    SUBJECT,
    base64url,
    certificate,
    outside,
    plain_claims,
    proof,
    publish,
    signed,
    trusts,
    with_certificate,
)
from .process import GRAPH, LOGIN
from .refusals import row
from .world import App, World

NOBODY = "22222222-2222-4333-8444-555555555555"
CONFIGURED = (
    "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id "
    "'{client}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the "
    "corresponding service endpoint and "
    "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
    "request URL, such as 'https://graph.microsoft.com/beta/applications/{client}']."
)
FEDERATION = (
    "Please check your federated identity credential Subject, Audience and Issuer against the presented assertion. "
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)
CREDENTIALS = (
    "Review the documentation at https://learn.microsoft.com/entra/identity-platform/certificate-credentials ."
)


def shown(world: World, app: App, assertion: str) -> httpx.Response:
    """Ask for a token with an assertion."""
    return world.client_credentials(app, **proof(assertion))


def by_certificate(world: World, app: App, **changes: Any) -> httpx.Response:
    """Ask for a token with the assertion of a registered certificate, after something was changed in it."""
    return shown(world, app, signed(world, app, with_certificate(world, app), **changes))


def federated(world: World, app: App, **changes: Any) -> httpx.Response:
    """Ask for a token with the token of an issuer that the application trusts."""
    publish(world)
    trusts(world, app)
    return shown(world, app, outside(**changes))


# The form


@row(
    "missing_parameter", "json", 400, "invalid_request", 900144,
    "The request body must contain the following parameter: 'client_assertion_type'.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    one = with_certificate(world, app)
    return world.client_credentials(app, client_secret=None, client_assertion=signed(world, app, one))


@row("malformed", "json", 400, "invalid_request", 9002313, "Invalid request. Request is malformed or invalid.")  # [MEM]
def _(world: World, app: App) -> httpx.Response:
    assertion = signed(world, app, with_certificate(world, app))
    return world.client_credentials(app, **proof(assertion) | {"client_assertion_type": "urn:example:other"})


@row("malformed_jwt", "json", 400, "invalid_request", 50027, "JWT token is invalid or malformed.")
def _(world: World, app: App) -> httpx.Response:
    return shown(world, app, world.tenant.id)  # the recorded request sent the tenant's id, too


@row(
    "field_missing", "json", 400, "invalid_request", 90014,
    "The required field 'iss' is missing from the credential. Ensure that you have all the necessary parameters for "
    "the login request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, iss=None)


@row(
    "field_missing", "json", 400, "invalid_request", 90014,
    "The required field 'aud' is missing from the credential. Ensure that you have all the necessary parameters for "
    "the login request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, aud=None)


# The same code for a parameter: recorded 2022-12-21 with scope.
@row(
    "field_missing", "json", 400, "invalid_request", 90014,
    "The required field 'scope' is missing from the credential. Ensure that you have all the necessary parameters for "
    "the login request.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return world.client_credentials(app, None)


@row(
    "unsupported_algorithm", "json", 401, "invalid_client", 5002738,
    "Invalid JWT token. 'HS256' is not a supported signature algorithm. Supported signing algorithms are: "
    "'RS256,RS384,RS512'",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    one = with_certificate(world, app)
    header = {"x5t#S256": one.sha256}
    return shown(world, app, jwt.encode(plain_claims(world, app), base64url(one.der), "HS256", header))


@row(
    "no_key_named", "json", 401, "invalid_client", 5002723,
    "Invalid JWT token. No certificate SHA-1 thumbprint, certificate SHA-256 thumbprint, nor keyId specified in token "
    "header.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, header={})


# The client's own certificate


@row(
    "assertion_of_another_application", "json", 401, "invalid_client", 700021,
    f"Client assertion application identifier doesn't match 'client_id' parameter. {CREDENTIALS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, iss=NOBODY, sub=NOBODY)


@row(
    "assertion_time", "json", 401, "invalid_client", 700024,
    "Client assertion is not within its valid time range. Current time: <any>Z, assertion valid from <any>Z, expiry "
    f"time of assertion <any>Z. {CREDENTIALS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, nbf=int(time.time()) - 2 * HOUR, exp=int(time.time()) - HOUR)


@row(
    "assertion_time", "json", 401, "invalid_client", 700024,
    "Client assertion is not within its valid time range. Current time: <any>Z, assertion valid from "
    f"2018-01-18T01:30:22.0000000Z, expiry time of assertion 1970-01-01T00:00:00.0000000Z. {CREDENTIALS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, nbf=1_516_239_022, exp=None)  # the recorded one had no end either


# Source: https://learn.microsoft.com/java/azure (Azure SDK for Java, ClientAssertionCredential troubleshooting)
@row(
    "assertion_audience", "json", 401, "invalid_client", 700023,
    f"Client assertion audience claim does not match Realm issuer. {CREDENTIALS}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return by_certificate(world, app, aud=f"{LOGIN}/{NOBODY}/oauth2/v2.0/token")


# Recorded 2026-02-18: AzureAD/microsoft-authentication-library-for-js#8339
@row(
    "certificate_not_registered", "json", 401, "invalid_client", 700027,
    "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - "
    f"The key was not found., Thumbprint of key used by client: '{certificate(1).thumbprint}', {CONFIGURED}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    with_certificate(world, app)
    one = certificate(1)
    return shown(world, app, signed(world, app, one, algorithm="RS256", header={"x5t": one.sha1}))


# The sentence: https://learn.microsoft.com/entra/identity-platform/reference-error-codes; the reason as in 50013.
@row(
    "assertion_signature", "json", 401, "invalid_client", 700027,
    "Client assertion failed signature validation. [Reason - Key was found, but use of the key to verify the signature "
    f"failed., Thumbprint of key used by client: '{certificate().thumbprint}', Found key 'Start=<any>, End=<any>', "
    + CONFIGURED,
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    one = with_certificate(world, app)
    return shown(world, app, signed(world, app, certificate(1), algorithm="RS256", header={"x5t": one.sha1}))


# The reason: recorded with 700027, https://learn.microsoft.com/azure/azure-monitor (agents, troubleshooting)
@row(
    "assertion_signature", "json", 401, "invalid_client", 700027,
    "Client assertion failed signature validation. [Reason - The key used is expired., Thumbprint of key used by "
    f"client: '<any>', Found key 'Start=<any>, End=<any>', {CONFIGURED}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    one = with_certificate(world, app, certificate(2, -2 * HOUR, -HOUR))
    return shown(world, app, signed(world, app, one))


# Another issuer's token


# Recorded 2024-03-01: Azure/azure-workload-identity#1200
@row(
    "federated_issuer", "json", 401, "invalid_client", 700211,
    f"No matching federated identity record found for presented assertion issuer '{OUTSIDE}/'. {FEDERATION}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, iss=f"{OUTSIDE}/")


@row(
    "federated_audience", "json", 401, "invalid_client", 700212,  # Azure/login#515
    f"No matching federated identity record found for presented assertion audience '{EXCHANGE}Typo'. {FEDERATION}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, aud=f"{EXCHANGE}Typo")


@row(
    "federated_subject", "json", 401, "invalid_client", 700213,  # Azure/login#461, #482
    f"No matching federated identity record found for presented assertion subject '{SUBJECT}2'. {FEDERATION}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, sub=f"{SUBJECT}2")


@row(
    "federated_subject_case", "json", 401, "invalid_client", 7002138,  # Azure/login#517
    f"No matching federated identity record found for presented assertion subject '{SUBJECT.upper()}'. The subject "
    f"matches with case-insensitive comparison, but not with case-sensitive comparison. {FEDERATION}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, sub=SUBJECT.upper())


# Recorded 2022-11-16: Azure/azure-workload-identity#642
@row("issuer_not_reached", "json", 400, "invalid_request", 50166, "Request to External OIDC endpoint failed.")
def _(world: World, app: App) -> httpx.Response:
    trusts(world, app, "https://unreachable.example")
    return shown(world, app, outside(iss="https://unreachable.example"))


# Recorded 2021-12-20 with a federated assertion, whose text names no thumbprint (the sentence as above)
@row(
    "assertion_signature", "json", 401, "invalid_client", 700027,
    f"Client assertion failed signature validation. [Reason - The key was not found., {CONFIGURED}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, kid="two")


@row(
    "assertion_signature", "json", 401, "invalid_client", 700027,
    "Client assertion failed signature validation. [Reason - Key was found, but use of the key to verify the signature "
    f"failed., {CONFIGURED}",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return federated(world, app, number=1)


def of_entra(world: World, app: App, issuer: World, token: str) -> httpx.Response:
    """Ask for a token with a token of the practice tenant that the application trusts."""
    claims = jwt.decode(token, options={"verify_signature": False})
    trusts(world, app, f"{LOGIN}/{issuer.tenant.id}/v2.0", claims["sub"])
    return shown(world, app, token)


def exchange_token(world: World) -> str:
    """Return a plain application's token for the exchange."""
    return str(world.client_credentials(world.register("Worker"), f"{EXCHANGE}/.default").json()["access_token"])


# Recorded 2024-12: arsenvlad's notes on a managed identity as federated credential
@row(
    "federated_token_of_an_application", "json", 401, "invalid_client", 700226,
    "Only MSI tokens may be used as Federated Identity Credentials for AAD issuer.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    return of_entra(world, app, world, exchange_token(world))


@row(
    "federated_issuer_of_another_tenant", "json", 401, "invalid_client", 700236,
    f"Entra ID tokens issued by issuer '{LOGIN}/<any>/v2.0' may not be used for federated identity credential flows "
    "for applications or managed identities registered in this tenant.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    other = world.of("wingtip")
    return of_entra(world, app, other, exchange_token(other))


# https://learn.microsoft.com/entra/identity-platform/reference-error-codes (status [MEM])
@row(
    "federated_token_of_a_user", "json", 400, "invalid_client", 700229,
    "Only app-only tokens can be used as Federated Identity Credentials for Microsoft Entra issuer.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    token = str(world.tokens(app)["access_token"])
    claims = jwt.decode(token, options={"verify_signature": False})
    trusts(world, app, f"{LOGIN}/{world.tenant.id}/v2.0", claims["sub"], app.client_id)
    return shown(world, app, token)


# The platform of the redirect URI decides, whatever is presented


@row(
    "public_client_with_secret", "json", 401, "invalid_client", 700025,
    "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    world.change(app, publicClient={"redirectUris": ["http://localhost/native"]})
    one = with_certificate(world, app)
    code = world.code(app, redirect_uri="http://localhost:7000/native")
    return world.redeem(app, code, redirect_uri="http://localhost:7000/native", **proof(signed(world, app, one)))


@row(
    "resource_mismatch", "json", 400, "invalid_target", 9010010,
    "The resource parameter provided in the request doesn't match with the requested scopes.",
)  # fmt: skip
def _(world: World, app: App) -> httpx.Response:
    one = with_certificate(world, app)
    return world.client_credentials(app, resource=GRAPH, **proof(signed(world, app, one)))
