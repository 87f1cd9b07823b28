"""On behalf of a user: the token a server was called with, shown to Entra to get one for the next service."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, codes, says

OBO = f"{LEARN}/identity-platform/v2-oauth2-on-behalf-of-flow"

FAILURES = (
    Failure(
        "assertion-for-another-app",
        "The token shown is not this server's",
        codes(500131),
        "On behalf of works only with a token whose audience is the app that asks. This one is another's.",
        Remedy(
            python="Show Entra's token for this API: get_access_token().token behind AzureProvider, never Graph's",
            client="Ask for api://<client id>/<scope>",
        ),
        f"{GITHUB}/AzureAD/microsoft-authentication-library-for-dotnet/issues/2604",
        number=22,
    ),
    Failure(
        "assertion-signature",
        "The signature of the token shown does not hold",
        codes(50013),
        "It is one of Microsoft Graph's tokens (nonce in the header), the proxy's own token, or of another cloud.",
        Remedy(
            python="Show the upstream token: EntraOBOToken does; by hand use get_access_token().token",
        ),
        f"{GITHUB}/Azure-Samples/ms-identity-javascript-tutorial/issues/140",
        number=22,
    ),
    Failure(
        "assertion-stale",
        "The token shown has expired",
        codes(500133),
        "A server kept a user's token longer than it lives.",
        Remedy(
            python="Don't keep tokens of requests; use the one of this request and cache its result at most",
            client="Refresh",
        ),
        f"{GITHUB}/microsoftgraph/msgraph-sdk-dotnet/issues/2551",
        number=22,
    ),
    Failure(
        "assertion-without-a-user",
        "The token shown is an app's: there is no user to act for",
        codes(7000114),
        "The caller signed in by client credentials.",
        Remedy(
            python="For a daemon call the next service with client credentials of your own; else let a user sign in",
        ),
        f"{GITHUB}/microsoft/mcp/issues/2192",
        number=22,
    ),
    Failure(
        "assertion-is-an-id-token",
        "An id token was shown",
        codes(240002),
        "On behalf of takes access tokens only.",
        Remedy(python="Show the access token"),
        OBO,
    ),
    Failure(
        "claims-challenge",
        "The tenant demands a second factor for this resource",
        (*codes(50076, 50079), *says(r"\b401\b[\s\S]*www-authenticate:[^\n]*claims=")),
        "A Conditional Access policy stands on the next service. The user has to sign in again with the claims that "
        "Entra sends along; a server can't do that for them.",
        Remedy(
            portal="Protection > Conditional Access: see which policy it is",
            python='Answer 401 with WWW-Authenticate: Bearer error="insufficient_claims", claims="<base64 of claims>"',
            client="Sign in again with these claims; many clients can't: sign out and in",
        ),
        f"{GITHUB}/AzureAD/microsoft-authentication-library-for-js/issues/5491",
        number=22,
    ),
    Failure(
        "blocked-by-policy",
        "Conditional Access blocks the sign-in",
        codes(53003),
        "A policy of the tenant does not allow it from this place, device or app.",
        Remedy(portal="Sign-in logs > the entry > Conditional Access tells which policy; an administrator can except"),
        CODES,
    ),
    Failure(
        "second-factor-denied",
        "The second factor was denied or not answered",
        codes(500121),
        "The user pressed no, or did nothing.",
        Remedy(client="Sign in again"),
        CODES,
    ),
)
