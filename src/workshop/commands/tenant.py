"""`workshop tenant`: the practice tenant of the lessons."""

from __future__ import annotations

import argparse
from pathlib import Path

from practice_tenant.commands import tenant
from workshop.core.private_files import make_private_folder
from workshop.core.settings import load


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop tenant` and what it can do."""
    summary = "run the practice tenant and look into it"
    parser = subparsers.add_parser("tenant", help=summary, description=summary)
    tenant.add_actions(parser, folder, "that of this project", {"reset": reset})


def folder() -> Path:
    """Return the state folder of this project."""
    return make_private_folder(load().state)


def reset(args: argparse.Namespace) -> int:
    """Put the directory back to its seed, and forget the values of an app that is gone with it."""
    values = tenant.running_of(args).state / "practice.env"
    code = tenant.reset(args)
    if not args.directory and values.exists():
        values.unlink()
        print("The values in practice.env named an app that is gone, so this file is gone too.")
    return code
