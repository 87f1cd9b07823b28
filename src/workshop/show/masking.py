"""What may be shown of a parameter: a secret becomes ‹name›, a value nobody vouched for an ellipsis."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

LEFT_OUT = "…"


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


SECRET = _names(
    """
    access_token id_token refresh_token token subject_token actor_token device_code user_code otc code state
    nonce code_verifier code_challenge assertion client_assertion user_assertion client_secret
    secrettext password pwd secret key signature sig jti txn_id csrf_token csrf flowtoken canary ctx
    client_info session_state registration_access_token cookie set-cookie authorization
    x-identity-header mcp-session-id
    """
)
"""Parameters that are shown as ‹name›: secrets, and what is random in every run."""

SHOWN = _names(
    """
    response_type response_types response_types_supported response_mode response_modes_supported
    grant_type grant_types grant_types_supported scope scopes_supported resource audience client_id
    client_name redirect_uri redirect_uris application_type code_challenge_method
    code_challenge_methods_supported prompt login_hint domain_hint claims token_type
    token_endpoint_auth_method token_endpoint_auth_methods_supported bearer_methods_supported
    authorization_servers issuer iss jwks_uri authorization_endpoint token_endpoint
    registration_endpoint device_authorization_endpoint error error_description error_uri error_codes
    suberror admin_consent tenant client_assertion_type requested_token_use submit action account
    decision location page www-authenticate resource_metadata method tool name version protocol iserror
    error_code sfu api-version
    """
)
"""Parameters whose values are shown as they are, but for what `mask_text` finds in them."""

VARYING = _names(
    """
    expires_in ext_expires_in expires_on not_before client_id_issued_at
    """
)
"""Numbers that differ from run to run: shown as {name}."""

GUID = re.compile(r"\b[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\b")
_GUID_INSIDE = re.compile(GUID.pattern.replace(r"\b", ""))
_MASKED = re.compile(r"‹[\w :-]+›")
# Each run of such signs is gone over once: "eyJ" a thousand times without a dot must not take hours.
_RUN = re.compile(r"[A-Za-z0-9_.-]+")
_CREDENTIALS = re.compile(r"\b(Bearer|Basic)\s+(?![A-Za-z_]+=)[A-Za-z0-9._~+/=-]{16,}", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"\b({'|'.join(sorted(SECRET, key=len, reverse=True))})=(?!‹|\$\()[\"']?[^\s&\"',;)\]]+", re.IGNORECASE
)
_LABELLED = re.compile(
    r"([\"']?\b(access_token|id_token|refresh_token|client_secret|code_verifier|client_assertion|assertion|password)"
    r"[\"']?\s*:\s*)(?!‹)[\"']?[^\s\"',;)}\]]+",
    re.IGNORECASE,
)
# What Entra makes today has Q~ after a digit: three characters, the digit, Q~, and 31 to 34 more. The practice tenant's
# begin with its name.
_CLIENT_SECRET = re.compile(r"[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34}|\bpractice\.[A-Za-z0-9_-]{20,}")
_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)?", re.DOTALL)
_PRIVATE_KEY = re.compile(
    r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----.*?(?:-----END (?:[A-Z0-9]+ )*PRIVATE KEY-----|\Z)", re.DOTALL
)
_MEMBER = re.compile(
    r"""((?:\b|["'])(password|passwd|pwd|secret_?text|(?:client_?)?secret|(?:access|refresh|id)_?token|device_?code|user_?code|"""
    r"""(?:client_?)?assertion|private_?key|(?:primary|secondary|account)_?key|connection_?string|sas_?token)["']?\s*[:=]\s*)"""
    r"""(["']?)(?!null\b|none\b|true\b|false\b|[‹$\[{\s])(?:(?<=")(?:[^"\\]|\\.)*|(?<=')[^']*|[^\s"',}\]]+)\3""",
    re.IGNORECASE,
)
_OPTION = re.compile(r"((?<!\S)(?:--password|--client-secret|--secret|-p)[ =])(?![$‹])(?:\"[^\"]*\"|'[^']*'|\S+)")
_USER_CODE = re.compile(r"(\benter the code )[A-Z0-9-]{6,12}\b")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{40,}={1,2}")
_LONG = re.compile(r"[A-Za-z0-9_~+-]{30,}")
_WORD = re.compile(r"[A-Za-z0-9_~+=.-]{20,}")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


def mask(name: str, value: str) -> str:
    """Return what may be shown of the parameter `name` with this `value`."""
    key = name.lower()
    if _MASKED.fullmatch(value):
        return value
    if key == "authorization":
        return _mask_authorization(value)
    if key in SECRET:
        return f"‹{key}›"
    if key in VARYING:
        return f"{{{key}}}"
    if key not in SHOWN:
        return value if value in ("true", "false") else LEFT_OUT
    return " ".join(_mask_url_in(word) for word in mask_text(value).split())


def mask_name(name: str) -> str:
    """Return the name of a parameter, or an ellipsis if it is none (a stray secret, say)."""
    return name if _NAME.fullmatch(name) and mask_text(name) == name else LEFT_OUT


def mask_url(url: str) -> str:
    """Return scheme, host and path of `url`: no user name, no query, no fragment."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return LEFT_OUT
    host = parts.netloc.rpartition("@")[2]
    return mask_text(f"{parts.scheme}://{host}{parts.path}" if host else parts.path)


def mask_text(text: str) -> str:
    """Return free text without tokens, named secrets and random-looking words; GUIDs stay."""
    text = _RUN.sub(_without_jwt, text)
    text = _CREDENTIALS.sub(r"\1 ‹token›", text)
    text = _ASSIGNED.sub(lambda found: f"{found[1]}=‹{found[1].lower()}›", text)
    text = _LABELLED.sub(lambda found: f"{found[1]}‹{found[2].lower()}›", text)
    return _WORD.sub(lambda found: "‹random›" if _looks_random(found[0]) else found[0], text)


def mask_answer(text: str) -> str:
    """Return what a program printed without anything that proves who somebody is; ids, names and times stay.

    It is for answers in which ids are what a reader looks for: `mask_text` takes more away.
    """
    text = _ESCAPES.sub("", text)
    text = _PRIVATE_KEY.sub("‹private key›", text)
    text = mask_tokens(text)
    text = _CREDENTIALS.sub(r"\1 ‹token›", text)
    text = _CLIENT_SECRET.sub("‹client_secret›", text)
    text = _OPTION.sub(r"\1‹secret›", text)
    text = _ASSIGNED.sub(lambda found: f"{found[1]}=‹{found[1].lower()}›", text)
    text = _MEMBER.sub(lambda found: f"{found[1]}{found[3]}‹{found[2].lower()}›{found[3]}", text)
    text = _USER_CODE.sub(r"\1‹user_code›", text)
    text = _BASE64.sub("‹random›", text)
    return _LONG.sub(lambda found: "‹random›" if _is_made_of_all(found[0]) else found[0], text)


def mask_tokens(text: str) -> str:
    """Return free text without JSON Web Tokens; all else stays."""
    return _RUN.sub(_without_jwt, text)


def _without_jwt(run: re.Match[str]) -> str:
    """Leave out what begins like a JSON Web Token and has a dot."""
    before, begin, rest = run[0].partition("eyJ")
    return f"{before}‹token›" if begin and "." in rest else run[0]


def _mask_url_in(word: str) -> str:
    if "://" not in word:
        return word
    url = mask_url(word)
    if url == LEFT_OUT or "?" not in word:
        return url
    query = parse_qsl(urlsplit(word).query, keep_blank_values=True)
    return url + "?" + "&".join(f"{mask_name(name)}={mask(name, value)}" for name, value in query)


def _mask_authorization(value: str) -> str:
    scheme = value.partition(" ")[0].lower()
    return {"bearer": "Bearer ‹access_token›", "basic": "Basic ‹client_id and client_secret›"}.get(
        scheme, "‹authorization›"
    )


def _is_made_of_all(word: str) -> bool:
    """Say whether a long word has small letters, capitals and digits, as no name has; a GUID in it doesn't count."""
    rest = _GUID_INSIDE.sub("", word)
    kinds = (str.islower, str.isupper, str.isdigit)
    return len(rest) >= 30 and all(any(map(kind, rest)) for kind in kinds)


def _looks_random(word: str) -> bool:
    if GUID.search(word):
        word = GUID.sub("", word)
        if len(word) < 20:
            return False
    digits = sum(letter.isdigit() for letter in word)
    letters = sum(letter.isalpha() for letter in word)
    return letters >= 2 and (digits >= 2 or (digits == 1 and len(word) >= 32))
