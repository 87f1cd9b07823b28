"""Make a declared app registration through Microsoft Graph.

Source: https://learn.microsoft.com/graph/api/application-post-applications
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field

from azure.core.credentials import TokenCredential
from msgraph.generated.applications.item.add_password.add_password_post_request_body import (
    AddPasswordPostRequestBody,
)
from msgraph.generated.models.api_application import ApiApplication
from msgraph.generated.models.application import Application
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.permission_scope import PermissionScope
from msgraph.generated.models.required_resource_access import RequiredResourceAccess
from msgraph.generated.models.resource_access import ResourceAccess
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.web_application import WebApplication
from msgraph.graph_service_client import GraphServiceClient

from workshop.errors import WorkshopError
from workshop.registration.declared import GRAPH_APP_ID, Declaration

GRAPH_SCOPES = ["https://graph.microsoft.com/.default"]
TOKEN_VERSION = 2


@dataclass(frozen=True)
class Made:
    """What a server needs of a registration that was just made."""

    client_id: str
    client_secret: str = field(repr=False)
    tenant_id: str


async def apply(declaration: Declaration, credential: TokenCredential) -> Made:
    """Register the app, give it an identifier URI and a secret, and grant its permissions for everyone.

    Args:
        credential: signs in as somebody who may register apps and grant permissions for the organization.

    Raises:
        kiota_abstractions.api_error.APIError: Graph refuses a step; its message says why.
    """
    graph = GraphServiceClient(credentials=credential, scopes=GRAPH_SCOPES)
    directory = await graph.organization.get()
    graph_principal = await graph.service_principals_with_app_id(GRAPH_APP_ID).get()
    known = (graph_principal.oauth2_permission_scopes if graph_principal else None) or []
    permission_ids = {scope.value: scope.id for scope in known if scope.value in declaration.graph_permissions}

    created = await graph.applications.post(_application(declaration, list(permission_ids.values())))
    if not (created and created.id and created.app_id and graph_principal and directory and directory.value):
        raise WorkshopError("Microsoft Graph answered without the new application.")
    item = graph.applications.by_application_id(created.id)
    await item.patch(Application(identifier_uris=[f"api://{created.app_id}"]))
    secret = await item.add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="workshop"))
    )
    principal = await graph.service_principals.post(ServicePrincipal(app_id=created.app_id))
    own = [scope.value for scope in declaration.scopes]
    for resource, scopes in ((principal, own), (graph_principal, list(declaration.graph_permissions))):
        await graph.oauth2_permission_grants.post(_grant(principal, resource, scopes))
    return Made(created.app_id, str(secret.secret_text if secret else ""), str(directory.value[0].id))


def _application(declaration: Declaration, permission_ids: Sequence[uuid.UUID | None]) -> Application:
    return Application(
        display_name=declaration.display_name,
        sign_in_audience="AzureADMyOrg",
        web=WebApplication(redirect_uris=list(declaration.redirect_uris)),
        api=ApiApplication(
            requested_access_token_version=TOKEN_VERSION,
            oauth2_permission_scopes=[
                PermissionScope(
                    id=uuid.uuid4(),
                    value=scope.value,
                    type="User",
                    is_enabled=True,
                    admin_consent_display_name=scope.title,
                    admin_consent_description=scope.description,
                    user_consent_display_name=scope.title,
                    user_consent_description=scope.description,
                )
                for scope in declaration.scopes
            ],
        ),
        required_resource_access=[
            RequiredResourceAccess(
                resource_app_id=GRAPH_APP_ID,
                resource_access=[ResourceAccess(id=permission, type="Scope") for permission in permission_ids],
            )
        ],
    )


def _grant(
    client: ServicePrincipal | None, resource: ServicePrincipal | None, scopes: Sequence[str]
) -> OAuth2PermissionGrant:
    return OAuth2PermissionGrant(
        client_id=client.id if client else None,
        consent_type="AllPrincipals",
        resource_id=resource.id if resource else None,
        scope=" ".join(scopes),
    )
