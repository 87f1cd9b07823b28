"""The paths of Microsoft Graph that are here, one row each; every other one answers 501 and says so."""

from __future__ import annotations

from starlette.convertors import StringConvertor, register_url_convertor
from starlette.responses import Response
from starlette.routing import Route

from workshop.tenant.graph import applications, errors, principals, users
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
    ("POST", "/{version}/applications", applications.create),
    ("GET", "/{version}/applications(appId='{app_id}')", applications.read),
    ("GET", "/{version}/applications/{id}", applications.read),
    ("PATCH", "/{version}/applications/{id}", applications.update),
    ("POST", "/{version}/applications/{id}/addPassword", applications.add_password),
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


register_url_convertor("version", Version())


def graph_routes(service: Service) -> list[Route]:
    rows = [(method, path.replace("{version}", "{version:version}"), handler) for method, path, handler in GRAPH + REST]
    return routes(service, rows, errors.answer_error)


def outside_routes(service: Service) -> list[Route]:
    """Return routes for the paths without a version, such as ``/oidc/userinfo``, where Graph has a host of its own."""
    return routes(service, OUTSIDE, errors.answer_error)
