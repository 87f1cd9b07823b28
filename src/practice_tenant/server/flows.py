"""The name that the request log gives each exchange: its flow, or the endpoint where no flow is told apart."""

from __future__ import annotations

from collections.abc import Mapping

from practice_tenant.server.faults import endpoint_of

ENDPOINTS: Mapping[str, str] = {
    "devicecode": "device_code",
    "discovery": "discovery",
    "keys": "keys",
    "graph": "graph",
    "management": "management",
    "managed_identity": "managed_identity",
}


def named(remarked: str, path: str) -> str:
    """Return the flow's name.

    Args:
        remarked: what the handler said.
        path: of the request.
    """
    return remarked or ENDPOINTS.get(endpoint_of(path), "")
