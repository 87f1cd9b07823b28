"""What Graph accepts as the properties of an application: a literal table, and the rules for single values.

Source: https://learn.microsoft.com/graph/api/resources/application and
https://learn.microsoft.com/entra/identity-platform/reply-url
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.graph import errors
from practice_tenant.server.login.redirects import LOOPBACK

Rule = Callable[[Any], bool]

AUDIENCES = (
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
)
GROUP_CLAIMS = ("None", "SecurityGroup", "ApplicationGroup", "DirectoryRole", "All")
LONGEST_NAME = 256
LONGEST_SCOPE = 120
LONGEST_URI = 256
MOST_REDIRECT_URIS = 256
MOST_RESOURCES = 50
SCRIPT_SCHEMES = ("javascript", "data", "vbscript")
READ_ONLY = (
    *("id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "applicationTemplateId", "certification"),
    *("disabledByMicrosoftStatus", "verifiedPublisher", "requestSignatureVerification"),
)

# No white space, no control characters, no wildcard, no fragment, no backslash.
_PLAIN_URI = re.compile(r"[^\s\x00-\x20\x7f*#\\]+")
# What may stand in a scope's or a role's value (RFC 6749 section 3.3, without what Entra refuses at the beginning).
_SCOPE_VALUE = re.compile(r"[!#$%&'()*+,/:;<=>?@\[\]^_`{|}~\w-][!#$%&'()*+,./:;<=>?@\[\]^_`{|}~\w-]*", re.ASCII)


def check(graph: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    """Check the properties that a request sets.

    Args:
        before: what is stored; a read-only property may be sent as it is.

    Raises:
        GraphError: 400 naming the first property that is unknown or has a value of the wrong kind.
    """
    for name, value in graph.items():
        if name == "passwordCredentials" and value not in ([], before.get(name)):
            raise errors.bad_request("New password credentials must be generated using service actions.")
        if name in READ_ONLY and (not before or before.get(name) != value):
            raise errors.bad_request(f"Property '{name}' is read-only and cannot be set.")
        if name not in (*READ_ONLY, "passwordCredentials"):
            _check(name, value)


def _check(name: str, value: Any) -> None:
    if name not in APPLICATION:
        raise errors.bad_request(f"Invalid property '{name[:100]}'.")
    if not APPLICATION[name](value):
        raise errors.invalid_value(name[:100], "Application")


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _text_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 1_024)


def _scope_value(value: Any) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST_SCOPE and bool(_SCOPE_VALUE.fullmatch(value))


def _role_value(value: Any) -> bool:
    return value in (None, "") or _scope_value(value)


def _group_claims(value: Any) -> bool:
    return value is None or (
        isinstance(value, str) and all(claim.strip() in GROUP_CLAIMS for claim in value.split(","))
    )


def _object_of_any(value: Any) -> bool:
    return isinstance(value, dict)


def _object_of_any_or_none(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _flag_or_none(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def _guid(value: Any) -> bool:
    return isinstance(value, str) and is_guid(value)


def _one_of(*values: Any) -> Rule:
    return lambda value: isinstance(value, str | int | None) and not isinstance(value, bool) and value in values


def _list_of(rule: Rule, most: int = 1_000) -> Rule:
    return lambda value: isinstance(value, list) and len(value) <= most and all(rule(entry) for entry in value)


def _object(table: Mapping[str, Rule], needed: tuple[str, ...] = ()) -> Rule:
    def rule(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and all(name in value for name in needed)
            and all(name in table and table[name](member) for name, member in value.items())
        )

    return rule


def _object_or_none(table: Mapping[str, Rule]) -> Rule:
    rule = _object(table)
    return lambda value: value is None or rule(value)


def _identifier_uri(value: Any) -> bool:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_URI or value.endswith("/"):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme and (parts.netloc or parts.path)) and not parts.query and not parts.fragment


def _redirect_uri(value: Any) -> bool:
    """Accept https, and http on loopback; the port there need not be right, it does not count."""
    parts = _uri_parts(value)
    return parts is not None and (
        (parts.scheme == "https" and bool(parts.hostname)) or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    )


def _native_redirect_uri(value: Any) -> bool:
    """Accept what the web may use and schemes of native apps, but none that a browser runs as a script."""
    parts = _uri_parts(value)
    return _redirect_uri(value) or (parts is not None and parts.scheme not in ("", "http", "https", *SCRIPT_SCHEMES))


def _uri_parts(value: Any) -> SplitResult | None:
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_URI or not _PLAIN_URI.fullmatch(value):
        return None
    try:
        return urlsplit(value)
    except ValueError:
        return None


_SCOPE: Mapping[str, Rule] = {
    "id": _guid,
    "value": _scope_value,
    "type": _one_of("User", "Admin"),
    "isEnabled": _flag,
    "origin": _text_or_none,
    "adminConsentDescription": _text_or_none,
    "adminConsentDisplayName": _text_or_none,
    "userConsentDescription": _text_or_none,
    "userConsentDisplayName": _text_or_none,
}
_APP_ROLE: Mapping[str, Rule] = {
    "id": _guid,
    "value": _role_value,
    "displayName": _text,
    "description": _text,
    "isEnabled": _flag,
    "origin": _text_or_none,
    "allowedMemberTypes": _list_of(_one_of("User", "Application")),
}
_PREAUTHORIZED: Mapping[str, Rule] = {"appId": _guid, "delegatedPermissionIds": _list_of(_guid)}
_ACCESS: Mapping[str, Rule] = {"id": _guid, "type": _one_of("Scope", "Role")}
_REQUIRED: Mapping[str, Rule] = {
    "resourceAppId": _guid,
    "resourceAccess": _list_of(_object(_ACCESS, ("id", "type"))),
}
_CLAIM: Mapping[str, Rule] = {
    "name": _text,
    "source": _text_or_none,
    "essential": _flag,
    "additionalProperties": _list_of(_text),
}
_CLAIMS: Rule = _list_of(_object(_CLAIM, ("name",)), 100)
_ADDRESSES: Rule = _object(
    dict.fromkeys(("marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl", "logoUrl"), _text_or_none)
)
_REDIRECTS: Rule = _list_of(_redirect_uri, MOST_REDIRECT_URIS)
_NATIVE_REDIRECTS: Rule = _list_of(_native_redirect_uri, MOST_REDIRECT_URIS)

APPLICATION: Mapping[str, Rule] = {
    "displayName": _text,
    "description": _text_or_none,
    "notes": _text_or_none,
    "signInAudience": _one_of(*AUDIENCES),
    "identifierUris": _list_of(_identifier_uri),
    "isFallbackPublicClient": _flag_or_none,
    "isDeviceOnlyAuthSupported": _flag_or_none,
    "groupMembershipClaims": _group_claims,
    "optionalClaims": _object_or_none({"accessToken": _CLAIMS, "idToken": _CLAIMS, "saml2Token": _CLAIMS}),
    "info": _ADDRESSES,
    "defaultRedirectUri": _text_or_none,
    "samlMetadataUrl": _text_or_none,
    "uniqueName": _text_or_none,
    "nativeAuthenticationApisEnabled": _one_of(None, "none", "all"),
    "tokenEncryptionKeyId": lambda value: value is None or _guid(value),
    "addIns": _list_of(_object_of_any),
    "parentalControlSettings": _object_of_any,
    "servicePrincipalLockConfiguration": _object_of_any_or_none,
    "tags": _list_of(_text),
    "serviceManagementReference": _text_or_none,
    "keyCredentials": _list_of(_object_of_any),
    "api": _object(
        {
            "acceptMappedClaims": _flag_or_none,
            "knownClientApplications": _list_of(_guid),
            "requestedAccessTokenVersion": _one_of(None, 1, 2),
            "oauth2PermissionScopes": _list_of(_object(_SCOPE, ("id", "value"))),
            "preAuthorizedApplications": _list_of(_object(_PREAUTHORIZED, ("appId", "delegatedPermissionIds"))),
        }
    ),
    "appRoles": _list_of(_object(_APP_ROLE, ("id", "displayName", "description", "allowedMemberTypes"))),
    "requiredResourceAccess": _list_of(_object(_REQUIRED, ("resourceAppId", "resourceAccess")), MOST_RESOURCES),
    "web": _object(
        {
            "redirectUris": _REDIRECTS,
            "homePageUrl": _text_or_none,
            "logoutUrl": _text_or_none,
            "redirectUriSettings": _list_of(_object_of_any),
            "implicitGrantSettings": _object({"enableAccessTokenIssuance": _flag, "enableIdTokenIssuance": _flag}),
        }
    ),
    "spa": _object({"redirectUris": _REDIRECTS}),
    "publicClient": _object({"redirectUris": _NATIVE_REDIRECTS}),
}
