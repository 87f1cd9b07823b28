"""Grant what a declaration asks for to everyone in the directory: an administrator's consent.

Source: https://learn.microsoft.com/graph/api/oauth2permissiongrant-post
"""

from __future__ import annotations

from kiota_abstractions.api_error import APIError
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.graph_service_client import GraphServiceClient

from workshop.registration.consent import WantedGrant, wanted_grants
from workshop.registration.graph import GraphRefused, once_there, step
from workshop.registration.survey import Survey

EVERYONE = "AllPrincipals"


async def apply(graph: GraphServiceClient, here: Survey, patience: float) -> tuple[str, ...]:
    """Grant what is missing, and take back what is not declared.

    Returns:
        What this account may not grant, in words; empty if all is granted.

    Raises:
        GraphRefused: Graph refused for another reason than missing rights.
    """
    left = [f"read what is granted ({here.snapshot.unseen['consent']})"] if "consent" in here.snapshot.unseen else []
    principal = here.snapshot.principal
    for grant in () if left or principal is None else wanted_grants(here.declaration, here.snapshot):
        if grant.right:
            continue
        try:
            await _grant(graph, str(principal.id) if principal else "", grant, patience)
        except GraphRefused as error:
            if error.status != 403:
                raise
            left.append(f"grant {' '.join(sorted(grant.scopes))} of {grant.resource} to everyone")
    return tuple(left)


async def _grant(graph: GraphServiceClient, principal_id: str, wanted: WantedGrant, patience: float) -> None:
    scope = " ".join(sorted(wanted.scopes))
    grants = graph.oauth2_permission_grants
    with step(f"Granting the permissions of {wanted.resource}"):
        for extra in wanted.grants[1:]:
            await grants.by_o_auth2_permission_grant_id(extra.id).delete()
        if wanted.grants:
            await grants.by_o_auth2_permission_grant_id(wanted.grants[0].id).patch(OAuth2PermissionGrant(scope=scope))
            return
        asked = OAuth2PermissionGrant(
            client_id=principal_id, consent_type=EVERYONE, resource_id=wanted.resource_id, scope=scope
        )
        try:
            await once_there(lambda: grants.post(asked), patience)
        except APIError as error:
            if "already exists" not in str(getattr(getattr(error, "error", None), "message", "")):
                raise  # another run granted it meanwhile
