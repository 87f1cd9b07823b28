"""Codes, refresh tokens and sessions that are used up, too old or taken back; requests that are malformed."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, codes

REFRESH = f"{LEARN}/identity-platform/refresh-tokens"
AGAIN = "Sign in again"

FAILURES = (
    Failure(
        "code-used-twice",
        "The authorization code was redeemed twice",
        codes(54005),
        "A code is good once. A page was reloaded, a request repeated, or two replicas redeemed the same one.",
        Remedy(client=AGAIN, python="Don't repeat the token request after a timeout"),
        f"{GITHUB}/AzureAD/microsoft-identity-web/issues/2328",
    ),
    Failure(
        "code-or-refresh-token-expired",
        "The code or the refresh token is too old",
        codes(70008, 700084, 70043, 70044),
        "Codes live ten minutes, refresh tokens of single-page applications 24 hours, and a policy (sign-in frequency) "
        "may end a session sooner.",
        Remedy(client=AGAIN, portal="Protection > Conditional Access > Session, if it is too often"),
        REFRESH,
    ),
    Failure(
        "sessions-revoked",
        "The user's sessions were revoked",
        codes(50173),
        "The password was changed, or an administrator ended all sessions.",
        Remedy(client=AGAIN),
        REFRESH,
    ),
    Failure(
        "grant-of-another-client",
        "The code or refresh token is another client's, or damaged",
        codes(70000, 700005, 9002313),
        "It was issued to another client or tenant, or is not whole.",
        Remedy(client="Clear its tokens and sign in again", python="The same client id at sign-in and redemption"),
        CODES,
    ),
    Failure(
        "pkce-mismatch",
        "The PKCE verifier does not fit",
        codes(501481, 50148, 501491),
        "code_verifier is missing, or is not the one whose hash was sent at sign-in: two sign-ins at once got mixed "
        "up, or the state was lost.",
        Remedy(client="Begin the sign-in again, one at a time", python="Keep the verifier with the state, per sign-in"),
        f"{GITHUB}/AzureAD/microsoft-authentication-library-for-js/issues/7425",
    ),
    Failure(
        "nobody-signed-in",
        "A silent sign-in found nobody signed in",
        codes(50058),
        "prompt=none, and the browser has no session, or blocks third-party cookies.",
        Remedy(client="Sign in with a page (without prompt=none)"),
        CODES,
    ),
    Failure(
        "device-code-waiting",
        "The device code has not been entered yet",
        codes(70016),
        "That is no failure: go on asking at the given interval.",
        Remedy(client="Open the page, enter the code, and wait"),
        f"{LEARN}/identity-platform/v2-oauth2-device-code",
    ),
    Failure(
        "device-code-no-longer-good",
        "The device code is wrong, expired or used",
        codes(70018, 70019, 70020, 90120),
        "Codes live 15 minutes and are good once.",
        Remedy(client="Ask for a new code"),
        f"{LEARN}/identity-platform/v2-oauth2-device-code",
    ),
    Failure(
        "request-malformed",
        "The request itself is wrong",
        codes(900144, 900561, 70005, 90023),
        "A parameter is missing, has a value nobody knows, or GET was used where POST belongs.",
        Remedy(client="Update it", python="Compare with the example on the page below; or let msal make the request"),
        f"{LEARN}/identity-platform/v2-oauth2-auth-code-flow",
    ),
)
