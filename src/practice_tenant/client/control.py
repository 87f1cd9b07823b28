"""A running practice tenant, and the calls to its control door."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import urlencode, urlsplit

import psutil

from practice_tenant.client import ANSWER_SECONDS, admin_center, environment, managed_identity
from practice_tenant.client.directory import Directory
from practice_tenant.client.environment import Doors, Environment
from practice_tenant.client.managed_identity import Assigned, Form
from practice_tenant.errors import TenantNotRunning, TenantRefused, TenantSilent
from practice_tenant.private import check_folder, read_private

STRANGER_SECONDS = 2.0
"""How long to listen for an answer where one has ended: its port may be a stranger's by now."""


class Exchange(TypedDict):
    """One recorded exchange, masked by the tenant before it was recorded.

    `at` is in seconds since 1970, `sent` the query and then the form's parameters, `received` the parameters
    of the Location header or the members of the JSON answer. The marks tell secrets apart, see
    `workshop.trace.carried`.
    """

    seq: int
    at: float
    holder: str
    host: str
    method: str
    path: str
    user_agent: str
    flow: str
    sent: list[list[str]]
    sent_marks: list[list[str]]
    status: int
    received: list[list[str]]
    received_marks: list[list[str]]
    reason: str


@dataclass(frozen=True)
class Log:
    """Recorded exchanges and the number of the last one there is, whoever made it."""

    exchanges: list[Exchange]
    last: int


@dataclass(frozen=True)
class Running:
    """A practice tenant as it announced itself.

    Attributes:
        proxy: URL of the CONNECT proxy, without the password it wants; see `doors`.
        https: URL of the TLS listener, for clients that can't use a proxy; for programs of this account only.
        ca: the certificate authority's certificate, a PEM file.
        tenant_id: the default directory.
        control: URL of the control door.
        managed_identity: URL of the managed identities' door; "" if the tenant has none.
        admin_door: URL of the practice admin center's door; "" if the tenant has none. See `admin_center`.
        holder: the name of this process's lease, and the label of what it sends; "" without a lease.
        browser_proxy: URL of a CONNECT proxy for a browser, which can't be told a password beforehand; for programs of
            this account only.
        password: what the proxy wants.
    """

    pid: int
    proxy: str
    https: str
    ca: Path
    tenant_id: str
    state: Path
    control: str
    secret: str = field(repr=False)
    holder: str = ""
    managed_identity: str = ""
    admin_door: str = ""
    browser_proxy: str = ""
    password: str = field(default="", repr=False)

    @property
    def doors(self) -> Doors:
        """Return how a program reaches this tenant that is not led to it by variables."""
        return environment.doors(self.proxy, self.ca, self.holder, self.password)

    def exchanges(self, after: int = 0, wait: float = 0, holder: str | None = None) -> list[Exchange]:
        """Return the exchanges recorded after number `after`; see `log`."""
        return self.log(after, wait, holder).exchanges

    def last_exchange(self) -> int:
        """Return the number of the last exchange recorded so far."""
        return self.log(after=2**53).last

    def log(self, after: int = 0, wait: float = 0, holder: str | None = None) -> Log:
        """Return the exchanges recorded after number `after`.

        Args:
            wait: seconds (30 at most) to wait for one if there is none yet.
            holder: only those of this label; everyone's if None.
        """
        query = {"after": str(after), "wait": f"{min(wait, 30):g}"} | ({"holder": holder} if holder else {})
        answer = self._call("GET", f"/log?{urlencode(query)}", waits=wait)
        return Log(answer["exchanges"], answer["last"])

    def new_directory(self, name: str) -> str:
        """Make (or find) another directory tenant in the same process and return its tenant id."""
        return str(self._call("POST", "/directories", {"name": name})["tenant_id"])

    def directory(self, tenant_id: str = "") -> Directory:
        """Return the handle by which a teacher moves a directory's clock, switches faults on, and so on.

        Args:
            tenant_id: its tenant id, name or domain; the default directory if empty.
        """
        return Directory(tenant_id or self.tenant_id, self._call, self.doors)

    def admin_center(self, account: str = "", directory: str = "", at: str = "") -> str:
        """Return a link to the practice admin center; it works once, within ten minutes.

        Args:
            account: who is signed in there: a name before the @, a user principal name or an id; an administrator of
                the directory if empty.
            directory: tenant id, name or domain; the default directory if empty.
            at: where a proxy shows the admin center's door, such as `/user/robin/proxy/40123/` (JupyterHub) or
                `https://name-40123.app.github.dev/` (Codespaces); found out if empty, see
                `practice_tenant.client.admin_center`.

        Raises:
            TenantRefused: there is no such account or directory, or the account is disabled.
            TenantOutdated: the running tenant has no such door.
        """
        return admin_center.link(self.admin_door, self.directory(directory), account, self.holder, at)

    def environment(self, label: str | None = None, environ: Mapping[str, str] | None = None) -> Environment:
        """Say which variables lead a program to this tenant.

        Args:
            label: the proxy user name, found again as `holder` of every recorded exchange.
            environ: where preset AZURE_* variables are looked for, which are to be removed; nowhere if None.

        Raises:
            PracticeTenantError: the label would not survive in a URL.
        """
        return environment.variables(self.proxy, self.ca, self.state, label, environ, self.password)

    def node_variables(self) -> dict[str, str]:
        """Say what Node needs besides: its own name for the CA, and the will to look at the proxy variables."""
        return environment.node_variables(self.ca)

    def browser_variable(self, account: str) -> dict[str, str]:
        """Say which browser Python programs open: one that signs in to this tenant by itself.

        Args:
            account: the user principal name that signs in.
        """
        return environment.browser_variable(self.state, account)

    def managed_identity_environment(
        self, directory: str = "", form: Form = "app_service", assigned: Assigned = "both"
    ) -> Environment:
        """Say which variables make a program one that runs on Azure.

        Args:
            directory: tenant id, name or domain; the default directory if empty.
            form: "app_service" as in App Service, Functions and Container Apps, or "imds" as on a virtual machine.
            assigned: which identities the host has: the system-assigned one, the user-assigned ones, both, or none.

        Raises:
            TenantOutdated: the running tenant has no such door.
            PracticeTenantError: the header's file can't be read.
        """
        door = self.managed_identity
        tenant_id = str(self.directory(directory).show()["tenant_id"]) if door else ""
        return managed_identity.variables(door, tenant_id, self.state, form, assigned)

    def status(self) -> dict[str, Any]:
        """Return what the tenant says of itself: pid, uptime, leases, directories, requests."""
        return self._call("GET", "/status")

    def reset(self) -> None:
        """Put the directory back to its seed. Keys, certificate and ports stay."""
        self._call("POST", "/reset")

    def stop(self) -> None:
        """End the tenant, whoever else uses it, and return when its doors are closed."""
        self._call("POST", "/stop")
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            try:
                self.status()
            except (TenantNotRunning, TenantRefused):
                return
            time.sleep(0.02)
        raise TenantRefused("POST /stop", 200, f"but it is still there after {ANSWER_SECONDS:.0f} s.")

    @property
    def patience(self) -> float:
        """Return the seconds to wait for an answer: many if the tenant's process is there."""
        return ANSWER_SECONDS if psutil.pid_exists(self.pid) else STRANGER_SECONDS

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None, waits: float = 0) -> dict[str, Any]:
        """Make a control call, which the tenant may answer `waits` seconds late."""
        # http.client knows no proxy variables: a control call must never go through the proxy.
        patience = self.patience
        connection = http.client.HTTPConnection(urlsplit(self.control).netloc, timeout=patience + waits)
        headers = self.authorization | ({"Content-Type": "application/json"} if body else {})
        try:
            connection.request(method, path, json.dumps(body) if body else None, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
        except TimeoutError as error:
            silent = patience == ANSWER_SECONDS
            raise (TenantSilent(self.pid, patience + waits) if silent else TenantNotRunning(self.state)) from error
        except (OSError, http.client.HTTPException) as error:
            raise TenantNotRunning(self.state) from error
        finally:
            connection.close()
        if response.status >= 400:
            raise TenantRefused(f"{method} {path}", response.status, text.strip()[:500])
        return dict(json.loads(text)) if text.strip() else {}

    @property
    def authorization(self) -> dict[str, str]:
        """Return the header every control call carries."""
        return {"Authorization": f"Bearer {self.secret}"}


def announced(state: Path) -> Running | None:
    """Return the tenant that last announced itself in `state`, running or not; None if none did.

    Raises:
        NotPrivate: another account can have written what stands there.
    """
    try:
        check_folder(state, root_may_look=True)
        said = json.loads(read_private(state / "tenant.json"))
        secret = read_private(state / "control-secret").strip()
        return Running(
            pid=int(said["pid"]),
            proxy=said["proxy"],
            https=said["https"],
            ca=Path(said["ca"]),
            tenant_id=said["tenant_id"],
            state=state,
            control=said["control"],
            secret=secret,
            managed_identity=said.get("managed_identity", ""),
            admin_door=said.get("admin_center", ""),
            browser_proxy=said.get("browser", said["proxy"]),
            password=_password(state),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _password(state: Path) -> str:
    """Return the proxy's password; "" where a tenant of an older version runs, which wants none."""
    try:
        return read_private(state / "proxy-password").split()[0]
    except (FileNotFoundError, IndexError):
        return ""


def found(state: Path) -> Running | None:
    """Return the tenant that runs for `state`, or None. It is neither started nor kept alive by this.

    Raises:
        TenantSilent: its process is there and does not answer.
        NotPrivate: another account can have written what stands there.
    """
    running = announced(state)
    if running is None:
        return None
    try:
        running.status()
    except (TenantNotRunning, TenantRefused):
        return None
    return running
