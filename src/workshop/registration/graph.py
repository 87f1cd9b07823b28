"""Microsoft Graph through msgraph-sdk: the client, its refusals in one line, and patience with its replicas."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from azure.core.credentials import TokenCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.serialization import Parsable
from kiota_serialization_json.json_parse_node_factory import JsonParseNodeFactory
from kiota_serialization_json.json_serialization_writer import JsonSerializationWriter
from msgraph.generated.groups.groups_request_builder import GroupsRequestBuilder
from msgraph.graph_service_client import GraphServiceClient

from workshop.errors import WorkshopError

SCOPES = ["https://graph.microsoft.com/.default"]
PATIENCE = 60.0
FIRST_WAIT = 0.25
LONGEST_WAIT = 8.0

T = TypeVar("T")
P = TypeVar("P", bound=Parsable)


@dataclass(eq=False)
class GraphRefused(WorkshopError):
    """Microsoft Graph refused a step.

    Attributes:
        step: what was being done, in words.
        code: Graph's code, such as `Authorization_RequestDenied`.
    """

    step: str
    status: int
    code: str
    reason: str

    def __str__(self) -> str:
        return f"{self.step}: Microsoft Graph refused ({self.status} {self.code}): {self.reason}"


def client(credential: TokenCredential) -> GraphServiceClient:
    """Return a client of Microsoft Graph that signs in with `credential`."""
    return GraphServiceClient(credentials=credential, scopes=SCOPES)


@contextmanager
def step(name: str) -> Iterator[None]:
    """Turn Graph's refusals inside into one line that names the step.

    Raises:
        GraphRefused: Graph refused.
    """
    try:
        yield
    except APIError as error:
        raise _refused(name, error) from error


def _refused(name: str, error: APIError) -> GraphRefused:
    refusal = getattr(error, "error", None)
    code = getattr(refusal, "code", None) or "no code"
    reason = getattr(refusal, "message", None) or str(error)
    return GraphRefused(name, error.response_status_code or 0, code, " ".join(reason.split()))


async def found_or_none(ask: Awaitable[T]) -> T | None:
    """Return the answer, None where Graph says there is no such object."""
    try:
        return await ask
    except APIError as error:
        if error.response_status_code == 404:
            return None
        raise


def not_there_yet(error: APIError) -> bool:
    """Say whether Graph answered from a replica that has not heard of an object that was just made."""
    refusal = getattr(error, "error", None)
    code, message = getattr(refusal, "code", None) or "", getattr(refusal, "message", None) or ""
    if error.response_status_code == 404:
        return True
    late = code == "NoBackingApplicationObject" or "does not reference a valid application object" in message
    return error.response_status_code == 400 and late


async def once_there(ask: Callable[[], Awaitable[T]], patience: float = PATIENCE) -> T:
    """Ask about an object that was just made until its replica knows it, for `patience` seconds at most.

    Source: https://learn.microsoft.com/graph/best-practices-concept (replicas lag for seconds, seldom minutes).
    """
    deadline = time.monotonic() + patience
    wait = FIRST_WAIT
    while True:
        try:
            return await ask()
        except APIError as error:
            if not not_there_yet(error) or time.monotonic() + wait > deadline:
                raise
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)


def from_json(kind: type[P], graph: Mapping[str, Any]) -> P:
    """Return Graph's JSON as a model of msgraph-sdk, which has what stands there and nothing else."""
    node = JsonParseNodeFactory().get_root_parse_node("application/json", json.dumps(graph).encode())
    factory: Any = kind
    model: P = node.get_object_value(factory)
    return model


def to_json(model: Parsable) -> dict[str, Any]:
    """Return a model as Graph's JSON."""
    writer = JsonSerializationWriter()
    writer.write_object_value(None, model)
    return dict(json.loads(writer.get_serialized_content()))


async def group_ids(graph: GraphServiceClient, display_name: str) -> list[str]:
    """Return the object ids of the groups of this name."""
    quoted = display_name.replace("'", "''")
    query = GroupsRequestBuilder.GroupsRequestBuilderGetQueryParameters(
        filter=f"displayName eq '{quoted}'", select=["id"]
    )
    with step(f"looking for the group {display_name}"):
        groups = await graph.groups.get(RequestConfiguration(query_parameters=query))
    return [str(group.id) for group in (groups.value if groups else None) or ()]
