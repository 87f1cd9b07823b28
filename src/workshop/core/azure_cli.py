"""Where the Azure CLI is: the learner's own, or the one that `start.py test --all` installed."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def find(project: Path, path: str | None = None) -> Path | None:
    """Return the program `az`, or None if there is none.

    Args:
        project: whose private Azure CLI is taken where there is no other.
        path: the folders to look in first, as the variable PATH has them; that variable if None.
    """
    private = project / ".workshop" / "azure-cli" / ("Scripts" if sys.platform == "win32" else "bin")
    found = shutil.which("az", path=path) or shutil.which("az", path=str(private))
    return Path(found) if found else None
