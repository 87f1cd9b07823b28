"""An answer, as much of it as is read."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx

MOST_BYTES = 1_000_000
"""Of a body, packed and unpacked."""
_PACKED = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


@dataclass(frozen=True)
class BoundedAnswer:
    """An answer of a server.

    Attributes:
        text: the body, cut after `MOST_BYTES`.
        is_cut: whether there was more.
    """

    status_code: int
    headers: httpx.Headers
    text: str
    is_cut: bool = False

    @property
    def location(self) -> str:
        """Where it redirects to, "" if nowhere."""
        return self.headers.get("location", "") if 300 <= self.status_code < 400 else ""

    @property
    def is_redirect(self) -> bool:
        """Whether it redirects."""
        return bool(self.location)

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return 200 <= self.status_code < 300

    @property
    def line(self) -> str:
        """The body in one line."""
        return " ".join(self.text[:2_000].split())[:200]

    def members(self) -> dict[str, Any] | None:
        """Return the members of the JSON object in the body, None if there is none."""
        try:
            body = json.loads(self.text)
            # Half a pair of surrogates can stand in JSON, and nowhere else: neither in an address nor in an output.
            body = json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return body if isinstance(body, dict) else None


def read(response: httpx.Response) -> BoundedAnswer:
    """Read an answer whose body is a stream.

    Bytes are taken as they come and unpacked here, within bounds: httpx would unpack a whole piece at once, and
    decode it by whatever encoding the server names.
    """
    if response.is_stream_consumed:  # one that no network brought
        return BoundedAnswer(response.status_code, response.headers, response.content.decode("utf-8", "replace"))
    packed, is_cut = _limited(response.iter_raw())
    encoding = response.headers.get("content-encoding", "identity").strip().lower()
    body = packed
    if encoding in _PACKED:
        body, is_cut = _unpacked(packed, _PACKED[encoding], is_cut=is_cut)
    elif encoding not in ("", "identity"):
        body = b""
    return BoundedAnswer(response.status_code, response.headers, body.decode("utf-8", "replace"), is_cut)


def _limited(pieces: Iterable[bytes]) -> tuple[bytes, bool]:
    held, size = [], 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size > MOST_BYTES:
            return b"".join(held)[:MOST_BYTES], True
    return b"".join(held), False


def _unpacked(packed: bytes, window: int, *, is_cut: bool) -> tuple[bytes, bool]:
    unpacking = zlib.decompressobj(window)
    try:
        body = unpacking.decompress(packed, MOST_BYTES)
    except zlib.error:
        return b"", is_cut
    return body, is_cut or bool(unpacking.unconsumed_tail)
