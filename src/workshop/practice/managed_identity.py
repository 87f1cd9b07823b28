"""The variables by which code finds the managed identity of the host it runs on."""

from __future__ import annotations

from typing import Literal

from workshop.errors import FileUnusable, WorkshopError
from workshop.practice.control import Running
from workshop.practice.environment import Environment

Form = Literal["app_service", "imds"]
Assigned = Literal["both", "system", "user", "none"]

APP_SERVICE = ("IDENTITY_ENDPOINT", "IDENTITY_HEADER")
IMDS = ("AZURE_POD_IDENTITY_AUTHORITY_HOST",)
# What would lead the libraries to yet another kind of host.
OTHERS = ("IDENTITY_SERVER_THUMBPRINT", "IMDS_ENDPOINT", "MSI_ENDPOINT", "MSI_SECRET", "AZURE_FEDERATED_TOKEN_FILE")


def managed_identity_environment(
    running: Running, directory: str = "", form: Form = "app_service", assigned: Assigned = "both"
) -> Environment:
    """Say which variables make this process one that runs on Azure; set them only where a lesson asks for it.

    Args:
        running: the tenant.
        directory: tenant id, name or domain; the default directory if empty.
        form: "app_service" as in App Service, Functions and Container Apps, or "imds" as on a virtual machine.
        assigned: which identities the host has: the system-assigned one, the user-assigned ones, both, or none.

    Raises:
        WorkshopError: the running tenant has no such door, or the header's file can't be read.
    """
    if not running.managed_identity:
        raise WorkshopError("The practice tenant that runs is an older one: `workshop tenant stop`, then start again.")
    host = f"{running.managed_identity}/{running.directory(directory).show()['tenant_id']}/{assigned}"
    if form == "imds":
        return Environment({IMDS[0]: host}, (*APP_SERVICE, *OTHERS))
    path = running.state / "identity-header"
    try:
        header = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise FileUnusable(path, f"can't be read ({error.strerror}).") from error
    return Environment({"IDENTITY_ENDPOINT": f"{host}/msi/token", "IDENTITY_HEADER": header}, (*IMDS, *OTHERS))
