"""An environment as a hub or Binder has it: packages, then `postBuild`; and the JupyterLab that is started there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from practice_help import clean_environ, until
from running_lab import PROJECT, SECONDS, Lab, free_port

TOKEN = "of-a-test"


@dataclass(frozen=True)
class Hub:
    """An environment with the workshop in it, and a person who has no Jupyter of their own.

    Attributes:
        prefix: the environment's folder; the packages are those the tests run with.
    """

    folder: Path

    @property
    def prefix(self) -> Path:
        """Return the folder of the environment."""
        return self.folder / "environment"

    @property
    def log(self) -> Path:
        """Return what its JupyterLab prints."""
        return self.folder / "log"

    def environ(self) -> dict[str, str]:
        """Return the variables of the person's processes."""
        ours = clean_environ(self.folder / "state", HOME=str(self.folder), PIP_DISABLE_PIP_VERSION_CHECK="1")
        kept = {name: value for name, value in ours.items() if not name.startswith(("JUPYTER", "VIRTUAL_ENV"))}
        return kept | {"PATH": os.pathsep.join([str(self.prefix / "bin"), os.environ["PATH"]]), "JUPYTER_TOKEN": TOKEN}

    def run(self, *command: str) -> str:
        """Run a program of the environment and return what it prints."""
        done = subprocess.run(command, cwd=self.folder, env=self.environ(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def jupyterlab(self) -> Iterator[Lab]:
        """Start it as a hub does, not by `workshop start`; it is killed in the end."""
        port = free_port()
        options = ("--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0")
        command = [str(self.prefix / "bin" / "python"), "-m", "jupyterlab", *options]
        with (
            self.log.open("w") as log,
            subprocess.Popen(
                command, cwd=self.folder, env=self.environ(), stdout=log, stderr=log, text=True
            ) as process,
        ):
            try:
                lab = Lab(process, self.folder, f"http://127.0.0.1:{port}/lab?token={TOKEN}", ())
                until(lambda: _answers(lab), "an answer of the hub's JupyterLab", SECONDS)
                yield lab
            finally:
                process.kill()


def _answers(lab: Lab) -> bool:
    try:
        return bool(lab.call("GET", "/api")["version"])
    except httpx.HTTPError:
        return False


def make_hub(folder: Path) -> Hub:
    """Make the environment, with the settings of somebody else in it, and run `postBuild`."""
    hub = Hub(folder)
    venv.create(hub.prefix, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(hub.prefix), "platbase": str(hub.prefix)}))
    # As code: a folder's name may hold the end of a line.
    (packages / "packages.pth").write_text(f"import sys; sys.path.append({sysconfig.get_path('purelib')!r})\n")
    (hub.prefix / "share").mkdir(exist_ok=True)
    (hub.prefix / "share" / "jupyter").symlink_to(Path(sys.prefix) / "share" / "jupyter")
    settings = hub.prefix / "etc" / "jupyter"
    settings.mkdir(parents=True)
    extensions = "jupyter_server_config.d"
    (settings / extensions).symlink_to(Path(sys.prefix) / "etc" / "jupyter" / extensions)
    (settings / "jupyter_server_config.json").write_text('{"ServerApp": {"max_body_size": 1234567}}')
    for name in ("pyproject.toml", "README.md", "LICENSE", "left-out.txt", "postBuild"):
        shutil.copy2(PROJECT / name, folder)
    shutil.copytree(PROJECT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    hub.run("bash", "postBuild")
    return hub
