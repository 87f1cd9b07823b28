"""The environment variables that lead unmodified libraries to the practice tenant."""

from __future__ import annotations

import re
import shlex
import ssl
import sys
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from practice_tenant.client import ANSWER_SECONDS
from practice_tenant.errors import PracticeTenantError
from practice_tenant.well_known import UNLABELLED

if TYPE_CHECKING:
    import httpx

MEMBER = "robin@contoso.onmicrosoft.com"
"""Who signs in where nobody else is named."""
LOOPBACK = "localhost,127.0.0.1,::1"

ALWAYS_REMOVED = (
    "ALL_PROXY",
    "all_proxy",
    "SSL_CERT_DIR",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
)

LABEL = re.compile(r"[A-Za-z0-9._-]{1,64}")


@dataclass(frozen=True)
class Environment:
    """Variables to set and variables to remove."""

    set: dict[str, str]
    remove: tuple[str, ...]

    def put(self, environ: MutableMapping[str, str]) -> None:
        """Change `environ` accordingly."""
        for name in self.remove:
            environ.pop(name, None)
        environ.update(self.set)


def variables(
    proxy: str,
    ca: Path,
    state: Path,
    label: str | None = None,
    environ: Mapping[str, str] | None = None,
    password: str = "",
) -> Environment:
    """Say which variables lead a program to the practice tenant.

    Args:
        proxy: URL of its CONNECT proxy.
        ca: its certificate authority's certificate, a PEM file.
        state: its folder.
        label: the proxy user name, found again as `holder` of every recorded exchange.
        environ: where preset AZURE_* variables are looked for; nowhere if None.
        password: the proxy's; it is in the URL, so the variables are as secret as it is.

    Raises:
        PracticeTenantError: the label would not survive in a URL.
    """
    proxy = _with_credentials(proxy, label or "", password)
    values = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), proxy)
    values |= dict.fromkeys(("NO_PROXY", "no_proxy"), LOOPBACK)
    values |= dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), str(ca))
    values["FASTMCP_HOME"] = str(state / "fastmcp")
    values["AZURE_CONFIG_DIR"] = str(state / "azure")
    preset = sorted(name for name in environ or () if name.startswith("AZURE_") and name not in values)
    return Environment(values, (*ALWAYS_REMOVED, *preset))


def node_variables(ca: Path) -> dict[str, str]:
    """Say what Node needs besides: its own name for the CA, and the will to look at the proxy variables."""
    return {"NODE_EXTRA_CA_CERTS": str(ca), "NODE_USE_ENV_PROXY": "1"}


def browser_variable(state: Path, account: str) -> dict[str, str]:
    """Say which browser Python programs open: one that signs in to the practice tenant by itself.

    Args:
        state: the tenant's folder.
        account: the user principal name that signs in.
    """
    words = [Path(sys.executable).as_posix(), "-m", "practice_tenant", "browser", "--as", account]
    words += ["--state", state.as_posix()]
    # `webbrowser` puts the address for %s, and does not wait for the end of a command that ends with &.
    return {"BROWSER": f"{shlex.join(words)} %s &"}


def check_label(label: str) -> str:
    """Return `label` if it can be a proxy user name as it is.

    Raises:
        PracticeTenantError: it can't.
    """
    if not LABEL.fullmatch(label):
        raise PracticeTenantError(f"{label!r} can't be a holder's name: use 1 to 64 letters, digits and . _ -")
    return label


def _with_credentials(proxy: str, label: str, password: str) -> str:
    if not (label or password):
        return proxy
    # Without a password something must stand there all the same: some clients send no name alone.
    return f"http://{check_label(label or UNLABELLED)}:{password or 'x'}@{urlsplit(proxy).netloc}"


@dataclass(frozen=True)
class Doors:
    """How the tenant is reached.

    Attributes:
        proxy: the URL of its CONNECT proxy, with label and password.
        ca: its certificate authority's certificate, a PEM file.
    """

    proxy: str = field(repr=False)
    ca: Path

    def client(self) -> httpx.Client:
        """Return a client that reaches the tenant's hosts and trusts nobody else."""
        import httpx

        context = ssl.create_default_context(cafile=self.ca)
        return httpx.Client(proxy=self.proxy, verify=context, trust_env=False, timeout=ANSWER_SECONDS)


def doors(proxy: str, ca: Path, label: str = "", password: str = "") -> Doors:
    """Say how a program reaches the tenant that is not led to it by variables; see `variables`."""
    return Doors(_with_credentials(proxy, label, password), ca)
