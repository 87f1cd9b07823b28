"""The rules that hold across the properties of an application.

Source: https://learn.microsoft.com/graph/api/resources/application and
https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from practice_tenant.server.directory import apps
from practice_tenant.server.directory.objects import PLATFORMS, Application, EntraTenant
from practice_tenant.server.directory.shapes import merged
from practice_tenant.server.directory.store import Store
from practice_tenant.server.graph import application_properties, errors
from practice_tenant.server.graph.application_properties import LONGEST_URI, MOST_REDIRECT_URIS

PERSONAL = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
MOST_REDIRECT_URIS_PERSONAL = 100


def check(graph: Mapping[str, Any], before: Mapping[str, Any] | None = None) -> None:
    """Check the properties that a request sets; ``before`` is what is stored already.

    Raises:
        GraphError: 400 naming the first property that is unknown or has a value of the wrong kind.
    """
    application_properties.check(graph, before or {})


def with_token_version(changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the properties of a new application; one for personal accounts gets version 2 tokens unless it says so.

    Source: recorded in
    https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/role/tests/latest/recordings/test_app_federated_credential.yaml
    """
    if changes.get("signInAudience") not in PERSONAL:
        return changes
    return merged({"api": {"requestedAccessTokenVersion": 2}}, changes)


def check_whole(
    store: Store, directory: EntraTenant, application: Application, before: Mapping[str, Any] | None = None
) -> None:
    """Check the rules that hold across properties of the application as it would become.

    Args:
        before: what is stored; None for a new application.

    Raises:
        GraphError: 400.
    """
    graph = application.graph
    for entries in (graph["api"]["oauth2PermissionScopes"], graph["appRoles"]):
        for member in ("id", "value"):
            _check_distinct([entry[member] for entry in entries if entry[member]])
    _check_distinct([entry["id"] for entry in (*graph["api"]["oauth2PermissionScopes"], *graph["appRoles"])])
    _check_preauthorized(graph["api"], (before or graph)["api"])
    _check_audience(graph)
    _check_distinct(application.identifier_uris)
    for uri in application.identifier_uris:
        _check_identifier(store, directory, application, uri)


def check_entitlements(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Check that no scope and no role goes while it is enabled.

    Raises:
        GraphError: 400.
    """
    pairs = (
        (before["api"]["oauth2PermissionScopes"], after["api"]["oauth2PermissionScopes"]),
        (before["appRoles"], after["appRoles"]),
    )
    for old, new in pairs:
        kept = {entry["id"] for entry in new}
        if any(entry["isEnabled"] and entry["id"] not in kept for entry in old):
            raise errors.bad_request(
                "Permission (scope or role) cannot be deleted or updated unless disabled first.",
                "CannotDeleteOrUpdateEnabledEntitlement",
            )


def _check_distinct(values: Sequence[str]) -> None:
    if len(set(values)) < len(values):
        raise errors.bad_request("Request contains a property with duplicate values.", "DuplicateValue")


def _check_preauthorized(api: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """Check that a client is pre-authorized once, and for scopes that the application has and had before.

    Source: microsoftgraph/msgraph-sdk-dotnet#2044; scripts of several teams that send two requests for this reason.
    """
    _check_distinct([entry["appId"].lower() for entry in api["preAuthorizedApplications"]])
    known, there = ({scope["id"] for scope in each["oauth2PermissionScopes"]} for each in (api, stored))
    for entry in api["preAuthorizedApplications"]:
        if not set(entry["delegatedPermissionIds"]) <= known & there:
            raise errors.bad_request(
                "Property api.preAuthorizedApplications.delegatedPermissionIds has a Permission Id that cannot be "
                "found in the AppPermissions sets.",
                "InvalidValue",
            )


def _check_audience(graph: Mapping[str, Any]) -> None:
    personal = graph["signInAudience"] in PERSONAL
    if personal and graph["api"]["requestedAccessTokenVersion"] != 2:
        raise errors.bad_request(
            "Access Token Accepted Version may not be 1 or null. paramName: AccessTokenAcceptedVersion, "
            f"paramValue: {graph['api']['requestedAccessTokenVersion'] or ''}, "
            "objectType: Microsoft.Online.DirectoryServices.Application",
            "InvalidAccessTokenVersion",
        )
    most = MOST_REDIRECT_URIS_PERSONAL if personal else MOST_REDIRECT_URIS
    if sum(len(graph[platform]["redirectUris"]) for platform in PLATFORMS) > most:
        raise errors.bad_request(
            f"The total number of redirect URIs exceeds the maximum of {most}.", "Directory_QuotaExceeded"
        )


def _check_identifier(store: Store, directory: EntraTenant, application: Application, uri: str) -> None:
    owner = apps.owner_of_identifier(store, directory.tenant_id, uri)
    if owner not in (None, application.app_id):
        raise errors.bad_request("Another object with the same value for property identifierUris already exists.")
    parts = urlsplit(uri)
    verified = parts.hostname == directory.domain or str(parts.hostname).endswith("." + directory.domain)
    if parts.scheme in ("http", "https") and not verified:
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
