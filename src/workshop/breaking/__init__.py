"""Failures made to happen: a room of faults, each with its real cause, a symptom and a mend.

The diagnosis knows nothing of this room: import-linter holds that wall.
"""

from __future__ import annotations

from workshop.breaking.case import Case, NothingThere
from workshop.breaking.fault import Fault
from workshop.breaking.faults import FAULTS, draw
from workshop.breaking.mystery import Mystery
from workshop.breaking.room import Room, keys, room
from workshop.breaking.scene import Outcome, Scene, scene
from workshop.breaking.stage import Stage
from workshop.breaking.symptom import Symptom

__all__ = [
    "FAULTS",
    "Case",
    "Fault",
    "Mystery",
    "NothingThere",
    "Outcome",
    "Room",
    "Scene",
    "Stage",
    "Symptom",
    "draw",
    "keys",
    "room",
    "scene",
]
