"""What Graph accepts as an application: a literal table of properties, and the rules across them.

Source: https://learn.microsoft.com/graph/api/resources/application and
https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

from workshop.tenant.directory import apps
from workshop.tenant.directory.objects import Application, Directory
from workshop.tenant.directory.store import Store
from workshop.tenant.graph import errors
from workshop.tenant.login.redirects import LOOPBACK
from workshop.tenant.service import is_guid

Rule = Callable[[Any], bool]

AUDIENCES = (
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
)
LONGEST_NAME = 256
LONGEST_URI = 256
MOST_REDIRECT_URIS = 256
SCRIPT_SCHEMES = ("javascript", "data", "vbscript")

# No white space, no control characters, no wildcard, no fragment, no backslash.
_PLAIN_URI = re.compile(r"[^\s\x00-\x20\x7f*#\\]+")


def check(graph: Mapping[str, Any]) -> None:
    """Check the properties that a request sets.

    Raises:
        GraphError: 400 naming the first property that is unknown or has a value of the wrong kind.
    """
    _check(graph, APPLICATION, "Application")


def check_whole(store: Store, directory: Directory, application: Application) -> None:
    """Check the rules that hold across properties of the application as it would become.

    Raises:
        GraphError: 400.
    """
    for entries in (application.graph["api"]["oauth2PermissionScopes"], application.graph["appRoles"]):
        for member in ("id", "value"):
            _check_distinct([entry[member] for entry in entries if entry[member]])
    _check_distinct(application.identifier_uris)
    for uri in application.identifier_uris:
        _check_identifier(store, directory, application, uri)


def _check_distinct(values: Sequence[str]) -> None:
    if len(set(values)) < len(values):
        raise errors.bad_request("Request contains a property with duplicate values.", "DuplicateValue")


def _check_identifier(store: Store, directory: Directory, application: Application, uri: str) -> None:
    owner = apps.owner_of_identifier(store, directory.tenant_id, uri)
    if owner not in (None, application.app_id):
        raise errors.bad_request("Another object with the same value for property identifierUris already exists.")
    parts = urlsplit(uri)
    verified = parts.hostname == directory.domain or str(parts.hostname).endswith("." + directory.domain)
    if parts.scheme == "https" and not verified:
        raise errors.bad_request(
            "Values of IdentifierUris property must use a verified domain of the organization or its subdomain: "
            f"'{uri[:LONGEST_URI]}'"
        )
    names_owner = application.app_id in uri or directory.tenant_id in uri
    if not (verified or names_owner or application.token_version == 2):
        raise errors.bad_request(
            f"Failed to add identifier URI {uri[:LONGEST_URI]}. All newly added URIs must contain a tenant verified "
            "domain, tenant ID, or app ID, as per the default tenant policy of your organization. See "
            "https://aka.ms/identifier-uri-addition-error for more information on this error."
        )


def _check(value: Mapping[str, Any], table: Mapping[str, Rule], resource: str) -> None:
    for name, member in value.items():
        if name not in table:
            raise errors.bad_request(f"Invalid property '{name[:100]}'.")
        if not table[name](member):
            raise errors.invalid_value(name[:100], resource)


def _text(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= LONGEST_NAME


def _text_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, str) and len(value) <= 1_024)


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
    "value": _text,
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
    "value": _text_or_none,
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
_REDIRECTS: Rule = _list_of(_redirect_uri, MOST_REDIRECT_URIS)
_NATIVE_REDIRECTS: Rule = _list_of(_native_redirect_uri, MOST_REDIRECT_URIS)

APPLICATION: Mapping[str, Rule] = {
    "displayName": _text,
    "description": _text_or_none,
    "notes": _text_or_none,
    "signInAudience": _one_of(*AUDIENCES),
    "identifierUris": _list_of(_identifier_uri),
    "isFallbackPublicClient": _flag_or_none,
    "groupMembershipClaims": _text_or_none,
    "tags": _list_of(_text),
    "serviceManagementReference": _text_or_none,
    "keyCredentials": _list_of(lambda value: isinstance(value, dict)),
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
    "requiredResourceAccess": _list_of(_object(_REQUIRED, ("resourceAppId", "resourceAccess"))),
    "web": _object(
        {
            "redirectUris": _REDIRECTS,
            "homePageUrl": _text_or_none,
            "logoutUrl": _text_or_none,
            "implicitGrantSettings": _object({"enableAccessTokenIssuance": _flag, "enableIdTokenIssuance": _flag}),
        }
    ),
    "spa": _object({"redirectUris": _REDIRECTS}),
    "publicClient": _object({"redirectUris": _NATIVE_REDIRECTS}),
}
