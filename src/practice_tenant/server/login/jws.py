"""Reading a signed JSON Web Token that somebody presents, and checking its signature.

Nothing in the token says where its key comes from: ``jwk``, ``jku``, ``x5u`` and ``x5c`` are not looked at.

Source: RFC 7515 sections 5.2 and 7.1; RFC 7518 section 3; RFC 7519 section 7.2.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LONGEST = 65_536
DATES = ("iat", "nbf", "exp")
LATEST = 253_402_300_799  # the end of the year 9999

_HASHES: Mapping[str, type[hashes.HashAlgorithm]] = {
    "256": hashes.SHA256,
    "384": hashes.SHA384,
    "512": hashes.SHA512,
}
ALGORITHMS = frozenset(f"{family}{size}" for family in ("RS", "PS") for size in _HASHES)


@dataclass(frozen=True)
class SignedToken:
    """A token as it was presented; nothing about it is true before its signature is checked."""

    header: Mapping[str, Any]
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes

    @property
    def algorithm(self) -> str:
        return _text(self.header, "alg")

    def named(self, member: str) -> str:
        """Return a text of the header; empty where it is missing or is no text."""
        return _text(self.header, member)

    def text(self, claim: str) -> str:
        """Return a claim that is a text; empty where it is missing or is none."""
        return _text(self.claims, claim)

    def texts(self, claim: str) -> tuple[str, ...]:
        """Return a claim that is a text or a list of texts, such as ``aud``."""
        value = self.claims.get(claim)
        return tuple(part for part in (value if isinstance(value, list) else [value]) if isinstance(part, str))

    def time(self, claim: str) -> float:
        """Return a NumericDate in Unix seconds; NaN where it is missing."""
        return float(self.claims.get(claim, math.nan))

    def signed_by(self, key: rsa.RSAPublicKey) -> bool:
        """Say whether this key made the signature, with the algorithm that the header names."""
        if self.algorithm not in ALGORITHMS:
            return False
        digest = _HASHES[self.algorithm[2:]]()
        way: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.algorithm.startswith("PS"):
            way = padding.PSS(padding.MGF1(digest), digest.digest_size)
        try:
            key.verify(self.signature, self.signed, way, digest)
        except InvalidSignature:
            return False
        return True


def read(text: str) -> SignedToken:
    """Take a token in its compact form apart.

    Raises:
        ValueError: it is none.
    """
    if len(text) > LONGEST:
        raise ValueError("longer than any token")
    header_part, body_part, signature_part = text.split(".")
    try:
        header, claims = json.loads(bytes_of(header_part)), json.loads(bytes_of(body_part))
        json.dumps([header, claims], ensure_ascii=False).encode()  # a lone surrogate could not be told to anybody
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(header, dict) or not isinstance(claims, dict) or "crit" in header:
        raise ValueError("not a token that is understood here")
    if not all(_is_date(claims[name]) for name in DATES if name in claims):
        raise ValueError("times that are none")
    return SignedToken(header, claims, f"{header_part}.{body_part}".encode(), bytes_of(signature_part))


def _is_date(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= LATEST


def bytes_of(part: str) -> bytes:
    """Decode base64url, padded or not.

    Raises:
        ValueError: it is none.
    """
    bare = part.rstrip("=")
    if "+" in bare or "/" in bare:
        raise ValueError("not base64url")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from error


def public_key(jwk: Mapping[str, Any]) -> rsa.RSAPublicKey:
    """Return the RSA key of a JSON Web Key. Source: RFC 7518 section 6.3.1.

    Raises:
        ValueError: it is none.
    """
    if jwk.get("kty") != "RSA":
        raise ValueError("not an RSA key")
    modulus, exponent = (int.from_bytes(bytes_of(_text(jwk, name)), "big") for name in ("n", "e"))
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _text(members: Mapping[str, Any], name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""
