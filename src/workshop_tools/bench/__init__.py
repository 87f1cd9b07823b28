"""`workshop bench`: what the practice tenant costs on this machine, in medians. It judges nothing."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from workshop_tools.bench import crowd, door, lessons, sign_in, start, tokens
from workshop_tools.bench.figures import Plan, Section
from workshop_tools.bench.place import Place

PARTS: Mapping[str, Callable[[Place, Plan], Section]] = {
    "start": start.measure,
    "sign-in": sign_in.measure,
    "crowd": crowd.measure,
    "tokens": tokens.measure,
    "door": door.measure,
    "lessons": lessons.measure,
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop bench`."""
    parser = subparsers.add_parser("bench", help="measure the practice tenant")
    parser.add_argument("--rounds", type=_positive, default=5, metavar="N", help="how often (default: 5)")
    parser.add_argument(
        "--seconds", type=_positive, default=2, metavar="S", help="how long each rate is measured (default: 2)"
    )
    parser.add_argument("--only", action="append", choices=list(PARTS), help="this part; may be given again")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Measure each part in a folder of its own and print its table.

    Raises:
        WorkshopError: something that is to be measured does not run.
    """
    plan = Plan(arguments.rounds, arguments.seconds)
    print(_head(plan), flush=True)
    with tempfile.TemporaryDirectory(prefix="workshop-bench-", ignore_cleanup_errors=True) as folder:
        place = Place(Path(folder).resolve())
        for name in arguments.only or PARTS:
            print(f"measuring: {name} ...", file=sys.stderr, flush=True)
            print(f"\n{PARTS[name](place, plan)}", flush=True)
    return 0


def _head(plan: Plan) -> str:
    machine = (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )
    if hasattr(os, "getloadavg"):
        machine += f"; {os.getloadavg()[0]:.1f} programs waited for them in the last minute"
    return (
        f"{machine}.\nMedians of {plan.rounds} rounds, taken in turns, with the lowest and the highest; each rate over "
        f"{plan.seconds} s.\nThe practice tenant and what is measured against it share the cores."
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("1 or more")
    return number
