"""The paths of Microsoft Graph that are here, one row each; every other one answers 501 and says so."""

from __future__ import annotations

import re

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response
from starlette.routing import Route

from workshop.tenant.graph import applications, authorization_policy, errors, federated, found, principals, users
from workshop.tenant.graph.caller import caller
from workshop.tenant.service import Service
from workshop.tenant.web import Call, Row, routes


async def missing(call: Call) -> Response:
    """Say that this part of Graph is missing here, to callers whom Graph would let in."""
    caller(call)
    raise errors.missing_here(call.request.method, call.request.scope["path"][:200])


GRAPH: tuple[Row, ...] = (
    ("GET", "/{version}/me", users.me),
    ("GET", "/{version}/users/{id}", users.user),
    ("GET", "/{version}/organization", users.organization),
    ("GET", "/{version}/policies/authorizationPolicy", authorization_policy.read),
    ("PATCH", "/{version}/policies/authorizationPolicy", authorization_policy.update),
    ("POST", "/{version}/applications", applications.create),
    ("GET", "/{version}/{application}", applications.read),
    ("PATCH", "/{version}/{application}", applications.update),
    ("POST", "/{version}/{application}/addPassword", applications.add_password),
    ("POST", "/{version}/{application}/removePassword", applications.remove_password),
    ("GET", "/{version}/{application}/federatedIdentityCredentials", federated.listed),
    ("POST", "/{version}/{application}/federatedIdentityCredentials", federated.create),
    ("GET", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.read),
    ("PATCH", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.update),
    ("DELETE", "/{version}/{application}/federatedIdentityCredentials{credential}", federated.delete),
    ("POST", "/{version}/servicePrincipals", principals.create),
    ("GET", "/{version}/servicePrincipals(appId='{app_id}')", principals.read),
    ("GET", "/{version}/servicePrincipals/{id}", principals.read),
    ("POST", "/{version}/servicePrincipals/{id}/appRoleAssignments", principals.assign_role),
    ("POST", "/{version}/oauth2PermissionGrants", principals.create_grant),
)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
REST: tuple[Row, ...] = tuple((method, "/{version}/{rest:path}", missing) for method in METHODS)
OUTSIDE: tuple[Row, ...] = tuple((method, "/{rest:path}", missing) for method in METHODS)


class Version(StringConvertor):
    """The first segment of every Graph path."""

    regex = r"v1\.0|beta"


class ApplicationAddress(StringConvertor):
    """An application, named by its object id or its application id."""

    regex = "applications" + found.ADDRESS


class CredentialAddress(StringConvertor):
    """The id or the name of a federated credential, as a segment or in parentheses."""

    regex = r"/[^/]+|\(name='[^']*'\)"


CONVERTORS = {"version": Version(), "application": ApplicationAddress(), "credential": CredentialAddress()}
for _name, _convertor in CONVERTORS.items():
    register_url_convertor(f"graph_{_name}", _convertor)


def graph_routes(service: Service) -> list[Route]:
    """Return the routes; as in Graph, upper and lower case do not count in a path's fixed parts."""
    rows = [(method, _typed(path), handler) for method, path, handler in GRAPH + REST]
    table = routes(service, rows, errors.answer_error)
    for route in table:
        route.path_regex = re.compile(route.path_regex.pattern, re.IGNORECASE)
    return table


def _typed(path: str) -> str:
    """Return a row's path with Starlette's names of the convertors."""
    for name in CONVERTORS:
        path = path.replace(f"{{{name}}}", f"{{{name}:graph_{name}}}")
    return path


def outside_routes(service: Service) -> list[Route]:
    """Return routes for the paths without a version, such as ``/oidc/userinfo``, where Graph has a host of its own."""
    return routes(service, OUTSIDE, errors.answer_error)
