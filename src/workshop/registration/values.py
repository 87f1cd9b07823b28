"""What is kept for a server, described without any secret."""

from __future__ import annotations

import re

from workshop.registration.certificates import thumbprint_of
from workshop.registration.declarations import Names
from workshop.registration.keeper import Keeper
from workshop.registration.seen import KeptValues
from workshop.servers.environment import words
from workshop.servers.settings import TENANT_ID

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def values_of(keeper: Keeper, names: Names) -> KeptValues:
    """Return what stands in the environment or the file under these names.

    Raises:
        FileUnusable: the file can't be read.
    """
    secret = keeper.get(names.client_secret)
    is_id = bool(GUID.fullmatch(secret))
    path = keeper.get(names.certificate)
    return KeptValues(
        place=keeper.place,
        client_id=keeper.get(names.client_id).lower(),
        tenant=keeper.get(TENANT_ID),
        kept="nothing" if not secret else "id" if is_id else "value",
        secret_id=secret.lower() if is_id else "",
        certificate=str(keeper.path(names.certificate)) if path else "",
        thumbprint=thumbprint_of(keeper.path(names.certificate)) if path else "",
        app_roles=words(keeper.get(names.app_roles)),
    )
