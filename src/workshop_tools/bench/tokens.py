"""Tokens per second over TLS, beside signatures per second alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from practice_tenant.client.control import Running
from workshop.errors import WorkshopError
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET
from workshop_tools.bench.figures import Figure, Plan, Section, in_turns, rate
from workshop_tools.bench.place import Place

TOKEN_BYTES = b"-" * 800
"""As much as the header and the claims of an access token, encoded."""

SCRIPT = """
wrk.method = "POST"
wrk.body = "{body}"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
function done(summary, latency, requests)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format("\\nmeasured %d %d %d\\n", summary.requests, summary.duration, failed))
end
"""

NO_WRK = "  wrk was not found: tokens per second are left out (Debian: apt-get install wrk)."


def measure(place: Place, plan: Plan) -> Section:
    """Measure the token endpoint with wrk, and signing, in turns."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    measures = {
        "sign 1": lambda: _signatures(key, 1, plan.seconds),
        "sign 2": lambda: _signatures(key, 2, plan.seconds),
    }
    wrk = shutil.which("wrk")
    with place.tenant() as running:
        if wrk:
            place.worker("register")
            with _script(place) as script:
                taken = in_turns(
                    plan.rounds,
                    measures
                    | {
                        "tokens 1": lambda: per_second(wrk, running, script, 1, plan.seconds),
                        "tokens 8": lambda: per_second(wrk, running, script, 8, plan.seconds),
                    },
                )
        else:
            taken = in_turns(plan.rounds, measures)
    return _section(taken, NO_WRK if wrk is None else "")


def _section(taken: dict[str, list[float]], note: str) -> Section:
    one = rate("RSA-2048 signatures alone, 1 thread", taken["sign 1"])
    two = rate("RSA-2048 signatures alone, 2 threads", taken["sign 2"])
    figures = [one, two]
    if "tokens 8" in taken:
        single = rate("tokens, 1 connection", taken["tokens 1"])
        eight = rate("tokens, 8 connections", taken["tokens 8"])
        figures += [
            single,
            eight,
            Figure("tokens at 1 connection : signatures on 1 thread", "x", single.over(one).values),
            Figure("tokens at 8 connections : signatures on 1 thread", "x", eight.over(one).values),
            Figure("tokens at 8 connections : signatures on 2 threads", "x", eight.over(two).values),
        ]
    return Section(
        "Tokens",
        "POST to the token endpoint over TLS (client_credentials, the secret checked), by wrk on one thread with "
        "kept connections,\n  straight at the https listener.",
        figures,
        note,
    )


def _signatures(key: rsa.RSAPrivateKey, threads: int, seconds: float) -> float:
    until = time.perf_counter() + seconds

    def sign(_: int) -> int:
        count = 0
        while time.perf_counter() < until:
            key.sign(TOKEN_BYTES, padding.PKCS1v15(), hashes.SHA256())
            count += 1
        return count

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(sign, range(threads))) / seconds


@contextmanager
def _script(place: Place) -> Iterator[Path]:
    """Write what wrk is to send; the file holds the secret, so only its owner can read it and it does not stay."""
    values = place.settings()
    client_id = values.require(CLIENT_ID)
    body = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": values.require(CLIENT_SECRET),
        "scope": f"api://{client_id}/.default",
    }
    handle, name = tempfile.mkstemp(suffix=".lua", dir=place.state)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(SCRIPT.format(body=urlencode(body)))
        yield Path(name)
    finally:
        Path(name).unlink()


def per_second(wrk: str, running: Running, script: Path, connections: int, seconds: int) -> float:
    """Return how many tokens were issued in a second.

    Args:
        script: what wrk sends, in Lua.
        connections: how many wait for an answer at any time.

    Raises:
        WorkshopError: an answer was no token.
    """
    url = f"{running.https}/{running.tenant_id}/oauth2/v2.0/token"
    line = [wrk, "--threads=1", f"--connections={connections}", f"--duration={seconds}s", f"--script={script}"]
    line += ["--timeout=60s", url]  # a late answer is a slow one, no wrong one
    printed = subprocess.run(line, capture_output=True, text=True, check=False, timeout=seconds + 600).stdout
    measured = next((part.split()[1:] for part in printed.splitlines() if part.startswith("measured ")), None)
    if measured is None:
        raise WorkshopError("wrk ended without a figure.")
    requests, microseconds, failed = map(int, measured)
    if failed or not requests:
        raise WorkshopError(f"wrk got {failed} wrong answers out of {requests}: its figure would mean nothing.")
    return requests / (microseconds / 1_000_000)
