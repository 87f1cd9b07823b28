"""Where something is kept, as a setting says it: a word, or a path. An address is neither, nor is a word misspelt.

A path that nobody meant would be made, and used, without a word: `redis://...` and `memroy` are good names of folders.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

from .environment import SettingsError

# Below FastMCP's, whose import takes seconds that reading a setting does not need.
logger = logging.getLogger(f"fastmcp.{__name__}")

MEMORY = "memory"
FILES = "files"
STDOUT = "stdout"
STDERR = "stderr"

WINDOWS = sys.platform == "win32"


def store(text: str, windows: bool = WINDOWS) -> str:
    """Take `memory`, `files`, or the path of a folder."""
    return _word_or_path(text, (MEMORY, FILES), "a folder", Path.is_dir, windows)


def log(text: str, windows: bool = WINDOWS) -> str:
    """Take `stdout`, `stderr`, or the path of a file."""
    return _word_or_path(text, (STDOUT, STDERR), "a file", Path.is_file, windows)


def database(text: str, windows: bool = WINDOWS) -> Path:
    """Take the path of a file; a name alone will do, for no word means anything else."""
    address = re.match(r"[A-Za-z][\w+.-]+:" if windows else r"[A-Za-z][\w+.-]*:", text)
    if address or text.startswith(("//", "$", '"', "'")) or not text.isprintable():
        raise ValueError("the path of a SQLite file, such as /data/expenses.sqlite (no other database is known)")
    return Path(text)


def own_folder(where: str, *, tighten: bool = False) -> Path:
    """Make a folder with mode 0700, or take the one that is there if it is this account's.

    Args:
        tighten: give one that is there this mode as well, for it is the server's own and nobody else's.

    Raises:
        SettingsError: it can't be made, or it belongs to another account, who could put any file in the place of ours.
    """
    try:
        folder = Path(where).expanduser()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            _look_at(folder, tighten)
    except (OSError, RuntimeError) as error:  # a home folder of nobody is a RuntimeError
        raise SettingsError(
            f"{where} can't be used as a folder: {getattr(error, 'strerror', None) or error}"
        ) from error
    return folder


def _look_at(folder: Path, tighten: bool) -> None:
    # The link first: who owns it says where it leads tomorrow. root's are those of the machine.
    for found in (folder.lstat(), folder.stat()):
        if found.st_uid not in (os.geteuid(), 0):
            what = "is a link that" if stat.S_ISLNK(found.st_mode) else "is a folder that"
            raise SettingsError(
                f"{folder} {what} belongs to another account (uid {found.st_uid}), who could change what is kept "
                "there. Run the server as that account, give it to this one (chown), or name another folder."
            )
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & 0o077 and tighten and folder.stat().st_uid == os.geteuid():
        folder.chmod(0o700)
    elif mode & 0o077:
        logger.warning(
            "Other accounts may get into %s (mode %04o), where clients and tokens are kept: run chmod 700 on it, if "
            "this machine or volume is not the server's alone",
            folder, mode,
        )  # fmt: skip


def _word_or_path(text: str, words: tuple[str, str], what: str, there: Callable[[Path], bool], windows: bool) -> str:
    if text.lower() in words:
        return text.lower()
    if _is_path(text, windows) or (_plain(text) and there(Path(text))):
        return text
    example = r"C:\data\mcp" if windows else "/data/mcp"
    raise ValueError(
        f"{', '.join(words)}, or {what} such as {example} or ./mcp (no other address is known, and no variable in it "
        "is replaced)"
    )


def _is_path(text: str, windows: bool) -> bool:
    """Say whether somebody who writes this means a path, which may not be there yet."""
    if not text.isprintable():
        return False
    if windows and re.match(r"[A-Za-z]:[\\/]|\\\\[^\\/]", text):
        return True
    if "\\" in text and not windows:
        return False
    separator = r"[\\/]" if windows else "/"
    if re.match(rf"(\.\.?|~[\w.-]*)({separator}|$)", text):
        return True
    if text.startswith(("/", "\\")):
        return re.match(rf"{separator}{separator}", text) is None
    # Below the folder where it runs. Before the first separator a host's name, a scheme or a variable could stand.
    return re.match(rf"[\w-]+{separator}", text) is not None and text.split("/")[0].lower() != "localhost"


def _plain(text: str) -> bool:
    return re.fullmatch(r"[\w.-]+([\\/][\w .-]+)*", text) is not None
