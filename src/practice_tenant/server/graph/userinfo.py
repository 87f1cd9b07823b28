"""The UserInfo endpoint of OpenID Connect, which Microsoft Graph hosts.

Source: https://learn.microsoft.com/entra/identity-platform/userinfo; OpenID Connect Core section 5.3
"""

from __future__ import annotations

from practice_tenant.server.graph import errors
from practice_tenant.server.graph.caller import caller
from practice_tenant.server.graph.permissions import OPENID
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login.claims import pairwise
from practice_tenant.server.web import Call, JsonAnswer

PICTURE = "https://graph.microsoft.com/v1.0/me/photo/$value"


async def answer(call: Call) -> Response:
    """Answer GET and POST /oidc/userinfo: what the id token of this client says of the user, no more."""
    who = caller(call)
    who.demand(OPENID)
    user = who.person
    claims = {"sub": pairwise(who.directory.tenant_id, who.app_id, user.id)}
    if "profile" in who.scopes:
        names = {"family_name": user.graph.get("surname"), "given_name": user.graph.get("givenName")}
        told = {"name": user.display_name, **names, "picture": PICTURE}
        claims |= {name: value for name, value in told.items() if value}
    if "email" in who.scopes and user.graph.get("mail"):
        claims["email"] = user.graph["mail"]
    head = {name: value for name, value in errors.headers(call).items() if name != "OData-Version"}
    return JsonAnswer(claims, headers={**head, "Content-Type": "application/json"})
