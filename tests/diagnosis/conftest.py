"""One practice tenant for these tests, with this process led to it."""

from __future__ import annotations

from servers.conftest import Entra, entra

__all__ = ["Entra", "entra"]
