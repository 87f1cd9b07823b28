"""Tokens that a server refuses, and what is wrong with them."""

from __future__ import annotations

from workshop.core.well_known import GRAPH_APP_ID
from workshop.diagnosis.knowledge.entry import GITHUB, LEARN, Failure, Remedy, Sign, says

CLAIMS = f"{LEARN}/identity-platform/claims-validation"
ACCESS_TOKENS = f"{LEARN}/identity-platform/access-tokens"
SET_V2 = "az rest -m PATCH -u https://graph.microsoft.com/v1.0/applications/<object id> "
SET_V2 += """-b '{"api":{"requestedAccessTokenVersion":2}}'"""

FAILURES = (
    Failure(
        "token-version-1",
        "Entra issues version 1.0 tokens for this app, the server expects 2.0",
        says(r"issuer mismatch.*sts\.windows\.net", r"got '?https://sts\.windows\.net"),
        "requestedAccessTokenVersion of the app is not set, which means 1. Then iss is https://sts.windows.net/... and "
        "aud the api:// name, and both are refused.",
        Remedy(
            portal='Manifest: "requestedAccessTokenVersion": 2 under api, Save; then sign in again',
            az=SET_V2,
            python="await app.patch(Application(api=ApiApplication(requested_access_token_version=2)))",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2280",
        number=6,
    ),
    Failure(
        "graphs-token",
        "The token is Microsoft Graph's, not your server's",
        says(
            rf"audience mismatch.*(?:graph\.microsoft\.com|{GRAPH_APP_ID})",
            r"got '?(?:https://graph\.microsoft\.com|00000003-0000-0000-c000)",
        ),
        "Its audience is Microsoft Graph, so it is no proof for your server. Nor does its signature hold as it stands: "
        "the nonce in its header was signed in another form, which is no contract. The client asked for a Graph scope, "
        "or for a bare one, which means Graph.",
        Remedy(
            portal="Expose an API: define a scope of the server's own",
            python='required_scopes=["<your scope>"]; Graph\'s scopes go into additional_authorize_scopes',
            client="Ask for api://<client id>/<scope>",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/1663",
        number=8,
    ),
    Failure(
        "token-for-another-api",
        "The token was issued for another app",
        says(r"audience mismatch", r"InvalidAudience|Invalid audience"),
        "Its audience (aud) is not this server's client id. In version 2.0 tokens it is always a client id.",
        Remedy(
            python="Compare ENTRA_PROXY_AZURE_CLIENT_ID with the token's aud",
            client="Ask for a scope of this server's app: api://<client id>/<scope>",
        ),
        CLAIMS,
    ),
    Failure(
        "token-from-another-issuer",
        "The token's issuer is not the one that the server expects",
        says(r"issuer mismatch", r"its tenant \(tid\) is not one", r"its issuer \(iss\) is not"),
        "The user signed in at another tenant, or the server is set to organizations or common, which no token ever "
        "names: a token names its user's own tenant.",
        Remedy(
            python="AZURE_TENANT_ID must be the tenant of the users. For several tenants: organizations, with "
            "ENTRA_PROXY_TOKEN_ISSUERS listing each",
            client="Sign out and sign in with the account of the right tenant",
        ),
        CLAIMS,
    ),
    Failure(
        "token-expired",
        "The token has expired",
        says(r"token expired", r"token has expired|expired token", r"Access token has expired or is not yet valid"),
        "Access tokens live 60 to 90 minutes. The client sent an old one and did not get a new one.",
        Remedy(
            python="Let the client ask for offline_access (AzureProvider adds it). If fresh tokens expire at once, "
            "the server's clock is wrong",
            client="Sign in again",
        ),
        ACCESS_TOKENS,
    ),
    Failure(
        "token-from-the-future",
        "The token is not valid yet: a clock is wrong",
        says(
            r"not (?:valid yet|yet valid) \(nbf\)", r"issued in the future", r"token is not yet valid|ImmatureSignature"
        ),
        "Its times (nbf, iat) lie ahead of the server's clock.",
        Remedy(python="Set the server's clock by network time. FastMCP lets nbf lie 30 seconds ahead, not more"),
        CLAIMS,
    ),
    Failure(
        "no-refresh-token",
        "No refresh token was issued: users sign in again every hour",
        (
            Sign(700082),
            *says(
                r"no refresh[ _]token (?:available|issued|returned)",
                r"not asked for: offline_access",
                r"Refresh token not found",
            ),
        ),
        "Entra issues a refresh token only if offline_access is asked for. One that is not used for 90 days is gone "
        "(AADSTS700082).",
        Remedy(
            python="Ask for offline_access: AzureProvider does by itself (PR 3001). With RemoteAuthProvider the client "
            "has to",
            client="Sign in again; update the client",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2628",
        number=13,
    ),
    Failure(
        "app-only-token",
        "The token was issued to an app and names no user",
        says(
            r"issued to an app and not to a user",
            r"names no user \(oid\)",
            r"holds no app role that lets it in",
            r"an app acts for itself, and also that it does not",
        ),
        "It came by client credentials: it has no scp. The server is for users, or the app holds none of the app roles "
        "that let apps in (roles).",
        Remedy(
            portal="For a daemon define an app role (App roles, allowed member type Applications), give it to the "
            "daemon's app as an application permission, and grant admin consent",
            python="Name the role in ENTRA_PREAUTHORIZED_APP_ROLES, or sign a user in and not by client credentials",
        ),
        f"{LEARN}/identity-platform/access-token-claims-reference",
    ),
    Failure(
        "id-token-instead",
        "An id token was sent where an access token belongs",
        (),
        "Id tokens tell the client who signed in. A server takes access tokens only: they carry scp.",
        Remedy(client="Send access_token from the token answer, not id_token"),
        f"{LEARN}/identity-platform/id-tokens",
    ),
    Failure(
        "required-scope-missing",
        "The token lacks a scope that the server requires",
        (
            *says(r"missing required scopes", r"Token missing required scopes", r"required scope is not in scp"),
            Sign(says=(r"insufficient_scope",), lacks=(r"scope=\"?(?:api|https)://",)),
        ),
        "scp does not have the scope. The client did not ask for it, or the user's consent does not cover it.",
        Remedy(
            portal="Expose an API: see that the scope is there and enabled",
            python="required_scopes and the scope's name in the registration must be spelled the same",
            client="Sign in again with the scope that the 401 or 403 names (WWW-Authenticate, scope=)",
        ),
        CLAIMS,
        number=7,
    ),
    Failure(
        "client-not-on-the-list",
        "The token was issued to a client that the server does not admit",
        says(r"issued to a client that is not on the list", r"client did not prove who it is \(azpacr\)"),
        "azp is not among the allowed clients, or the client is a public one (azpacr 0) and the server takes only "
        "those that prove who they are.",
        Remedy(
            python="ENTRA_PROXY_ALLOWED_CLIENTS: add the client's id, or leave it empty for any. The list says which "
            "programs are meant: it keeps no program out that signs in under a listed public client's id. "
            "ENTRA_PROXY_CONFIDENTIAL_CLIENTS_ONLY=no admits public clients",
        ),
        CLAIMS,
    ),
    Failure(
        "groups-overage",
        "The user is in too many groups: the token has no groups claim",
        says(r"_claim_names", r"hasgroups"),
        "A token holds at most 200 groups. Beyond that Entra leaves them out and says where they can be read.",
        Remedy(
            portal="Token configuration > groups claim: Groups assigned to the application; or use app roles",
            az="az ad app update --id <client id> --set groupMembershipClaims=ApplicationGroup",
            python="Ask Graph: POST /me/checkMemberGroups, on behalf of the user",
        ),
        f"{LEARN}/identity-platform/access-token-claims-reference",
    ),
    Failure(
        "signature-not-verified",
        "The token's signature does not hold",
        says(
            r"signature/format invalid",
            r"Signature verification failed|Invalid signature",
            r"Key ID '.*' not found",
            r"its signing key (?:is|can't)|demands what this server does not know \(crit\)",
        ),
        "The token was changed, is of another cloud or tenant, or is one of Graph's. If all tokens fail since a moment "
        "ago, Entra's signing keys were changed and the server has not fetched them. A key counts for the issuer that "
        "the key set names beside it, and for no other.",
        Remedy(
            python="Let the server reach login.microsoftonline.com/<tenant>/discovery/v2.0/keys; restart it once",
            client="Sign in again",
        ),
        f"{LEARN}/identity-platform/signing-key-rollover",
    ),
    Failure(
        "token-refused",
        "The server refuses the token and does not tell why",
        (Sign(says=(r"\b401\b", r"invalid_token"), lacks=(r"mismatch|expired|signature|AADSTS",)),),
        "The reason stands in the server's log, never in the answer: wrong issuer or version, wrong audience, expired, "
        "or signed in before the server's key changed.",
        Remedy(
            python="Look into the server's log (FASTMCP_LOG_LEVEL=DEBUG), or give the token to `workshop diagnose -`",
            client="Sign in again",
        ),
        CLAIMS,
    ),
)
