"""The servers for ``fastmcp run``, which loads one file by its path: ``fastmcp run run.py:proxy --transport http``.

A file that is loaded by its path belongs to no package, so the folder is imported as one here.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from fastmcp import FastMCP

FOLDER = Path(__file__).resolve().parent
PACKAGE = "servers_by_path"


def proxy() -> FastMCP:
    """Return the server behind the OAuth proxy."""
    return _built("proxy")


def both_doors() -> FastMCP:
    """Return the server with the OAuth proxy and Entra's own tokens."""
    return _built("both_doors")


def on_behalf_of() -> FastMCP:
    """Return the server behind the OAuth proxy that asks Microsoft Graph on behalf of users."""
    return _built("on_behalf_of")


def preauthorized() -> FastMCP:
    """Return the server for pre-authorized clients."""
    return _built("preauthorized")


def unprotected() -> FastMCP:
    """Return the unprotected server."""
    return _built("unprotected")


def whoami() -> FastMCP:
    """Return the smallest protected server."""
    return _built("whoami")


def _built(name: str) -> FastMCP:
    _module("logs").one_line_each(everything=True)
    server: FastMCP = _module(name).build()
    _module("audit").write_somewhere()
    return server


def _module(name: str) -> ModuleType:
    if PACKAGE not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            PACKAGE, FOLDER / "__init__.py", submodule_search_locations=[str(FOLDER)]
        )
        if spec is None or spec.loader is None:
            raise ImportError(f"{FOLDER} is not a package")
        sys.modules[PACKAGE] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[PACKAGE])
    return importlib.import_module(f"{PACKAGE}.{name}")
