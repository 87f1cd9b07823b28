"""`workshop start`: look over the machine, copy the notebooks, start the practice tenant, be JupyterLab.

The launcher is the JupyterLab process: there is no other one that could be left behind.
"""

from __future__ import annotations

import argparse
import os
import secrets
import socket
from pathlib import Path

from workshop import practice
from workshop.commands.jupyter_home import enclose, language, trust
from workshop.commands.jupyter_settings import keep_false_alarms_back
from workshop.core import machine, settings
from workshop.core.settings import Settings
from workshop.errors import WorkshopError
from workshop.lesson import mywork

FIRST_PORT = 8888
EVERY_ADDRESS = ("0.0.0.0", "::")  # noqa: S104 (they are only recognized here)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `workshop start`."""
    parser = subparsers.add_parser("start", help="open JupyterLab on the lessons")
    parser.add_argument("--no-browser", action="store_true", help="only print the address to open")
    parser.add_argument("--port", type=int, metavar="N", help="the port (default: 8888 or the next free)")
    parser.add_argument("--ip", metavar="ADDR", default="127.0.0.1", help="the address to listen on")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Bring everything up, then serve JupyterLab until Ctrl-C, SIGTERM or the menu's Shut Down.

    Raises:
        WorkshopError: the port is taken, or something of the workshop can't be brought up.
    """
    current = settings.load()
    if arguments.port is not None:
        _check_port(arguments.ip, arguments.port)
    _check_machine(current)
    enclose(current, os.environ)
    copies = current.project / "my-work"
    for line in mywork.copy(current.project / "notebooks", copies, language()).lines():
        print(line)
    if current.mode == "practice":
        running = practice.ensure(current, holder="launcher")
        print(f"The practice tenant is running ({running.https}): no account and no network is needed.")
    else:
        print(f"Your own tenant is used: WORKSHOP_TENANT is own, from {current.source('WORKSHOP_TENANT')}.")
    first = next((path.name for path in sorted(copies.glob("*.ipynb"))), None)
    trust(current.project / "notebooks", current.project / "solutions")
    serve(current.project, arguments, f"my-work/{first}" if first else None)
    return 0


def serve(project: Path, arguments: argparse.Namespace, first: str | None) -> None:
    """Be JupyterLab until it is told to stop.

    Args:
        first: the notebook to open, relative to the project.
    """
    # It reads the environment when it is imported.
    from jupyterlab.labapp import LabApp

    token = os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(24)
    options = {
        "ServerApp.root_dir": project,
        "ServerApp.ip": arguments.ip,
        "ServerApp.port": arguments.port or FIRST_PORT,
        "ServerApp.port_retries": 50 if arguments.port is None else 0,
        "ServerApp.open_browser": not arguments.no_browser,
        "ServerApp.allow_root": True,  # a container's only user is often root
        "ServerApp.answer_yes": True,
        "Application.log_level": "WARN",
        "LabApp.default_url": f"/lab/tree/{first}" if first else "/lab",
        "IdentityProvider.token": token,
        "KernelSpecManager.allowed_kernelspecs": "python3",
    }
    keep_false_alarms_back()
    argv = [f"--{name}={value}" for name, value in options.items()]
    server = LabApp.initialize_server(argv)
    server.io_loop.add_callback(_tell, arguments.ip, server.port, f"{server.default_url}?token={token}")
    server.start()
    print("JupyterLab has ended.", flush=True)


def _tell(ip: str, port: int, path: str) -> None:
    """Print where JupyterLab is; if it listens everywhere, two addresses that lead there."""
    hosts = ["127.0.0.1", socket.gethostname()] if ip in EVERY_ADDRESS else [f"[{ip}]" if ":" in ip else ip]
    addresses = "\n    ".join(f"http://{host}:{port}{path}" for host in hosts)
    print(f"\nJupyterLab is running; Ctrl-C ends it. Open\n\n    {addresses}\n", flush=True)


def _check_machine(current: Settings) -> None:
    findings = machine.check(current)
    failed = [finding for finding in findings if finding.ok is False]
    print(f"Machine check: {len(findings) - len(failed)} of {len(findings)} fit")
    if failed:
        print(machine.table(failed))


def _check_port(ip: str, port: int) -> None:
    """Refuse a taken port: Jupyter would say it in a log line and end.

    Raises:
        WorkshopError: nobody can listen there.
    """
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    try:
        with socket.create_server((ip, port), family=family):
            pass
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WorkshopError(
            f"port {port} of {ip} can't be used ({reason}): choose another, or leave out --port"
        ) from error
