"""Authentication: where Entra may send the browser back to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from workshop.registration.declarations import Declaration
from workshop.registration.rules.rule import Judge, Rule, SettingMend, SettingVerdict, listed, right, wrong
from workshop.registration.seen import App, Snapshot

RULES_OF_URIS = "https://learn.microsoft.com/entra/identity-platform/reply-url"
LOOPBACK = ("localhost", "127.0.0.1")

Nearness = Literal["exact", "platform", "port", "scheme", "path", "none"]
"""How near the nearest registered URI comes to the one the server sends: what differs, or nothing."""


def nearness(app: App, uri: str) -> tuple[Nearness, str]:
    """Say how near the registered URIs come to `uri`, and which one comes nearest.

    Args:
        uri: the one that the server sends to Entra.
    """
    wanted = urlsplit(uri)
    if any(_same(urlsplit(there), wanted) for there in app.web):
        return "exact", uri
    for platform, uris in (("Single-page application", app.spa), ("Mobile and desktop", app.public)):
        for there in uris:
            if _same(urlsplit(there), wanted):
                return "platform", f"{there} under “{platform}”"
    for kind, is_near in _NEAR:
        for there in app.web:
            if is_near(urlsplit(there), wanted):
                return kind, there
    return "none", listed(app.web)


def _same(there: SplitResult, wanted: SplitResult) -> bool:
    """Compare as Entra does: letter for letter, but without the port of loopback."""
    if (there.scheme, there.hostname, there.path, there.query) != (
        wanted.scheme,
        wanted.hostname,
        wanted.path,
        wanted.query,
    ):
        return False
    return _port(there) == _port(wanted) or (there.scheme == "http" and there.hostname in LOOPBACK)


def _other_port(there: SplitResult, wanted: SplitResult) -> bool:
    return (there.scheme, there.hostname, there.path) == (wanted.scheme, wanted.hostname, wanted.path)


def _other_scheme(there: SplitResult, wanted: SplitResult) -> bool:
    return there.scheme != wanted.scheme and (there.hostname, there.path) == (wanted.hostname, wanted.path)


def _other_path(there: SplitResult, wanted: SplitResult) -> bool:
    return there.hostname == wanted.hostname


_NEAR: tuple[tuple[Nearness, Callable[[SplitResult, SplitResult], bool]], ...] = (
    ("port", _other_port),
    ("scheme", _other_scheme),
    ("path", _other_path),
)


def _port(uri: SplitResult) -> int:
    return uri.port or (443 if uri.scheme == "https" else 80)


def registered(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the declared URIs are there; one that is nearly there is left to the rule about what differs."""
    near = [nearness(app, uri) for uri in declaration.web_redirect_uris]
    if any(how == "none" for how, _ in near):
        return wrong(listed(app.web))
    return right(listed(app.web)) if near and all(how == "exact" for how, _ in near) else None


def _about(kind: Nearness, fine: str) -> Judge:
    """Return a judge that finds fault where the nearest URI differs in this."""

    def judge(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict | None:
        near = [nearness(app, uri) for uri in declaration.web_redirect_uris]
        faults = [nearest for how, nearest in near if how == kind]
        if faults:
            return wrong(listed(faults))
        return right(fine) if near and all(how != "none" for how, _ in near) else None

    return judge


def implicit(app: App, _: Snapshot, __: Declaration) -> SettingVerdict:
    """See that no token is handed out in the browser's address."""
    return wrong(f"on for {listed(app.implicit)}") if app.implicit else right("off")


def public_client(app: App, _: Snapshot, __: Declaration) -> SettingVerdict:
    """See that a client without a secret can't pass for this app."""
    return wrong("allowed") if app.fallback_public_client else right("not allowed")


WEB = SettingMend(
    portal="Authentication: under Web, Add URI (or correct the one there): $callback, Save",
    az="az ad app update --id $client_id --web-redirect-uris $web_uris",
    python="await $app.patch(Application(web=WebApplication(redirect_uris=$web_uris_list)))",
)

RULES = (
    Rule(
        "redirect-uri",
        "Redirect URI",
        registered,
        should="$callback",
        why=(
            "Entra sends the browser only to a registered address: AADSTS50011 otherwise. FastMCP sends its "
            "base_url with /auth/callback behind it."
        ),
        mend=WEB,
        source=RULES_OF_URIS,
    ),
    Rule(
        "redirect-path",
        "Path of the redirect URI",
        _about("path", "as the server sends it"),
        should="$callback, to the letter",
        why=(
            "Upper and lower case count, and so does a slash at the end: AADSTS50011 otherwise. FastMCP adds "
            "/auth/callback to base_url, so base_url must not end in /mcp."
        ),
        mend=WEB,
        source=RULES_OF_URIS,
    ),
    Rule(
        "redirect-platform",
        "Platform of the redirect URI",
        _about("platform", "Web"),
        should="Web",
        why=(
            "The platform decides how the code is redeemed. Web wants the secret, which the server has. Under "
            "“Single-page application” only a browser may redeem (AADSTS9002327), under “Mobile and desktop” no "
            "secret may be sent (AADSTS700025)."
        ),
        mend=SettingMend(
            portal="Authentication: remove the URI under the other platform, add $callback under Web",
            az="az rest --method PATCH --url $application_url --body '$platforms_body'",
            python="await $app.patch($platforms_model)",
        ),
        source=RULES_OF_URIS,
    ),
    Rule(
        "redirect-scheme",
        "Scheme of the redirect URI",
        _about("scheme", "as the server sends it"),
        should="$callback",
        why=(
            "http is allowed for localhost only, and http and https are two different addresses: AADSTS50011. Behind a "
            "proxy that ends TLS, base_url begins with https."
        ),
        mend=WEB,
        source=RULES_OF_URIS,
    ),
    Rule(
        "redirect-port",
        "Port of the redirect URI",
        _about("port", "as the server sends it, or on loopback, where it does not count"),
        should="$callback",
        why=(
            "Entra ignores the port for http://localhost and http://127.0.0.1 and for nothing else: AADSTS50011 "
            "otherwise."
        ),
        mend=WEB,
        source=RULES_OF_URIS,
    ),
    Rule(
        "implicit-grant",
        "Implicit grant",
        implicit,
        should="off",
        why="It puts tokens into the browser's address and its history. No MCP client needs it.",
        mend=SettingMend(
            portal="Authentication: under Implicit grant and hybrid flows, untick both, Save",
            az=(
                "az ad app update --id $client_id --enable-access-token-issuance false --enable-id-token-issuance false"
            ),
            python=(
                "await $app.patch(Application(web=WebApplication(implicit_grant_settings=ImplicitGrantSettings("
                "enable_access_token_issuance=False, enable_id_token_issuance=False))))"
            ),
        ),
        source="https://learn.microsoft.com/entra/identity-platform/v2-oauth2-implicit-grant-flow",
    ),
    Rule(
        "public-client-flows",
        "Allow public client flows",
        public_client,
        should="not allowed",
        why=(
            "The server can keep a secret, so nobody without it should get tokens in its name. Allowed, anyone who "
            "knows the client id can start a sign-in for it, with a device code for example."
        ),
        mend=SettingMend(
            portal="Authentication: Advanced settings, Allow public client flows: No, Save",
            az="az ad app update --id $client_id --is-fallback-public-client false",
            python="await $app.patch(Application(is_fallback_public_client=False))",
        ),
        source="https://learn.microsoft.com/entra/identity-platform/msal-client-applications",
    ),
)
