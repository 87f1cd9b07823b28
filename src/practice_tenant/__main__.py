"""``python -m practice_tenant``: run the practice tenant, look into it, and be led to it."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from dataclasses import replace
from pathlib import Path

ALREADY_RUNNING = 3
STATE = "~/.practice-tenant"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code; 3 when another process serves the state folder."""
    words = sys.argv[1:] if arguments is None else arguments
    return serve(words[1:]) if words[:1] == ["run"] else ask(words)


def serve(arguments: list[str]) -> int:
    """Be the tenant. Nothing else is imported, so that it starts fast."""
    runner = argparse.ArgumentParser(
        prog="python -m practice_tenant run",
        description="serve until stopped; the first line on stdout is one JSON object",
    )
    runner.add_argument("--state", type=Path, default=STATE, help="folder for directory, keys and certificate")
    runner.add_argument("--port", type=int, default=0, help="port of the proxy door")
    runner.add_argument("--leased", action="store_true", help="end when the last lease is let go")
    runner.add_argument("--grace", type=float, help="seconds that --leased waits for the first lease")
    runner.add_argument("--patience", type=float, help="seconds that a client may stall in what it sends")
    chosen = runner.parse_args(arguments)

    gc.disable()  # what is imported stays: looking for garbage in it takes a tenth of a start
    from practice_tenant.errors import NotPrivate
    from practice_tenant.private import place_of
    from practice_tenant.server.doors.connections import Bounds
    from practice_tenant.server.lock import AlreadyRunning
    from practice_tenant.server.process import Options, run

    try:
        options = Options(place_of(Path(chosen.state)), chosen.port, chosen.leased)
        options = options if chosen.grace is None else replace(options, grace=chosen.grace)
        run(options if chosen.patience is None else replace(options, bounds=Bounds(chosen.patience)))
    except AlreadyRunning as error:
        print(error, file=sys.stderr)
        return ALREADY_RUNNING
    except (OSError, NotPrivate) as error:
        print(f"the practice tenant could not start: {error}", file=sys.stderr)
        return 1
    return 0


def ask(arguments: list[str]) -> int:
    """Do something else to a tenant."""
    from practice_tenant.commands import tenant
    from practice_tenant.errors import PracticeTenantError

    parser = argparse.ArgumentParser(
        prog="python -m practice_tenant", description="A practice tenant that speaks Microsoft Entra's protocol."
    )
    tenant.add_actions(parser, Path(STATE).expanduser, STATE)
    chosen = parser.parse_args(arguments)
    try:
        code = int(chosen.run(chosen))
        sys.stdout.flush()  # here, where a reader that went away is met
    except PracticeTenantError as error:
        print(f"practice_tenant: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of a pipe went away: `... log --follow | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
