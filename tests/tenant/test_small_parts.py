"""Small parts: random bytes drawn together, and the time of a call."""

from __future__ import annotations

import contextlib
import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from practice_tenant.server.directory.settings import SettingsOfDirectories
from practice_tenant.server.directory.store import Store
from practice_tenant.server.entropy import DRAWN, Entropy
from practice_tenant.server.http.messages import HttpRequest
from practice_tenant.server.web import Call


def counted() -> tuple[list[int], Entropy]:
    """Return the sizes asked of a source that never repeats a block, and the entropy over it."""
    asked: list[int] = []
    numbers = itertools.count()

    def source(size: int) -> bytes:
        asked.append(size)
        first = next(numbers) * 10_000
        return b"".join((first + n).to_bytes(4, "big") for n in range(size // 4 + 1))[:size]

    return asked, Entropy(source)


def test_every_random_byte_is_given_out_once() -> None:
    asked, entropy = counted()
    pieces = [entropy(size) for size in (16, 36, 30, 4) * 200]
    assert [len(piece) for piece in pieces] == [16, 36, 30, 4] * 200
    assert len({piece for piece in pieces if len(piece) >= 16}) == 600
    assert len(asked) < 10
    assert b"".join(pieces[:4]) == b"".join(n.to_bytes(4, "big") for n in range(22))[:86]


def test_more_than_is_drawn_at_once_comes_in_one_piece() -> None:
    asked, entropy = counted()
    entropy(10)
    assert len(entropy(3 * DRAWN)) == 3 * DRAWN
    assert asked == [DRAWN, 3 * DRAWN]


def test_the_time_of_a_call_stays_whatever_happens_meanwhile(tmp_path: Path) -> None:
    with contextlib.closing(Store(tmp_path / "directory.sqlite")) as store:
        settings = SettingsOfDirectories(store)
        settings.change("late", {"clock": 60})
        faults = SimpleNamespace(strike=lambda _tenant_id, _path: 0.0)
        service: Any = SimpleNamespace(settings=settings, faults=faults)
        call = Call(service, HttpRequest("GET", "/"), [], [], 1_000.0, "")
        assert [call.now(""), call.now("late")] == [1_000, 1_060]
        call.enter("late")
        settings.change("late", {"clock": 3_600})
        assert [call.now(""), call.now("late"), call.stamp] == [1_000, 1_060, 1_060]
        assert Call(service, call.request, [], [], 1_000.0, "").now("late") == 4_600
