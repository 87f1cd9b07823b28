"""Where the proxy keeps its clients and tokens."""

from __future__ import annotations

import fastmcp
from cryptography.fernet import Fernet
from fastmcp.server.auth.jwt_issuer import derive_jwt_key
from key_value.aio.protocols import AsyncKeyValue
from key_value.aio.stores.filetree import (
    FileTreeStore,
    FileTreeV1CollectionSanitizationStrategy,
    FileTreeV1KeySanitizationStrategy,
)
from key_value.aio.wrappers.encryption import FernetEncryptionWrapper

from .environment import SettingsError
from .expiring import ExpiringMemory, SweptFiles
from .places import FILES, MEMORY, own_folder, store

__all__ = ["FILES", "MEMORY", "storage"]


def storage(where: str, secret: str) -> AsyncKeyValue | None:
    """Return the store, or None for FastMCP's own: encrypted files below its home folder.

    Args:
        where: "memory", "files", or a folder for encrypted files. Its owner alone may get into it.
        secret: what the files are encrypted with; another one can't read them, and clients register again.

    Raises:
        SettingsError: it is no place where something can be kept, or it belongs to another account.
    """
    try:
        where = store(where)
    except ValueError as error:
        raise SettingsError(f"The storage can't be used: it should be {error}.") from None
    if where == FILES:
        # FastMCP would let others read the names of the files, which are codes and the like.
        own_folder(str(fastmcp.settings.home / "oauth-proxy"), tighten=True)
        return None
    if where == MEMORY:
        return ExpiringMemory()
    folder = own_folder(where)
    files = FileTreeStore(
        data_directory=folder,
        key_sanitization_strategy=FileTreeV1KeySanitizationStrategy(folder),
        collection_sanitization_strategy=FileTreeV1CollectionSanitizationStrategy(folder),
    )
    key = derive_jwt_key(high_entropy_material=secret, salt="entra-proxy-storage")
    swept = SweptFiles(files, folder)
    return FernetEncryptionWrapper(key_value=swept, fernet=Fernet(key), raise_on_decryption_error=False)
