"""Answers to the exercises of lesson 07: right ones, wrong ones, and ones that are begun in part."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from workshop.lesson.checks.lesson07 import SIGNING_KEY, STORAGE

KEY = "practice, and at least thirty-two characters long"
FOUND = ["host-not-allowed", "resource-not-supported", "graphs-token"]

Answers = list[tuple[str, object]]


def by_pairs(address: str) -> str:
    return dict(parse_qsl(urlsplit(address).query))["redirect_uri"]


def still_quoted(address: str) -> str:
    return address.split("redirect_uri=")[1].split("&")[0]


def unquoted_too_early(address: str) -> str:
    return unquote(address).split("redirect_uri=")[1].split("&")[0]


def up_to_the_end(address: str) -> str:
    return unquote(re.sub(".*redirect_uri=", "", address))


RIGHT: Answers = [
    ("missing-redirect", lambda address: parse_qs(urlsplit(address).query)["redirect_uri"][0]),
    ("missing-redirect", by_pairs),
    ("missing-redirect", lambda address: unquote(still_quoted(address))),
    ("lasting-clients", {STORAGE: "./clients", SIGNING_KEY: KEY}),
    ("lasting-clients", {STORAGE: "files", SIGNING_KEY: KEY}),
    ("three-mysteries", FOUND),
    ("three-mysteries", tuple(name.upper() for name in FOUND)),
]

WRONG: Answers = [
    ("missing-redirect", "http://localhost:8000/auth/callback"),
    ("missing-redirect", lambda _address: "http://localhost:8000/auth/callback"),
    ("missing-redirect", lambda address: parse_qs(urlsplit(address).query)["redirect_uri"]),
    ("missing-redirect", lambda address: parse_qs(address)["redirect_uri"][0].rstrip("/")),
    ("missing-redirect", still_quoted),
    ("missing-redirect", unquoted_too_early),
    ("missing-redirect", up_to_the_end),
    ("missing-redirect", lambda address: print(address)),
    ("missing-redirect", lambda address: address.nothing),
    ("lasting-clients", "files"),
    ("lasting-clients", {}),
    ("lasting-clients", {STORAGE: "files"}),
    ("lasting-clients", {STORAGE: "files", SIGNING_KEY: ""}),
    ("lasting-clients", {STORAGE: "memory", SIGNING_KEY: KEY}),
    ("lasting-clients", {STORAGE: "files", SIGNING_KEY: "too short"}),
    ("lasting-clients", {STORAGE: "memroy", SIGNING_KEY: KEY}),
    ("lasting-clients", {STORAGE: "redis://localhost", SIGNING_KEY: KEY}),
    ("lasting-clients", {STORAGE: None, SIGNING_KEY: KEY}),
    ("lasting-clients", {STORAGE: "files", SIGNING_KEY: KEY, "ENTRA_PROXY_CONSENT": "no"}),
    ("three-mysteries", "graphs-token"),
    ("three-mysteries", FOUND[:2]),
    ("three-mysteries", FOUND[::-1]),
    ("three-mysteries", [FOUND[0], FOUND[1], "token-expired"]),
    ("three-mysteries", [*FOUND, "token-expired"]),
    ("three-mysteries", [FOUND[0], 1, FOUND[2]]),
]

BEGUN: Answers = [
    ("missing-redirect", lambda _address: ...),
    ("lasting-clients", {STORAGE: "clients", SIGNING_KEY: ...}),
    ("three-mysteries", [FOUND[0], ..., ...]),
]
