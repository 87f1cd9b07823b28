"""App registration as code, with azure-identity and msgraph-sdk: plan, apply, verify, remove."""

from __future__ import annotations

from workshop.registration.declarations import ON_BEHALF_OF, PREAUTHORIZED, PROXY
from workshop.registration.desk import Desk
from workshop.registration.ready import Registration, as_proxy, ready

__all__ = ["ON_BEHALF_OF", "PREAUTHORIZED", "PROXY", "Desk", "Registration", "as_proxy", "ready"]
