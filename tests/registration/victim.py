"""Runs a step of a registration in a process of its own, again and again: `python victim.py`, requests on stdin.

The libraries are imported once; each request is then carried out in a fork, which does not begin before it is told to.
"""

from __future__ import annotations

import json
import os
import sys
import webbrowser
from pathlib import Path
from typing import Any


def carry_out(request: dict[str, Any]) -> None:
    """Do what the request asks, as its account."""
    from workshop.core.settings import Settings
    from workshop.registration.desk import Desk
    from workshop.signin import UserAgent

    from .whole import WHOLE

    agent = UserAgent(proxy=os.environ["HTTPS_PROXY"], ca=Path(os.environ["SSL_CERT_FILE"]))
    webbrowser.register("workshop", None, agent, preferred=True)
    folder = Path(request["folder"])
    settings = Settings("practice", folder, folder / "state", {})
    desk = Desk(settings, account=request["account"], tenant_id=request["tenant_id"])
    if request["step"] == "remove":
        desk.remove(desk.find())
    else:
        desk.apply(WHOLE)


def main() -> None:
    """Serve requests until stdin closes: answer with the process id, wait for a line, answer with how it ended."""
    from msgraph.generated.models.organization import Organization

    from workshop.registration import apply, look, remove  # noqa: F401 - what a fork finds imported already

    Organization().get_field_deserializers()  # imports the models, which takes longer than everything else
    for line in sys.stdin:
        request = json.loads(line)
        go, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(go, 1)
            try:
                carry_out(request)
            except BaseException as error:
                print(f"{type(error).__name__}: {error}", file=sys.stderr, flush=True)
                os._exit(1)
            os._exit(0)
        print(pid, flush=True)
        sys.stdin.readline()
        os.write(tell, b"x")
        _, status = os.waitpid(pid, 0)
        os.close(go)
        os.close(tell)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
