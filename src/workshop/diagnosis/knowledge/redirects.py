"""Redirect URIs: where the browser may be sent back to, at Entra and at the proxy."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, Sign, codes, says

REPLY_URL = f"{LEARN}/identity-platform/reply-url"
WEB = "az ad app update --id <client id> --web-redirect-uris https://<host>/auth/callback"
MOVE_TO_WEB = "az rest -m PATCH -u https://graph.microsoft.com/v1.0/applications/<object id> -b "
EMPTIED = '{"spa":{"redirectUris":[]},"publicClient":{"redirectUris":[]},"web":{"redirectUris":["<uri>"]}}'
MOVE_TO_WEB += f"'{EMPTIED}'"
PATCH_WEB = "await app.patch(Application(web=WebApplication(redirect_uris=[...])))"

FAILURES = (
    Failure(
        "redirect-uri-not-registered",
        "The server's redirect URI is not registered in Entra",
        codes(50011),
        "Entra sends the browser only to a registered address, compared letter by letter. AzureProvider sends its "
        "base_url with /auth/callback behind it. The port is free for localhost only.",
        Remedy(
            portal="Authentication > Web > Add URI: exactly the one in the message",
            az=WEB,
            python=PATCH_WEB,
        ),
        f"{GITHUB}/anthropics/claude-code/issues/47975",
        number=14,
    ),
    Failure(
        "redirect-uri-http-behind-a-proxy",
        "The redirect URI begins with http:// although the server is reached by https",
        (Sign(50011, (r"redirect URI 'http://(?!localhost|127\.|\[::1\])",)),),
        "TLS ends at a reverse proxy, and the server does not know: its base_url is http, or it does not trust "
        "X-Forwarded-Proto.",
        Remedy(
            portal="Register the https address; Entra takes http for localhost only",
            az=WEB,
            python="ENTRA_PROXY_BASE_URL=https://<host>; uvicorn --proxy-headers --forwarded-allow-ips=<the proxy>",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/435",
        number=19,
    ),
    Failure(
        "redirect-uri-with-the-mcp-path",
        "The redirect URI has the path /mcp in it: base_url has one path too many",
        (Sign(50011, (r"redirect URI '[^']*/mcp/[^']*'",)),),
        "base_url is where the server is reached without /mcp. With it, every address has it twice.",
        Remedy(
            python="ENTRA_PROXY_BASE_URL=https://<host>, without /mcp", portal="Register https://<host>/auth/callback"
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2077",
        number=14,
    ),
    Failure(
        "clients-redirect-uri-not-allowed",
        "The proxy does not allow the client's redirect URI",
        says(
            r"does not match allowed patterns",
            r"Redirect URI '.*' not registered for client",
            r"invalid_redirect_uri",
        ),
        "The client registered, or now sends, an address that the server does not allow. VS Code takes another port "
        "when 33418 is taken.",
        Remedy(
            python="ENTRA_PROXY_KNOWN_CLIENTS=cursor (or claude, chatgpt, copilot-studio). Another client: its address "
            "beside the default ones in ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS=http://localhost:* http://127.0.0.1:* "
            "https://vscode.dev/redirect https://insiders.vscode.dev/redirect",
            client="Clear its registration and connect again (VS Code: “Authentication: Remove Dynamic Authentication "
            "Providers”)",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/3746",
        "VS Code, MCP Inspector, web clients",
        15,
    ),
    Failure(
        "redirect-uri-not-absolute",
        "The redirect URI that was sent is no whole address",
        codes(90102),
        "It lacks its scheme. Often a setting that wants an address holds a host name alone.",
        Remedy(
            python="Send the whole address, as it is registered: https://<host>/auth/callback "
            "(ENTRA_PROXY_BASE_URL=https://<host>)",
        ),
        f"{GITHUB}/abraunegg/onedrive/issues/1739",
    ),
    Failure(
        "no-redirect-uri-at-all",
        "The app has no redirect URI",
        codes(500113),
        "Nothing is registered under Authentication.",
        Remedy(portal="Authentication > Add a platform > Web: https://<host>/auth/callback", az=WEB, python=PATCH_WEB),
        REPLY_URL,
    ),
    Failure(
        "redirect-uri-changed-on-the-way",
        "The redirect URI at redemption is another than at sign-in",
        codes(500112),
        "Both requests have to name the same one. Two replicas with different base_url do this.",
        Remedy(python="The same ENTRA_PROXY_BASE_URL on all replicas"),
        CODES,
    ),
    Failure(
        "single-page-redirect",
        "The redirect URI is registered for a single-page application, but a server redeems the code",
        codes(9002325, 9002327),
        "Under Single-page application Entra demands PKCE and a browser's own request. A server is of the platform "
        "Web.",
        Remedy(
            portal="Authentication: remove the URI under Single-page application, add it under Web",
            az=MOVE_TO_WEB,
            python="await app.patch(Application(spa=SpaApplication(redirect_uris=[]), web=WebApplication(...)))",
        ),
        f"{GITHUB}/Azure-Samples/azure-search-openai-demo/issues/785",
        number=24,
    ),
    Failure(
        "script-at-a-web-redirect",
        "A script in a browser redeems a code of the platform Web",
        codes(9002326),
        "Only single-page applications may ask across origins.",
        Remedy(portal="Authentication: register the script's URI under Single-page application"),
        CODES,
    ),
    Failure(
        "implicit-flow-off",
        "The client asks for a token in the address, which is off",
        codes(700051, 700054),
        "It uses the implicit flow. OAuth 2.1 has none, and the app does not allow it.",
        Remedy(client="Use the authorization code flow with PKCE: response_type=code"),
        CODES,
    ),
)
