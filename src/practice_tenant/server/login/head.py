"""What stands in the head of every answer of the identity platform, of documents, tokens, pages and refusals.

Source: answers recorded by the Azure SDKs (2021 and 2022) and by users of azure-identity and msal.js (2024 to 2026). Of
the cookies that Entra sets beside them (``fpc``, ``esctx``, ``x-ms-gateway-slice``) there are none here.
"""

from __future__ import annotations

from practice_tenant.server.http.messages import Response
from practice_tenant.server.web import Call

_EVERY = {
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "p3p": 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    # The form is Entra's: a version, and the place that answered.
    "x-ms-ests-server": "2.1.0.0 - PRACTICE ProdSlices",
    "x-ms-srs": "1.P",
    "x-xss-protection": "0",
}
_JSON = "application/json"


def complete(call: Call, response: Response) -> None:
    """Add what is missing in the head of an answer.

    The client's own id for the request comes back where the client asks for that (``return-client-request-id``).
    Source: pull request 6070 of AzureAD/microsoft-authentication-library-for-dotnet.
    """
    for name, value in _EVERY.items():
        response.headers.setdefault(name, value)
    response.headers["x-ms-request-id"] = call.trace_id
    if response.headers.get("content-type") == _JSON:
        response.headers["content-type"] = f"{_JSON}; charset=utf-8"
    if call.client_request_id and call.beside_the_form("return-client-request-id").lower() == "true":
        response.headers["client-request-id"] = call.client_request_id
