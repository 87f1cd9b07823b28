"""The form of Entra's error answers: the JSON envelope, the redirect, the page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from practice_tenant.server.faults import DirectoryFault, Struck
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import cross_origin
from practice_tenant.server.login.errors import WITH_ERROR_URI, LoginError
from practice_tenant.server.web import Call, JsonAnswer

NO_STORE = {
    "Cache-Control": "no-store, no-cache",
    "Pragma": "no-cache",
    "Expires": "-1",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "P3P": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
}


# What the identity platform says while it is out of order. Sources, as recorded: 503 in issue 14241 of
# Azure/azure-sdk-for-python; 500 in issue 4329 of AzureAD/microsoft-authentication-library-for-js (the body).
# Throttling is answered in plain text: issue 2855 of AzureAD/microsoft-authentication-library-for-dotnet.
_TRANSIENT = "A transient error has occurred. Please try again."
_OUT_OF_ORDER: Mapping[int, LoginError] = {
    500: LoginError(90041, "server_error", _TRANSIENT, 500),
    503: LoginError(90033, "temporarily_unavailable", _TRANSIENT, 503),
}


def timestamp(now: float) -> str:
    """Return a time as Entra writes it in errors, such as ``2026-08-13 21:24:29Z``."""
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


def description(call: Call, error: LoginError, *, for_client: bool = False) -> str:
    """Return ``error_description``; since late 2023 its parts are separated by single spaces."""
    text = error.for_client() if for_client else str(error)
    return f"{text} Trace ID: {call.trace_id} Correlation ID: {call.correlation_id} Timestamp: {timestamp(call.stamp)}"


def error_members(call: Call, error: LoginError) -> dict[str, Any]:
    """Return the members of the token endpoint's error, in Entra's order; absent ones are absent."""
    members: dict[str, Any] = {
        "error": error.error,
        "error_description": description(call, error, for_client=True),
        "error_codes": [error.code],
        "timestamp": timestamp(call.stamp),
        "trace_id": call.trace_id,
        "correlation_id": call.correlation_id,
    }
    if error.code in WITH_ERROR_URI:
        members["error_uri"] = f"https://login.microsoftonline.com/error?code={error.code}"
    return {**members, **error.extra}


def answer_json(call: Call, error: Exception) -> Response | None:
    """Answer a refusal at an endpoint that speaks JSON."""
    headers = {**NO_STORE, **cross_origin.headers(call)}
    if isinstance(error, Struck):
        return _answer_fault(call, error, headers)
    if not isinstance(error, LoginError):
        return None
    call.remark.reason = str(error)
    return JsonAnswer(error_members(call, error), error.status, headers)


def _answer_fault(call: Call, struck: Struck, headers: dict[str, str]) -> Response | None:
    refusal = _in_json(struck.fault)
    if refusal is None:
        return None
    call.remark.reason = str(struck)
    return JsonAnswer(error_members(call, refusal), refusal.status, headers | struck.fault.headers)


def _in_json(fault: DirectoryFault) -> LoginError | None:
    """Return the refusal that Entra tells in its envelope; None for what stands before it answers in plain text."""
    return _OUT_OF_ORDER.get(fault.status) if fault.kind == "error" else None


def answer_page(call: Call, error: Exception) -> Response | None:
    """Answer a refusal at an endpoint that a person looks at."""
    if isinstance(error, Struck):
        return _answer_fault(call, error, dict(NO_STORE))
    if not isinstance(error, LoginError):
        return None
    from practice_tenant.server.login import pages  # here, so that discovery does not wait for them

    call.remark.reason = str(error)
    return pages.error(call, error.code, description(call, error))
