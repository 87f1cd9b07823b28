"""Where the proxy keeps its clients and tokens."""

from __future__ import annotations

from pathlib import Path

from cryptography.fernet import Fernet
from fastmcp.server.auth.jwt_issuer import derive_jwt_key
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.filetree import (
    FileTreeStore,
    FileTreeV1CollectionSanitizationStrategy,
    FileTreeV1KeySanitizationStrategy,
)
from key_value.aio.stores.memory import MemoryStore
from key_value.aio.wrappers.encryption import FernetEncryptionWrapper

MEMORY = "memory"
FILES = "files"


def storage(where: str, secret: str) -> AsyncKeyValue | None:
    """Return the store, or None for FastMCP's own: encrypted files below its home folder.

    Args:
        where: "memory", "files", or a folder for encrypted files.
        secret: what the files are encrypted with; another one can't read them, and clients register again.
    """
    if where == FILES:
        return None
    if where == MEMORY:
        return MemoryStore()
    folder = Path(where).expanduser()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = FileTreeStore(
        data_directory=folder,
        key_sanitization_strategy=FileTreeV1KeySanitizationStrategy(folder),
        collection_sanitization_strategy=FileTreeV1CollectionSanitizationStrategy(folder),
    )
    key = derive_jwt_key(high_entropy_material=secret, salt="entra-proxy-storage")
    return FernetEncryptionWrapper(key_value=files, fernet=Fernet(key), raise_on_decryption_error=False)
