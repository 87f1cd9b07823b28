"""A widget to choose who signs in, and what they answer on the consent pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import ipywidgets  # type: ignore[import-untyped]


class Choosable(Protocol):
    """Whose choices are clicked: a user agent."""

    account: str
    consent: bool
    allow_client: bool | None

    @property
    def allows_client(self) -> bool:
        """Whether it allows the MCP client as things stand."""


class Chooser:
    """The choices of a user agent, to be clicked; as text where widgets are not shown.

    Attributes:
        box: the ipywidgets box.
        account: the list of accounts.
        consent: the check box for Entra's consent page.
        allow_client: the check box for the MCP server's own page.
    """

    def __init__(self, agent: Choosable, accounts: Mapping[str, str]) -> None:
        """Show the choices of `agent` and set them as they are clicked.

        Args:
            accounts: who there is, each by the user principal name, in words.
        """
        self.agent = agent
        known = accounts if agent.account in accounts else {agent.account: agent.account, **accounts}
        wide = {"style": {"description_width": "initial"}, "layout": {"width": "max-content"}}
        self.account = ipywidgets.Dropdown(
            options=[(f"{words} - {upn}", upn) for upn, words in known.items()],
            value=agent.account,
            description="Sign in as",
            **wide,
        )
        self.consent = ipywidgets.Checkbox(
            value=agent.consent, indent=False, description="Accept on Entra's consent page", **wide
        )
        self.allow_client = ipywidgets.Checkbox(
            value=agent.allows_client, indent=False, description="Allow the MCP client on the MCP server's page", **wide
        )
        for widget in (self.account, self.consent, self.allow_client):
            widget.observe(self._set, names="value")
        self.box = ipywidgets.VBox([self.account, self.consent, self.allow_client])

    def _set(self, _change: Any) -> None:
        self.agent.account = self.account.value
        self.agent.consent = self.consent.value
        self.agent.allow_client = self.allow_client.value

    def __repr__(self) -> str:
        return repr(self.agent)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = self.box._repr_mimebundle_(**options)
        return {**bundle, "text/plain": repr(self)}
