"""Microsoft Graph's errors. Source: https://learn.microsoft.com/graph/errors"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from practice_tenant.server.directory.wellknown import GRAPH
from practice_tenant.server.faults import DirectoryFault, Struck
from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call, JsonAnswer

_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    f'client_id="{GRAPH}"'
)


@dataclass(eq=False)
class GraphError(Exception):
    """A refusal by Microsoft Graph: HTTP status, Graph's code, and a sentence."""

    status: int
    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


def unauthenticated(message: str) -> GraphError:
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": _CHALLENGE})


def denied(message: str = "Insufficient privileges to complete the operation.") -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", message)


def not_found(identifier: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{identifier}' does not exist or one of its queried reference-property objects are not present.",
    )


def bad_request(message: str, code: str = "Request_BadRequest") -> GraphError:
    return GraphError(400, code, message)


def invalid_value(name: str, resource: str) -> GraphError:
    return bad_request(f"Invalid value specified for property '{name}' of resource '{resource}'.")


def unsupported_query(message: str) -> GraphError:
    return bad_request(message, "Request_UnsupportedQuery")


def missing_here(method: str, path: str) -> GraphError:
    return GraphError(501, "notImplemented", f"The PRACTICE tenant has no {method} {path} yet; Microsoft Graph may.")


# As recorded: 429 in jsa2/AADAppAudit issue 9; 503 and 504 in microsoftgraph/microsoft-graph-docs-contrib issues 6045
# and 6820. [MEM] 500 and 502.
_FAULTS: Mapping[int, tuple[str, str]] = {
    429: (
        "TooManyRequests",
        "Too many requests from Identifier:{tenant} under category:aadgraph.app.tenant_large. Please try again later.",
    ),
    500: ("InternalServerError", "The server encountered an internal error."),
    502: ("UnknownError", ""),
    503: ("serviceNotAvailable", "Service unavailable"),
    504: ("UnknownError", ""),
}


def disturbed(fault: DirectoryFault, tenant_id: str) -> GraphError:
    """Return what Graph says while it is throttling or out of order; throttled identity calls name no time."""
    code, message = _FAULTS[fault.told_status]
    return GraphError(fault.told_status, code, message.format(tenant=tenant_id), fault.headers)


def answer_error(call: Call, error: Exception) -> Response | None:
    """Answer a refusal in Graph's form."""
    reason = str(error)
    if isinstance(error, Struck):
        error = disturbed(error.fault, call.remark.tenant_id)
    if not isinstance(error, GraphError):
        return None
    call.remark.reason = reason
    inner = {
        "date": datetime.fromtimestamp(call.stamp, UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": call.trace_id,
        "client-request-id": call.client_request_id or call.trace_id,
    }
    body = {"error": {"code": error.code, "message": error.message, "innerError": inner}}
    head = {name: value for name, value in headers(call).items() if name != "OData-Version"}
    return JsonAnswer(body, error.status, {**head, "Content-Type": "application/json", **error.headers})


def headers(call: Call) -> dict[str, str]:
    """Return what stands in the head of every answer."""
    return {
        "Cache-Control": "no-cache",
        "Vary": "Accept-Encoding",
        "Strict-Transport-Security": "max-age=31536000",
        "request-id": call.trace_id,
        "client-request-id": call.client_request_id or call.trace_id,
        "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"PRACTICE","Slice":"E","Ring":"1","ScaleUnit":"000"}}',
        "x-ms-resource-unit": "1",
        "OData-Version": "4.0",
        "Content-Type": "application/json;odata.metadata=minimal;odata.streaming=true;"
        "IEEE754Compatible=false;charset=utf-8",
    }
