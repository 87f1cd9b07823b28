"""Programs as a learner writes them, run in a process of their own: unpatched libraries, only variables differ."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from practice_help import clean_environ
from tenant.process import Tenant
from tenant.world import App

import practice_tenant

PATIENCE = 90.0

# The first lines of every program: the user agent takes the place of the browser.
BEGIN = """
import asyncio, json, os, webbrowser
import practice_tenant
from workshop import signin
from workshop.core import settings
agent = signin.install(running=practice_tenant.found(settings.load().state))
TENANT, CLIENT, SECRET = (os.environ[f"APP_{name}"] for name in ("TENANT", "CLIENT", "SECRET"))
AUTHORITY = f"https://login.microsoftonline.com/{TENANT}"
USER_READ = "https://graph.microsoft.com/User.Read"

def tell(**found):
    print(json.dumps(found))

def code_at(url):
    \"\"\"Open a sign-in and return what arrives at http://localhost:<port>/callback.\"\"\"
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from urllib.parse import parse_qs, urlsplit

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self):
            server.answer = {name: found[0] for name, found in parse_qs(urlsplit(self.path).query).items()}
            self.send_response(200)
            self.end_headers()
        def log_message(self, *_):
            pass

    with HTTPServer(("localhost", 0), Callback) as server:
        redirect_uri = f"http://localhost:{server.server_port}/callback"
        webbrowser.open(url(redirect_uri))
        server.handle_request()
    return redirect_uri, server.answer
"""


def run(tenant: Tenant, app: App, program: str, directory: Path, **values: str) -> dict[str, Any]:
    """Run a program and return what it tells; the values become variables of its environment."""
    running = practice_tenant.found(tenant.state)
    assert running
    own = {"APP_TENANT": tenant.id, "APP_CLIENT": app.client_id, "APP_SECRET": app.secret}
    environ = clean_environ(tenant.state, **own, **values)
    running.environment(environ=os.environ).put(environ)
    finished = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", BEGIN + program],
        env=environ, cwd=directory, capture_output=True, text=True, check=False, timeout=PATIENCE,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return dict(json.loads(finished.stdout.splitlines()[-1]))
