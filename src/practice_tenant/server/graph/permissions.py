"""Which permissions let a call in, one row for each kind of call, and what the person behind it may do.

A delegated permission lets an application do what its user may do, and no more: that is the second half.

Source: https://learn.microsoft.com/graph/permissions-reference, the permissions table of each reference page, and
https://learn.microsoft.com/entra/fundamentals/users-default-permissions
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Needed:
    """Permissions of which one is enough: for an application with a user, and for one that acts for itself."""

    delegated: tuple[str, ...]
    application: tuple[str, ...] = ()


_DIRECTORY_READ = ("Directory.Read.All", "Directory.ReadWrite.All", "Directory.AccessAsUser.All")
_DIRECTORY_WRITE = ("Directory.ReadWrite.All", "Directory.AccessAsUser.All")
_DIRECTORY_READ_ROLES = ("Directory.Read.All", "Directory.ReadWrite.All")

OPENID = Needed(("openid",))
READ_APPLICATIONS = Needed(
    ("Application.Read.All", "Application.ReadWrite.All", *_DIRECTORY_READ),
    ("Application.Read.All", "Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", *_DIRECTORY_READ_ROLES),
)
WRITE_APPLICATIONS = Needed(
    ("Application.ReadWrite.All", *_DIRECTORY_WRITE),
    ("Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"),
)
READ_GRANTS = Needed(
    ("DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY_READ),
    ("DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY_READ_ROLES),
)
WRITE_GRANTS = Needed(
    ("DelegatedPermissionGrant.ReadWrite.All", *_DIRECTORY_WRITE),
    ("DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"),
)
READ_ASSIGNMENTS = Needed(
    ("Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", *_DIRECTORY_READ),
    ("Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", *_DIRECTORY_READ_ROLES),
)
WRITE_ASSIGNMENTS = Needed(
    ("AppRoleAssignment.ReadWrite.All", "Directory.AccessAsUser.All"), ("AppRoleAssignment.ReadWrite.All",)
)

_USERS_READ = ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY_READ)
READ_SELF = Needed(("User.Read", "User.ReadWrite", *_USERS_READ))
READ_USERS = Needed(_USERS_READ, ("User.ReadBasic.All", "User.Read.All", "User.ReadWrite.All", *_DIRECTORY_READ_ROLES))
READ_SELF_OR_USERS = Needed(READ_SELF.delegated, READ_USERS.application)
WRITE_USERS = Needed(("User.ReadWrite.All", *_DIRECTORY_WRITE), ("User.ReadWrite.All", "Directory.ReadWrite.All"))

_GROUPS_READ = ("GroupMember.Read.All", "Group.Read.All", "GroupMember.ReadWrite.All", "Group.ReadWrite.All")
READ_GROUPS = Needed((*_GROUPS_READ, *_DIRECTORY_READ), (*_GROUPS_READ, *_DIRECTORY_READ_ROLES))
READ_OWN_GROUPS = Needed((*READ_SELF.delegated, *_GROUPS_READ), READ_GROUPS.application)
WRITE_GROUPS = Needed(("Group.ReadWrite.All", *_DIRECTORY_WRITE), ("Group.ReadWrite.All", "Directory.ReadWrite.All"))
WRITE_MEMBERS = Needed(
    ("GroupMember.ReadWrite.All", *WRITE_GROUPS.delegated), ("GroupMember.ReadWrite.All", *WRITE_GROUPS.application)
)
READ_ORGANIZATION = Needed(
    ("Organization.Read.All", "Organization.ReadWrite.All", *READ_SELF.delegated),
    ("Organization.Read.All", "Organization.ReadWrite.All", *READ_USERS.application),
)
READ_OBJECTS = Needed((*READ_USERS.delegated, *_GROUPS_READ, *READ_APPLICATIONS.delegated), _DIRECTORY_READ_ROLES)

READ_POLICY = Needed(
    ("Policy.Read.All", "Policy.ReadWrite.Authorization"), ("Policy.Read.All", "Policy.ReadWrite.Authorization")
)
WRITE_POLICY = Needed(("Policy.ReadWrite.Authorization",), ("Policy.ReadWrite.Authorization",))

_FILES_WRITE = ("Files.ReadWrite", "Files.ReadWrite.All", "Sites.ReadWrite.All")
READ_FILES = Needed(
    ("Files.Read", "Files.Read.All", "Sites.Read.All", *_FILES_WRITE),
    ("Files.Read.All", "Files.ReadWrite.All", "Sites.Read.All", "Sites.ReadWrite.All"),
)
WRITE_FILES = Needed(_FILES_WRITE, ("Files.ReadWrite.All", "Sites.ReadWrite.All"))
READ_MAIL = Needed(
    ("Mail.ReadBasic", "Mail.Read", "Mail.ReadWrite"), ("Mail.ReadBasic.All", "Mail.Read", "Mail.ReadWrite")
)
READ_MAIL_BODIES = Needed(("Mail.Read", "Mail.ReadWrite"), ("Mail.Read", "Mail.ReadWrite"))
WRITE_MAIL = Needed(("Mail.ReadWrite",), ("Mail.ReadWrite",))
SEND_MAIL = Needed(("Mail.Send",), ("Mail.Send",))
