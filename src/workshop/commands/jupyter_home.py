"""A Jupyter of the workshop's own: a person's Jupyter is neither read nor changed.

What Jupyter keeps about a person (settings, workspaces, history) goes into the state folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

from workshop.commands import jupyter_settings
from workshop.core.private_files import make_private_folder
from workshop.core.settings import Settings
from workshop.lesson.notebook_files import with_language

END_WITH_JUPYTER = """\
# Run by each kernel as it starts. ipykernel's own watch begins late in its start: it misses a JupyterLab that
# was killed before, where a process without a parent does not get process 1 (a Linux desktop, say).
import os as _os

if _os.name == "posix" and _os.environ.get("JPY_PARENT_PID", "") not in ("", "0", str(_os.getppid())):
    _os._exit(1)
del _os
"""


def enclose(current: Settings, environ: MutableMapping[str, str]) -> None:
    """Keep a person's own Jupyter out, and let kernels and terminals find the workshop.

    Args:
        environ: the environment to change; JupyterLab must not be imported before, it reads some of it then.
    """
    home = make_private_folder(make_private_folder(current.state) / "jupyter")
    for name in [name for name in environ if name.startswith(("JUPYTER_", "JUPYTERLAB_")) and name != "JUPYTER_TOKEN"]:
        del environ[name]
    environ.update(
        JUPYTER_CONFIG_DIR=str(home / "config"),
        JUPYTER_DATA_DIR=str(home / "data"),
        JUPYTER_RUNTIME_DIR=str(home / "runtime"),
        JUPYTERLAB_SETTINGS_DIR=str(home / "settings"),
        JUPYTERLAB_WORKSPACES_DIR=str(home / "workspaces"),
        JUPYTER_PLATFORM_DIRS="1",
        IPYTHONDIR=str(home / "ipython"),
        WORKSHOP_PROJECT=str(current.project),
        WORKSHOP_STATE=str(current.state),
        VIRTUAL_ENV=sys.prefix,
        PATH=os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)]),
    )
    for name, chosen in jupyter_settings.files().items():
        _write(home / "config" / name, json.dumps(chosen, indent=2))
    _write(home / "ipython" / "profile_default" / "startup" / "end-with-jupyter.py", END_WITH_JUPYTER)


def language() -> Mapping[str, Any]:
    """Return what a kernel here says of its language (`language_info`). Run it after `enclose`."""
    from ipykernel.ipkernel import IPythonKernel

    return dict(IPythonKernel.language_info)


def trust(*folders: Path) -> None:
    """Sign the lessons as they come: Jupyter then trusts them, and every copy as long as nobody changed it elsewhere.

    Run it after `enclose`: the signatures go into the workshop's own folder.
    """
    import nbformat
    from nbformat.sign import NotebookNotary

    notary = NotebookNotary()  # type: ignore[no-untyped-call]
    for path in sorted(path for folder in folders for path in folder.glob("*.ipynb")):
        with contextlib.suppress(OSError, ValueError, nbformat.ValidationError):
            original = path.read_bytes()
            for file in (original, with_language(original, language())):
                notary.sign(nbformat.reads(file.decode(), as_version=4))  # type: ignore[no-untyped-call]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
