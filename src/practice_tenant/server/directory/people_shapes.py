"""The Graph JSON of users, groups, directory roles and the organization, every property present.

Source: https://learn.microsoft.com/graph/api/resources/user, https://learn.microsoft.com/graph/api/resources/organization;
the group as recorded in
https://github.com/Azure/azure-cli/blob/dev/src/azure-cli/azure/cli/command_modules/role/tests/latest/recordings/test_group_scenario.yaml
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Mapping
from typing import Any

from practice_tenant.server.directory.ids import bytes_of

USER_DEFAULT = (
    "businessPhones",
    "displayName",
    "givenName",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
    "id",
)
_USER_NONE = (
    *("aboutMe", "ageGroup", "birthday", "city", "companyName", "consentProvidedForMinor", "country", "creationType"),
    *("deletedDateTime", "employeeHireDate", "employeeId", "employeeLeaveDateTime", "employeeOrgData", "employeeType"),
    *("externalUserState", "externalUserStateChangeDateTime", "faxNumber", "hireDate", "isManagementRestricted"),
    *("isResourceAccount", "lastPasswordChangeDateTime", "legalAgeGroupClassification", "mySite"),
    *("onPremisesDistinguishedName", "onPremisesDomainName", "onPremisesImmutableId", "onPremisesLastSyncDateTime"),
    *("onPremisesSamAccountName", "onPremisesSecurityIdentifier", "onPremisesSyncEnabled"),
    *("onPremisesUserPrincipalName", "passwordPolicies", "passwordProfile", "postalCode", "preferredDataLocation"),
    *("preferredName", "showInAddressList", "signInSessionsValidFromDateTime", "state", "streetAddress"),
    "usageLocation",
)
_USER_LISTS = (
    *("assignedLicenses", "assignedPlans", "identities", "imAddresses", "interests", "licenseAssignmentStates"),
    *("onPremisesProvisioningErrors", "otherMails", "pastProjects", "provisionedPlans", "proxyAddresses"),
    *("responsibilities", "schools", "serviceProvisioningErrors", "skills"),
)
USER: Mapping[str, Any] = {
    "id": "",
    "businessPhones": [],
    "displayName": "",
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": "",
    "accountEnabled": True,
    "createdDateTime": None,
    "department": None,
    "mailNickname": None,
    "securityIdentifier": "",
    "userType": "Member",
    "authorizationInfo": {"certificateUserIds": []},
    "onPremisesExtensionAttributes": {f"extensionAttribute{number}": None for number in range(1, 16)},
    **dict.fromkeys(_USER_NONE),
    **{name: [] for name in _USER_LISTS},
}

GROUP: Mapping[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "classification": None,
    "createdDateTime": None,
    "creationOptions": [],
    "description": None,
    "displayName": "",
    "expirationDateTime": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mail": None,
    "mailEnabled": False,
    "mailNickname": None,
    "membershipRule": None,
    "membershipRuleProcessingState": None,
    "onPremisesDomainName": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesNetBiosName": None,
    "onPremisesSamAccountName": None,
    "onPremisesSecurityIdentifier": None,
    "onPremisesSyncEnabled": None,
    "preferredDataLocation": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "renewedDateTime": None,
    "resourceBehaviorOptions": [],
    "resourceProvisioningOptions": [],
    "securityEnabled": True,
    "securityIdentifier": "",
    "theme": None,
    "uniqueName": None,
    "visibility": None,
    "onPremisesProvisioningErrors": [],
    "serviceProvisioningErrors": [],
}

ROLE: Mapping[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "description": None,
    "displayName": "",
    "roleTemplateId": "",
}

ORGANIZATION: Mapping[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "businessPhones": [],
    "city": None,
    "country": None,
    "countryLetterCode": None,
    "createdDateTime": None,
    "defaultUsageLocation": None,
    "displayName": "",
    "isMultipleDataLocationsForServicesEnabled": None,
    "marketingNotificationEmails": [],
    "onPremisesLastSyncDateTime": None,
    "onPremisesSyncEnabled": None,
    "partnerTenantType": None,
    "postalCode": None,
    "preferredLanguage": "en",
    "privacyProfile": None,
    "securityComplianceNotificationMails": [],
    "securityComplianceNotificationPhones": [],
    "state": None,
    "street": None,
    "technicalNotificationMails": [],
    "tenantType": "AAD",
    "directorySizeQuota": {"used": 100, "total": 50_000},
    "assignedPlans": [],
    "onPremisesSyncStatus": [],
    "provisionedPlans": [],
    "verifiedDomains": [],
}


def whole(shape: Mapping[str, Any], graph: Mapping[str, Any]) -> dict[str, Any]:
    """Return an object with every property of its kind, those that are not stored at their defaults."""
    return {**copy.deepcopy(dict(shape)), **graph}


def user_json(graph: Mapping[str, Any]) -> dict[str, Any]:
    nickname = str(graph["userPrincipalName"]).partition("@")[0]
    return whole(USER, {"mailNickname": nickname, "securityIdentifier": security_identifier(graph["id"]), **graph})


def group_json(graph: Mapping[str, Any]) -> dict[str, Any]:
    own = {"renewedDateTime": graph.get("createdDateTime"), "securityIdentifier": security_identifier(graph["id"])}
    return whole(GROUP, {**own, **graph})


def security_identifier(object_id: str) -> str:
    """Return the security identifier that belongs to an object id: its four 32-bit numbers, as Entra writes them."""
    numbers = struct.unpack("<4I", bytes_of(object_id))
    return "S-1-12-1-" + "-".join(str(number) for number in numbers)
