"""What keeps JupyterLab calm: the same settings wherever it is started, by the launcher or by a hub.

`python -m workshop.commands.jupyter_settings` writes them into this environment, for a JupyterLab that
the launcher does not start (JupyterHub, Binder, Codespaces).
"""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

PING_MILLISECONDS = 30_000
PING_TIMEOUT_MILLISECONDS = 3 * PING_MILLISECONDS
"""Never less than the interval: at each ping the last answer is that old, and each websocket would be closed."""

LAB = {
    "@jupyterlab/apputils-extension:notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "@jupyterlab/extensionmanager-extension:plugin": {"enabled": False},
}


def files() -> dict[str, dict[str, Any]]:
    """Return what each file in a folder of Jupyter's configuration holds; it depends on this machine's libraries."""
    return {"jupyter_server_config.json": _server(), "labconfig/default_setting_overrides.json": LAB}


def _server() -> dict[str, Any]:
    import zmq

    settings: dict[str, Any] = {
        # Pings keep a proxy with an idle cut-off from closing a quiet websocket, and find a browser that is gone.
        "ServerApp": {
            "tornado_settings": {
                "ws_ping_interval": PING_MILLISECONDS,
                "ws_ping_timeout": PING_TIMEOUT_MILLISECONDS,
            },
        },
        "LabApp": {
            "news_url": None,
            "check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
            "extension_manager": "readonly",
        },
        "LanguageServerManager": {"autodetect": False},  # it would run npm, which writes into the home folder
    }
    if zmq.has("curve"):  # without it each kernel warns that it talks in plain text
        settings["KernelManager"] = {"transport_encryption": "auto"}
    return settings


def merge_into(folder: Path) -> None:
    """Write the files into a folder that has, or may get, other settings too: those stay.

    Args:
        folder: `etc/jupyter` of an environment.
    """
    for name, settings in files().items():
        file = folder / name
        there = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(_merged(there, settings), indent=2), encoding="utf-8")


def _merged(there: dict[str, Any], wanted: dict[str, Any]) -> dict[str, Any]:
    return there | {
        name: _merged(there.get(name, {}), value) if isinstance(value, dict) else value
        for name, value in wanted.items()
    }


class NoFalseAlarm(logging.Filter):
    """Keep back the one warning of Tornado that means nothing.

    jupyter_server hands its pings' milliseconds to Tornado, which takes them for seconds of pings of its own and
    warns that the time-out is the longer one (jupyter_server issue 1612).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a record is to be shown."""
        return not record.getMessage().startswith("The websocket_ping_timeout (")


def keep_false_alarms_back() -> None:
    """Show a terminal only what matters; in a process that becomes JupyterLab."""
    logging.getLogger("tornado.general").addFilter(NoFalseAlarm())


if __name__ == "__main__":
    from jupyter_core.paths import ENV_CONFIG_PATH

    merge_into(Path(ENV_CONFIG_PATH[0]))
    print(f"JupyterLab's settings are in {ENV_CONFIG_PATH[0]}")
