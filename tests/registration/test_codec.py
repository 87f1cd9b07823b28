"""Graph's JSON, read and written: what stands in it here is what Graph says, letter for letter."""

from __future__ import annotations

import pytest

from workshop.core.well_known import GRAPH_APP_ID
from workshop.registration import codec
from workshop.registration.aspects import ASPECTS, body
from workshop.registration.rules.python_lines import python
from workshop.registration.seen import App, ExposedScope, Preauthorized, Role, SeenPermission

ID = "11111111-2222-4333-8444-55555555555{}"
SETTINGS = {
    "displayName": "Expenses",
    "signInAudience": "AzureADMyOrg",
    "web": {
        "redirectUris": ["https://web.example"],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": True},
    },
    "spa": {"redirectUris": ["https://spa.example"]},
    "publicClient": {"redirectUris": ["http://localhost"]},
    "isFallbackPublicClient": True,
    "identifierUris": ["api://expenses"],
    "api": {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": [
            {
                "id": ID.format(1),
                "value": "read",
                "type": "Admin",
                "isEnabled": True,
                "adminConsentDisplayName": "Read as admin",
                "adminConsentDescription": "Reads for everyone.",
                "userConsentDisplayName": "Read",
                "userConsentDescription": "Reads for you.",
            }
        ],
        "preAuthorizedApplications": [{"appId": ID.format(2), "delegatedPermissionIds": [ID.format(1)]}],
    },
    "appRoles": [
        {
            "id": ID.format(3),
            "value": "Approver",
            "displayName": "Approves",
            "description": "May approve.",
            "isEnabled": False,
            "allowedMemberTypes": ["Application", "User"],
        }
    ],
    "requiredResourceAccess": [
        {"resourceAppId": GRAPH_APP_ID, "resourceAccess": [{"id": ID.format(4), "type": "Scope"}]}
    ],
    "tags": ["mine"],
}
APP = App(
    client_id="",
    display_name="Expenses",
    account_types="AzureADMyOrg",
    identifier_uris=("api://expenses",),
    token_version=2,
    scopes=(
        ExposedScope(
            ID.format(1), "read", True, "Admin", ("Read as admin", "Reads for everyone.", "Read", "Reads for you.")
        ),
    ),
    roles=(Role(ID.format(3), "Approver", False, "Approves", "May approve.", ("Application", "User")),),
    preauthorized=(Preauthorized(ID.format(2), (ID.format(1),)),),
    web=("https://web.example",),
    spa=("https://spa.example",),
    public=("http://localhost",),
    implicit=("ID tokens",),
    fallback_public_client=True,
    permissions=(SeenPermission(GRAPH_APP_ID, ID.format(4), "Scope"),),
    tags=("mine",),
)


def test_it_is_read() -> None:
    assert codec.application(SETTINGS) == APP


def test_it_is_written() -> None:
    assert body(APP, list(ASPECTS)) == SETTINGS


@pytest.mark.parametrize("name", ASPECTS)
def test_a_request_holds_what_was_asked_for_and_is_read_again(name: str) -> None:
    written = body(APP, [name])
    assert len(written) == 1
    again = body(codec.application(written), [name])
    assert again == written


def test_an_empty_text_for_people_is_left_out() -> None:
    (scope,) = APP.scopes
    plain = App("", "", scopes=(ExposedScope(scope.id, "read", True, "User", ("A", "", "", "")),))
    (written,) = body(plain, ["Scope"])["api"]["oauth2PermissionScopes"]
    assert written["adminConsentDescription"] == ""
    assert not {"userConsentDisplayName", "userConsentDescription"} & set(written)


def test_as_python_it_is_the_models_of_msgraph_sdk() -> None:
    assert python(codec.permissions_json(APP.permissions), "RequiredResourceAccess") == (
        f"[RequiredResourceAccess(resource_app_id='{GRAPH_APP_ID}', "
        f"resource_access=[ResourceAccess(id=UUID(\"{ID.format(4)}\"), type='Scope')])]"
    )
