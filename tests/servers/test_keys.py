"""Whose a signing key is: the forms in which issuers publish theirs, and what each is worth at a server's door."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from fastmcp.server.auth.providers.azure import AzureJWTVerifier

from workshop.diagnosis import diagnose
from workshop.servers import preauthorized
from workshop.servers.verifier import EntraTokenVerifier, Rules

from .conftest import Entra
from .doors import Said, listening, publishing
from .forge import LOGIN, Forge

CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
GOVERNMENT = "login.microsoftonline.us"
OURS = "{ours}"


@dataclass(frozen=True)
class Form:
    """How a key set may look; the key that signed is called mine.

    Attributes:
        keys: what each key says beside its numbers; `{ours}` stands for our own tenant's issuer.
        taken: whether a token of our tenant is taken.
        seen: where keys of this form were seen.
    """

    name: str
    keys: tuple[Mapping[str, Any], ...]
    taken: bool
    seen: str


ANY = f"{LOGIN}/{{tenantid}}/v2.0"
FORMS = (
    Form(
        "Entra, one tenant",
        ({"use": "sig", "x5t": "mine", "cloud_instance_name": "microsoftonline.com", "issuer": OURS},),
        True,
        "discovery/v2.0/keys of a tenant",
    ),
    Form(
        "Entra, common",
        ({"use": "sig", "issuer": ANY}, {"kid": "other", "use": "sig", "issuer": f"{LOGIN}/{CONSUMERS}/v2.0"}),
        True,
        "learn.microsoft.com, access tokens, the keys document of common; cmaneu/entra-local#33",
    ),
    Form(
        "Entra, common, the key of personal accounts",
        ({"use": "sig", "issuer": f"{LOGIN}/{CONSUMERS}/v2.0"}, {"kid": "other", "use": "sig", "issuer": ANY}),
        False,
        "learn.microsoft.com, access tokens, the keys document of common",
    ),
    Form("Azure AD B2C", ({"use": "sig"},), True, "dotnet/aspnetcore#52283"),
    Form("AD FS, and Entra of version 1", ({"use": "sig", "alg": "RS256", "x5t": "mine"},), True, "discovery/keys"),
    Form("nothing but the numbers", ({},), True, "RFC 7517 section 4: all of it is optional"),
    Form("one that names no issuer among those that do", ({}, {"kid": "other", "issuer": OURS}), False, "made up"),
    Form("a tenant with a capital letter", ({"issuer": ANY.replace("tenantid", "TenantId")},), False, "made up"),
)


@pytest.fixture(scope="module")
def forge(entra: Entra) -> Forge:
    return Forge(entra)


@pytest.fixture
def said() -> Iterator[Said]:
    with listening() as kept:
        yield kept


def azure(entra: Entra, keys: str, tenant_id: str = "") -> AzureJWTVerifier:
    """Return FastMCP's verifier, which fetches these keys."""
    app = entra.app.client_id
    made = AzureJWTVerifier(client_id=app, tenant_id=tenant_id or entra.tenant.id, required_scopes=["access"])
    made.jwks_uri = keys
    return made


def takes(verifier: EntraTokenVerifier | AzureJWTVerifier, token: str) -> bool:
    """Say whether a verifier takes a token."""
    return asyncio.run(verifier.verify_token(token)) is not None


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_key_counts_for_the_issuer_that_the_key_set_names(form: Form, entra: Entra, forge: Forge, said: Said) -> None:
    ours = forge.claims["iss"]
    described = [{**key, "issuer": key["issuer"].replace(OURS, ours)} if "issuer" in key else key for key in form.keys]
    with publishing({"keys": [forge.jwk(**key) for key in described]}) as keys:
        verifier = EntraTokenVerifier(azure(entra, keys), Rules(frozenset({entra.tenant.id})))
        assert takes(verifier, forge.by_published("mine")) is form.taken
    reasons = [] if form.taken else ["Bearer token rejected: its signing key is not its issuer's (key)"]
    assert said.lines == reasons
    assert [name for line in said.lines for name in diagnose(line).names] == ["signature-not-verified"] * len(reasons)


def test_of_many_tenants_each_signs_with_its_own_keys_and_with_those_of_all(entra: Entra, forge: Forge) -> None:
    """With AZURE_TENANT_ID=organizations one key set has the keys of every tenant."""
    partner = entra.world.directory("keypartner")
    rules = Rules(frozenset({entra.tenant.id, partner}))
    theirs = {"tid": partner, "iss": f"{LOGIN}/{partner}/v2.0"}
    with publishing(forge.key_set()) as keys:
        verifier = EntraTokenVerifier(azure(entra, keys, "organizations"), rules)
        assert takes(verifier, forge.by_published("any-tenants"))
        assert takes(verifier, forge.by_published("any-tenants", **theirs))
        assert takes(verifier, forge.by_published("sound"))
        assert not takes(verifier, forge.by_published("sound", **theirs)), "our key signs for no partner"
        assert takes(azure(entra, keys, "organizations"), forge.by_published("sound", **theirs)), "FastMCP lets it"


def test_azure_governments_keys_name_azure_governments_issuer(entra: Entra, forge: Forge) -> None:
    verifier = preauthorized.verifier(entra.preauthorized(base_authority=GOVERNMENT))
    assert takes(verifier, forge.but(iss=f"https://{GOVERNMENT}/{entra.tenant.id}/v2.0"))
    assert not takes(verifier, forge.token)


def test_keys_are_fetched_once_also_where_the_verifier_was_used_before(entra: Entra, forge: Forge) -> None:
    asked: list[str] = []
    with publishing(forge.key_set(), asked) as keys:
        inner = azure(entra, keys)
        rules = Rules(frozenset({entra.tenant.id}))
        first = EntraTokenVerifier(inner, rules)
        assert [takes(first, token) for token in (forge.token, forge.by_published("sound"), forge.token)] == [True] * 3
        assert asked == ["/keys"]
        used = azure(entra, keys)
        assert takes(used, forge.by_published("another-tenants")), "FastMCP has the keys"
        late = EntraTokenVerifier(used, rules)
        assert not takes(late, forge.by_published("another-tenants"))
        assert takes(late, forge.token)
    # Nobody publishes them any more: what was fetched is enough.
    assert takes(first, forge.by_published("sound"))
    assert takes(late, forge.by_published("sound"))
    assert not takes(first, forge.by_published("for-encryption"))


def test_where_the_keys_cannot_be_looked_at_nobody_gets_in(entra: Entra, forge: Forge, said: Said) -> None:
    with publishing(forge.key_set()) as keys:
        used = azure(entra, keys)
        assert takes(used, forge.token)
    assert not takes(EntraTokenVerifier(used, Rules(frozenset({entra.tenant.id}))), forge.token)
    assert said.lines == [
        "Bearer token rejected: its signing key can't be looked at: the issuer's keys could not be fetched (key)"
    ]
