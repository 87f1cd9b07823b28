"""Attacks on the workshop's own servers, made for real, so that a lesson can show what stops them."""

from __future__ import annotations

from workshop.attacks.confused_deputy import Attacker, AttackFailed

__all__ = ["AttackFailed", "Attacker"]
