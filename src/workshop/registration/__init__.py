"""App registration as code, with azure-identity and msgraph-sdk: plan, apply, verify, remove."""

from __future__ import annotations

from workshop.registration.declared import PREAUTHORIZED, PROXY
from workshop.registration.desk import Desk
from workshop.registration.ready import Registration, ready

__all__ = ["PREAUTHORIZED", "PROXY", "Desk", "Registration", "ready"]
