"""Graph's answers compared by shape with recorded ones: the names of all members, in their order, and their kinds.

Recorded by the Azure CLI's own tests, in
https://github.com/Azure/azure-cli/tree/dev/src/azure-cli/azure/cli/command_modules/role/tests/latest/recordings
(the files are named below).
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from .graph_help import UNKNOWN, fresh
from .process import GRAPH
from .world import World

# test_create_for_rbac_service_management_reference.yaml, April 2025
APPLICATION = """{
"id": "8c582081-fcfe-4094-b17b-cbf9598c8152", "deletedDateTime": null,
"appId": "0610a4a7-3535-4eb5-89ef-7935b1818f2d", "applicationTemplateId": null, "disabledByMicrosoftStatus": null,
"createdDateTime": "2025-04-08T09:40:20Z", "displayName": "x", "description": null, "groupMembershipClaims": null,
"identifierUris": [], "isDeviceOnlyAuthSupported": null, "isFallbackPublicClient": null,
"nativeAuthenticationApisEnabled": null, "notes": null, "publisherDomain": "x.onmicrosoft.com",
"serviceManagementReference": null, "signInAudience": "AzureADMyOrg", "tags": [], "tokenEncryptionKeyId": null,
"uniqueName": null, "samlMetadataUrl": null, "defaultRedirectUri": null, "certification": null,
"optionalClaims": null, "servicePrincipalLockConfiguration": null, "requestSignatureVerification": null,
"addIns": [], "api": {"acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": null,
"oauth2PermissionScopes": [], "preAuthorizedApplications": []}, "appRoles": [],
"info": {"logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null,
"termsOfServiceUrl": null}, "keyCredentials": [], "parentalControlSettings": {"countriesBlockedForMinors": [],
"legalAgeGroupRule": "Allow"}, "passwordCredentials": [{"customKeyIdentifier": null, "displayName": "rbac",
"endDateTime": "2026-04-08T09:40:17Z", "hint": "JRB", "keyId": "e6aa2dc2-be3e-4436-9f31-7c3fc9997b27",
"secretText": null, "startDateTime": "2025-04-08T09:40:17Z"}], "publicClient": {"redirectUris": []},
"requiredResourceAccess": [], "verifiedPublisher": {"displayName": null, "verifiedPublisherId": null,
"addedDateTime": null}, "web": {"homePageUrl": null, "logoutUrl": null, "redirectUris": [],
"implicitGrantSettings": {"enableAccessTokenIssuance": false, "enableIdTokenIssuance": false},
"redirectUriSettings": []}, "spa": {"redirectUris": []}}"""
# the same
PRINCIPAL = """{
"id": "c1eb0539-c403-46c6-91c3-4483691d26de", "deletedDateTime": null, "accountEnabled": true,
"alternativeNames": [], "appDisplayName": "x", "appDescription": null,
"appId": "0610a4a7-3535-4eb5-89ef-7935b1818f2d", "applicationTemplateId": null,
"appOwnerOrganizationId": "54826b22-38d6-4fb2-bad9-b7b93a3e9c5a", "appRoleAssignmentRequired": false,
"createdDateTime": "2025-04-08T09:40:23Z", "description": null, "disabledByMicrosoftStatus": null,
"displayName": "x", "homepage": null, "loginUrl": null, "logoutUrl": null, "notes": null,
"notificationEmailAddresses": [], "preferredSingleSignOnMode": null, "preferredTokenSigningKeyThumbprint": null,
"replyUrls": [], "servicePrincipalNames": ["0610a4a7-3535-4eb5-89ef-7935b1818f2d"],
"servicePrincipalType": "Application", "signInAudience": "AzureADMyOrg", "tags": [], "tokenEncryptionKeyId": null,
"samlSingleSignOnSettings": null, "addIns": [], "appRoles": [], "info": {"logoUrl": null, "marketingUrl": null,
"privacyStatementUrl": null, "supportUrl": null, "termsOfServiceUrl": null}, "keyCredentials": [],
"oauth2PermissionScopes": [], "passwordCredentials": [], "resourceSpecificApplicationPermissions": [],
"verifiedPublisher": {"displayName": null, "verifiedPublisherId": null, "addedDateTime": null}}"""
# the same; the answer to addPassword
SECRET = """{"customKeyIdentifier": null, "displayName": "rbac", "endDateTime": "2026-04-08T09:40:17Z",
"hint": "JRB", "keyId": "e6aa2dc2-be3e-4436-9f31-7c3fc9997b27", "secretText": "replaced",
"startDateTime": "2025-04-08T09:40:17Z"}"""
# test_app_federated_credential.yaml, June 2022
FEDERATED = """{"id": "2276d18a-223c-46d9-83a6-cfaadcb4c258", "name": "Testing",
"issuer": "https://token.actions.githubusercontent.com/", "subject": "repo:octo-org/octo-repo:environment:Production",
"description": "Testing", "audiences": ["api://AzureADTokenExchange"]}"""
# test_app_owner.yaml, May 2022
OWNER = """{"@odata.type": "#microsoft.graph.user", "id": "6d97229a-391f-473a-893f-f0608b592d7b",
"businessPhones": [], "displayName": "rolelivetest", "givenName": "x", "jobTitle": "x", "mail": "x",
"mobilePhone": null, "officeLocation": "x", "preferredLanguage": "x", "surname": "x",
"userPrincipalName": "example@example.com"}"""
# test_group_scenario.yaml, May 2022, and the two members that came later
GROUP = """{"id": "a3f6c606-38ec-42d7-8c0e-d4ecaf0d9d61", "deletedDateTime": null, "classification": null,
"createdDateTime": "2022-05-07T06:53:34Z", "creationOptions": [], "description": null, "displayName": "x",
"expirationDateTime": null, "groupTypes": [], "isAssignableToRole": null, "mail": null, "mailEnabled": false,
"mailNickname": "deleteme11", "membershipRule": null, "membershipRuleProcessingState": null,
"onPremisesDomainName": null, "onPremisesLastSyncDateTime": null, "onPremisesNetBiosName": null,
"onPremisesSamAccountName": null, "onPremisesSecurityIdentifier": null, "onPremisesSyncEnabled": null,
"preferredDataLocation": null, "preferredLanguage": null, "proxyAddresses": [],
"renewedDateTime": "2022-05-07T06:53:34Z", "resourceBehaviorOptions": [], "resourceProvisioningOptions": [],
"securityEnabled": true, "securityIdentifier": "S-1-12-1-2750858758-1121401068-3973320332-1637682607",
"theme": null, "uniqueName": null, "visibility": null, "onPremisesProvisioningErrors": [],
"serviceProvisioningErrors": []}"""
# https://learn.microsoft.com/graph/api/oauth2permissiongrant-post and .../serviceprincipal-post-approleassignments
GRANT = """{"clientId": "x", "consentType": "AllPrincipals", "id": "x", "principalId": null, "resourceId": "x",
"scope": "User.Read"}"""
ASSIGNMENT = """{"id": "x", "deletedDateTime": null, "appRoleId": "x", "createdDateTime": "2021-02-15T16:39:38Z",
"principalDisplayName": "x", "principalId": "x", "principalType": "User", "resourceDisplayName": "x",
"resourceId": "x"}"""


def shape(value: Any) -> Any:
    """Return the names in their order and the kinds of the values; of a list that of its first entry."""
    if isinstance(value, dict):
        return [(name, shape(member)) for name, member in value.items() if "@odata.context" not in name]
    if isinstance(value, list):
        return [shape(entry) for entry in value[:1]]
    return "null" if value is None else type(value).__name__


@pytest.fixture(scope="module")
def made(world: World) -> dict[str, Any]:
    """An application with a secret and nothing else, everything around it, and what was answered."""
    application = world.made("/applications", {"displayName": fresh("Shape")})
    path = f"/applications/{application['id']}"
    secret = world.made(f"{path}/addPassword", {"passwordCredential": {"displayName": "rbac"}})
    principal = world.made("/servicePrincipals", {"appId": application["appId"]})
    federated = {"name": "n", "issuer": "https://i", "subject": "s", "audiences": ["a"], "description": "d"}
    body = {"displayName": "G", "mailNickname": "g", "mailEnabled": False, "securityEnabled": True}
    consent = {"clientId": principal["id"], "consentType": "AllPrincipals", "resourceId": principal["id"], "scope": "x"}
    assigned = {"principalId": world.user_id("robin"), "resourceId": principal["id"], "appRoleId": UNKNOWN}
    assigned["appRoleId"] = "00000000-0000-0000-0000-000000000000"
    return {
        "application": world.graph("GET", path).json(),
        "principal": world.graph("GET", f"/servicePrincipals/{principal['id']}").json(),
        "created principal": principal,
        "secret": secret,
        "federated": world.made(f"{path}/federatedIdentityCredentials", federated),
        "owner": world.graph("GET", f"{path}/owners").json()["value"][0],
        "group": world.made("/groups", body),
        "grant": world.made("/oauth2PermissionGrants", consent),
        "assignment": world.made(f"/servicePrincipals/{principal['id']}/appRoleAssignedTo", assigned),
    }


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("application", APPLICATION),
        ("principal", PRINCIPAL),
        ("created principal", PRINCIPAL),
        ("secret", SECRET),
        ("federated", FEDERATED),
        ("group", GROUP),
        ("grant", GRANT),
        ("assignment", ASSIGNMENT),
    ],
)
def test_members_and_their_kinds(made: dict[str, Any], name: str, recorded: str) -> None:
    assert shape(made[name]) == shape(json.loads(recorded))


def test_an_owner(made: dict[str, Any]) -> None:
    """The order of the properties differs with the way they were asked for; their names and kinds don't."""
    assert sorted(shape(made["owner"])) == sorted(shape(json.loads(OWNER)))


def test_a_new_application_differs_in_nothing_but_its_identity(made: dict[str, Any]) -> None:
    recorded, told = json.loads(APPLICATION), dict(made["application"])
    own = {"id", "appId", "createdDateTime", "displayName", "publisherDomain", "passwordCredentials", "@odata.context"}
    assert {name: told[name] for name in recorded if name not in own} == {
        name: value for name, value in recorded.items() if name not in own
    }


def test_the_security_identifier_is_the_object_id_in_numbers(world: World, made: dict[str, Any]) -> None:
    """S-1-12-1 and the id's four 32-bit numbers; the recorded pair shows it."""
    from practice_tenant.server.directory.people_shapes import security_identifier

    recorded = json.loads(GROUP)
    assert security_identifier(recorded["id"]) == recorded["securityIdentifier"]
    assert made["group"]["securityIdentifier"] == security_identifier(made["group"]["id"])
    assert world.graph("GET", "/me?$select=securityIdentifier").json()["securityIdentifier"].startswith("S-1-12-1-")


class TestHeads:
    """test_create_for_rbac_service_management_reference.yaml (200, 201, 204) and test_app_credential.yaml (403)"""

    LIST = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"

    def test_of_an_answer(self, world: World) -> None:
        headers = world.graph("GET", "/applications?$top=1").headers
        assert (headers["content-type"], headers["odata-version"]) == (self.LIST, "4.0")
        assert (headers["cache-control"], headers["vary"]) == ("no-cache", "Accept-Encoding")
        assert headers["strict-transport-security"] == "max-age=31536000"
        assert re.fullmatch(r"\d+", headers["x-ms-resource-unit"])

    def test_of_a_refusal(self, world: World) -> None:
        headers = world.graph("GET", f"/users/{UNKNOWN}").headers
        assert headers["content-type"] == "application/json"
        assert "odata-version" not in headers
        assert headers["request-id"] == headers["client-request-id"]

    def test_of_no_content(self, world: World) -> None:
        app = world.register()
        answer = world.graph("PATCH", f"/applications/{app.object_id}", json={"notes": "x"})
        assert (answer.status_code, answer.content) == (204, b"")
        assert not {"content-type", "odata-version", "content-length"} & set(answer.headers)
        assert answer.headers["request-id"]


def test_properties_are_those_of_the_sdk() -> None:
    """Every property that can be selected is one of msgraph-sdk's models: none is made up."""
    from msgraph.generated.models.application import Application
    from msgraph.generated.models.drive import Drive
    from msgraph.generated.models.drive_item import DriveItem
    from msgraph.generated.models.group import Group
    from msgraph.generated.models.mail_folder import MailFolder
    from msgraph.generated.models.message import Message
    from msgraph.generated.models.service_principal import ServicePrincipal
    from msgraph.generated.models.user import User

    from practice_tenant.server.graph import kinds

    # in recorded answers, and in no model of the SDK's
    beyond = {
        "creationOptions", "samlSingleSignOnSettings", "@microsoft.graph.downloadUrl", "sizeInBytes", "uniqueName",
        "createdDateTime",
    }  # fmt: skip
    models = [
        (kinds.USER, User), (kinds.GROUP, Group), (kinds.APPLICATION, Application), (kinds.DRIVE, Drive),
        (kinds.DRIVE_ITEM, DriveItem), (kinds.PRINCIPAL, ServicePrincipal), (kinds.MESSAGE, Message),
        (kinds.MAIL_FOLDER, MailFolder),
    ]  # fmt: skip
    for kind, model in models:
        known = set(model().get_field_deserializers()) | beyond
        assert set(kind.shape) <= known, kind.type


def test_a_context_names_where_it_is_from(world: World, made: dict[str, Any]) -> None:
    assert made["application"]["@odata.context"] == f"{GRAPH}/v1.0/$metadata#applications/$entity"
    assert made["secret"]["@odata.context"] == f"{GRAPH}/v1.0/$metadata#microsoft.graph.passwordCredential"
    body = world.graph("GET", "/applications?$top=1", version="beta").json()
    assert body["@odata.context"] == f"{GRAPH}/beta/$metadata#applications"
