"""Which directory a request is for, and under which names this authority goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from practice_tenant.server.directory import people
from practice_tenant.server.directory.ids import is_guid
from practice_tenant.server.directory.objects import EntraTenant
from practice_tenant.server.login import errors
from practice_tenant.server.web import Call
from practice_tenant.well_known import CANONICAL_LOGIN, US_LOGIN

Audience = Literal["common", "organizations", "consumers"]
AUDIENCES: tuple[Audience, ...] = ("common", "organizations", "consumers")
CONSUMERS_TENANT = "9188040d-6c67-4c5b-b112-36a304b66dad"

OWN_AUTHORITY = frozenset({US_LOGIN})
GRAPH_OF = {US_LOGIN: "graph.microsoft.us"}


@dataclass(frozen=True)
class Realm:
    """The tenant segment of a path, resolved; ``directory`` is None for common, organizations and consumers."""

    segment: str
    directory: EntraTenant | None

    @property
    def tenant_id(self) -> str:
        return self.directory.tenant_id if self.directory else ""

    @property
    def name(self) -> str:
        return self.directory.display_name if self.directory else self.segment


def realm(call: Call, error: str = "invalid_request") -> Realm:
    """Resolve the tenant segment of the path.

    Raises:
        LoginError: 90002 when no directory goes by that id or domain, 900023 when it is neither in form.
    """
    segment = call.path["tenant"]
    if segment.lower() in AUDIENCES:
        return Realm(segment.lower(), None)
    directory = people.directory(call.service.store, segment)
    if directory is None and "." not in segment and not is_guid(segment):
        raise errors.not_a_tenant(segment[:200], error)
    if directory is None:
        raise errors.tenant_not_found(segment[:200], error)
    call.enter(directory.tenant_id)
    return Realm(segment, directory)


def default_directory(call: Call) -> EntraTenant:
    return people.directories(call.service.store)[0]


def authority(call: Call) -> str:
    """Return the base URL of this authority: the direct listener and the sovereign cloud go by their own host.

    A managed identity's token is asked for over plain http, and is issued by the authority all the same.
    """
    if call.request.scheme == "http":
        return f"https://{CANONICAL_LOGIN}"
    host = call.host
    own = host in OWN_AUTHORITY or host.partition(":")[0] in ("localhost", "127.0.0.1")
    return f"https://{host if own else CANONICAL_LOGIN}"


def graph_base(base: str) -> str:
    """Return where Microsoft Graph is for an authority: the direct listener answers for both."""
    host = urlsplit(base).netloc
    return base if _is_direct(base) else f"https://{GRAPH_OF.get(host, 'graph.microsoft.com')}"


def endpoint_version(call: Call) -> int:
    """Return the version of the token endpoint that is asked, 1 or 2."""
    return 1 if call.request.path.endswith("/oauth2/token") else 2


def issuer(call: Call, tenant_id: str, version: int = 2) -> str:
    """Return the issuer of tokens of that version, 1 or 2."""
    base = authority(call)
    if version == 2:
        return f"{base}/{tenant_id}/v2.0"
    return f"{base}/{tenant_id}/" if _is_direct(base) else f"https://sts.windows.net/{tenant_id}/"


def _is_direct(base: str) -> bool:
    return base.startswith(("https://localhost", "https://127.0.0.1"))
