"""Failures made to happen: a room of faults, each with its real cause, a symptom and a mend.

The diagnosis knows nothing of this room: import-linter holds that wall.
"""

from __future__ import annotations

from workshop.breaking import acting, asking, presenting, proving, registering, serving
from workshop.breaking.fault import Fault
from workshop.breaking.scene import Outcome, Scene, scene
from workshop.breaking.stage import Stage

__all__ = ["FAULTS", "Fault", "Outcome", "Scene", "Stage", "scene"]

FAULTS: tuple[Fault, ...] = (
    *asking.FAULTS,
    *registering.FAULTS,
    *proving.FAULTS,
    *acting.FAULTS,
    *presenting.FAULTS,
    *serving.FAULTS,
)
