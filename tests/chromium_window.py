"""A real Chromium, Chrome or Edge that meets the practice tenant: the second way to sign in, clicked by the tests."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import shutil
import ssl
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psutil
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from workshop.core.chromium import find
from workshop.errors import WorkshopError

_END_SECONDS = 60.0
_HELPER_SECONDS = 1.0


class Tenant(Protocol):
    """What must be known of the practice tenant: a `Running`, say."""

    @property
    def browser_proxy(self) -> str:
        """The address of its proxy for browsers."""

    @property
    def https(self) -> str:
        """The address of its own TLS listener."""


@dataclass(frozen=True)
class Launched:
    """A browser that was started, with its throw-away profile."""

    process: subprocess.Popen[bytes]
    profile: Path

    def close(self) -> None:
        """End the browser with the processes it started, and remove its profile.

        Raises:
            WorkshopError: the profile could not be removed; the message names the folder.
        """
        helpers = _helpers(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(_END_SECONDS)
        # They write into the profile for a while after the browser has ended.
        _, alive = psutil.wait_procs(helpers, _HELPER_SECONDS)
        for helper in alive:
            with contextlib.suppress(psutil.NoSuchProcess):
                helper.kill()
        psutil.wait_procs(alive, _END_SECONDS)
        _remove(self.profile)


def _helpers(pid: int) -> list[psutil.Process]:
    """Return the processes that a process started, and theirs."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _remove(folder: Path) -> None:
    """Remove a folder; on Windows its files may stay locked for a moment.

    Raises:
        WorkshopError: it is still there.
    """
    deadline = time.monotonic() + _END_SECONDS
    while folder.exists():
        shutil.rmtree(folder, ignore_errors=True)
        if time.monotonic() > deadline:
            raise WorkshopError(f"The browser's profile could not be removed: {folder}. Remove it by hand.")
        time.sleep(0.02)


def certificate_pin(https: str, seconds: float = 60.0) -> str:
    """Return the base64 SHA-256 of the public key the tenant's TLS listener shows.

    Args:
        https: the address of the listener, such as `https://localhost:8443`.
        seconds: how long to wait for it.
    """
    parts = urlsplit(https)
    pem = ssl.get_server_certificate((parts.hostname or "localhost", parts.port or 443), timeout=seconds)
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    spki = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(spki).digest()).decode()


def command(url: str, tenant: Tenant, profile: Path, browser: Path | None = None, *more: str) -> list[str]:
    """Return the command line that opens `url` in a browser which takes the tenant for Entra.

    Args:
        url: the page to open.
        tenant: the practice tenant.
        profile: an empty folder; the learner's own profile is left alone.
        browser: the program; looked for if None.
        more: further options, such as `--headless=new`.
    """
    return [
        str(browser or find()),
        f"--user-data-dir={profile}",
        f"--proxy-server={tenant.browser_proxy}",
        f"--ignore-certificate-errors-spki-list={certificate_pin(tenant.https)}",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        *more,
        url,
    ]


def launch(url: str, tenant: Tenant, browser: Path | None = None, *more: str) -> Launched:
    """Open `url` in a real browser with a throw-away profile. Call `close()` on what is returned.

    Raises:
        BrowserNotFound: there is no such browser on this machine.
    """
    browser = browser or find()
    profile = Path(tempfile.mkdtemp(prefix="workshop-browser-"))
    process = subprocess.Popen(
        command(url, tenant, profile, browser, *more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return Launched(process, profile)
