"""What the MCP clients people use register with, and where each was seen to do so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class KnownClient:
    """A client as it introduces itself.

    Attributes:
        name: for a reader.
        body: of its registration request (RFC 7591).
        returns_to: where it has the browser sent after that; it need not be an address it registered to the letter.
        setting: its name in `ENTRA_PROXY_KNOWN_CLIENTS`; empty where the default lets it in.
        seen: where this is from.
    """

    name: str
    body: dict[str, Any]
    returns_to: str
    setting: str
    seen: str


CODE = {"grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"]}
PUBLIC = CODE | {"token_endpoint_auth_method": "none"}

CLIENTS = (
    KnownClient(
        "VS Code",
        PUBLIC
        | {
            "client_name": "Visual Studio Code",
            "client_uri": "https://code.visualstudio.com",
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
            "application_type": "native",
        },
        "http://127.0.0.1:33418/",
        "",
        "https://github.com/microsoft/vscode/issues/278512",
    ),
    KnownClient(
        "VS Code, while another window has port 33418",
        PUBLIC
        | {
            "client_name": "Visual Studio Code",
            "redirect_uris": [
                "https://insiders.vscode.dev/redirect",
                "https://vscode.dev/redirect",
                "http://127.0.0.1/",
                "http://127.0.0.1:33418/",
            ],
        },
        "http://127.0.0.1:59656/",
        "",
        "https://github.com/microsoft/vscode/issues/278512",
    ),
    KnownClient(
        "VS Code in a browser",
        PUBLIC | {"redirect_uris": ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect"]},
        "https://vscode.dev/redirect",
        "",
        "https://github.com/microsoft/vscode/pull/256288",
    ),
    KnownClient(
        "MCP Inspector",
        PUBLIC
        | {
            "client_name": "MCP Inspector",
            "client_uri": "https://github.com/modelcontextprotocol/inspector",
            "redirect_uris": ["http://localhost:6274/oauth/callback"],
            "scope": "access",
        },
        "http://localhost:6274/oauth/callback",
        "",
        "https://github.com/modelcontextprotocol/inspector/issues/556",
    ),
    KnownClient(
        "MCP Inspector, step by step",
        PUBLIC
        | {
            "client_name": "MCP Inspector",
            "redirect_uris": [
                "http://localhost:6274/oauth/callback",
                "http://localhost:6274/oauth/callback/debug",
            ],
        },
        "http://localhost:6274/oauth/callback/debug",
        "",
        "https://github.com/modelcontextprotocol/inspector/issues/556",
    ),
    KnownClient(
        "mcp-remote",
        PUBLIC
        | {
            "client_name": "MCP CLI Proxy",
            "client_uri": "https://github.com/modelcontextprotocol/mcp-cli",
            "redirect_uris": ["http://localhost:3334/oauth/callback"],
            "software_id": "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
            "software_version": "0.1.29",
        },
        "http://localhost:3334/oauth/callback",
        "",
        "https://github.com/geelen/mcp-remote",
    ),
    KnownClient(
        "Claude Code",
        PUBLIC
        | {
            "client_name": "Claude Code (expenses)",
            "redirect_uris": ["http://localhost:3118/callback"],
            "application_type": "native",
        },
        "http://localhost:56648/callback",
        "",
        "https://github.com/elmohq/elmo/pull/684 and https://github.com/anthropics/claude-code/issues/10439",
    ),
    KnownClient(
        "Codex",
        PUBLIC | {"redirect_uris": ["http://127.0.0.1:37819/callback/x7"], "application_type": "native"},
        "http://127.0.0.1:37819/callback/x7",
        "",
        "https://github.com/elmohq/elmo/pull/684",
    ),
    KnownClient(
        "OpenCode",
        PUBLIC | {"client_name": "OpenCode", "redirect_uris": ["http://127.0.0.1:19876/mcp/oauth/callback"]},
        "http://127.0.0.1:19876/mcp/oauth/callback",
        "",
        "https://github.com/elmohq/elmo/pull/684",
    ),
    KnownClient(
        "FastMCP's client",
        CODE
        | {
            "client_name": "FastMCP Client",
            "redirect_uris": ["http://localhost:47311/callback"],
            "token_endpoint_auth_method": "client_secret_post",
        },
        "http://localhost:47311/callback",
        "",
        "fastmcp.client.auth.oauth, 4.2.3; the lessons sign in with it itself",
    ),
    KnownClient(
        "claude.ai",
        CODE
        | {
            "client_name": "Claude",
            "redirect_uris": ["https://claude.ai/api/mcp/auth_callback"],
            "token_endpoint_auth_method": "client_secret_post",
        },
        "https://claude.ai/api/mcp/auth_callback",
        "claude",
        "https://github.com/anthropics/claude-code/issues/5826",
    ),
    KnownClient(
        "ChatGPT",
        PUBLIC | {"client_name": "ChatGPT", "redirect_uris": ["https://chatgpt.com/connector/oauth/OUbdUMlL15Ct"]},
        "https://chatgpt.com/connector/oauth/OUbdUMlL15Ct",
        "chatgpt",
        "https://github.com/BasedHardware/omi/issues/8824",
    ),
    KnownClient(
        "ChatGPT, as it was",
        PUBLIC | {"client_name": "ChatGPT", "redirect_uris": ["https://chatgpt.com/connector_platform_oauth_redirect"]},
        "https://chatgpt.com/connector_platform_oauth_redirect",
        "chatgpt",
        "https://github.com/makeplane/plane-mcp-server/pull/165",
    ),
    KnownClient(
        "Cursor",
        PUBLIC
        | {
            "client_name": "Cursor",
            "redirect_uris": [
                "cursor://anysphere.cursor-mcp/oauth/callback",
                "https://www.cursor.com/agents/mcp/oauth/callback",
                "http://localhost:8787/callback",
            ],
        },
        "cursor://anysphere.cursor-mcp/oauth/callback",
        "cursor",
        "https://github.com/erp-mafia/accounted/pull/2225",
    ),
    KnownClient(
        "Copilot Studio",
        CODE
        | {
            "client_name": "Copilot Studio",
            "redirect_uris": ["https://global.consent.azure-apim.net/redirect/cr938-5fzephyr-20mcp-5f43bcb8573bc3e84"],
            "token_endpoint_auth_method": "client_secret_post",
        },
        "https://global.consent.azure-apim.net/redirect/cr938-5fzephyr-20mcp-5f43bcb8573bc3e84",
        "copilot-studio",
        "https://github.com/SmartBear/smartbear-mcp/issues/463",
    ),
)
