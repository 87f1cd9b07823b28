"""What the app of a scene should be, to verify its registration against."""

from __future__ import annotations

from dataclasses import replace

from workshop.registration.declared import PROXY, DeclaredScope

EXPENSES = replace(
    PROXY,
    display_name="Expenses",
    scopes=(DeclaredScope("access", "Use it", "Use it as the user."),),
    graph_permissions=(),
)
