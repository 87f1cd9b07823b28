"""Where a Chromium, Chrome or Edge is: these can be sent through the practice tenant's proxy."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from workshop.errors import WorkshopError

_ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
)
_ON_MACOS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)
_ON_WINDOWS = (
    r"Google\Chrome\Application\chrome.exe",
    r"Microsoft\Edge\Application\msedge.exe",
    r"Chromium\Application\chrome.exe",
)


@dataclass(eq=False)
class BrowserNotFound(WorkshopError):
    """Neither Chromium nor Chrome nor Edge is on this machine."""

    looked_for: tuple[str, ...]

    def __str__(self) -> str:
        return f"No Chromium, Chrome or Edge was found (looked for {', '.join(self.looked_for)})."


def find(platform: str = sys.platform, environ: Mapping[str, str] | None = None) -> Path:
    """Return the program of a Chromium, Chrome or Edge.

    Args:
        platform: as `sys.platform` says it.
        environ: WORKSHOP_CHROMIUM names one; Windows says here which folders hold programs. `os.environ` if None.

    Raises:
        BrowserNotFound: there is none.
    """
    environ = os.environ if environ is None else environ
    named = environ.get("WORKSHOP_CHROMIUM")
    candidates = (named,) if named else _candidates(platform, environ)
    for candidate in candidates:
        found = shutil.which(candidate)
        if found:
            return Path(found)
    raise BrowserNotFound(candidates)


def _candidates(platform: str, environ: Mapping[str, str]) -> tuple[str, ...]:
    if platform == "darwin":
        places = ("/Applications", str(Path.home() / "Applications"))
        return tuple(f"{folder}/{app}" for folder in places for app in _ON_MACOS)
    if platform == "win32":
        names = ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        folders = tuple(environ[name] for name in names if environ.get(name))
        return tuple(f"{folder}\\{app}" for app in _ON_WINDOWS for folder in folders)
    return _ON_PATH
