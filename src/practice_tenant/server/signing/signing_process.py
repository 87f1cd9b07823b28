"""A process that signs: keys and digests come in, signatures go out in the same order."""

from __future__ import annotations

import os
import struct
import sys
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric import padding, rsa, utils

READY = b"!"
# What goes before a digest: the key's number, and the length of the key itself, which follows when it is a new one.
HEAD = struct.Struct(">II")
DIGEST_BYTES = 32
SIGNATURE_BYTES = 256


@cache
def scheme() -> tuple[padding.PKCS1v15, utils.Prehashed]:
    """Return how a SHA-256 digest is signed: RSASSA-PKCS1-v1_5. Importing that is no part of a start."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, utils

    return padding.PKCS1v15(), utils.Prehashed(hashes.SHA256())


def load(pem: bytes) -> rsa.RSAPrivateKey:
    """Return the private key of a PEM text that this program has written itself."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    # Checking its primes would take 30 ms.
    key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def work(asked: BinaryIO, answered: BinaryIO) -> None:
    """Sign until nothing comes any more."""
    keys: dict[int, rsa.RSAPrivateKey] = {}
    how = scheme()
    answered.write(READY)
    answered.flush()
    while head := asked.read(HEAD.size):
        number, size = HEAD.unpack(head)
        if size:
            keys[number] = load(asked.read(size))
        answered.write(keys[number].sign(asked.read(DIGEST_BYTES), *how))
        answered.flush()


if __name__ == "__main__":
    try:
        work(sys.stdin.buffer, sys.stdout.buffer)
    except BrokenPipeError:
        os._exit(0)  # nobody is there any more
