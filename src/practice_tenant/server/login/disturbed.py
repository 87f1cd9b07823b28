"""What the identity platform says while it is throttling or out of order.

Sources, as recorded: 503 in Azure/azure-sdk-for-python issue 14241; 500 in
AzureAD/microsoft-authentication-library-for-js issue 4329 (the body). Throttling is answered in plain text:
AzureAD/microsoft-authentication-library-for-dotnet issue 2855.
"""

from __future__ import annotations

from collections.abc import Mapping

from practice_tenant.server.faults import Fault
from practice_tenant.server.login.errors import LoginError

_TRANSIENT = "A transient error has occurred. Please try again."
_AS_JSON: Mapping[int, LoginError] = {
    500: LoginError(90041, "server_error", _TRANSIENT, 500),
    503: LoginError(90033, "temporarily_unavailable", _TRANSIENT, 503),
}


def in_json(fault: Fault) -> LoginError | None:
    """Return the refusal that Entra tells in its envelope; None for what stands before it answers in plain text."""
    return _AS_JSON.get(fault.status) if fault.kind == "error" else None
