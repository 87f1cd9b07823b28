"""A part that saves work: random bytes drawn together."""

from __future__ import annotations

import itertools

from practice_tenant.server.entropy import DRAWN, Entropy


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
