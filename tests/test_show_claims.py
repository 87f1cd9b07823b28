"""Claims side by side: the same in every run, and nothing random or secret in them."""

from __future__ import annotations

import uuid

from workshop.show.claims import side_by_side

TENANT, CLIENT, OTHER = (str(uuid.uuid4()) for _ in range(3))
OURS = {
    "iss": "http://localhost:8123/",
    "aud": "http://localhost:8123/mcp",
    "client_id": OTHER,
    "exp": 1795267545,
    "jti": "PvSMiT90Yg_NT0pPBhe",
    "upstream_claims": {"oid": OTHER, "name": "Robin Marsh"},
}
THEIRS = {
    "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
    "aud": CLIENT,
    "exp": 1795267545,
    "name": "Robin Marsh",
    "email": "robin@sandboxabc.onmicrosoft.com",
    "roles": ["Approver", "Reader"],
}
ONLY = ("iss", "aud", "client_id", "exp", "jti", "name", "email", "roles", "upstream_claims")


def test_one_column_a_token_one_row_a_claim_and_names_for_what_differs() -> None:
    known = {TENANT: "{tenant}", CLIENT: "{client}", "sandboxabc.onmicrosoft.com": "{domain}"}
    shown = side_by_side({"FastMCP's": OURS, "Entra's": THEIRS}, ONLY, known)
    assert shown.headings == ("claim", "FastMCP's", "Entra's")
    assert {row[0]: row[1:] for row in shown.rows} == {
        "iss": ("http://localhost:PORT/", "https://login.microsoftonline.com/{tenant}/v2.0"),
        "aud": ("http://localhost:PORT/mcp", "{client}"),
        "client_id": ("{id}", ""),
        "exp": ("{time}", "{time}"),
        "jti": ("…", ""),
        "name": ("", "Robin Marsh"),
        "email": ("", "robin@{domain}"),
        "roles": ("", "Approver Reader"),
        "upstream_claims": ("holds oid, name", ""),
    }


def test_a_token_in_a_claim_is_masked() -> None:
    token = ".".join(("eyJ" + "hbGciOiJub25lIn0", "eyJ" + "zdWIiOiIxIn0", "c2ln" * 20))
    assert "eyJ" not in repr(side_by_side({"it": {"note": token}}, ["note"]))


def test_nothing_is_shown_but_what_was_asked_for() -> None:
    assert side_by_side({"it": THEIRS}, ["aud"], {CLIENT: "{client}"}).rows == (("aud", "{client}"),)
