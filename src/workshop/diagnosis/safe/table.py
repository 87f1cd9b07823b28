"""The checks of the section "safe?", a row each."""

from __future__ import annotations

from workshop.diagnosis.safe import asking, consent, refreshing, registering, saying, signing_in, untried
from workshop.diagnosis.safe.check import SafetyCheck

TRANSPORT = "https://modelcontextprotocol.io/specification/2026-07-28/basic/transports#security-warning"
PRACTICES = "https://modelcontextprotocol.io/docs/2026-07-28/tutorials/security/security_best_practices"
RFC = "https://www.rfc-editor.org/rfc/rfc"
GUARD = (
    "FastMCP: host_origin_protection=True with allowed_hosts and allowed_origins where the server is run "
    "(http_host_origin_protection in its settings); the workshop's servers take both from ENTRA_PROXY_BASE_URL"
)
URIS = "allowed_client_redirect_uris of AzureProvider (ENTRA_PROXY_ALLOWED_CLIENT_REDIRECT_URIS): the clients you mean"
BOUNDS = "A bound before the application: the workshop's servers take 64 KiB; nginx: client_max_body_size 64k"
CONSENT = "Leave require_authorization_consent on (ENTRA_PROXY_CONSENT=always), and FastMCP up to date"
HEADERS = "FastMCP's own page sends it; another page, or a reverse proxy that takes it away, has to add it"

CHECKS = (
    SafetyCheck(
        "origin",
        "Origin: a foreign page's script",
        asking.origin,
        "A page that somebody opens can call a server on their machine or network, unless the server looks at Origin.",
        TRANSPORT,
        GUARD,
    ),
    SafetyCheck(
        "host",
        "Host: a name that is not the server's",
        asking.host,
        "By DNS rebinding a page's own name leads to the server, and then no Origin is foreign to it.",
        TRANSPORT,
        GUARD,
    ),
    SafetyCheck(
        "token-in-address",
        "A token in the address",
        asking.token_in_address,
        "Addresses are kept by logs, histories and proxies, and a token in them with them.",
        f"{RFC}9700#section-4.3.2",
        "Take tokens from the Authorization header alone; the workshop's servers answer 400 (one_token.py)",
    ),
    SafetyCheck(
        "two-tokens",
        "Two Authorization headers",
        asking.two_tokens,
        "What stands before a server may check one of them and the server believe the other.",
        f"{RFC}6750#section-2",
        "Answer 400 to more than one; the workshop's servers do (one_token.py)",
    ),
    SafetyCheck(
        "https-metadata",
        "Metadata: https everywhere",
        saying.https,
        "A client follows these addresses with codes and tokens, which anybody on the way reads over http.",
        f"{RFC}9728#section-7.1",
        "ENTRA_PROXY_BASE_URL=https://<host>; uvicorn --proxy-headers behind a reverse proxy",
    ),
    SafetyCheck(
        "open-redirect",
        "Sign-in: a redirect URI that nobody registered",
        signing_in.open_redirect,
        "A link to your server that leads to an attacker's page is what people trust, and codes may go there.",
        f"{RFC}9700#section-4.11",
        URIS,
    ),
    SafetyCheck(
        "exact-redirect",
        "Sign-in: a redirect URI that only looks like a registered one",
        signing_in.exact_redirect,
        "Whoever owns an address that is nearly a client's own gets that client's codes.",
        f"{RFC}9700#section-2.1",
        "Compare whole addresses, with the port of a loopback address left out; a list is no reason to compare less",
    ),
    SafetyCheck(
        "pkce",
        "Sign-in: without PKCE",
        signing_in.without_pkce,
        "Without a challenge a code that somebody caught is as good as the client's own.",
        f"{RFC}9700#section-2.1.1",
        "Refuse a sign-in without code_challenge: FastMCP's proxy does",
    ),
    SafetyCheck(
        "consent-asked",
        "Consent: a client that registered itself",
        consent.asks,
        "Entra remembers the user's yes to your app, so that another client gets a code without anybody being asked.",
        f"{PRACTICES}#confused-deputy-problem",
        CONSENT,
    ),
    SafetyCheck(
        "consent-frame",
        "Consent page: inside another page",
        consent.frames,
        "A page that shows yours in a frame can have the button clicked by somebody who does not see it.",
        f"{RFC}9700#section-4.16",
        HEADERS,
    ),
    SafetyCheck(
        "consent-scripts",
        "Consent page: what may run in it",
        consent.scripts,
        "A client chooses its own name, and a name with a script in it runs unless the page forbids it.",
        "https://www.w3.org/TR/CSP3/",
        f"consent_csp_policy of AzureProvider (ENTRA_PROXY_CONSENT_CSP_POLICY). {HEADERS}",
    ),
    SafetyCheck(
        "consent-kept",
        "Consent page: caches and the next host",
        consent.kept,
        "The page's address and its form are of use to nobody but the user.",
        f"{RFC}9700#section-4.2.4",
        "Add both headers where the page goes out: a middleware, or the reverse proxy",
    ),
    SafetyCheck(
        "consent-cookies",
        "Consent page: its cookies",
        consent.cookies,
        "The cookie says that this browser answered; who can read or plant it answers for somebody else.",
        f"{RFC}6265#section-4.1.2",
        "Serve by https with an https ENTRA_PROXY_BASE_URL: FastMCP then sends __Host- cookies",
    ),
    SafetyCheck(
        "registration-body",
        "Registration: a long body",
        registering.body,
        "Anybody may register, and what is read whole of anybody fills the memory.",
        f"{RFC}7591#section-5",
        BOUNDS,
    ),
    SafetyCheck(
        "registration-name",
        "Registration: a long name",
        registering.name,
        "It is stored for ever, and shown to the user on the page that asks.",
        f"{RFC}7591#section-5",
        "A bound on client_name; the workshop's servers have one",
    ),
    SafetyCheck(
        "registration-uris",
        "Registration: many redirect URIs",
        registering.uris,
        "They are stored for ever, and gone over at each sign-in.",
        f"{RFC}7591#section-5",
        "A bound on redirect_uris; the workshop's servers have one",
    ),
    SafetyCheck(
        "foreign-client",
        "Registration: a client on a foreign host",
        registering.foreign,
        "Such a client gets a user's code from wherever the user is, with one click on the page that asks.",
        f"{RFC}7591#section-5",
        URIS,
    ),
    SafetyCheck(
        "error-answers",
        "What a malformed request is told",
        saying.nonsense,
        "A traceback tells an attacker paths, versions and values, and an answer of 500 where to dig.",
        "https://cwe.mitre.org/data/definitions/209.html",
        "Leave debug off, catch what a request can cause, and answer 400; mask_error_details=True for tools",
    ),
    SafetyCheck(
        "spent-refresh-token",
        "A refresh token that was used already",
        refreshing.spent,
        "A second use means that two hold it, and one of them stole it.",
        f"{RFC}9700#section-4.14.2",
        "Refuse it, and revoke all that came of it",
    ),
    SafetyCheck(
        "forged-log",
        "A line in the log that a stranger wrote",
        untried.forged_log,
        "Who can write a line break into a log can write what an audit believes.",
        "https://cwe.mitre.org/data/definitions/117.html",
        "Escape what comes from outside in every line, and give the audit a stream of its own",
    ),
)
