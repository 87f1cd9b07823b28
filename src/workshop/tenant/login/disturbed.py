"""What the identity platform says while it is throttling or out of order.

Sources, as recorded: 429 in AzureAD/microsoft-authentication-library-for-dotnet issue 2855; 503 in
Azure/azure-sdk-for-python issue 14241; 500 in AzureAD/microsoft-authentication-library-for-js issue 4329 (the body).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import PlainTextResponse, Response

from workshop.tenant.faults import Fault
from workshop.tenant.login.errors import LoginError

_TRANSIENT = "A transient error has occurred. Please try again."
_AS_JSON: Mapping[int, LoginError] = {
    500: LoginError(90041, "server_error", _TRANSIENT, 500),
    503: LoginError(90033, "temporarily_unavailable", _TRANSIENT, 503),
}
_AS_TEXT: Mapping[int, str] = {429: "Too Many Requests", 502: "Bad Gateway", 504: "Gateway Timeout"}


def in_json(fault: Fault) -> LoginError | None:
    """Return the refusal that Entra tells in its envelope; None for what a gateway answers in its place."""
    return _AS_JSON.get(fault.status) if fault.kind == "error" else None


def in_text(fault: Fault) -> Response:
    """Return the answer of what stands before the identity platform."""
    status = 429 if fault.kind == "throttle" else fault.status
    return PlainTextResponse(_AS_TEXT[status], status)


def retry_after(fault: Fault) -> dict[str, str]:
    """Return the header that tells when to come again, if there is one."""
    return {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
