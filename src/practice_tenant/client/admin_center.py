"""Where a learner's own browser finds the practice admin center."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

from practice_tenant.client.directory import Directory
from practice_tenant.errors import TenantOutdated

# A hub's kernel does not know under which name its users reach it.
ANY_HOST = "*"


def link(door: str, directory: Directory, account: str, holder: str, at: str) -> str:
    """Return a link for an account; see `Running.admin_center`.

    Raises:
        TenantRefused: there is no such account or directory, or the account is disabled.
        TenantOutdated: the running tenant has no such door.
    """
    if not door:
        raise TenantOutdated
    base = at or address(door, os.environ)
    host = urlsplit(base).netloc or ANY_HOST
    path = directory.admin_center(account, holder, "" if base == door else host)["path"]
    return f"{base.rstrip('/')}/{path}"


def address(door: str, environ: Mapping[str, str]) -> str:
    """Return where a browser reaches the door: below a proxy in Codespaces and JupyterHub, else where it listens.

    Source: https://docs.github.com/codespaces/developing-in-a-codespace/default-environment-variables-for-your-codespace
    and https://jupyter-server-proxy.readthedocs.io/en/latest/arbitrary-ports-hosts.html
    """
    port = urlsplit(door).port
    codespace, domain = environ.get("CODESPACE_NAME"), environ.get("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN")
    if codespace and domain:
        return f"https://{codespace}-{port}.{domain}/"
    prefix = environ.get("JUPYTERHUB_SERVICE_PREFIX")
    if prefix and importlib.util.find_spec("jupyter_server_proxy"):
        return f"{prefix.rstrip('/')}/proxy/{port}/"
    return door
