"""`workshop browser`: the practice browser, for a terminal whose BROWSER still says so.

`workshop tenant env` names `python -m practice_tenant browser` in that variable.
"""

from __future__ import annotations

import argparse

from practice_tenant.commands import tenant
from workshop.commands.tenant import folder


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop browser`."""
    summary = "sign in to the practice tenant where another program opens a browser"
    parser = subparsers.add_parser("browser", help=summary, description=summary)
    tenant.add_browser(parser, folder, "that of this project")
