"""Keep azure-identity from writing on the screen what is told in one line anyway."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Let azure-identity log errors only while the block runs: it warns of each refusal, which it raises as well."""
    logger = logging.getLogger("azure.identity")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
