"""Failures made to happen: a room of faults, each with its real cause, a symptom and a mend.

The diagnosis knows nothing of this room: import-linter holds that wall.
"""

from __future__ import annotations

from workshop.breaking.case import Case, NothingThere
from workshop.breaking.fault import InjectedFault
from workshop.breaking.faults import FAULTS, draw
from workshop.breaking.room import Mystery, Room, keys, room
from workshop.breaking.scene import AttemptOutcome, Scene, scene
from workshop.breaking.stage import Stage
from workshop.breaking.symptom import ShownSymptom

__all__ = [
    "FAULTS",
    "AttemptOutcome",
    "Case",
    "InjectedFault",
    "Mystery",
    "NothingThere",
    "Room",
    "Scene",
    "ShownSymptom",
    "Stage",
    "draw",
    "keys",
    "room",
    "scene",
]
