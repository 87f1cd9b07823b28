"""A real Chromium, driven by playwright, and programs that print one JSON object per line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium_window import launch
from practice_help import clean_environ, until

from practice_tenant import Running
from workshop.core import chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

PATIENCE = 180.0
"""Seconds after which a program that hangs is ended, so that the test fails instead of hanging too."""

HEADLESS = (
    "--headless=new",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
)


def program() -> Path:
    """Return the browser to test with."""
    return chromium.find()


@dataclass(frozen=True)
class Talking:
    """A program that tells in JSON lines what it is doing."""

    process: subprocess.Popen[str]

    def says(self) -> dict[str, Any]:
        """Return the next thing it says."""
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}"
        return dict(json.loads(line))

    def tell(self, line: str) -> None:
        """Send it a line."""
        assert self.process.stdin
        print(line, file=self.process.stdin, flush=True)


@contextmanager
def talking(code: str, state: Path, **more: str) -> Iterator[Talking]:
    """Run a program in a project of its own; it is ended with the block."""
    state.parent.joinpath("start.py").touch()
    environ = clean_environ(state, WORKSHOP_PROJECT=str(state.parent), **more)
    command = [sys.executable, "-c", code]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environ) as process:
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            yield Talking(process)
        finally:
            watchdog.cancel()
            process.kill()


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """Return playwright, which has no browser of its own here."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=60_000)  # the 5 s of its own are too few on a busy machine
    with sync_playwright() as started:
        yield started


def removed(profile: Path) -> None:
    """Remove what Chromium's own children write into the profile after its end."""

    def gone() -> bool:
        shutil.rmtree(profile, ignore_errors=True)
        return not profile.exists()

    until(gone, "the end of the browser's profile")


Opens = Callable[[Running], "Browser"]


@pytest.fixture
def led_to_the_tenant(playwright: Playwright) -> Iterator[Opens]:
    """Start browsers exactly as the workshop does for a learner, only headless, and take hold of them."""
    with ExitStack() as ended:

        def start(running: Running) -> Browser:
            launched = launch("about:blank", running, program(), *HEADLESS, "--remote-debugging-port=0")
            ended.callback(removed, launched.profile)
            ended.callback(launched.close)
            told = launched.profile / "DevToolsActivePort"
            until(lambda: told.exists() and len(told.read_text().splitlines()) == 2, "the browser's start")
            browser = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{told.read_text().splitlines()[0]}")
            ended.callback(browser.close)
            return browser

        yield start
