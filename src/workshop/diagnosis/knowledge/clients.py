"""MCP clients: how they register, what the server remembers of them, what they demand of its metadata."""

from __future__ import annotations

from workshop.core.well_known import VISUAL_STUDIO_CODE
from workshop.diagnosis.knowledge.entry import GITHUB, LEARN, Failure, Remedy, says

CLEAR = (
    "Clear what it remembers. VS Code: command “Authentication: Remove Dynamic Authentication Providers”. Claude Code: "
    "/mcp > the server > Clear authentication. MCP Inspector: Clear OAuth State. FastMCP's client: its token storage. "
    "Claude and ChatGPT: remove the connector and add it again"
)
VS_CODES_DOCUMENT = "https://vscode.dev/oauth/client-metadata.json"
SPECIFICATION = "https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization"

FAILURES = (
    Failure(
        "client-forgotten",
        "The server no longer knows the client that it registered",
        says(
            r"Client Not Registered",
            r"Client ID '.*' (?:not found|is not registered)",
            r"was not found in the server's client registry",
            r"OAuth client not found",
            r"Client ID not found|client_id .*not found",
        ),
        "Clients are registered in the server's storage. It was in memory and the server restarted, another replica "
        "answered, or the key that encrypts it changed.",
        Remedy(
            python="ENTRA_PROXY_STORAGE=<a folder> (a shared one for all replicas) and one fixed "
            "ENTRA_PROXY_JWT_SIGNING_KEY for all",
            client=CLEAR,
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/1762",
        "all that register by themselves: VS Code, Claude, ChatGPT, MCP Inspector",
        16,
    ),
    Failure(
        "client-document-unread",
        "The server could not read the document by whose address the client names itself",
        says(
            r"CIMD fetch failed for",
            r"Client ID '?https://[^\s']+'? (?:not found|is not registered)",
            r"client.?id\W+(?:code\W+)?https://\S+[^\n]{0,80}(?:not found|not registered)",
        ),
        "The client's id is the https address of its metadata document (CIMD), and the server fetches it. FastMCP's "
        "proxy advertises that it does, so VS Code comes this way. The server has no way there, or the document is at "
        "fault: its log says which (CIMD fetch failed). Clients that register by themselves are not concerned.",
        Remedy(
            python=f"Let the server reach the document (VS Code's is {VS_CODES_DOCUMENT}). Where it can't, "
            "ENTRA_PROXY_ENABLE_CIMD=no (AzureProvider(enable_cimd=False)): then the metadata doesn't promise it, and "
            "such clients register instead",
            client="Connect again after that, so that it reads the metadata anew",
        ),
        f"{GITHUB}/microsoft/vscode/pull/271403",
        "VS Code and others that name themselves by an https address, behind a server without a way to the internet",
    ),
    Failure(
        "no-client-registration",
        "The authorization server registers no clients",
        says(
            r"does not support dynamic client registration",
            r"Incompatible auth server",
            r"registration failed:? ?\(?404",
        ),
        "Entra has no Dynamic Client Registration (RFC 7591). Client id metadata documents (CIMD) it takes in public "
        "preview: in some tenants, and for servers whose Application ID URI is their address. Elsewhere a client that "
        "brings no client id of its own stops here.",
        Remedy(
            portal=f"Pre-authorize clients that have an id (VS Code: {VISUAL_STUDIO_CODE}): Expose an "
            "API > Add a client application. Users of a public client are asked nothing then, whatever program it is",
            az="az ad app create --display-name <client's name> --public-client-redirect-uris http://localhost",
            python="Or put the OAuth proxy before Entra, which registers clients: AzureProvider",
            client="Give it a client id (Claude Code: --client-id; VS Code asks for one)",
        ),
        f"{LEARN}/agent-id/client-id-metadata-documents",
        "clients that need DCR or CIMD: Claude, ChatGPT, Cursor, MCP Inspector",
        17,
    ),
    Failure(
        "no-pkce-in-metadata",
        "The metadata does not say that PKCE is supported",
        says(r"code_challenge_methods_supported", r"does not support (?:S256|PKCE)|PKCE (?:is )?not supported"),
        "The MCP specification tells clients to refuse an authorization server whose metadata lacks "
        "code_challenge_methods_supported. Entra supports PKCE but leaves this member out.",
        Remedy(
            python="Put the OAuth proxy before Entra: AzureProvider publishes S256",
            client="VS Code and the Python SDK go on without it",
        ),
        f"{SPECIFICATION}/security-considerations",
        "claude.ai and others that keep strictly to the specification",
    ),
    Failure(
        "consent-in-another-browser",
        "The proxy's consent page was answered in another browser than the sign-in",
        says(r"Authorization session mismatch", r"consent.*cookie.*(?:missing|mismatch)"),
        "The cookie of the consent page (__Host-...) did not come back: another browser, an old tab, or a reverse "
        "proxy that drops cookies or speaks http.",
        Remedy(
            python="Serve by https with an https ENTRA_PROXY_BASE_URL, and let the reverse proxy pass cookies on",
            client="Begin the sign-in again, and finish it in the same browser",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/4748",
        "behind Azure Functions and the like",
    ),
    Failure(
        "consent-page-blocked-by-csp",
        "The browser does not leave the proxy's consent page",
        says(r"violates the following Content Security Policy directive: \"?form-action"),
        "Its Content-Security-Policy (form-action) does not list where the client's redirect leads.",
        Remedy(python="ENTRA_PROXY_CONSENT_CSP_POLICY, with the client's address under form-action; or update FastMCP"),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2476",
        "Chromium, with clients on a scheme of their own",
    ),
    Failure(
        "on-behalf-of-without-the-proxy",
        "EntraOBOToken works with AzureProvider only",
        says(r"EntraOBOToken requires an AzureProvider"),
        "With RemoteAuthProvider the server has no client secret that FastMCP knows of.",
        Remedy(python="Use azure-identity's OnBehalfOfCredential by hand, or AzureProvider"),
        f"{GITHUB}/PrefectHQ/fastmcp/blob/main/docs/integrations/azure.mdx",
    ),
    Failure(
        "setting-missing",
        "The server's settings lack a value",
        says(
            r"KeyError:? '?(?:AZURE|ENTRA)_\w+",
            r"\b(?:AZURE|ENTRA)_\w+ is not set",
            r"\b(?:AZURE|ENTRA)_\w+[^.\n]{0,80} can't be used",
        ),
        "A variable is not set where the server runs: .env is not read there, or a deployment's hook runs before it.",
        Remedy(python="Set it in the environment or in .env; .env.sample explains each"),
        f"{GITHUB}/Azure-Samples/python-mcp-demos/pull/18",
    ),
)
