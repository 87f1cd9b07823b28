"""The table: each attack, where it is described, and what each of the shared servers answers.

A server without an OAuth proxy has none of its routes, and answers 404 there. The path of
MCP itself is not bounded as the others are: FastMCP has a bound of its own there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from . import attempts
from .target import Target

PROXIES = ("whoami", "proxy", "both_doors", "on_behalf_of")
SERVERS = ("unprotected", *PROXIES, "preauthorized")

NO_ROUTE = "404"
TRANSPORT = "MCP 2025-11-25, Transports, Security Warning; GHSA-9h52-p55h-vw2f (CVE-2025-66416)"


@dataclass(frozen=True)
class Attack:
    """One attack that is tried here.

    Attributes:
        attempt: does it and says what came of it.
        source: where it is described.
        answers: what each server answers.
    """

    attempt: Callable[[Target], str]
    source: str
    answers: Mapping[str, str]

    @property
    def name(self) -> str:
        """Its name in words."""
        return self.attempt.__name__.replace("_", " ")


@dataclass(frozen=True)
class HeldElsewhere:
    """One that other tests hold already: their ids."""

    name: str
    source: str
    tests: tuple[str, ...]


def each(answer: str, **others: str) -> dict[str, str]:
    """Return what the servers answer, if it is not the same for some."""
    return dict.fromkeys(SERVERS, answer) | others


def at_proxies(answer: str, **others: str) -> dict[str, str]:
    """Return what the servers with an OAuth proxy answer; the others have no such route."""
    return each(answer, unprotected=NO_ROUTE, preauthorized=NO_ROUTE) | others


ATTACKS = (
    # The address, and the browser.
    Attack(attempts.foreign_host, TRANSPORT, each("421")),
    Attack(attempts.foreign_host_at_metadata, TRANSPORT, each("421")),
    Attack(attempts.foreign_origin, TRANSPORT, each("403")),
    Attack(attempts.no_origin_at_all, f"{TRANSPORT}; RFC 6454 section 7.3", each("403")),
    Attack(attempts.forwarded_host, "CWE-644; RFC 7239 section 8.1", each("names itself")),
    Attack(attempts.foreign_page_reads, "Fetch standard, CORS protocol", each("not given")),
    Attack(attempts.framed, "RFC 6749 section 10.13; RFC 9700 section 4.16", at_proxies("no frame")),
    Attack(attempts.script_in_the_name, "RFC 6749 section 10.14; CWE-79", at_proxies("escaped")),
    Attack(attempts.script_in_an_error, "RFC 6749 section 10.14; CWE-79", at_proxies("400")),
    Attack(attempts.cookies_for_scripts, "RFC 6265 section 4.1.2.6", at_proxies("kept")),
    # HTTP itself.
    Attack(attempts.trace, "RFC 9110 section 9.3.8; CWE-693 (cross-site tracing)", each("405")),
    Attack(
        attempts.other_method,
        "RFC 9110 section 15.5.6",
        each("405", unprotected="404 405", preauthorized="404 405"),
    ),
    Attack(attempts.smuggled, "RFC 9112 section 6.1 and 11.2", each("1 answers")),
    Attack(attempts.two_lengths, "RFC 9112 section 6.3", each("400")),
    Attack(attempts.length_that_is_none, "RFC 9110 section 8.6", each("400 400 400")),
    Attack(attempts.line_break_in_a_header, "RFC 9112 section 11.1; CWE-113", each("whole, 400")),
    Attack(attempts.path_out_of_the_folder, "CWE-22", each("404")),
    Attack(
        attempts.deep_json,
        "CWE-674",
        each("401, 400 invalid_client_metadata", unprotected="400, 404", preauthorized="401, 404"),
    ),
    Attack(attempts.strange_json, "RFC 8259 section 8.2; CWE-20", at_proxies("400 invalid_client_metadata")),
    Attack(attempts.huge_body, "RFC 9110 section 15.5.14; CWE-770", each("413 invalid_request")),
    Attack(attempts.huge_form, "RFC 9110 section 15.5.14; CWE-770", each("413 invalid_request")),
    Attack(attempts.many_addresses, "RFC 7591 section 5; CWE-770", at_proxies("refused")),
    # Who the client is, and where the browser is sent.
    Attack(attempts.open_redirect, "RFC 9700 section 4.11.2; RFC 6749 section 3.1.2.4", at_proxies("refused")),
    Attack(attempts.open_redirect_to_a_program, "RFC 9700 section 4.11.2; CWE-939", at_proxies("refused")),
    Attack(
        attempts.another_address_of_the_list, "RFC 9700 section 2.1; OAuth 2.1 section 2.3.1", at_proxies("refused")
    ),
    Attack(attempts.address_not_registered, "RFC 9700 section 2.1 and 4.1", at_proxies("400 invalid_request")),
    Attack(attempts.script_as_an_address, "RFC 7591 section 5; CWE-79", at_proxies("400 invalid_redirect_uri")),
    Attack(attempts.client_that_is_no_client, "RFC 6749 section 4.1.2.1", at_proxies("400 invalid_request")),
    Attack(
        attempts.malformed_address_as_client, "CWE-248; Client ID Metadata Documents", at_proxies("400 invalid_request")
    ),
    Attack(
        attempts.document_inside,
        "Client ID Metadata Documents, Security Considerations; CWE-918",
        at_proxies("400 invalid_request"),
    ),
    Attack(
        attempts.resource_of_another,
        "RFC 8707 section 2; CVE-2025-69196",
        at_proxies("302 invalid_target"),
    ),
    # Codes, proofs and tokens.
    Attack(attempts.no_proof, "RFC 7636 section 4.4.1; OAuth 2.1 section 4.1.1", at_proxies("302 invalid_request")),
    Attack(attempts.plain_proof, "RFC 9700 section 2.1.1; RFC 7636 section 7.2", at_proxies("302 invalid_request")),
    Attack(attempts.wrong_proof, "RFC 7636 section 4.6", at_proxies("401 invalid_grant")),
    Attack(attempts.proof_left_out, "RFC 9700 section 4.8 (downgrade)", at_proxies("400 invalid_request")),
    Attack(attempts.token_in_the_address_bar, "RFC 9700 section 2.1.2", at_proxies("302 unsupported_response_type")),
    Attack(
        attempts.another_clients_code, "RFC 6749 section 4.1.3; RFC 9700 section 4.5", at_proxies("401 invalid_grant")
    ),
    Attack(attempts.another_address_at_the_end, "RFC 6749 section 4.1.3", at_proxies("400 invalid_request")),
    Attack(
        attempts.code_twice,
        "RFC 6749 section 4.1.2 and 10.5",
        at_proxies("401 invalid_grant, then 401 invalid_grant"),
    ),
    Attack(
        attempts.spent_refresh_token,
        "RFC 9700 section 4.14.2",
        at_proxies("401 invalid_grant, then 401 invalid_grant"),
    ),
    Attack(attempts.another_clients_refresh_token, "RFC 6749 section 6", at_proxies("401 invalid_grant")),
    Attack(attempts.grants_for_nobody, "RFC 9700 section 2.4; RFC 6749 section 5.2", at_proxies("400 invalid_request")),
    Attack(
        attempts.callback_without_the_browser_that_agreed,
        "GHSA-rww4-4w9c-7733 (CVE-2026-27124); RFC 9700 section 4.7",
        at_proxies("403"),
    ),
    Attack(attempts.yes_of_another_page, "RFC 6749 section 10.12; GHSA-c2jp-c369-7pvx", at_proxies("400")),
)

FORGED = "tests/servers/test_forged.py::test_it_is_turned_away"
OF_APPS = "tests/servers/test_apps.py::test_an_app_that_is_none_of_those_meant_is_turned_away"
OWN_KIND = "tests/servers/test_forged.py::test_a_token_of_the_proxys_own_kind_is_turned_away"


def forged(*kinds: str) -> tuple[str, ...]:
    """Return the tests of kinds of forged tokens."""
    return tuple(f"{FORGED}[{kind}]" for kind in kinds)


ELSEWHERE = (
    HeldElsewhere(
        "a log line is forged, a terminal is steered",
        "CWE-117, CWE-150; CVE-2021-25743",
        ("tests/servers/test_logs.py::test_whatever_a_stranger_sends_each_line_is_one_and_the_audit_stands_alone",),
    ),
    HeldElsewhere(
        "the algorithm none", "RFC 8725 section 2.1", forged("algorithm none", "algorithm nOnE", "no algorithm")
    ),
    HeldElsewhere(
        "HS256 with the public key",
        "RFC 8725 section 2.1; CVE-2015-9235",
        forged("HMAC with the public key", "HMAC with an empty key"),
    ),
    HeldElsewhere(
        "a kid that is a path, or SQL", "RFC 8725 section 2.10", forged("path-traversing kid", "kid with SQL")
    ),
    HeldElsewhere(
        "a key that the token brings",
        "RFC 8725 section 2.10; CVE-2018-0114",
        forged("embedded jwk", "jku of the attacker", "x5u of the attacker", "x5c of the attacker"),
    ),
    HeldElsewhere(
        "a header that must be understood", "RFC 7515 section 4.1.11", forged("critical header nobody knows")
    ),
    HeldElsewhere(
        "a token for another",
        "RFC 9068 section 4; RFC 8725 section 2.7",
        forged("another audience", "token for Microsoft Graph", "id token", "another tenant"),
    ),
    HeldElsewhere(
        "a token in the address",
        "RFC 6750 section 2.3 and 5.3; RFC 9700 section 4.3.2",
        forged("token in the query string", "token in the query string and in the header"),
    ),
    HeldElsewhere(
        "several tokens",
        "RFC 6750 section 2",
        forged("several Authorization headers, the first good", "several Authorization headers, the last good"),
    ),
    HeldElsewhere(
        "Entra's own token at the proxy's door",
        "MCP, Security Best Practices, Token Passthrough",
        (f"{OWN_KIND}[Entra's own token]",),
    ),
    HeldElsewhere(
        "a token of another server with the same secret",
        "CVE-2025-69196",
        (f"{OWN_KIND}[of another server with the same secret]",),
    ),
    HeldElsewhere(
        "a refresh token as an access token", "RFC 8725 section 2.8", (f"{OWN_KIND}[refresh token as access token]",)
    ),
    HeldElsewhere(
        "a link that signs the victim in for the attacker's client",
        "MCP, Security Best Practices, Confused Deputy Problem; GHSA-c2jp-c369-7pvx",
        (
            "tests/test_attacks.py::test_with_the_page_a_no_keeps_the_attacker_out",
            "tests/test_attacks.py::test_a_yes_in_the_attackers_own_browser_does_not",
            "tests/test_attacks.py::test_a_code_of_somebody_else_is_worth_nothing",
        ),
    ),
    HeldElsewhere(
        "another user's session",
        "MCP, Security Best Practices, Session Hijacking",
        (
            "tests/servers/test_caller.py::test_a_session_of_one_user_gives_another_nothing",
            "tests/servers/test_two_users.py::test_a_thousand_interleaved_calls_of_every_tool_of_every_server",
        ),
    ),
    HeldElsewhere(
        "a key that belongs to another tenant",
        "Microsoft, access tokens, validate the issuer",
        forged("key of another tenant"),
    ),
    HeldElsewhere(
        "an id that walks out of its place",
        "CWE-22; CWE-23",
        ("tests/servers/test_walking_ids.py::test_an_id_that_walks_is_refused_and_graph_is_not_asked",),
    ),
    HeldElsewhere(
        "one yes for another mail, and for two",
        "MCP 2026-07-28, Elicitation",
        (
            "tests/servers/test_confirmation.py::test_one_yes_sends_one_mail",
            "tests/servers/test_confirmation.py::test_a_yes_is_spent_by_its_use_whatever_it_was_used_for",
            "tests/servers/test_confirmation.py::test_a_yes_to_one_mail_is_not_a_yes_to_another",
            "tests/servers/test_confirmation.py::test_a_yes_that_nobody_asked_for_does_not_count",
        ),
    ),
    HeldElsewhere(
        "an app in the place of a user, or of an app that holds a role",
        "RFC 9068 section 5 (a client that chooses its sub); Microsoft, optional claims, idtyp; RFC 9700 section 4.15",
        (
            *forged("app-only", "app-only that carries scp", "idtyp app with a scope", "scope as a role"),
            *(f"{OF_APPS}[{kind}]" for kind in ("an app without a role", "roles as a text", "an app with a scope")),
            f"{OF_APPS}[a user with the role, called an app]",
            "tests/servers/test_apps.py::test_behind_the_proxy_an_app_is_nobody_whatever_the_setting",
            "tests/servers/test_apps.py::test_a_role_makes_no_app_of_a_user",
        ),
    ),
    HeldElsewhere(
        "an app asks for a user's data, mail, or yes",
        "Microsoft, OAuth 2.0 On-Behalf-Of flow, app-only tokens (AADSTS7000114); CWE-639",
        (
            "tests/servers/test_apps.py::test_a_tool_of_users_says_why_it_is_not_for_an_app",
            "tests/servers/test_apps.py::test_a_tool_marked_for_both_gets_nothing_of_a_user_for_an_app",
        ),
    ),
    HeldElsewhere(
        "what is kept in files is exchanged by another account",
        "CWE-276, CWE-59",
        ("tests/servers/test_storage.py::test_another_accounts_folder_is_refused_and_so_is_another_accounts_link",),
    ),
    HeldElsewhere(
        "a grant that makes a user out of an assertion",
        "RFC 7523 section 3",
        ("tests/servers/test_identity_assertion.py::test_the_grant_is_neither_offered_nor_known",),
    ),
)
