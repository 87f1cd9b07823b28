"""The Graph JSON of an application and of a service principal, every property present and in Graph's order.

Source: recorded answers of April 2025,
https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/role/tests/latest/recordings/test_create_for_rbac_service_management_reference.yaml
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.objects import Application

APPLICATION: Mapping[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "appId": "",
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "createdDateTime": None,
    "displayName": "",
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "servicePrincipalLockConfiguration": None,
    "requestSignatureVerification": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
}

PRINCIPAL: Mapping[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": "",
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": "",
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": {},
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": {},
}

# What a service principal has of its own; everything else follows its application.
OWN_OF_PRINCIPAL = (
    "accountEnabled",
    "alternativeNames",
    "appRoleAssignmentRequired",
    "createdDateTime",
    "description",
    "keyCredentials",
    "loginUrl",
    "notes",
    "notificationEmailAddresses",
    "passwordCredentials",
    "preferredSingleSignOnMode",
    "tags",
)


def application_json(object_id: str, app_id: str, created: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new application with the given properties over the defaults."""
    fresh = {**copy.deepcopy(dict(APPLICATION)), "id": object_id, "appId": app_id, "createdDateTime": created}
    return merged(fresh, changes)


def merged(graph: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON with the changes made: nested objects are merged, everything else is replaced."""
    result = dict(graph)
    for name, value in changes.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def principal_json(object_id: str, application: Application, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the service principal of an application with the given properties over the defaults."""
    of = application.graph
    return {
        **copy.deepcopy(dict(PRINCIPAL)),
        "id": object_id,
        "appDisplayName": of["displayName"],
        "appDescription": of["description"],
        "appId": application.app_id,
        "appOwnerOrganizationId": application.tenant_id,
        "createdDateTime": of["createdDateTime"],
        "displayName": of["displayName"],
        "homepage": of["web"]["homePageUrl"],
        "logoutUrl": of["web"]["logoutUrl"],
        "replyUrls": [uri for kind in ("web", "spa", "publicClient") for uri in of[kind]["redirectUris"]],
        "servicePrincipalNames": [application.app_id, *application.identifier_uris],
        "signInAudience": of["signInAudience"],
        "addIns": of["addIns"],
        "appRoles": of["appRoles"],
        "info": of["info"],
        "oauth2PermissionScopes": of["api"]["oauth2PermissionScopes"],
        "verifiedPublisher": of["verifiedPublisher"],
        **changes,
    }
