"""Scopes, and the `resource` parameter: what a client asks Entra for."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, Sign, codes, says

SECURE_MCP = f"{LEARN}/agent-id/secure-mcp-server-with-entra-id"
ADD_URI = "az ad app update --id <client id> --identifier-uris https://<host>/mcp api://<client id>"

FAILURES = (
    Failure(
        "resource-not-an-identifier-uri",
        "The client's resource parameter is no identifier URI of the app that owns the scopes",
        codes(9010010),
        "MCP clients send the server's address as resource (RFC 8707). Entra takes it only if that very address is an "
        "identifier URI of the app whose scopes are asked for. Here it is not.",
        Remedy(
            portal="If your tenant has verified the host's domain: Expose an API, set the Application ID URI to the "
            "server's address, https://<host>/mcp, and publish scopes as https://<host>/mcp/<scope>. Manifest: "
            "requestedAccessTokenVersion must be 2 first",
            az=ADD_URI,
            python="On azurewebsites.net, azurecontainerapps.io and devtunnels.ms, which nobody can verify, or on your "
            "own machine: a proxy before Entra that leaves resource out. AzureProvider (workshop.servers.proxy) does",
        ),
        SECURE_MCP,
        "VS Code and every client that keeps to the MCP specification, without a proxy",
        1,
    ),
    Failure(
        "client-asks-entra-directly",
        "The client asks Entra itself, with a scope that carries no app's name",
        (Sign(9010010, ("asked: bare scope",)), Sign(9010010, ("asked: Graph's scope",))),
        "The scope has no prefix, so Entra takes it for one of Microsoft Graph's, while resource names your server. "
        "The client did not go through the OAuth proxy: it was given Entra's addresses.",
        Remedy(
            python="Publish the proxy's metadata: AzureProvider with base_url set to the public address. Without a "
            "proxy advertise full scopes: AzureJWTVerifier(..., required_scopes=[...]) with RemoteAuthProvider does",
            client="Give it the server's address only. Remove authorization and token addresses typed by hand",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/4839",
        "ChatGPT and others that are set up by hand with Entra's addresses",
        2,
    ),
    Failure(
        "scope-without-its-resource",
        "A scope without its app's prefix is looked for at Microsoft Graph",
        codes(650053),
        "Entra knows a scope by its app: api://<client id>/<scope>. A bare scope counts as one of Microsoft Graph's, "
        "and Graph has none of that name. It may also be that the scope is misspelled or disabled.",
        Remedy(
            portal="Expose an API: see that the scope exists, is enabled and is spelled like this",
            az="az ad app show --id <client id> --query api.oauth2PermissionScopes[].value",
            python="Advertise full scopes in challenge and metadata: a current FastMCP does (AzureJWTVerifier, "
            "AzureProvider with identifier_uri)",
            client="Sign out and in again, so that it drops the scopes it remembers",
        ),
        f"{GITHUB}/anthropics/claude-code/issues/89438",
        "Claude Code and others when they connect again",
        3,
    ),
    Failure(
        "resource-with-a-slash",
        "The resource parameter ends in a slash that the identifier URI does not have",
        (Sign(9010010, ("asked: resource ends in a slash",)),),
        "Entra compares letter by letter, and an Application ID URI can't end in a slash. Older SDKs add one when "
        "they normalize the address.",
        Remedy(
            portal="Expose an API: the Application ID URI needs a path, https://<host>/mcp: then no slash is added",
            az=ADD_URI,
            python="Or a proxy that leaves resource out: AzureProvider. Publish the metadata's resource without slash",
            client="Update the client: its SDK adds the slash (typescript-sdk issue 1972, python-sdk PR 2925)",
        ),
        f"{GITHUB}/modelcontextprotocol/python-sdk/issues/2578",
        "clients with an older MCP SDK",
        4,
    ),
    Failure(
        "resource-not-supported",
        "This endpoint of Entra takes no resource parameter",
        codes(901002),
        "Entra's version 2.0 endpoints refused resource (RFC 8707) until late 2025, and at common and organizations "
        "some still do.",
        Remedy(
            python="Leave resource out: AzureProvider does. With RemoteAuthProvider name your tenant id and not "
            "common or organizations",
            client="Update it, or connect through the proxy",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/1846",
        "every client that sends resource, without a proxy",
        5,
    ),
    Failure(
        "required-scope-by-its-long-name",
        "The server requires a scope by its long name, tokens carry the short one",
        (
            *says(
                r"granted unauthorized scopes",
                r"missing required scopes \(has .*requires .*(?:api|https)://",
            ),
            Sign(says=(r"insufficient_scope", r"scope=\"?(?:api|https)://")),
        ),
        "A client asks for api://<client id>/read, but the claim scp in the token says read. A server that requires "
        "the long name refuses every token.",
        Remedy(
            python='required_scopes=["read"] (ENTRA_PROXY_REQUIRED_SCOPES=read): short names; FastMCP adds the prefix '
            "where it asks",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2263",
        number=7,
    ),
    Failure(
        "two-resources-in-one-request",
        "One token was asked for two resources",
        codes(28000),
        "An access token is for one resource. Sign-in may list scopes of several, but the token request names one.",
        Remedy(
            python="Graph's scopes belong into additional_authorize_scopes (ENTRA_PROXY_ADDITIONAL_AUTHORIZE_SCOPES): "
            "they are consented at sign-in and never sent with the token request. Get Graph's token on behalf of the "
            "user afterwards",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2447",
        number=9,
    ),
    Failure(
        "no-scope-at-redemption",
        "The code was redeemed without a scope",
        codes(28003),
        "The sign-in asked for scopes of an app, but the token request that redeems the code names none.",
        Remedy(
            python="Send scope with the token request: api://<client id>/<scope>. AzureProvider and msal do",
            client="Update it: some versions left the scope out here",
        ),
        f"{GITHUB}/AzureAD/microsoft-authentication-library-for-python/issues/125",
        number=10,
    ),
    Failure(
        "token-for-itself",
        "An app asks for a token for itself by its api:// name",
        codes(90009),
        "Client and resource are the same app. Entra allows that only if the resource is named by the application id, "
        "not by its URI. It shows at refresh, when no scope is sent.",
        Remedy(
            portal="Better: register the client as an app of its own, and pre-authorize it under Expose an API",
            az="az ad app create --display-name <client's name> --is-fallback-public-client true",
            python="Send scope=<client id>/.default, or repeat the scopes of the sign-in when refreshing",
        ),
        CODES,
        "clients that use the server's own registration",
        12,
    ),
    Failure(
        "openid-scope-prefixed",
        "A scope of OpenID Connect was given an app's prefix",
        tuple(Sign(code, (r"scope '?[^'\s]*(?:openid|profile|email|offline_access)'?",)) for code in (650053, 65005)),
        "openid, profile, email and offline_access belong to no app. With api://<client id>/ before them they are "
        "scopes that nobody has defined.",
        Remedy(
            python="Put them into additional_authorize_scopes by their bare names, never into required_scopes; "
            "update FastMCP (PR 2506, PR 4130)",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/pull/2506",
        "ChatGPT shows it as “permissions not granted”",
        21,
    ),
    Failure(
        "scope-not-valid",
        "The scope parameter can't be read",
        codes(70011, 28002),
        "The scope is missing, malformed, or .default stands together with single scopes.",
        Remedy(python="Send full scopes with spaces between, or <resource>/.default alone"),
        CODES,
    ),
    Failure(
        "daemon-needs-default",
        "An app that acts for itself asked for a single scope",
        codes(1002012),
        "With client credentials nobody can choose: the scope has to be <resource>/.default, which means every app "
        "role the app was granted.",
        Remedy(python='scope="api://<client id>/.default"'),
        f"{LEARN}/identity-platform/v2-oauth2-client-creds-grant-flow",
    ),
    Failure(
        "resource-not-in-api-permissions",
        "The client asks for a resource that its registration does not list",
        codes(650057),
        "The scope's app is not among the client's API permissions.",
        Remedy(
            portal="The client's registration > API permissions > Add a permission > My APIs",
            az="az ad app permission add --id <client> --api <resource> --api-permissions <scope id>=Scope",
            python="await app.patch(Application(required_resource_access=[...]))",
        ),
        CODES,
    ),
)
