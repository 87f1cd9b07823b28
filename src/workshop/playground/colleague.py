"""A registration with five mistakes, as people make them, to be found with `verify` and mended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from workshop.core.private_files import write_private
from workshop.core.settings import write_values
from workshop.core.well_known import GRAPH_APP_ID
from workshop.errors import WorkshopError
from workshop.playground.directory_tenant import ask_graph, graph_token
from workshop.registration.declarations import PROXY
from workshop.registration.desk import Desk
from workshop.registration.sign_in import signed_in
from workshop.servers.settings import TENANT_ID, ProxySettings

if TYPE_CHECKING:
    from workshop.registration.report import Report

MISTAKEN = replace(
    PROXY.named("A colleague's MCP server"),
    web_redirect_uris=tuple(f"{uri}/" for uri in PROXY.web_redirect_uris),
    token_version=1,
    account_types="AzureADMultipleOrgs",
)
"""Three mistakes. The fourth is that a member registers it, who may not consent; the fifth is in the kept values."""


@dataclass(frozen=True)
class ColleaguesApp:
    """The colleague's registration.

    Attributes:
        desk: the administrator's.
    """

    desk: Desk
    client_id: str

    @property
    def settings(self) -> ProxySettings:
        """Return the kept values, as a server wants them."""
        keeper, names = self.desk.keeper, PROXY.names
        return ProxySettings(self.client_id, keeper.get(names.client_secret), keeper.get(TENANT_ID))

    def verify(self) -> Report:
        """Look at every setting."""
        return self.desk.verify(self.client_id, PROXY)

    def change(self, properties: Mapping[str, object]) -> None:
        """Change the app, as the admin center's page Manifest does.

        Args:
            properties: by their names in Microsoft Graph, such as `signInAudience`.

        Raises:
            GraphCallRefused: with Graph's reason.
        """
        self._ask("PATCH", f"/applications(appId='{self.client_id}')", dict(properties))

    def consent(self, scope: str) -> None:
        """Grant permissions of Microsoft Graph to the app, for everyone.

        Args:
            scope: their names, with spaces between them.

        Raises:
            GraphCallRefused: with Graph's reason.
        """
        self._withdraw()
        own, graph = (self._principal(client_id) for client_id in (self.client_id, GRAPH_APP_ID))
        grant = {"clientId": own, "consentType": "AllPrincipals", "resourceId": graph, "scope": scope}
        self._ask("POST", "/oauth2PermissionGrants", grant)

    def new_secret(self, keep: str) -> None:
        """Make a new client secret and keep one of the things that Graph answers.

        Args:
            keep: the name of the property to keep.

        Raises:
            GraphCallRefused: with Graph's reason.
            WorkshopError: Graph's answer has no such property.
        """
        body = {"passwordCredential": {"displayName": "workshop"}}
        made = self._ask("POST", f"/applications(appId='{self.client_id}')/addPassword", body)
        if not isinstance(made.get(keep), str):
            raise WorkshopError(f"Microsoft Graph's answer has no text {keep!r}. It has: {', '.join(sorted(made))}.")
        write_values(self.desk.keeper.file, {PROXY.names.client_secret: made[keep]})

    def break_what_no_manifest_tells(self) -> None:
        """Withdraw the consent, and keep the Secret ID where the Value belongs, as if the wrong column was copied."""
        self._withdraw()
        secrets = self._ask("GET", f"/applications(appId='{self.client_id}')")["passwordCredentials"]
        file, value = self.desk.keeper.file, self.settings.client_secret
        # `write_values` refuses such a value, and rightly so.
        write_private(file, file.read_text("utf-8").replace(value, secrets[-1]["keyId"]))

    def _withdraw(self) -> None:
        own, graph = (self._principal(client_id) for client_id in (self.client_id, GRAPH_APP_ID))
        for grant in self._ask("GET", f"/oauth2PermissionGrants?$filter=clientId eq '{own}'")["value"]:
            if grant["resourceId"] == graph:
                self._ask("DELETE", f"/oauth2PermissionGrants/{grant['id']}")

    def _principal(self, client_id: str) -> str:
        return str(self._ask("GET", f"/servicePrincipals(appId='{client_id}')")["id"])

    def _ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        desk = self.desk
        with signed_in(desk.settings, "browser", desk.tenant_id, desk.account) as credential:
            token = graph_token(credential)
        return ask_graph(token, method, path, body, what="the change")

    def __repr__(self) -> str:
        return f"“{MISTAKEN.display_name}”, registered by a member of the directory, from memory."


def make(desk: Desk, colleague: str) -> ColleaguesApp:
    """Register the colleague's app, with its mistakes; one that was mended is broken again.

    Args:
        desk: the administrator's, in a directory of the practice tenant.
        colleague: the user principal name of a member.
    """
    done = desk.as_user(colleague).apply(MISTAKEN)
    broken = ColleaguesApp(desk, done.client_id)
    broken.break_what_no_manifest_tells()
    return broken
