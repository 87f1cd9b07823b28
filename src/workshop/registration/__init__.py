"""App registration as code, with azure-identity and msgraph-sdk."""

from __future__ import annotations

from workshop.registration.ready import Registration, ready

__all__ = ["Registration", "ready"]
