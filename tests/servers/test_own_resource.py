"""Which server a client asks a token for: the forms in which clients really name one, and those that name another."""

from __future__ import annotations

import pytest

from workshop.servers.own_resource import same_resource

OWN = "http://localhost:8000/mcp"
PUBLIC = "https://mcp.example.com/mcp"


@pytest.mark.parametrize(
    ("asked", "own"),
    [
        (OWN, OWN),
        # FastMCP's client and VS Code send what the metadata says, MCP Inspector what was typed.
        ("http://localhost:8000/mcp/", OWN),
        ("http://127.0.0.1:8000/mcp", OWN),
        ("http://[::1]:8000/mcp", OWN),
        # ChatGPT adds parameters (PrefectHQ/fastmcp, `OAuthProxy.authorize`).
        ("https://mcp.example.com/mcp?kb_name=X", PUBLIC),
        ("https://mcp.example.com:443/mcp", PUBLIC),
        ("HTTPS://MCP.Example.com/mcp", PUBLIC),
        ("https://mcp.example.com/", "https://mcp.example.com"),
    ],
)
def test_its_own_address_in_any_form(asked: str, own: str) -> None:
    assert same_resource(asked, own)


@pytest.mark.parametrize(
    "asked",
    [
        "https://another.example/mcp",
        "https://mcp.example.com.evil.example/mcp",
        "https://mcp.example.com@evil.example/mcp",
        "https://evil.example/https://mcp.example.com/mcp",
        "https://mcp.example.com:8443/mcp",
        "http://mcp.example.com/mcp",
        "https://mcp.example.com/another/mcp",
        "https://mcp.example.com/mcp/../admin",
        "https://localhost/mcp",
        "https://[::1",
        "https://mcp.example.com:port/mcp",
        "mcp.example.com/mcp",
        "x",
    ],
)
def test_another_server(asked: str) -> None:
    assert not same_resource(asked, PUBLIC)
