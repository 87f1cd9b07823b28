"""What a token's signing key and header must be: each requirement once, for the servers and for whoever explains them.

FastMCP's verifier looks for the key by its id and verifies the signature; since 4.2 it refuses a header that demands
(crit) what FastMCP does not know. What the issuer's key set says of the key besides is lost there: whose it is, and
what for. The servers look at it after FastMCP, and take no header that demands anything: Entra's never does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import httpx2
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.utilities.auth import decode_jwt_header

from .claims import Claims

JWS_HEADER = "RFC 7515 section 4.1.11"
JSON_WEB_KEY = "RFC 7517 section 4"
ENTRA_KEYS = "https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-signing-key-issuer"
TENANT_PLACE = "{tenantid}"
SECONDS = 10.0
NO_KEYS = "its signing key can't be looked at: the issuer's keys could not be fetched (key)"


@dataclass(frozen=True)
class KeySet:
    """The keys that an issuer publishes."""

    keys: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(cls, answer: object) -> KeySet:
        """Read a JSON Web Key Set; what is none has no keys. Source: RFC 7517 section 5."""
        keys = answer.get("keys") if isinstance(answer, Mapping) else None
        return cls(tuple(key for key in keys if isinstance(key, Mapping)) if isinstance(keys, Sequence) else ())

    @property
    def names_issuers(self) -> bool:
        """Say whether it tells whose its keys are. Entra's does, of version 2.0; AD FS and Azure AD B2C don't."""
        return any(key.get("issuer") for key in self.keys)

    def called(self, kid: object) -> tuple[Mapping[str, Any], ...]:
        """Return the RSA keys of this id; where a token names none, FastMCP takes the only one there is."""
        usable = [key for key in self.keys if key.get("kty") == "RSA"]
        return tuple(key for key in usable if not kid or key.get("kid") == kid)


@dataclass(frozen=True)
class Signing:
    """How a token is signed.

    Attributes:
        header: of the token.
        keys: what is published of its key; there is more than one if an id stands twice, and each must do.
        names_issuers: whether the key set tells whose its keys are.
        claims: of the token.
    """

    header: Mapping[str, Any]
    keys: tuple[Mapping[str, Any], ...]
    names_issuers: bool
    claims: Claims

    @classmethod
    def of(cls, header: Mapping[str, Any], claims: Claims, key_set: KeySet) -> Signing:
        """Put together what is judged."""
        return cls(header, key_set.called(header.get("kid")), key_set.names_issuers, claims)


@dataclass(frozen=True)
class KeyJudge:
    """One thing that is required of how a token is signed.

    Attributes:
        looks_at: the member of the header (crit) or of the key set (key).
        asks: what is asked, in a few words.
        refuses: returns why not, without any value of the token, or None.
        source: where the requirement comes from.
    """

    looks_at: str
    asks: str
    refuses: Callable[[Signing], str | None]
    source: str


def _critical(signing: Signing) -> str | None:
    return "its header demands what this server does not know (crit)" if "crit" in signing.header else None


def _for_something_else(signing: Signing) -> str | None:
    for key in signing.keys:
        operations = key.get("key_ops", ["verify"])
        if key.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
            return "its signing key is not for signatures (key)"
    return None


def _for_another_algorithm(signing: Signing) -> str | None:
    algorithm = signing.header.get("alg")
    other = any(key.get("alg", algorithm) != algorithm for key in signing.keys)
    return "its signing key is for another algorithm (key)" if other else None


def _of_another_issuer(signing: Signing) -> str | None:
    if not signing.keys:
        return "its signing key is not published (key)"
    issuer, tenant_id = signing.claims.get("iss"), signing.claims.get("tid")
    for key in signing.keys:
        named = key.get("issuer")
        if not named and not signing.names_issuers:
            continue
        if not isinstance(named, str) or named.replace(TENANT_PLACE, str(tenant_id)) != issuer:
            return "its signing key is not its issuer's (key)"
    return None


KEY_JUDGES = (
    KeyJudge("crit", "does its header demand nothing at all?", _critical, JWS_HEADER),
    KeyJudge("key", "is its key one for signatures?", _for_something_else, JSON_WEB_KEY),
    KeyJudge("key", "is its key one for that algorithm?", _for_another_algorithm, JSON_WEB_KEY),
    KeyJudge("key", "is its key its issuer's?", _of_another_issuer, ENTRA_KEYS),
)
"""In this order; the first that refuses names the reason."""


class PublishedKeys:
    """The key set that a verifier goes by, as it was fetched last: FastMCP keeps less of it."""

    def __init__(self, verifier: JWTVerifier) -> None:
        """Look on as the verifier fetches its keys.

        Args:
            verifier: one that fetches keys; `AzureJWTVerifier` can't be told by what client, so it is told here.
        """
        self._address = verifier.jwks_uri or ""
        self._client = verifier._http_client  # noqa: SLF001
        self._key_set = KeySet()
        verifier._http_client = cast(httpx2.AsyncClient, self)  # noqa: SLF001

    async def get(self, url: str) -> httpx2.Response:
        """Fetch the keys for the verifier, and remember them."""
        if self._client is None:
            async with httpx2.AsyncClient(timeout=SECONDS) as client:
                answer = await client.get(url)
        else:
            answer = await self._client.get(url)
        if answer.is_success:
            self._key_set = KeySet.of(answer.json())
        return answer

    async def refusal(self, token: str, claims: Claims) -> str | None:
        """Return why a token that the verifier takes is refused for its key or its header, or None.

        Args:
            claims: of the token.
        """
        header = decode_jwt_header(token)
        if not self._key_set.called(header.get("kid")):  # the verifier had its keys before it was looked at
            try:
                await self.get(self._address)
            except (httpx2.HTTPError, ValueError):
                return NO_KEYS
        signing = Signing.of(header, claims, self._key_set)
        return next(filter(None, (judge.refuses(signing) for judge in KEY_JUDGES)), None)
