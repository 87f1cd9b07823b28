"""Parts that save work: random bytes drawn together, an answer that leaves in one piece."""

from __future__ import annotations

import asyncio
import itertools

from workshop.tenant.entropy import DRAWN, Entropy
from workshop.tenant.gathered import Gathered


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


class Written:
    """Stands in for a socket's transport: it keeps each write."""

    def __init__(self) -> None:
        self.told: list[bytes | str] = []

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def close(self) -> None:
        self.told.append("closed")

    def is_closing(self) -> bool:
        return "closed" in self.told


def test_what_is_written_in_one_turn_leaves_as_one_piece() -> None:
    async def turns() -> list[bytes | str]:
        inner = Written()
        transport = Gathered(inner)  # type: ignore[arg-type]
        transport.write(b"head ")
        transport.write(b"body")
        await asyncio.sleep(0)
        transport.write(b"next")
        transport.close()
        await asyncio.sleep(0)
        assert transport.is_closing()
        return inner.told

    assert asyncio.run(turns()) == [b"head body", b"next", "closed"]
