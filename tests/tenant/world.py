"""The world a test acts in: a tenant, browsers, and app registrations made through Microsoft Graph."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from .browser import DOMAIN, Browser, upn
from .process import GRAPH, LOGIN, Tenant

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
GRAPH_APP = "00000003-0000-0000-c000-000000000000"
DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
REDIRECT = "http://localhost:8000/auth/callback"


@dataclass(frozen=True)
class App:
    """A registered application, as its owner knows it."""

    client_id: str
    object_id: str
    principal_id: str
    redirect_uri: str
    secret: str = field(repr=False)

    @property
    def uri(self) -> str:
        """Return its identifier URI."""
        return f"api://{self.client_id}"

    @property
    def scope(self) -> str:
        """Return the scope anyone may consent to, fully qualified."""
        return f"{self.uri}/access"

    def asks(self, **changes: str | None) -> dict[str, str]:
        """Return the parameters of a plain authorization request; None leaves one out."""
        plain: dict[str, str | None] = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": self.redirect_uri,
            "scope": f"openid profile offline_access {self.scope}",
            "state": "the state",
        }
        return {name: value for name, value in (plain | changes).items() if value is not None}


CLI = App(AZURE_CLI, "", "", "http://localhost:8400", "")


def is_guid(text: str) -> bool:
    """Say whether a text is a GUID as Entra writes them."""
    return str(uuid.UUID(text)) == text


def scope_entry(value: str, **changes: Any) -> dict[str, Any]:
    """Return a delegated permission as Graph wants it."""
    texts = {"adminConsentDisplayName": f"Title of {value}", "adminConsentDescription": f"Meaning of {value}"}
    return {"id": str(uuid.uuid4()), "value": value, "type": "User", "isEnabled": True} | texts | changes


@dataclass(frozen=True)
class World:
    """A tenant and what can be done with one directory of it: the default one unless ``of`` made it."""

    tenant: Tenant
    domain: str = DOMAIN

    @cached_property
    def http(self) -> httpx.Client:
        """Return a client through the proxy, without a browser's cookies."""
        return self.tenant.through_proxy()

    def browser(self) -> Browser:
        """Return a new browser."""
        return Browser(self.tenant.through_proxy(), self.tenant.id, self.domain)

    def of(self, name: str) -> World:
        """Make (or find) another directory in the same process and return its world."""
        said = {**self.tenant.said, "tenant_id": self.directory(name)}
        return World(replace(self.tenant, said=said), f"{name}.onmicrosoft.com")

    def teacher(self, method: str, path: str = "", **body: Any) -> httpx.Response:
        """Make a control call for this directory."""
        with self.tenant.control() as control:
            return control.request(method, f"/directories/{self.tenant.id}{path}", json=body)

    def teach(self, method: str, path: str = "", **body: Any) -> dict[str, Any]:
        """Make a control call for this directory that must succeed, and return the answer."""
        answer = self.teacher(method, path, **body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def token(
        self, *, tenant: str = "", headers: dict[str, str] | None = None, host: str = LOGIN, **form: str | None
    ) -> httpx.Response:
        """Ask /token; a form member that is None is left out."""
        data = {name: value for name, value in form.items() if value is not None}
        url = f"{host}/{tenant or self.tenant.id}/oauth2/v2.0/token"
        return self.http.post(url, data=data, headers=headers)

    def redeem(self, app: App, code: str, **changes: Any) -> httpx.Response:
        """Redeem a code as its client would."""
        plain = {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "client_secret": app.secret or None,
            "code": code,
            "redirect_uri": app.redirect_uri,
        }
        return self.token(**(plain | changes))

    def refresh(self, app: App, refresh_token: str, **changes: Any) -> httpx.Response:
        """Redeem a refresh token as its client would."""
        plain = {
            "grant_type": "refresh_token",
            "client_id": app.client_id,
            "client_secret": app.secret or None,
            "refresh_token": refresh_token,
            "scope": app.scope,
        }
        return self.token(**(plain | changes))

    def code(self, app: App, name: str = "robin", **changes: str | None) -> str:
        """Sign someone in with a new browser and return the code."""
        answer = self.browser().sign_in(app.asks(**changes), name)
        assert "code" in answer, answer
        return answer["code"]

    def tokens(self, app: App, name: str = "robin", **changes: str | None) -> dict[str, Any]:
        """Sign someone in with a new browser and return the token answer."""
        answer = self.redeem(app, self.code(app, name, **changes))
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def client_credentials(self, app: App, scope: str | None = "", **changes: Any) -> httpx.Response:
        """Ask for an app-only token."""
        plain = {
            "grant_type": "client_credentials",
            "client_id": app.client_id,
            "client_secret": app.secret or None,
            "scope": f"{app.uri}/.default" if scope == "" else scope,
        }
        return self.token(**(plain | changes))

    def on_behalf_of(self, app: App, assertion: str, scope: str | None, **changes: Any) -> httpx.Response:
        """Show the token a service was called with, to get one for the next."""
        plain = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "requested_token_use": "on_behalf_of",
            "client_id": app.client_id,
            "client_secret": app.secret or None,
            "assertion": assertion,
            "scope": scope,
        }
        return self.token(**(plain | changes))

    def grant(self, app: App, scope: str, of: str = GRAPH_APP) -> None:
        """Grant delegated permissions of a resource to an application for everybody, as an administrator."""
        body = {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": self.principal_of(of)}
        self.made("/oauth2PermissionGrants", body | {"scope": scope})

    def policy(self, app_id: str, require: str = "mfa", **more: Any) -> str:
        """Make a Conditional Access policy for a resource and return its id."""
        return str(self.teach("POST", "/policies", require=require, resource=app_id, **more)["id"])

    def graph_token(self, name: str = "avery") -> str:
        """Return a token for Graph with what the Azure CLI holds: enough to register applications."""
        return str(self.tokens(CLI, name, scope=f"openid {GRAPH}/.default")["access_token"])

    @cached_property
    def administrator(self) -> str:
        """Return Avery's token for Graph."""
        return self.graph_token()

    def graph(
        self, method: str, path: str, token: str | None = None, version: str = "v1.0", **more: Any
    ) -> httpx.Response:
        """Ask Graph, as the administrator unless another token is given."""
        headers = {"Authorization": f"Bearer {self.administrator if token is None else token}"}
        return self.http.request(method, f"{GRAPH}/{version}{path}", headers=headers | more.pop("headers", {}), **more)

    def made(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Post to Graph and return what it made."""
        answer = self.graph("POST", path, json=body)
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def change(self, app: App, **properties: Any) -> None:
        """Patch an application."""
        answer = self.graph("PATCH", f"/applications/{app.object_id}", json=properties)
        assert answer.status_code == 204, answer.text

    def register(
        self,
        name: str = "Expenses",
        *,
        platform: str = "web",
        redirects: Sequence[str] = (REDIRECT,),
        version: int = 2,
        scopes: Sequence[dict[str, Any]] = (),
        principal: bool = True,
        **more: Any,
    ) -> App:
        """Register an application with an identifier URI, scopes ``access`` and ``manage`` (administrators only)."""
        api = {
            "requestedAccessTokenVersion": version,
            "oauth2PermissionScopes": [scope_entry("access"), scope_entry("manage", type="Admin"), *scopes],
        }
        body = {"displayName": name, "api": api, platform: {"redirectUris": list(redirects)}, **more}
        made = self.made("/applications", body)
        secret = ""
        if platform == "web":
            secret = self.made(f"/applications/{made['id']}/addPassword", {})["secretText"]
        principal_id = self.made("/servicePrincipals", {"appId": made["appId"]})["id"] if principal else ""
        app = App(made["appId"], made["id"], principal_id, redirects[0], secret)
        self.change(app, identifierUris=[app.uri])
        return app

    def directory(self, name: str) -> str:
        """Make (or find) another directory in the same process and return its tenant id."""
        with self.tenant.control() as control:
            answer = control.post("/directories", json={"name": name})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["tenant_id"])

    def disable_account(self, name: str) -> None:
        """Disable an account, in whichever directory it is, as its administrator would."""
        with self.tenant.control() as control:
            path = f"/directories/{name.partition('@')[2]}/users/{quote(name)}"
            answer = control.patch(path, json={"enabled": False})
        assert answer.status_code == 200, answer.text

    def change_principal(self, app: App, **properties: Any) -> None:
        """Patch an application's service principal."""
        answer = self.graph("PATCH", f"/servicePrincipals/{app.principal_id}", json=properties)
        assert answer.status_code == 204, answer.text

    def disable_application(self, app: App) -> None:
        """Switch sign-in to an application off."""
        self.change_principal(app, accountEnabled=False)

    def user_id(self, name: str) -> str:
        """Return the object id of a user of the default directory."""
        return str(self.graph("GET", f"/users/{quote(upn(name, self.domain))}").json()["id"])

    def group_id(self, name: str) -> str:
        """Return the object id of a group of the default directory."""
        (group,) = self.graph("GET", "/groups", params={"$filter": f"displayName eq '{name}'"}).json()["value"]
        return str(group["id"])

    def require_assignment(self, app: App) -> None:
        """Let an application demand assignment."""
        self.change_principal(app, appRoleAssignmentRequired=True)

    def assign(self, app: App, principal_id: str, role_id: str = DEFAULT_ACCESS) -> None:
        """Assign a user or a group to an application."""
        body = {"principalId": principal_id, "resourceId": app.principal_id, "appRoleId": role_id}
        self.made(f"/servicePrincipals/{app.principal_id}/appRoleAssignedTo", body)

    def forbid_user_consent(self, tenant: str, policies: Sequence[str] = ()) -> None:
        """Let a directory forbid its users to consent, as its administrator does, but for what the policies allow."""
        app = self.register("Policies", signInAudience="AzureADMultipleOrgs")
        avery = f"avery@{self.domain_of(tenant)}"
        scope = f"{GRAPH}/Policy.ReadWrite.Authorization"
        answer = self.browser().sign_in(app.asks(scope=scope), avery, tenant=tenant)
        token = self.redeem(app, answer["code"], tenant=tenant).json()["access_token"]
        body = {"defaultUserRolePermissions": {"permissionGrantPoliciesAssigned": list(policies)}}
        assert self.graph("PATCH", "/policies/authorizationPolicy", token, json=body).status_code == 204

    def domain_of(self, tenant: str) -> str:
        """Return the domain of a directory."""
        return str(self.tenant.sql("SELECT domain FROM directories WHERE tenant_id = ?", tenant)[0][0])

    def principal_of(self, app_id: str) -> str:
        """Return the object id of an application's service principal."""
        return str(self.graph("GET", f"/servicePrincipals(appId='{app_id}')").json()["id"])


def host_of(url: str) -> str:
    """Return host and port of a URL."""
    return urlsplit(url).netloc
