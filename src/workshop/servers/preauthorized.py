"""The expense tracker behind Entra ID itself: clients bring Entra's own tokens, and there is no proxy.

The server names Entra as its authorization server and verifies what clients bring. It signs nobody in and keeps no
tokens. Clients are registered in Entra beforehand (pre-authorized, if their users are to see no consent page). An app
that acts for itself is refused, unless `ENTRA_PREAUTHORIZED_APP_ROLES` says which app roles let it in.

If the app has a credential, there are tools that ask Microsoft Graph on behalf of the user. FastMCP's
``EntraOBOToken`` looks for its own proxy and finds none here, so they use `OnBehalfOf`.

Run it with ``python -m workshop.servers.preauthorized``, ``fastmcp run -m workshop.servers.preauthorized`` or
``fastmcp run src/workshop/servers/run.py:preauthorized --transport http``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.azure import AzureJWTVerifier
from pydantic import AnyHttpUrl

from .app_settings import LOCAL, AppSettings
from .apps import ToolsByCaller, add_tools_of_apps
from .audit import Audit
from .caller import CallerMiddleware
from .challenges import ChallengeErrors
from .credentials import assertions
from .expenses import ExpenseStore, add_tools
from .guarded import GuardedServer, reach_of
from .icon import ICON
from .logs import one_line_each
from .obo import OnBehalfOf, ServerApp, TokenExchanges
from .one_token import TakesOneToken
from .preauthorized_settings import PreauthorizedSettings, load
from .verifier import EntraTokenVerifier, Rules

if TYPE_CHECKING:
    from .acting import Acting


class EntraTokens(TakesOneToken, RemoteAuthProvider):
    """Name Entra as the place to get tokens, and take one token per request."""


def build(base_url: str | None = None, settings: PreauthorizedSettings | None = None) -> FastMCP:
    """Return the server.

    Args:
        base_url: where clients reach it, without the path ``/mcp``; that of the settings if None (an https
            Application ID URI says it too), else http://localhost:8000.
        settings: from the environment if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    settings = settings or load()
    address = base_url or settings.address or LOCAL
    acting = _acting(settings) if settings.credentials else None
    mcp = GuardedServer(
        "Expenses (pre-authorized clients)",
        reach_of(settings, address),
        auth=provider(settings, address),
        icons=[ICON],
        mask_error_details=True,
        lifespan=acting.lifespan if acting else None,
    )
    mcp.add_middleware(CallerMiddleware())
    mcp.add_middleware(Audit(settings.audit_log))
    mcp.add_middleware(ChallengeErrors())
    mcp.add_middleware(ToolsByCaller())
    store = ExpenseStore(settings.database)
    add_tools(mcp, store)
    if acting:
        acting.add_tools(mcp, store, settings.approvers_group_id)
    if settings.app_roles:
        add_tools_of_apps(mcp, store)
    return mcp


def provider(settings: PreauthorizedSettings, base_url: str) -> EntraTokens:
    """Return the door of these settings, to put before any server.

    Its protected resource metadata (RFC 9728) names Entra, and the scopes as Entra wants them asked for: in full,
    such as ``api://<client id>/user_impersonation``. In a token (`scp`) the same scope has its short name.

    Entra takes the metadata's ``resource`` from a client only if it is, letter for letter, an Application ID URI of
    the app: https://mcp.contoso.com/mcp, for a server at https://mcp.contoso.com. The ``aud`` of a token of version 2
    is the client id all the same.
    """
    one_line_each()
    issuer = f"https://{settings.base_authority}/{settings.tenant_id}/v2.0"
    return EntraTokens(
        token_verifier=verifier(settings),
        authorization_servers=[AnyHttpUrl(issuer)],
        base_url=base_url,
        resource_name="Expenses",
        required_scopes=scopes_of_every_request(settings),
    )


def verifier(settings: AppSettings, rules: Rules | None = None) -> EntraTokenVerifier:
    """Return what looks at the tokens: FastMCP's verifier for Entra, and then the servers' own rules.

    Args:
        rules: those of the settings if None.
    """
    clients = frozenset(settings.allowed_clients)
    rules = rules or Rules(settings.tenant_ids, settings.base_authority, clients, settings.confidential_clients_only)
    if not settings.app_roles:
        return EntraTokenVerifier(_azure(settings, settings.required_scopes), rules)
    # A token without a user has no scopes: FastMCP's verifier for it requires none, and the rules ask for a role.
    return EntraTokenVerifier(
        _azure(settings, settings.required_scopes),
        replace(rules, app_roles=frozenset(settings.app_roles)),
        of_apps=_azure(settings, ()),
    )


def scopes_of_every_request(settings: AppSettings) -> list[str] | None:
    """Return what FastMCP is to look for once the verifier has taken a token; None for what that requires.

    Where apps are let in it is nothing: an app has no scopes. The verifier has looked for a user's, twice.
    """
    return [] if settings.app_roles else None


def _azure(settings: AppSettings, scopes: Sequence[str]) -> AzureJWTVerifier:
    return AzureJWTVerifier(
        client_id=settings.client_id,
        tenant_id=settings.tenant_id,
        required_scopes=list(scopes),
        identifier_uri=settings.identifier_uri,
        base_authority=settings.base_authority,
    )


def _acting(settings: PreauthorizedSettings) -> Acting:
    """Return what acts on behalf of users. It needs msgraph-sdk, which a server that does not can do without."""
    from .acting import Acting
    from .graph import Graph

    app = ServerApp(settings.client_id, settings.client_secret, assertions(settings), settings.base_authority)
    exchanges = TokenExchanges(app)
    return Acting(Graph(settings.graph_url), lambda scopes: OnBehalfOf(exchanges, scopes), exchanges.close)


if __name__ == "__main__":
    from .serve import main, with_settings

    main(with_settings(build, load))
