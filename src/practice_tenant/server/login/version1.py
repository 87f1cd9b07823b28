"""The endpoints of version 1.0, where a client lands that was told an issuer without ``/v2.0``.

They know no scopes but those of OpenID Connect: a client names the ``resource``, and gets what its registration lists
for it. So each request is translated into one for the endpoints of version 2.0, with ``.default`` of the resource, and
the answer back.

Source: https://learn.microsoft.com/azure/active-directory/azuread-dev/v1-protocols-oauth-code
"""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.directory.wellknown import OIDC_SCOPES
from practice_tenant.server.http.messages import Response
from practice_tenant.server.login import authorize, errors, scopes, token
from practice_tenant.server.web import Call, JsonAnswer, Pairs

# What every sign-in here brings, asked for or not: an id token and a refresh token.
_ALWAYS = ("openid", "offline_access")
_LAST = ("resource", "access_token", "refresh_token", "id_token", "client_info")


async def authorize_v1(call: Call) -> Response:
    """Answer GET and POST ``/{tenant}/oauth2/authorize``."""
    words = [*_ALWAYS, *_openid_words(call), *_default(call)]
    return await authorize.authorize(_with_scope(call, words))


async def token_v1(call: Call) -> Response:
    """Answer POST ``/{tenant}/oauth2/token``.

    Raises:
        LoginError: 900144 where a client that acts for itself names no resource; what the other endpoint raises.
    """
    call.remark.form_only = True
    words = [*_openid_words(call), *_default(call)]
    if call.value("grant_type") == "client_credentials":
        words = _default(call)
        if not words:
            raise errors.missing_parameter("resource")
    answer = await token.token(_with_scope(call, words if _default(call) else []))
    assert isinstance(answer, JsonAnswer)
    members = _members(call, answer.content)
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return JsonAnswer(members, answer.status_code, headers)


def _openid_words(call: Call) -> list[str]:
    return [word for word in call.value("scope").split() if word in OIDC_SCOPES]


def _default(call: Call) -> list[str]:
    """Return what stands for the resource that the client names.

    Raises:
        LoginError: 500011 when it is neither a URI nor an application id.
    """
    resource = call.value("resource").strip()
    if not resource:
        return []
    if ("://" not in resource and not is_guid(resource)) or " " in resource:
        raise errors.resource_not_found(resource[:300], call.path["tenant"])
    return [f"{resource}/{scopes.DEFAULT}"]


def _with_scope(call: Call, words: list[str]) -> Call:
    def without(pairs: Pairs) -> Pairs:
        return [(name, value) for name, value in pairs if name not in ("resource", "scope")]

    scope = [("scope", " ".join(dict.fromkeys(words)))] if words else []
    query, form = without(call.query), without(call.form)
    if call.request.method == "POST":
        return replace(call, query=query, form=[*form, *scope])
    return replace(call, query=[*query, *scope], form=form)


def _members(call: Call, content: Any) -> dict[str, Any]:
    """Return the members of the answer: numbers are text, and scopes stand without their resource."""
    body = content["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    words = str(content.get("scope", "")).split()
    prefix = words[-1].removesuffix(f"/{scopes.DEFAULT}") if words else ""
    bare = [word.rpartition("/")[2] for word in words if not word.endswith(scopes.DEFAULT)]
    members = {
        "token_type": content["token_type"],
        **({"scope": scopes.joined(bare)} if words else {}),
        "expires_in": str(content["expires_in"]),
        "ext_expires_in": str(content["ext_expires_in"]),
        "expires_on": str(claims["exp"]),
        "not_before": str(claims["nbf"]),
    }
    rest = {**content, "resource": call.value("resource") or prefix}
    return members | {name: rest[name] for name in _LAST if name in rest}
