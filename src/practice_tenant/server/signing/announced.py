"""Keys that are published beside those which sign: Entra's key set has several, and which one signs nobody is told.

They have no private part: it is thrown away where they are made, so that nothing can ever be signed with one.

Source: https://learn.microsoft.com/entra/identity-platform/signing-key-rollover
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from practice_tenant.server.directory.store import Store
from practice_tenant.server.signing.signing_key import encoded_numbers, make_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import rsa

SEVERAL = 2


@dataclass(frozen=True)
class AnnouncedKey:
    """A certificate, and the ``kid`` that is its thumbprint."""

    kid: str
    certificate: bytes

    @cached_property
    def _public(self) -> rsa.RSAPublicKey:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import rsa

        public = x509.load_der_x509_certificate(self.certificate).public_key()
        assert isinstance(public, rsa.RSAPublicKey)
        return public

    def public_numbers(self) -> tuple[str, str]:
        """Return the modulus and the exponent, base64url."""
        return encoded_numbers(self._public)


class AnnouncedKeys:
    """The same for all directories; made when a key set is asked for the first time, and kept in the file."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._making = asyncio.Lock()
        self._keys: tuple[AnnouncedKey, ...] = ()

    async def all(self, now: float) -> tuple[AnnouncedKey, ...]:
        """Return them.

        Args:
            now: in Unix seconds, for the certificates of those that are made.
        """
        async with self._making:
            if not self._keys:
                self._keys = await self._kept_or_made(now)
        return self._keys

    async def _kept_or_made(self, now: float) -> tuple[AnnouncedKey, ...]:
        rows = self._store.all("SELECT kid, certificate FROM announced_keys ORDER BY rowid")
        if rows:
            return tuple(AnnouncedKey(*row) for row in rows)
        made = [await asyncio.to_thread(make_key, now) for _ in range(SEVERAL)]
        with self._store.transaction():
            for key in made:
                self._store.run("INSERT INTO announced_keys VALUES (?, ?)", key.kid, key.certificate)
        return tuple(AnnouncedKey(key.kid, key.certificate) for key in made)
