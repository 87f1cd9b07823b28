"""``python -m practice_tenant run``: the practice tenant as a process."""

from __future__ import annotations

import argparse
import gc
import sys
from dataclasses import replace
from pathlib import Path

ALREADY_RUNNING = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code; 3 when another process serves the state folder."""
    parser = argparse.ArgumentParser(prog="python -m practice_tenant")
    commands = parser.add_subparsers(dest="command", required=True)
    runner = commands.add_parser("run", help="serve until stopped; the first line on stdout is one JSON object")
    runner.add_argument("--state", type=Path, required=True, help="folder for directory, keys and certificate")
    runner.add_argument("--port", type=int, default=0, help="port of the proxy door")
    runner.add_argument("--leased", action="store_true", help="end when the last lease is let go")
    runner.add_argument("--grace", type=float, help="seconds that --leased waits for the first lease")
    runner.add_argument("--patience", type=float, help="seconds that a client may stall in what it sends")
    chosen = parser.parse_args(arguments)

    gc.disable()  # what is imported stays: looking for garbage in it takes a tenth of a start
    from practice_tenant.server.doors.connections import Bounds
    from practice_tenant.server.lock import AlreadyRunning
    from practice_tenant.server.process import Options, run

    try:
        options = Options(chosen.state.resolve(), chosen.port, chosen.leased)
        options = options if chosen.grace is None else replace(options, grace=chosen.grace)
        run(options if chosen.patience is None else replace(options, bounds=Bounds(chosen.patience)))
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return ALREADY_RUNNING
    except OSError as error:
        print(f"the practice tenant could not start: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
