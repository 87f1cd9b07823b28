"""The pages' way to Microsoft Graph: through the tenant's own routes, with a token of the person who looks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.wellknown import AZURE_CLI_GRAPH_SCOPES, AZURE_PORTAL, GRAPH_URI, PORTAL_API
from practice_tenant.server.http.messages import Answering, HttpRequest, Response
from practice_tenant.server.web import Call

GRAPH_HOST = "graph.microsoft.com"
PORTAL_HOST = "main.iam.ad.ext.azure.com"
TOKEN_SECONDS = 300
AGENT = "practice-admin-center"


@dataclass(eq=False)
class FormRefused(Exception):
    """What could not be done, in Microsoft Graph's words or the page's own.

    Args:
        field: of the form, that has to be changed; empty if no single one is to blame.
    """

    message: str
    code: str = ""
    status: int = 400
    field: str = ""

    def __str__(self) -> str:
        return f"{self.code}: {self.message}" if self.code else self.message


@dataclass(frozen=True)
class Portal:
    """One person's calls.

    Args:
        tenant: the application behind the TLS listener.
        holder: the label of the calls in the log.
    """

    tenant: Answering
    call: Call
    directory: EntraTenant
    user: User
    holder: str

    async def get(self, path: str, **query: str) -> dict[str, Any]:
        """Return what Graph answers; the names of query options come without their $."""
        options = "&".join(f"${name}={quote(value, safe='')}" for name, value in query.items())
        return await self._ask("GET", f"/v1.0{path}", query=options)

    async def post(self, path: str, body: Mapping[str, Any], *, field: str = "") -> dict[str, Any]:
        """Make something, or call an action.

        Raises:
            FormRefused: in Graph's words; ``field`` is the one to blame.
        """
        return await self._ask("POST", f"/v1.0{path}", body, field=field)

    async def patch(self, path: str, body: Mapping[str, Any], *, field: str = "") -> None:
        """Change something.

        Raises:
            FormRefused: in Graph's words; ``field`` is the one to blame.
        """
        await self._ask("PATCH", f"/v1.0{path}", body, field=field)

    async def delete(self, path: str) -> None:
        """Delete something.

        Raises:
            FormRefused: in Graph's words.
        """
        await self._ask("DELETE", f"/v1.0{path}")

    async def grant_admin_consent(self, app_id: str) -> None:
        """Do what the button *Grant admin consent* does.

        Raises:
            FormRefused: in the words of the portal's own interface.
        """
        path = f"/api/RegisteredApplications/{app_id}/Consent"
        await self._ask("POST", path, query="onBehalfOfAll=true", host=PORTAL_HOST, audience=PORTAL_API)

    async def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: str = "",
        host: str = GRAPH_HOST,
        audience: str = GRAPH_URI,
        field: str = "",
    ) -> dict[str, Any]:
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {
            "host": host,
            "authorization": f"Bearer {await self._token(audience)}",
            "user-agent": AGENT,
            **({"content-type": "application/json"} if raw else {}),
        }
        request = HttpRequest(
            method=method,
            path=path,
            query=query.encode(),
            raw_headers=[(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            body=raw,
            holder=self.holder,
        )
        return _read(await self.tenant(request), field)

    async def _token(self, audience: str) -> str:
        """Return a token as the admin center would get one for this person."""
        call, user = self.call, self.user
        now = int(call.now(self.directory.tenant_id))
        claims = {
            "aud": audience,
            "appid": AZURE_PORTAL,
            "oid": user.id,
            "tid": self.directory.tenant_id,
            "nbf": now - 1,
            "exp": now + TOKEN_SECONDS,
            "scp": " ".join(AZURE_CLI_GRAPH_SCOPES if audience == GRAPH_URI else ("user_impersonation",)),
        }
        return await call.keys.sign({"typ": "JWT", "alg": "RS256", "kid": call.keys.current.kid}, claims)


def _read(response: Response, field: str) -> dict[str, Any]:
    status = response.status_code
    try:
        answer = json.loads(response.body) if response.body else {}
    except ValueError:
        answer = {}
    if status < 400:
        return dict(answer)
    error = answer.get("error", {})
    message = error.get("message") or answer.get("Message") or response.body.decode("utf-8", "replace")[:500]
    raise FormRefused(message or f"The answer was {status}.", error.get("code", ""), status, field)
