"""What a server says of itself before anybody signs in: challenge, metadata, addresses."""

from __future__ import annotations

from workshop.diagnosis.knowledge.clients import SPECIFICATION
from workshop.diagnosis.knowledge.entry import GITHUB, Failure, Remedy, Sign, says

RFC9728 = "https://www.rfc-editor.org/rfc/rfc9728#section-3"
RFC8414 = "https://www.rfc-editor.org/rfc/rfc8414#section-3"

FAILURES = (
    Failure(
        "metadata-at-another-path",
        "The protected resource metadata is not where clients look, or names another resource",
        says(
            r"Protected resource \S+ does not match expected",
            r"\b404\b[^\n]*/\.well-known/oauth-protected-resource",
            r"/\.well-known/oauth-protected-resource\S*[^\n]*\b404\b",
        ),
        "For https://<host>/mcp it belongs at https://<host>/.well-known/oauth-protected-resource/mcp, and its "
        "resource is https://<host>/mcp (RFC 9728 section 3). A base_url with /mcp in it, or a server mounted below "
        "another path, breaks that.",
        Remedy(
            python="ENTRA_PROXY_BASE_URL=https://<host>, without /mcp; resource_base_url "
            "(ENTRA_PROXY_RESOURCE_BASE_URL) if the resource is reached elsewhere. Mounted apps: add "
            "auth.get_well_known_routes(mcp_path=...) at the root",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2077",
        number=18,
    ),
    Failure(
        "http-addresses-behind-tls",
        "The server is reached by https and publishes http:// addresses",
        says(
            r"Protected resource http://(\S+) does not match expected https://\1",
            r"http://\S+ .*(?:mixed content|insecure)",
            r"30[178][^\n]*location: http://(?!localhost|127\.)",
        ),
        "TLS ends at a reverse proxy, and the server takes itself for an http one. Clients refuse to go from https to "
        "http, or lose the token on the redirect.",
        Remedy(
            python="ENTRA_PROXY_BASE_URL=https://<host>; uvicorn --proxy-headers --forwarded-allow-ips=<the proxy>, so "
            "that X-Forwarded-Proto counts; give clients the address without a slash at the end",
        ),
        f"{GITHUB}/microsoft/azure-container-apps/issues/1736",
        number=19,
    ),
    Failure(
        "address-inside",
        "The server names an address that only its own machine or network reaches",
        (),
        "Its metadata, its challenge or a redirect leads to a private or a loopback address. Clients elsewhere don't "
        "get there, and a careful one does not try: a hostile server does the same to reach into the client's network. "
        "The base_url is the one inside, or a reverse proxy does not pass the public name on.",
        Remedy(python="ENTRA_PROXY_BASE_URL=https://<host>, the public one; so for every address in the metadata"),
        f"{SPECIFICATION}/security-considerations",
    ),
    Failure(
        "host-not-allowed",
        "The server does not take the host name by which it is called",
        says(
            r"Invalid Host header",
            r"Invalid Origin header|Forbidden Origin",
            r"\b421\b.*misdirected|Misdirected Request",
        ),
        "Its protection against DNS rebinding knows only its own address, or a list without this name (421), or the "
        "page that calls is of no listed origin (403).",
        Remedy(
            python="ENTRA_PROXY_BASE_URL=https://<host>, or ENTRA_PROXY_ALLOWED_HOSTS=<host> and "
            "ENTRA_PROXY_ALLOWED_ORIGINS=https://<page>; mcp.http_app(host_origin_protection=True, "
            'allowed_hosts=["<host>"]) in FastMCP, TransportSecuritySettings(allowed_hosts=[...]) in the Python SDK. '
            "Don't switch the check off",
        ),
        f"{GITHUB}/modelcontextprotocol/python-sdk/issues/1798",
        number=20,
    ),
    Failure(
        "no-challenge",
        "The 401 does not say where the metadata is",
        (
            Sign(says=(r"\b401\b", r"www-authenticate"), lacks=(r"resource_metadata", r"error=")),
            Sign(says=(r"(?m)^(?:HTTP/\S+ )?401\b",), lacks=(r"www-authenticate", r"AADSTS", r"oauth|token")),
        ),
        'Clients find the sign-in by WWW-Authenticate: Bearer resource_metadata="..." on the 401. Without it only '
        "those that guess the address go on. Something in front of the server answers (EasyAuth, a gateway), or drops "
        "the header.",
        Remedy(
            portal="App Service, Container Apps: Authentication off, or unauthenticated requests allowed, and let the "
            "server answer",
            python="FastMCP with auth=... sends it by itself; let the gateway pass WWW-Authenticate on",
        ),
        RFC9728,
    ),
    Failure(
        "no-protected-resource-metadata",
        "There is no protected resource metadata anywhere",
        (),
        "Neither the address in the challenge nor the well-known addresses answer. The client doesn't learn who signs "
        "users in.",
        Remedy(python="FastMCP with auth=RemoteAuthProvider or AzureProvider and base_url publishes it"),
        RFC9728,
    ),
    Failure(
        "no-authorization-server",
        "The metadata names no authorization server, or one whose metadata can't be read",
        (),
        "authorization_servers is empty, or none of the well-known addresses below it answers with JSON.",
        Remedy(
            python="RemoteAuthProvider(authorization_servers=[AnyHttpUrl("
            '"https://login.microsoftonline.com/<tenant id>/v2.0")])',
        ),
        RFC8414,
    ),
    Failure(
        "issuer-differs",
        "The authorization server's metadata names another issuer",
        says(r"metadata issuer mismatch"),
        "The issuer in the document must be, letter by letter, the one by which it was found (RFC 8414 section 3.3). "
        "A slash at the end, a wrong issuer_url, or Entra's common, whose issuer has {tenantid} in it.",
        Remedy(
            python="Leave ENTRA_PROXY_ISSUER_URL empty, or set it to the public address exactly; name your tenant id, "
            "not common or organizations",
        ),
        RFC8414,
    ),
    Failure(
        "scopes-without-prefix-advertised",
        "The metadata sends clients to Entra with scopes that carry no app's name",
        (),
        "Clients ask Entra for what scopes_supported says. A bare scope is one of Microsoft Graph's there.",
        Remedy(
            python="Advertise api://<client id>/<scope>: AzureJWTVerifier with RemoteAuthProvider does",
        ),
        SPECIFICATION,
    ),
    Failure(
        "server-without-tls",
        "The server is reached by http",
        (),
        "Tokens would travel in the clear: clients take http for localhost only (RFC 6750 section 5.3).",
        Remedy(python="Put it behind TLS and set ENTRA_PROXY_BASE_URL=https://<host>", client="Use the https address"),
        "https://www.rfc-editor.org/rfc/rfc6750#section-5.3",
    ),
    Failure(
        "gateway-refuses",
        "Something in front of the server refuses the call",
        says(r"x-functions-key|function key", r"Authorization_Forbidden_By_Gateway|subscription key"),
        "A 403 before any sign-in comes from a gateway: a function key, an API key, a list of addresses, or App "
        "Service authentication.",
        Remedy(
            portal="Function App > Functions > Authorization level Anonymous; App Service authentication: allow "
            "unauthenticated requests",
            python="The server checks tokens itself; what stands before it lets calls without one pass",
        ),
        f"{GITHUB}/Azure-Samples/remote-mcp-apim-functions-python/issues/21",
    ),
    Failure(
        "no-answer",
        "The server does not answer",
        says(
            r"Connection refused|ECONNREFUSED|Name or service not known|getaddrinfo|ENOTFOUND",
            r"All connection attempts failed|timed out",
        ),
        "Nobody listens there, the name is unknown, or a firewall keeps silent.",
        Remedy(
            python="Start the server; see that host and port are those that clients use", client="Check its address"
        ),
        SPECIFICATION,
    ),
    Failure(
        "certificate-not-trusted",
        "The certificate of the server is not trusted",
        says(r"CERTIFICATE_VERIFY_FAILED|self.signed certificate|UNABLE_TO_VERIFY|certificate has expired"),
        "It is self-signed, expired, for another name, or of a company's own authority that the client does not know.",
        Remedy(
            python="A certificate of a public authority; for a company's own set SSL_CERT_FILE where the client runs",
            client="Node programs: NODE_EXTRA_CA_CERTS",
        ),
        "https://docs.python.org/3/library/ssl.html",
    ),
    Failure(
        "no-mcp-at-this-address",
        "There is no MCP server at this address",
        says(r"\b404\b[^\n]*\bPOST \S*/mcp|POST \S*/mcp\S*[^\n]*\b404\b"),
        "The path is wrong. FastMCP serves at /mcp.",
        Remedy(client="Use the address with its path: https://<host>/mcp"),
        SPECIFICATION,
    ),
    Failure(
        "server-error",
        "The server fails with an error of its own",
        says(r"(?m)^(?:HTTP/\S+ )?50[0234]\b", r"Internal Server Error|Bad Gateway|Service Unavailable"),
        "It, or what stands before it, is broken or starting. That is no question of signing in.",
        Remedy(python="Look into the server's log"),
        SPECIFICATION,
    ),
    Failure(
        "throttled",
        "Too many requests",
        says(r"(?:HTTP/\S+|status|status code:?) 429\b", r"TooManyRequests|Too Many Requests"),
        "Entra or Graph asks to wait. Graph's identity calls send no Retry-After.",
        Remedy(
            python="Wait as Retry-After says, else longer each time; keep tokens and do not fetch them for each call"
        ),
        "https://learn.microsoft.com/graph/throttling",
    ),
)
