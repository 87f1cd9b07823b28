"""Random bytes for tokens, codes and ids."""

from __future__ import annotations

from collections.abc import Callable

DRAWN = 4_096


class Entropy:
    """Draw random bytes from the system many at a time; every byte is given out once.

    A token needs six small pieces, and asking the system for each costs more than signing does on some machines.

    Args:
        source: that many random bytes, such as ``secrets.token_bytes``.
    """

    def __init__(self, source: Callable[[int], bytes]) -> None:
        self._source = source
        self._drawn = b""
        self._used = 0

    def __call__(self, size: int) -> bytes:
        """Return `size` random bytes."""
        if size > len(self._drawn) - self._used:
            self._drawn, self._used = self._source(max(size, DRAWN)), 0
        piece = self._drawn[self._used : self._used + size]
        self._used += size
        return piece
