"""The kinds of objects in Microsoft Graph: their names in OData, and what can be asked of their properties."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from practice_tenant.server.directory import authorization_policy, people_shapes, shapes
from practice_tenant.server.graph import errors

Scalar = type[bool] | type[int] | type[str]


@dataclass(frozen=True)
class EntityType:
    """One kind of object.

    Args:
        set: the entity set, as contexts name it.
        type: its type below ``microsoft.graph``.
        shape: every property at its default.
        default: what is answered without ``$select``; every property when empty.
        searched: the properties that ``$search`` looks at.
        sorted: the properties that ``$orderby`` takes.
        directory: whether it lives in the directory, where the rules of advanced queries hold.
        page: how many are answered at once unless the request says it.
        most: how many a request may ask for at once.
    """

    set: str
    type: str
    shape: Mapping[str, Any]
    default: tuple[str, ...] = ()
    searched: tuple[str, ...] = ("displayName",)
    sorted: tuple[str, ...] = ("displayName",)
    directory: bool = True
    page: int = 100
    most: int = 999

    @property
    def resource(self) -> str:
        """Return its name in the directory's own messages."""
        return self.type[0].upper() + self.type[1:]

    @cached_property
    def _names(self) -> Mapping[str, str]:
        return {name.lower(): name for name in self.shape}

    def name_of(self, asked: str) -> str | None:
        """Return a property in its own spelling; None when the kind has none of that name."""
        return self._names.get(asked.lower())

    def scalar_of(self, name: str) -> Scalar:
        """Return what a property holds that is no list and no object: a truth value, a whole number, or a text."""
        value = self.shape[name]
        return bool if isinstance(value, bool) or name in _FLAGS else int if isinstance(value, int) else str

    @cached_property
    def compound(self) -> frozenset[str]:
        """Return the properties that are lists or objects."""
        return frozenset(name for name, value in self.shape.items() if isinstance(value, list | dict))


# True, false, or not said: their default does not show what they are.
_FLAGS = frozenset(
    {"isFallbackPublicClient", "isDeviceOnlyAuthSupported", "isAssignableToRole", "onPremisesSyncEnabled"}
)

USER = EntityType(
    "users",
    "user",
    people_shapes.USER,
    people_shapes.USER_DEFAULT,
    searched=("displayName", "givenName", "surname", "mail", "mailNickname", "userPrincipalName"),
    sorted=("displayName", "userPrincipalName", "createdDateTime"),
)
GROUP = EntityType("groups", "group", people_shapes.GROUP, searched=("displayName", "description", "mailNickname"))
ROLE = EntityType("directoryRoles", "directoryRole", people_shapes.ROLE)
ORGANIZATION = EntityType("organization", "organization", people_shapes.ORGANIZATION)
APPLICATION = EntityType("applications", "application", shapes.APPLICATION, sorted=("displayName", "createdDateTime"))
PRINCIPAL = EntityType(
    "servicePrincipals", "servicePrincipal", shapes.PRINCIPAL, sorted=("displayName", "createdDateTime")
)
FEDERATED = EntityType(
    "federatedIdentityCredentials",
    "federatedIdentityCredential",
    {"id": "", "name": "", "issuer": "", "subject": "", "description": None, "audiences": []},
    sorted=("name",),
    directory=False,
)
GRANT = EntityType(
    "oauth2PermissionGrants",
    "oAuth2PermissionGrant",
    {"clientId": "", "consentType": "", "id": "", "principalId": None, "resourceId": "", "scope": ""},
    sorted=(),
    directory=False,
)
ASSIGNMENT = EntityType(
    "appRoleAssignments",
    "appRoleAssignment",
    {
        "id": "",
        "deletedDateTime": None,
        "appRoleId": "",
        "createdDateTime": None,
        "principalDisplayName": "",
        "principalId": "",
        "principalType": "",
        "resourceDisplayName": "",
        "resourceId": "",
    },
    sorted=(),
    directory=False,
)
DRIVE = EntityType(
    "drives",
    "drive",
    dict.fromkeys(
        [
            *("createdDateTime", "description", "id", "lastModifiedDateTime", "name", "webUrl", "driveType"),
            *("createdBy", "lastModifiedBy", "owner", "quota"),
        ]
    ),
    directory=False,
)
DRIVE_ITEM = EntityType(
    "driveItems",
    "driveItem",
    {
        "@microsoft.graph.downloadUrl": "",
        **dict.fromkeys(["createdDateTime", "eTag", "id", "lastModifiedDateTime", "name", "webUrl", "cTag"], ""),
        "size": 0,
        **dict.fromkeys(["createdBy", "lastModifiedBy", "parentReference", "fileSystemInfo", "root", "folder", "file"]),
    },
    sorted=("name", "size", "lastModifiedDateTime"),
    directory=False,
    page=200,
)
MESSAGE = EntityType(
    "messages",
    "message",
    {
        **dict.fromkeys(["id", "createdDateTime", "lastModifiedDateTime", "changeKey"], ""),
        "categories": [],
        **dict.fromkeys(["receivedDateTime", "sentDateTime"], ""),
        "hasAttachments": False,
        **dict.fromkeys(["internetMessageId", "subject", "bodyPreview", "importance", "parentFolderId"], ""),
        **dict.fromkeys(["conversationId", "conversationIndex"], ""),
        **dict.fromkeys(["isDeliveryReceiptRequested", "isReadReceiptRequested", "isRead", "isDraft"], False),
        **dict.fromkeys(["webLink", "inferenceClassification"], ""),
        **dict.fromkeys(["body", "sender", "from"]),
        **{name: [] for name in ("toRecipients", "ccRecipients", "bccRecipients", "replyTo")},
        "flag": None,
    },
    searched=("subject", "bodyPreview"),
    sorted=("receivedDateTime", "sentDateTime", "subject"),
    directory=False,
    page=10,
    most=1_000,
)
MAIL_FOLDER = EntityType(
    "mailFolders",
    "mailFolder",
    {
        **dict.fromkeys(["id", "displayName", "parentFolderId"], ""),
        **dict.fromkeys(["childFolderCount", "unreadItemCount", "totalItemCount", "sizeInBytes"], 0),
        "isHidden": False,
    },
    directory=False,
    page=10,
)
AUTHORIZATION_POLICY = EntityType(
    "policies/authorizationPolicy", "authorizationPolicy", authorization_policy.DEFAULT, directory=False
)
# Users, groups, roles, applications and service principals together: what their lists have in common.
OBJECT = EntityType(
    "directoryObjects",
    "directoryObject",
    {
        name: None
        for kind in (USER, GROUP, ROLE, APPLICATION, PRINCIPAL)
        for name in kind.shape
    },
)  # fmt: skip
DIRECTORY_KINDS: Mapping[str, EntityType] = {
    kind.type.lower(): kind for kind in (USER, GROUP, ROLE, APPLICATION, PRINCIPAL)
}


def typed(kind: EntityType, graph: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return an object of a mixed list: its type, and those of the named properties that it has."""
    return {"@odata.type": f"#microsoft.graph.{kind.type}", **{name: graph[name] for name in names if name in graph}}


def cast_of(segment: str) -> EntityType | None:
    """Return the kind that a cast names, such as ``/microsoft.graph.group``; None for no cast.

    Raises:
        GraphError: 400 for one that the directory does not have.
    """
    if not segment:
        return None
    name = segment.rpartition(".")[2]
    kind = DIRECTORY_KINDS.get(name.lower())
    if kind is None:
        raise errors.bad_request(f"Resource not found for the segment '{segment[1:100]}'.", "BadRequest")
    return kind
