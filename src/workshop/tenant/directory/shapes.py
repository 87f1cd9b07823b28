"""The whole Graph JSON of an application and of a service principal, every property present.

Source: https://learn.microsoft.com/graph/api/application-get and https://learn.microsoft.com/graph/api/serviceprincipal-get
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from workshop.tenant.directory.objects import Application

_APPLICATION: dict[str, Any] = {
    "deletedDateTime": None,
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
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


def application_json(object_id: str, app_id: str, created: str, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a new application with the given properties over the defaults."""
    fresh = {"id": object_id, "appId": app_id, "createdDateTime": created, **copy.deepcopy(_APPLICATION)}
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
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "alternativeNames": [],
        "appDisplayName": of["displayName"],
        "appDescription": None,
        "appId": application.app_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": application.tenant_id,
        "appRoleAssignmentRequired": False,
        "createdDateTime": of["createdDateTime"],
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": of["displayName"],
        "homepage": of["web"]["homePageUrl"],
        "loginUrl": None,
        "logoutUrl": of["web"]["logoutUrl"],
        "notes": None,
        "notificationEmailAddresses": [],
        "preferredSingleSignOnMode": None,
        "replyUrls": [uri for kind in ("web", "spa", "publicClient") for uri in of[kind]["redirectUris"]],
        "servicePrincipalNames": [application.app_id, *application.identifier_uris],
        "servicePrincipalType": "Application",
        "signInAudience": of["signInAudience"],
        "tags": [],
        "tokenEncryptionKeyId": None,
        "addIns": [],
        "appRoles": of["appRoles"],
        "info": of["info"],
        "keyCredentials": [],
        "oauth2PermissionScopes": of["api"]["oauth2PermissionScopes"],
        "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": of["verifiedPublisher"],
        **changes,
    }
