"""Folders and files of this account alone: whoever else could write them would lead its programs elsewhere.

On Windows a folder below a person's own is private by what it inherits, and nothing is looked at here.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path

from practice_tenant.errors import NotPrivate

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
OTHERS = stat.S_IRWXG | stat.S_IRWXO
HAS_OWNERS = os.name == "posix"
ROOT = 0


def place_of(folder: Path) -> Path:
    """Return the absolute path of a folder. Links on the way to it are followed; one in its own place is not."""
    folder = folder.expanduser()
    if not HAS_OWNERS or folder.name in ("", ".."):
        return folder.resolve()
    return folder.parent.resolve() / folder.name


def make_private_folder(folder: Path) -> Path:
    """Make `folder` with mode 0700, or accept the one that is there if it is this account's and no link.

    What other accounts may do there besides writing is taken from them.

    Raises:
        NotPrivate: it can't be made, is a link or another account's, or others can write to it.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            check_folder(folder)
            _close(folder)
    except OSError as error:
        raise NotPrivate(folder, f"can't be used as a folder ({error.strerror}).") from error
    return folder


def check_folder(folder: Path, *, root_may_look: bool = False) -> None:
    """See that a folder is this account's, that it is no link, and that nobody else can write to it.

    The folders above it may be links, and others may write to them, as to /tmp.

    Args:
        root_may_look: whether the superuser may read what is another account's.

    Raises:
        NotPrivate: the message says what is wrong and what to do.
        OSError: it can't be looked at.
    """
    found = folder.lstat()
    if HAS_OWNERS and stat.S_ISLNK(found.st_mode):
        raise NotPrivate(folder, f"is a symbolic link. Name the folder it leads to: {os.path.realpath(folder)}")
    if not folder.is_dir():
        raise NotPrivate(folder, "is in the way: a folder should stand here.")
    if not HAS_OWNERS:
        return
    is_ours = found.st_uid == os.geteuid() or (root_may_look and os.geteuid() == ROOT)
    if not is_ours and not _owner_of_what_is_made_in(folder) == found.st_uid:
        raise NotPrivate(
            folder, f"belongs to another account ({_name(found.st_uid)}). Use that account, or choose another folder."
        )
    if found.st_mode & OTHERS_WRITE:
        raise NotPrivate(folder, "other users can write here. Run `chmod 700` on it or choose another.")


def read_private(path: Path) -> str:
    """Return the text (UTF-8) of a file that nobody but its folder's owner can have written.

    Raises:
        NotPrivate: somebody else can; the message says what to do.
        OSError: it can't be read, or is not there.
    """
    if not HAS_OWNERS:
        return path.read_text("utf-8")
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EMLINK):  # so is a link refused; BSD says it with the second
            raise NotPrivate(path, "is a symbolic link. Remove it, and run this again.") from None
        raise
    with os.fdopen(handle, encoding="utf-8") as file:
        found, owner = os.fstat(handle), path.parent.stat().st_uid
        if not stat.S_ISREG(found.st_mode):
            raise NotPrivate(path, "is no file. Remove it, and run this again.")
        if found.st_uid != owner:
            raise NotPrivate(
                path, f"belongs to another account ({_name(found.st_uid)}). Remove it, and run this again."
            )
        if found.st_mode & OTHERS_WRITE:
            raise NotPrivate(path, "other users can write to it. Remove it, and run this again.")
        return file.read()


def _close(folder: Path) -> None:
    """Take from others what they may do; a disk without such rights (a USB stick, say) has none to take."""
    mode = folder.stat().st_mode
    if HAS_OWNERS and mode & OTHERS:
        with suppress(OSError):
            folder.chmod(stat.S_IMODE(mode) & ~OTHERS)


def _owner_of_what_is_made_in(folder: Path) -> int | None:
    """Return whose a new file there is: a network disk may know this account by another number."""
    import tempfile  # here, so that no start waits for it

    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            return os.fstat(probe.fileno()).st_uid
    except OSError:
        return None


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
