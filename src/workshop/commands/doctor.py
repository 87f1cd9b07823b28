"""`workshop doctor`: look over this machine."""

from __future__ import annotations

import argparse

from workshop.commands.origins import origins
from workshop.core import machine, settings
from workshop.errors import WorkshopError


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop doctor`."""
    parser = subparsers.add_parser("doctor", help="look over this machine; each FAIL names its fix")
    parser.set_defaults(run=_command)


def _command(_: argparse.Namespace) -> int:
    findings = machine.check()
    print(machine.table(findings))
    current = settings.load()
    print(f"\nThe tenant: {current.mode}", *origins(current), sep="\n")
    failed = [finding.name for finding in findings if finding.ok is False]
    if failed:
        raise WorkshopError(f"{len(failed)} of {len(findings)} checks failed: {', '.join(failed)}")
    return 0
