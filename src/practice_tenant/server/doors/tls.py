"""The certificate of the practice tenant: one leaf for every host, from an authority that is then thrown away."""

from __future__ import annotations

import hashlib
import json
import os
import ssl
from pathlib import Path

from practice_tenant.well_known import HOSTS

LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
NAMES = HOSTS + LOCAL_NAMES

LIFETIME_SECONDS = 365 * 86_400
RENEW_BEFORE_SECONDS = 30 * 86_400


def server_context(state: Path, now: float) -> ssl.SSLContext:
    """Return the TLS context of the listener, issuing its certificate when it is missing or ends soon.

    The authority's key exists only while the leaf is signed and is never written: nothing else can be issued.

    Args:
        state: the state folder; ``ca.pem`` (for clients), ``leaf.pem`` and what it was issued for stand in it.
        now: the present time in Unix seconds.
    """
    leaf = state / "leaf.pem"
    if not _still_good(state, now):
        _issue(state, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(leaf)
    return context


def _still_good(state: Path, now: float) -> bool:
    """Read what the leaf was issued for; the record is written last, so that it never speaks of another leaf."""
    try:
        record = json.loads((state / "leaf.json").read_text("utf-8"))
        digests = {name: _digest(state / name) for name in ("ca.pem", "leaf.pem")}
        good = record["hosts"] == list(NAMES) and record["ends"] - RENEW_BEFORE_SECONDS > now
        return bool(good and record["digests"] == digests)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _issue(state: Path, now: float) -> None:
    from practice_tenant.server.issuing import leaf_certificate

    ends = now + LIFETIME_SECONDS
    authority, leaf = leaf_certificate(NAMES, ends)
    write_private(state / "leaf.pem", leaf)
    write_private(state / "ca.pem", authority)
    digests = {name: _digest(state / name) for name in ("ca.pem", "leaf.pem")}
    record = {"hosts": list(NAMES), "ends": ends, "digests": digests}
    write_private(state / "leaf.json", json.dumps(record).encode())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_private(path: Path, content: bytes) -> None:
    """Write a file with mode 0600 so that it is there whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
