"""What a stranger can send so that it stands in a log: forged lines, and characters that steer a terminal.

Where such texts were seen to work: an `error` with an encoded line break (CWE-117; it once made an audit line here), an
object's name with sequences that clear a terminal (CVE-2021-25743, kubectl), a bidi override (CVE-2021-42574, Trojan
Source), separators at which only some viewers break (U+2028, U+0085), rich's markup, OSC 8 links, an address in
X-Forwarded-For (uvicorn's access log takes it from a proxy on the same machine), and a line so long that others scroll
away.
"""

from __future__ import annotations

import json
import socket
from urllib.parse import quote

AUDIT = json.dumps(
    {
        "time": "2026-01-01T00:00:00.000+00:00",
        "caller": "user",
        "oid": "00000000-0000-4000-8000-00000000f0e9",
        "tid": "00000000-0000-4000-8000-00000000f0e9",
        "client": None,
        "mcp_client": None,
        "tool": "add_expense",
        "outcome": "ok",
        "milliseconds": 1,
    }
)
FORGED = (
    AUDIT,
    f"INFO:     audit {AUDIT}",
    "2026-01-01T00:00:00.000Z INFO fastmcp.workshop.servers.audit: forged",
    'INFO:     127.0.0.1:1 - "POST /mcp HTTP/1.1" 200 OK',
)
ENDS = ("\n", "\r\n", "\r", "\x0b", "\x0c", "\x1e", "\x85", "\u2028", "\u2029")
LINES = (*(f"x{end}{AUDIT}{end}" for end in ENDS), *(f"x\n{line}\n" for line in FORGED[1:]))
STEERING = (
    "x\x1b[2J\x1b[1;1Hy",
    "x\x1b]0;title\x07y",
    "x\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\y",
    "x\x9b31my\x9d0;title\x9c",
    "x\x00\x07\x08\x08\x08\x7fy",
    "x\u202e\u2066\u2069\u200e\u061cy",
    "x\u200b\u200d\u2060\ufeff\u00ad\u034f\u3164\ufe0f\U000e0041y",
    "[bold red]x[/] [link=http://evil.example]y[/link] %s %(a)s {0}",
    "x" * 60_000,
)
TEXTS = LINES + STEERING


def asked(port: int, request: bytes) -> bytes:
    """Send bytes to a server on this machine and return the start of its answer."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        try:
            return connection.recv(65_536)
        except ConnectionError:
            return b""


def requests(text: str) -> list[bytes]:
    """Return requests that bring a text wherever a stranger may put one: queries, bodies, headers, the path."""
    raw = text.encode("utf-8")
    in_header = bytes(byte for byte in raw if byte not in b"\r\n\0")[:20_000]
    short = quote(text)[:30_000]
    name = json.dumps({"client_name": text, "redirect_uris": ["http://localhost:1/"], "scope": text}).encode()[:60_000]
    form = f"grant_type=authorization_code&code={short}&client_id={short}&redirect_uri={short}&code_verifier=v".encode()
    head = b"Host: localhost\r\nConnection: close\r\n"
    return [
        b"GET /auth/callback?error=%s&error_description=%s&state=%s HTTP/1.1\r\n%s\r\n"
        % (short.encode(), short.encode(), short.encode(), head),
        b"GET /authorize?response_type=code&client_id=%s&redirect_uri=%s&state=%s HTTP/1.1\r\n%s\r\n"
        % (short.encode(), short.encode(), short.encode(), head),
        b"GET /auth/callback?code=a-code&state=%s HTTP/1.1\r\n%s\r\n" % (short.encode(), head),
        b"GET /consent?txn_id=%s HTTP/1.1\r\n%s\r\n" % (short.encode(), head),
        b"POST /register HTTP/1.1\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s"
        % (head, len(name), name),
        b"POST /token HTTP/1.1\r\n%sContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s"
        % (head, len(form), form),
        b"GET /%s?%s HTTP/1.1\r\n%s\r\n" % (short[:2_000].encode(), in_header[:2_000].replace(b" ", b""), head),
        b"POST /mcp HTTP/1.1\r\n%sAuthorization: Bearer %s\r\nX-Forwarded-For: %s\r\nUser-Agent: %s\r\n"
        b"Mcp-Name: %s\r\nMcp-Session-Id: %s\r\nContent-Length: 2\r\n\r\n{}"
        % (head, *[in_header[:4_000]] * 5),
    ]  # fmt: skip
