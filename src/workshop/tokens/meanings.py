"""What each claim means, and where that is written.

Each line names the page or section where its reader finds more.
"""

from __future__ import annotations

from typing import NamedTuple

_ENTRA = "https://learn.microsoft.com/entra/identity-platform"
ACCESS = f"{_ENTRA}/access-token-claims-reference"
ID = f"{_ENTRA}/id-token-claims-reference"
OPTIONAL = f"{_ENTRA}/optional-claims-reference"
GRAPH = f"{_ENTRA}/access-tokens"
JWT = "https://www.rfc-editor.org/rfc/rfc7519#section-"
JWS = "https://www.rfc-editor.org/rfc/rfc7515#section-"
CLIENT_ID = "https://www.rfc-editor.org/rfc/rfc8693#section-4.3"
SCOPE = "https://www.rfc-editor.org/rfc/rfc8693#section-4.2"
PROXY = "https://gofastmcp.com/servers/auth/oauth-proxy"
CORE = "https://openid.net/specs/openid-connect-core-1_0.html#IDToken"


class Meaning(NamedTuple):
    words: str
    source: str


HEADER = {
    "alg": Meaning("the algorithm of the signature", JWS + "4.1.1"),
    "kid": Meaning("which of the issuer's published keys made the signature", JWS + "4.1.4"),
    "typ": Meaning("the kind of token: JWT is a JSON Web Token", JWT + "5.1"),
    "x5t": Meaning("the same key, by the thumbprint of its certificate (version 1.0)", ACCESS),
    "nonce": Meaning("Microsoft Graph's own: the signature is over its SHA-256 hash, not over what stands here", GRAPH),
    "crit": Meaning("what a reader must understand, or refuse the token", JWS + "4.1.11"),
    "jku": Meaning("where the sender says its keys are: never to be believed", JWS + "4.1.2"),
    "jwk": Meaning("a key that the sender brings along: never to be believed", JWS + "4.1.3"),
}

ANY = {
    "aud": Meaning("for whom the token is: nobody else may take it", JWT + "4.1.3"),
    "client_id": Meaning("the client it was given to", CLIENT_ID),
    "exp": Meaning("when it ends", JWT + "4.1.4"),
    "iat": Meaning("when it was issued", JWT + "4.1.6"),
    "iss": Meaning("who issued it", JWT + "4.1.1"),
    "jti": Meaning("the number of this token", JWT + "4.1.7"),
    "nbf": Meaning("from when it is valid", JWT + "4.1.5"),
    "scope": Meaning("what the client may do", SCOPE),
    "sub": Meaning("whom it is about", JWT + "4.1.2"),
}

ENTRA = ANY | {
    "_claim_names": Meaning("there are too many groups for a token; ask Microsoft Graph for them", ACCESS),
    "_claim_sources": Meaning("where the groups were to be asked for, in an older Graph", ACCESS),
    "acct": Meaning("0: a member of the directory, 1: a guest", OPTIONAL),
    "acr": Meaning("1: the user gave proof of who they are, 0: not enough of it (version 1.0)", ACCESS),
    "acrs": Meaning("which authentication contexts of Conditional Access were met", ACCESS),
    "aio": Meaning("Entra's own note; nobody else can read it", ACCESS),
    "amr": Meaning("how the user signed in: pwd a password, mfa a second factor (version 1.0)", ACCESS),
    "app_displayname": Meaning("the name of the client", ACCESS),
    "appid": Meaning("the client it was given to (version 1.0; later azp)", ACCESS),
    "appidacr": Meaning("how the client proved who it is: 0 not at all, 1 a secret, 2 a certificate", ACCESS),
    "auth_time": Meaning("when the user signed in", OPTIONAL),
    "azp": Meaning("the client it was given to", ACCESS),
    "azpacr": Meaning("how the client proved who it is: 0 not at all, 1 a secret, 2 a certificate", ACCESS),
    "email": Meaning("the user's address; it may change, and proves nothing", OPTIONAL),
    "family_name": Meaning("the user's family name", OPTIONAL),
    "given_name": Meaning("the user's first name", OPTIONAL),
    "groups": Meaning("the groups the user is in, by their ids", ACCESS),
    "hasgroups": Meaning("the user is in groups, too many for this token", ACCESS),
    "idp": Meaning("who signed the user in, if not the issuer", ACCESS),
    "idtyp": Meaning("user, or app for a token that an app got for itself", OPTIONAL),
    "ipaddr": Meaning("the address the user signed in from", OPTIONAL),
    "login_hint": Meaning("lets Entra find the same account again", OPTIONAL),
    "name": Meaning("a name to show; it is not unique and may change", ACCESS),
    "nonce": Meaning("what the client sent along to know its own answer again", ID),
    "oid": Meaning("the user or app in its tenant: the same for every app, and it never changes", ACCESS),
    "preferred_username": Meaning("a name to show, as people type it to sign in; it may change", ACCESS),
    "rh": Meaning("Entra's own note; nobody else can read it", ACCESS),
    "roles": Meaning("the app roles that the user or the app was assigned", ACCESS),
    "scp": Meaning("what the user lets the client do here; only tokens for a user have it", ACCESS),
    "sid": Meaning("the session in which the user signed in", OPTIONAL),
    "sub": Meaning("the user, under another id for each app", ACCESS),
    "tid": Meaning("the tenant in which the user signed in", ACCESS),
    "unique_name": Meaning("a name to show; it is not unique (version 1.0)", ACCESS),
    "upn": Meaning("the user principal name; it may change", OPTIONAL),
    "uti": Meaning("the number of this token, as it stands in Entra's logs", ACCESS),
    "ver": Meaning("the version of the token, chosen by the app it is for", ACCESS),
    "wids": Meaning("the directory roles of the user, by their ids", ACCESS),
    "xms_ftd": Meaning("Entra's own note; nobody else can read it", ACCESS),
}

FASTMCP = ANY | {
    "jti": Meaning("the number of the ticket: the proxy finds Entra's token by it", PROXY),
    "token_use": Meaning("refresh for a refresh token; a tool call must not bring that one", PROXY),
    "upstream_claims": Meaning("a few claims of Entra's token, copied for the client to read", PROXY),
}
