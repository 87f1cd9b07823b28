"""What is looked at on this machine: is it fit for the workshop, and if not, what mends it?"""

from __future__ import annotations

import os
import shutil
import socket
import stat
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import psutil
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from practice_tenant import private
from practice_tenant.errors import NotPrivate
from workshop.core import chromium, settings
from workshop.core.pins import Pin, names_left_out, read_pins
from workshop.core.settings import Settings

FREE_BYTES = 500_000_000
DAY = 86_400.0

# fmt: off
NETWORK_DISKS = frozenset({
    "9p", "afpfs", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "fuse.gcsfuse", "fuse.glusterfs",
    "fuse.s3fs", "fuse.sshfs", "glusterfs", "gpfs", "lustre", "ncpfs", "nfs", "nfs4", "smb3", "smbfs",
    "webdav",
})
# fmt: on


@dataclass(frozen=True)
class MachineFinding:
    """What one check found.

    Attributes:
        ok: True, False, or None for something the lessons can do without.
        fix: one line that says what to do; empty when there is nothing to do.
    """

    name: str
    ok: bool | None
    detail: str
    fix: str = ""

    @property
    def word(self) -> str:
        """Return "ok", "FAIL" or "note"."""
        return {True: "ok", False: "FAIL", None: "note"}[self.ok]


def check(current: Settings | None = None) -> list[MachineFinding]:
    """Check this machine. Nothing is changed and no network is used.

    Args:
        current: the settings to check; loaded if None.
    """
    return [look(current or settings.load()) for look in CHECKS]


def table(findings: Iterable[MachineFinding]) -> str:
    """Return the findings as text, a line each, and the fix below each one that has one."""
    lines = []
    for finding in findings:
        lines.append(f"{finding.word:<5} {finding.name:<12} {finding.detail}")
        if finding.fix:
            lines.append(f"{'':<5} {'':<12} -> {finding.fix}")
    return "\n".join(lines)


def check_python(current: Settings) -> MachineFinding:
    """Say which Python this is, and whether it is the one that start.py set up."""
    detail = f"{'.'.join(str(part) for part in sys.version_info[:3])}, {sys.executable}"
    own = current.project / ".venv"
    if own.exists() and Path(sys.prefix).resolve() != own.resolve():
        return MachineFinding("Python", None, detail, f"the packages of the lock are in {own}: choose its Python")
    return MachineFinding("Python", True, detail)


def check_packages(current: Settings) -> MachineFinding:
    """Compare the installed packages with the lock."""
    left_out = names_left_out(current.project)
    locked = read_pins(current.project / "requirements.txt")
    pins = [pin for pin in locked if _is_for_here(pin) and pin.name not in left_out]
    installed = _installed()
    there = [(pin, installed.get(canonicalize_name(pin.name))) for pin in pins]
    differing = [(pin, version) for pin, version in there if version != pin.version]
    if not differing:
        return MachineFinding("Packages", True, f"all {len(pins)} are the ones in the lock")
    told = ", ".join(f"{pin.name} {version or 'missing'}" for pin, version in differing[:3])
    more = f" and {len(differing) - 3} more" if len(differing) > 3 else ""
    fix = "delete the folder .venv and run start.py again"
    return MachineFinding("Packages", False, f"{len(differing)} differ from the lock: {told}{more}", fix)


def _is_for_here(pin: Pin) -> bool:
    return not pin.marker or Marker(pin.marker).evaluate()


def _installed() -> dict[str, str]:
    """Return the version of each package, read in one go: to ask for one lists the whole folder."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        told = distribution.metadata
        if told["Name"]:  # none in what a broken uninstallation leaves behind
            found.setdefault(canonicalize_name(told["Name"]), told["Version"])
    return found


def check_space(current: Settings) -> MachineFinding:
    """Look for room on the disk of the state folder."""
    free = shutil.disk_usage(_nearest(current.state)).free
    detail = f"{free / 1e9:.1f} GB free"
    if free >= FREE_BYTES:
        return MachineFinding("Disk space", True, detail)
    return MachineFinding("Disk space", False, detail, f"make room: {FREE_BYTES / 1e9:.1f} GB are needed")


def check_state(current: Settings) -> MachineFinding:
    """See that the state folder can be written, is nobody else's, and lies on a local disk (SQLite's WAL needs one)."""
    folder = _nearest(current.state)
    elsewhere = "set WORKSHOP_STATE to a folder of yours on a local disk"
    if not os.access(folder, os.W_OK):
        return MachineFinding("State folder", False, f"{folder} can't be written", elsewhere)
    if current.state.exists():
        try:
            private.check_folder(current.state)
        except NotPrivate as refusal:
            return MachineFinding("State folder", False, str(refusal), elsewhere)
    kind = disk_kind(folder, [(disk.mountpoint, disk.fstype, disk.opts) for disk in psutil.disk_partitions(all=True)])
    if kind in NETWORK_DISKS or kind == "remote":
        return MachineFinding("State folder", False, f"{current.state} is on a network disk ({kind})", elsewhere)
    return MachineFinding("State folder", True, str(current.state))


def disk_kind(folder: Path, disks: Iterable[tuple[str, str, str]]) -> str:
    """Return the kind of file system that `folder` is on; "remote" for a network drive of Windows.

    Args:
        disks: of each disk the mount point, the kind of file system and the options, as psutil has them.
    """
    found = [disk for disk in disks if folder.is_relative_to(disk[0])]
    if not found:
        return ""
    # Of disks mounted over each other the last one counts: max() keeps the first.
    _, kind, options = max(reversed(found), key=lambda disk: len(Path(disk[0]).parts))
    return "remote" if "remote" in options.split(",") else kind


def check_loopback(_: Settings) -> MachineFinding:
    """Open a port of this machine and connect to it, by address and by name."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with socket.create_connection(("127.0.0.1", port), timeout=5):
                pass
        addresses = {info[4][0] for info in socket.getaddrinfo("localhost", port, socket.AF_INET)}
    except OSError as error:
        fix = "allow Python to listen on 127.0.0.1 in the firewall or security software"
        return MachineFinding("Loopback", False, f"127.0.0.1 can't be used: {error}", fix)
    if "127.0.0.1" not in addresses:
        detail = f"localhost leads to {', '.join(map(str, sorted(addresses, key=str)))}"
        return MachineFinding("Loopback", False, detail, "put the line `127.0.0.1 localhost` into the hosts file")
    return MachineFinding("Loopback", True, "a server can listen on 127.0.0.1 and be found as localhost")


def check_clock(current: Settings) -> MachineFinding:
    """See that the clock is not behind the files of the workshop: tokens are judged by it."""
    now = time.time()
    newest = (current.project / "pyproject.toml").stat().st_mtime
    detail = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(now))
    if newest < now + DAY:
        return MachineFinding("Clock", True, detail)
    return MachineFinding(
        "Clock", False, f"{detail} is before the workshop's own files", "set the time of this machine"
    )


def check_env_file(current: Settings) -> MachineFinding:
    """See that nobody else can read the secrets of an own tenant."""
    path = current.project / ".env"
    if not path.exists():
        return MachineFinding(".env", True, "there is none; it is needed only with your own tenant")
    mode = stat.S_IMODE(path.stat().st_mode)
    if os.name == "posix" and mode & 0o077:
        return MachineFinding(".env", False, f"others can read it (mode {mode:04o})", f"chmod 600 {path}")
    return MachineFinding(".env", True, "only you can read it" if os.name == "posix" else "it is there")


def check_long_paths(_: Settings) -> MachineFinding:
    """Look up on Windows whether paths may be longer than 260 characters."""
    if sys.platform != "win32":
        return MachineFinding("Long paths", True, "no limit on this system")
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SYSTEM\CurrentControlSet\Control\FileSystem") as key:
            allowed = winreg.QueryValueEx(key, "LongPathsEnabled")[0] == 1
    except OSError:
        allowed = False
    if allowed:
        return MachineFinding("Long paths", True, "allowed")
    return MachineFinding("Long paths", False, "limited to 260 characters", "run start.py: it prints the command")


def check_browser(_: Settings) -> MachineFinding:
    """Look for a browser that can be sent through the practice tenant's proxy. The lessons do without."""
    try:
        return MachineFinding("Browser", True, str(chromium.find()))
    except chromium.BrowserNotFound:
        fix = "for signing in to the practice tenant by hand, install Chromium, Chrome or Edge"
        return MachineFinding("Browser", None, "no Chromium, Chrome or Edge found; no lesson needs one", fix)


def _nearest(path: Path) -> Path:
    """Return the folder itself or the nearest one above that exists."""
    return next(folder for folder in (path, *path.parents) if folder.exists())


CHECKS: tuple[Callable[[Settings], MachineFinding], ...] = (
    check_python,
    check_packages,
    check_space,
    check_state,
    check_loopback,
    check_clock,
    check_env_file,
    check_long_paths,
    check_browser,
)
