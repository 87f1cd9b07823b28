"""Call a server that nobody vouches for: where a call may lead, how much is read of an answer, and how long."""

from __future__ import annotations

from workshop.diagnosis.web.answer import MOST_BYTES, BoundedAnswer
from workshop.diagnosis.web.caller import SECONDS, BoundedCaller, NoAnswer
from workshop.diagnosis.web.fence import ENTRA, Ask, Fence, NotCalled, never
from workshop.diagnosis.web.target import Destination, Unclear, target_of

__all__ = [
    "ENTRA",
    "MOST_BYTES",
    "SECONDS",
    "Ask",
    "BoundedAnswer",
    "BoundedCaller",
    "Destination",
    "Fence",
    "NoAnswer",
    "NotCalled",
    "Unclear",
    "never",
    "target_of",
]
