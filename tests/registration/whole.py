"""A declaration with something of every kind."""

from __future__ import annotations

from dataclasses import replace

from workshop.registration.declarations import (
    PROXY,
    VISUAL_STUDIO_CODE_CLIENT,
    Certificate,
    DeclaredRole,
    FederatedCredential,
    Secret,
)

WHOLE = replace(
    PROXY,
    preauthorized=(VISUAL_STUDIO_CODE_CLIENT,),
    app_roles=(DeclaredRole("Approver", "Approver", "May approve expenses."),),
    credentials=(
        Secret(),
        Certificate(),
        FederatedCredential("production", "https://issuer.example", "11111111-2222-4333-8444-555555555555"),
    ),
)
