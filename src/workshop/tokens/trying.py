"""Change one claim and see which checks fail, with a menu and a field; `verify(changed=...)` says the same without."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workshop.tokens.parts import parts
from workshop.tokens.verifying import verify

if TYPE_CHECKING:
    import ipywidgets  # type: ignore[import-untyped]

    from workshop.tokens.doors import Server


def try_out(token: object, for_: Server, *, known: Mapping[str, str] | None = None) -> ipywidgets.VBox:
    """Return a menu of a token's claims, a field for another value, and what the server then says.

    Args:
        token, for_, known: as `verify` takes them.

    Raises:
        Unreadable: it is no token that can be read.
    """
    import ipywidgets

    claims = parts(token).claims
    name = ipywidgets.Dropdown(options=sorted(claims), description="claim", value=next(iter(sorted(claims))))
    value = ipywidgets.Text(description="value", continuous_update=False, placeholder="empty leaves the claim out")
    button = ipywidgets.Button(description="Change and verify")
    shown = ipywidgets.HTML()

    def suggest(_change: object = None) -> None:
        value.value = json.dumps(claims[name.value])[:200]

    def run(_button: object = None) -> None:
        verification = verify(token, for_, changed={name.value: value_of(value.value)}, known=known)
        shown.value = verification._repr_html_()

    name.observe(suggest, names="value")
    button.on_click(run)
    suggest()
    return ipywidgets.VBox([name, value, button, shown])


def value_of(text: str) -> Any:
    """Return what was typed: JSON if it is any, else the text itself; None for nothing."""
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
