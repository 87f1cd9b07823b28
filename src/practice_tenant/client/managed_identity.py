"""The variables by which code finds the managed identity of the host it runs on."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from practice_tenant.client.environment import Environment
from practice_tenant.errors import PracticeTenantError, TenantOutdated
from practice_tenant.private import read_private

Form = Literal["app_service", "imds"]
Assigned = Literal["both", "system", "user", "none"]

APP_SERVICE = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
IMDS = ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
# What would lead the libraries to yet another kind of host.
OTHERS = ("IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_FEDERATED_TOKEN_FILE")


def variables(
    door: str, tenant_id: str, state: Path, form: Form = "app_service", assigned: Assigned = "both"
) -> Environment:
    """Say which variables make this process one that runs on Azure; set them only where a lesson asks for it.

    Args:
        door: URL of the managed identities' door; "" if the tenant has none.
        tenant_id: the directory's.
        state: the tenant's folder.
        form: "app_service" as in App Service, Functions and Container Apps, or "imds" as on a virtual machine.
        assigned: which identities the host has: the system-assigned one, the user-assigned ones, both, or none.

    Raises:
        TenantOutdated: the running tenant has no such door.
        PracticeTenantError: a file of the door's secrets can't be read.
    """
    if not door:
        raise TenantOutdated
    host = f"{door}/{_secret(state / 'identity-path')}/{tenant_id}/{assigned}"
    if form == "imds":
        return Environment({IMDS[0]: host}, (*APP_SERVICE, *OTHERS))
    header = _secret(state / "identity-header")
    return Environment({"IDENTITY_ENDPOINT": f"{host}/msi/token", "IDENTITY_HEADER": header}, (*IMDS, *OTHERS))


def _secret(path: Path) -> str:
    try:
        return read_private(path).strip()
    except OSError as error:
        raise PracticeTenantError(f"{path}: can't be read ({error.strerror}).") from error
