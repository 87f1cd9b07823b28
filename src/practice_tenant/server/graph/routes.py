"""The paths of Microsoft Graph that are here, one row each; every other one answers 501 and says so."""

from __future__ import annotations

from practice_tenant.server.graph import (
    applications,
    authorization_policy,
    batch,
    deleting,
    drive,
    errors,
    federated,
    found,
    groups,
    mail,
    memberships,
    ownership,
    permission_grants,
    principals,
    role_assignments,
    userinfo,
    users,
)
from practice_tenant.server.graph.caller import caller
from practice_tenant.server.http.messages import Response
from practice_tenant.server.http.routing import HttpRoute
from practice_tenant.server.service import Service
from practice_tenant.server.web import Call, Row, routes


async def missing(call: Call) -> Response:
    """Say that this part of Graph is missing here, to callers whom Graph would let in."""
    caller(call)
    raise errors.missing_here(call.request.method, call.request.path[:200])


GRAPH: tuple[Row, ...] = (
    # People
    ("GET", "/{version}/users", users.listed),
    ("POST", "/{version}/users", users.create),
    ("GET", "/{version}/users/$count", users.counted),
    ("GET", "/{version}/{person}", users.read),
    ("PATCH", "/{version}/{person}", users.update),
    ("DELETE", "/{version}/{person}", users.delete),
    ("GET", "/{version}/{person}/oauth2PermissionGrants", permission_grants.of_user),
    ("GET", "/{version}/me/ownedObjects{cast}", ownership.of_me),
    ("GET", "/{version}/organization", users.organization),
    ("GET", "/{version}/policies/authorizationPolicy", authorization_policy.read),
    ("PATCH", "/{version}/policies/authorizationPolicy", authorization_policy.update),
    ("GET", "/{version}/organization/{id}", users.organization_by_id),
    # Groups, and who is in them
    ("GET", "/{version}/groups", groups.listed),
    ("POST", "/{version}/groups", groups.create),
    ("GET", "/{version}/groups/$count", groups.counted),
    ("GET", "/{version}/{group}", groups.read),
    ("PATCH", "/{version}/{group}", groups.update),
    ("DELETE", "/{version}/{group}", groups.delete),
    ("POST", "/{version}/{group}/members/$ref", groups.add_member),
    ("DELETE", "/{version}/{group}/members/{id}/$ref", groups.remove_member),
    ("GET", "/{version}/{group}/members{cast}", groups.members),
    ("GET", "/{version}/{group}/members{cast}/$count", groups.members_counted),
    ("GET", "/{version}/{group}/transitiveMembers{cast}", groups.members_within),
    ("GET", "/{version}/{holder}/memberOf{cast}", memberships.direct),
    ("GET", "/{version}/{holder}/memberOf{cast}/$count", memberships.direct_counted),
    ("GET", "/{version}/{holder}/transitiveMemberOf{cast}", memberships.transitive),
    ("GET", "/{version}/{holder}/transitiveMemberOf{cast}/$count", memberships.transitive_counted),
    ("POST", "/{version}/{holder}/checkMemberGroups", memberships.check),
    ("POST", "/{version}/{holder}/getMemberGroups", memberships.get),
    ("POST", "/{version}/{holder}/getMemberObjects", memberships.get_objects),
    ("POST", "/{version}/directoryObjects/getByIds", memberships.by_ids),
    ("GET", "/{version}/directoryObjects/{id}", memberships.item),
    # App registrations
    ("GET", "/{version}/applications", applications.listed),
    ("POST", "/{version}/applications", applications.create),
    ("GET", "/{version}/applications/$count", applications.counted),
    ("GET", "/{version}/applications(uniqueName='{unique_name}')", applications.read_by_unique_name),
    ("PATCH", "/{version}/applications(uniqueName='{unique_name}')", applications.upsert),
    ("GET", "/{version}/{application}", applications.read),
    ("PATCH", "/{version}/{application}", applications.update),
    ("DELETE", "/{version}/{application}", applications.delete),
    ("POST", "/{version}/{application}/addPassword", applications.add_password),
    ("POST", "/{version}/{application}/removePassword", applications.remove_password),
    ("GET", "/{version}/{application}/federatedIdentityCredentials", federated.listed),
    ("POST", "/{version}/{application}/federatedIdentityCredentials", federated.create),
    ("GET", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.read),
    ("PATCH", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.update),
    ("DELETE", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.delete),
    ("GET", "/{version}/{owned}/owners", ownership.listed),
    ("POST", "/{version}/{owned}/owners/$ref", ownership.add),
    ("DELETE", "/{version}/{owned}/owners/{id}/$ref", ownership.remove),
    ("GET", "/{version}/directory/deletedItems{cast}", deleting.listed),
    ("GET", "/{version}/directory/deletedItems/{id}", deleting.read),
    ("DELETE", "/{version}/directory/deletedItems/{id}", deleting.drop),
    ("POST", "/{version}/directory/deletedItems/{id}/restore", deleting.restore),
    # OpenID Connect
    ("GET", "/oidc/userinfo", userinfo.answer),
    ("POST", "/oidc/userinfo", userinfo.answer),
    # Files and mail
    ("GET", "/{version}/{drive}", drive.read),
    ("GET", "/{version}/{person}/drives", drive.of_person),
    ("GET", "/{version}/{drive}/root/search(q='{text}')", drive.search),
    ("GET", "/{version}/{drive}/{item}", drive.item),
    ("DELETE", "/{version}/{drive}/{item}", drive.delete),
    ("GET", "/{version}/{drive}/{item}/children", drive.children),
    ("GET", "/{version}/{drive}/{item}/content", drive.content),
    ("PUT", "/{version}/{drive}/{item}/content", drive.upload),
    ("GET", "/{version}/practice-download/{tenant}/{id}", drive.download),
    ("GET", "/{version}/{person}/messages", mail.listed),
    ("GET", "/{version}/{person}/messages/{id}", mail.read),
    ("PATCH", "/{version}/{person}/messages/{id}", mail.update),
    ("DELETE", "/{version}/{person}/messages/{id}", mail.delete),
    ("GET", "/{version}/{person}/mailFolders", mail.folders),
    ("GET", "/{version}/{person}/mailFolders/{folder}", mail.folder),
    ("GET", "/{version}/{person}/mailFolders/{folder}/messages", mail.listed),
    ("POST", "/{version}/{person}/sendMail", mail.send),
    ("POST", "/{version}/{person}/microsoft.graph.sendMail", mail.send),
    ("POST", "/{version}/$batch", batch.batch),
    # Service principals, consent, roles
    ("GET", "/{version}/servicePrincipals", principals.listed),
    ("POST", "/{version}/servicePrincipals", principals.create),
    ("GET", "/{version}/servicePrincipals/$count", principals.counted),
    ("GET", "/{version}/{principal}", principals.read),
    ("PATCH", "/{version}/{principal}", principals.update),
    ("DELETE", "/{version}/{principal}", principals.delete),
    ("POST", "/{version}/{principal}/addPassword", principals.add_password),
    ("POST", "/{version}/{principal}/removePassword", principals.remove_password),
    ("GET", "/{version}/{principal}/oauth2PermissionGrants", permission_grants.of_principal),
    ("GET", "/{version}/oauth2PermissionGrants", permission_grants.listed),
    ("POST", "/{version}/oauth2PermissionGrants", permission_grants.create),
    ("GET", "/{version}/oauth2PermissionGrants/{id}", permission_grants.read),
    ("PATCH", "/{version}/oauth2PermissionGrants/{id}", permission_grants.update),
    ("DELETE", "/{version}/oauth2PermissionGrants/{id}", permission_grants.delete),
    ("GET", "/{version}/{holder}/appRoleAssignments", role_assignments.held),
    ("POST", "/{version}/{holder}/appRoleAssignments", role_assignments.assign),
    ("DELETE", "/{version}/{holder}/appRoleAssignments/{id}", role_assignments.remove),
    ("GET", "/{version}/{principal}/appRoleAssignedTo", role_assignments.given),
    ("POST", "/{version}/{principal}/appRoleAssignedTo", role_assignments.assign_to),
    ("DELETE", "/{version}/{holder}/appRoleAssignedTo/{id}", role_assignments.remove),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REST: tuple[Row, ...] = tuple((method, "/{version}/{rest:path}", missing) for method in METHODS)
OUTSIDE: tuple[Row, ...] = tuple((method, "/{rest:path}", missing) for method in METHODS)

# What the names in braces stand for, where it is not just one segment; an example of each for tests.
SEGMENTS: dict[str, tuple[str, str]] = {
    "version": (r"v1\.0|beta", "v1.0"),
    "person": (found.PERSON, "users/{id}"),
    "group": (found.GROUP, "groups/{id}"),
    "application": (found.APPLICATION, "applications/{id}"),
    "principal": (found.PRINCIPAL, "servicePrincipals/{id}"),
    "holder": (found.HOLDER, "users/{id}"),
    "owned": (found.OWNED, "applications/{id}"),
    "credential": (r"/[^/]+|\(name='[^']*'\)", "/{id}"),
    "drive": (drive.DRIVE, "users/{id}/drive"),
    "item": (drive.ITEM, "items/{id}"),
    "cast": (r"(?:/(?:microsoft\.)?graph\.\w+)?", "/microsoft.graph.group"),
}


def graph_routes(service: Service) -> list[HttpRoute]:
    """Return the routes; as in Graph, upper and lower case do not count in a path's fixed parts."""
    segments = {name: pattern for name, (pattern, _) in SEGMENTS.items()}
    return routes(service, GRAPH + REST, errors.answer_error, segments, any_case=True)


def outside_routes(service: Service) -> list[HttpRoute]:
    """Return routes for the other paths without a version, where Graph has a host of its own."""
    return routes(service, OUTSIDE, errors.answer_error)
