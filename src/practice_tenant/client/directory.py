"""What a teacher can do to one directory tenant; every change can be undone at the end of a `with` block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from practice_tenant.client.environment import Doors
from practice_tenant.well_known import AZURE_CLI

if TYPE_CHECKING:
    from practice_tenant.client.browser import PracticeBrowser
    from practice_tenant.client.registering import Administrator, DirectoryPerson, RegisteredApp
    from practice_tenant.client.signing_in import SignedIn

ControlCall = Callable[[str, str, dict[str, Any] | None], dict[str, Any]]


@dataclass(frozen=True)
class Change:
    """A change that is in force already. In a `with` statement it is undone when the block ends.

    Attributes:
        said: what the tenant answered.
    """

    said: dict[str, Any]
    undo: Callable[[], object] = field(repr=False)

    def __enter__(self) -> Change:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self.undo()


@dataclass(frozen=True)
class Directory:
    """One directory tenant of the practice tenant.

    Attributes:
        tenant_id: its tenant id; its name or domain does as well.
        call: makes a control call: method, path, body.
        doors: how the tenant's hosts are reached.
    """

    tenant_id: str
    call: ControlCall = field(repr=False)
    doors: Doors = field(repr=False)

    def account(self, name: str) -> str:
        """Return the user principal name of somebody in it, such as that of "robin"; a whole one stays as it is."""
        return _account(name, self.show())

    def people(self) -> tuple[DirectoryPerson, ...]:
        """Return who is in it, as Microsoft Graph tells its administrator."""
        return self._administrator().people()

    def sign_in(
        self, account: str, scopes: Sequence[str], client_id: str = AZURE_CLI, client_secret: str = ""
    ) -> SignedIn:
        """Sign a user in through the pages that a person would see, and return the tokens.

        Args:
            account: a name before the @, or a user principal name.
            scopes: as in the request, such as `api://.../access_as_user`.
            client_id: of a client that has the redirect URI http://localhost; the Azure CLI if not given.
            client_secret: of a confidential client.

        Raises:
            SignInFailed: the message has Entra's own words.
        """
        from practice_tenant.client.signing_in import (
            sign_in,  # httpx takes a while: who only looks does not wait for it
        )

        told = self.show()
        return sign_in(self.doors, told["tenant_id"], _account(account, told), scopes, client_id, client_secret)

    def browser(self, account: str) -> PracticeBrowser:
        """Return a browser that signs in as this user wherever it is sent; see `PracticeBrowser.in_place`."""
        from practice_tenant.client.browser import PracticeBrowser

        return PracticeBrowser(self.account(account), proxy=self.doors.proxy, ca=self.doors.ca)

    def register(
        self,
        name: str,
        *,
        scopes: Sequence[str] = ("access_as_user",),
        redirect_uris: Sequence[str] = (),
        preauthorized: Sequence[str] = (AZURE_CLI,),
        secret: bool = True,
        properties: Mapping[str, Any] | None = None,
    ) -> RegisteredApp:
        """Register an app, as the directory's administrator does through Microsoft Graph.

        Args:
            scopes: what it exposes.
            redirect_uris: of its web platform.
            preauthorized: the clients that need no consent for its scopes, by client id.
            secret: whether it gets a client secret.
            properties: more members of the application object, by Graph's names.

        Raises:
            AdministratorRefused: Graph's reason.

        Source: https://learn.microsoft.com/graph/api/application-post-applications
        """
        return self._administrator().register(
            name,
            scopes=scopes,
            redirect_uris=redirect_uris,
            preauthorized=preauthorized,
            secret=secret,
            properties=properties or {},
        )

    def graph(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call Microsoft Graph as the directory's administrator; see `Administrator.graph`."""
        return self._administrator().graph(method, path, body)

    def show(self) -> dict[str, Any]:
        """Return its time, its settings and what else a teacher changed."""
        return self._ask("GET", "")

    def set(self, **values: object) -> Change:
        """Change settings by their names; None brings Entra's own value back.

        Args:
            values: numbers of seconds for `clock`, `backdate`, `access_lifetime`, `id_lifetime`, `refresh_idle`,
                `replication_delay`; "checked" or "refused" for `resource_parameter`.

        Raises:
            TenantRefused: the message lists the names, or what the value may be.
        """
        said = self._ask("PATCH", "", values)
        return Change(said, lambda: self._ask("PATCH", "", said["before"]))

    def clock(self, seconds: float) -> Change:
        """Move its clock that many seconds ahead of this machine's, or behind; 0 puts it right.

        All that this directory issues or checks goes by it: tokens, codes, the end of secrets, Graph's dates.
        """
        return self.set(clock=seconds)

    def lifetimes(
        self, access: int | None = None, id_token: int | None = None, refresh_idle: int | None = None
    ) -> Change:
        """Set how long its tokens live.

        Args:
            access: seconds of an access token.
            id_token: seconds of an id token.
            refresh_idle: seconds that a refresh token may lie unused.
        """
        given = {"access_lifetime": access, "id_lifetime": id_token, "refresh_idle": refresh_idle}
        return self.set(**{name: value for name, value in given.items() if value is not None})

    def backdate(self, seconds: float) -> Change:
        """Let its tokens say that they were issued that long ago; the answer's `expires_in` stays as it was."""
        return self.set(backdate=seconds)

    def rotate_keys(self, old: Literal["kept", "dropped"] = "kept") -> dict[str, Any]:
        """Sign with a new key from now on; the old ones stay published, or go at once. It can't be undone."""
        return self._ask("POST", "/keys", {"old": old})

    def sign(self, claims: Mapping[str, object], header: Mapping[str, object] | None = None) -> str:
        """Return a token with any claims, signed with its key: Entra would never do that, a test of a verifier must.

        Args:
            claims: as they are to stand in it.
            header: members beside or instead of `typ`, `alg` and `kid`; it is signed with RS256 whatever they say.
        """
        return str(self._ask("POST", "/sign", {"claims": dict(claims), "header": dict(header or {})})["token"])

    def fault(self, kind: str, at: str = "all", **options: float | None) -> Change:
        """Switch a fault on; it strikes before anything else is checked.

        Args:
            kind: "throttle" (429), "error" (a server error) or "slow".
            at: "token", "devicecode", "discovery", "keys", "pages", "graph", "management" (Azure Resource Manager),
                "managed_identity", or "all".
            options: `times` (how many calls it strikes; without it, all until it is removed); `retry_after` (seconds;
                without it there is no such header, as at Graph's identity endpoints); `status` of an "error" (500,
                502, 503 or 504); `seconds` that a "slow" answer is held back.

        Raises:
            TenantRefused: the message lists what there is.
        """
        said = self._ask("POST", "/faults", {"kind": kind, "at": at, **options})
        return Change(said, lambda: self._ask("DELETE", f"/faults/{said['id']}"))

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._ask("DELETE", "/faults")

    def conditional_access(
        self, require: str, resource: str = "All", user: str = "All", hours: int | None = None
    ) -> Change:
        """Add a Conditional Access policy.

        Args:
            require: "mfa", "block" or "sign_in_frequency".
            resource: an application id or identifier URI.
            user: a name before the @, a user principal name or an id.
            hours: how old a sign-in may be, for "sign_in_frequency".
        """
        asked: dict[str, Any] = {"require": require, "resource": resource, "user": user}
        said = self._ask("POST", "/policies", asked | ({} if hours is None else {"hours": hours}))
        return Change(said, lambda: self._ask("DELETE", f"/policies/{said['id']}"))

    def clear_policies(self) -> None:
        """Remove all Conditional Access policies."""
        self._ask("DELETE", "/policies")

    def disable(self, user: str) -> Change:
        """Switch an account off."""
        return self._change_user(user, enabled=False)

    def enable(self, user: str) -> Change:
        """Switch an account on."""
        return self._change_user(user, enabled=True)

    def forget_mfa(self, user: str) -> Change:
        """Let a user have no second factor registered yet."""
        return self._change_user(user, mfa_registered=False)

    def revoke_sessions(self, user: str) -> dict[str, Any]:
        """End all that a user was granted until now: refresh tokens and sessions. It can't be undone."""
        return self._ask("POST", f"/users/{quote(user, safe='')}/revoke")

    def give_consent(self, client: str, resource: str, scope: str, user: str = "All") -> dict[str, Any]:
        """Grant scopes of a resource to a client, as if a user had accepted, or an administrator for all.

        Args:
            client: its application id.
            resource: an application id or identifier URI.
            scope: values without the resource, separated by spaces.
            user: whose consent it is; the administrator's for everyone if "All".
        """
        return self._ask("POST", "/consent", {"client": client, "resource": resource, "scope": scope, "user": user})

    def withdraw_consent(self, client: str, resource: str = "", user: str = "") -> Change:
        """Take back what a client was granted: on one resource or on all, by one user or by everyone."""
        asked = {"client": client, "resource": resource, "user": user}
        said = self._ask("DELETE", "/consent", {name: value for name, value in asked.items() if value})

        def give_back() -> None:
            for grant in said["withdrawn"]:
                self._ask("POST", "/consent", grant)

        return Change(said, give_back)

    def trust_issuer(self, issuer: str, key_set: dict[str, Any]) -> dict[str, Any]:
        """Say which JSON Web Key Set an outside OpenID Connect issuer publishes: the tenant fetches nothing itself."""
        return self._ask("POST", "/issuers", {"issuer": issuer, "jwks": key_set})

    def admin_center(self, account: str, holder: str, host: str) -> dict[str, Any]:
        """Make a link to the practice admin center; the answer's `path` stands below the door's address."""
        return self._ask("POST", "/admin-center", {"account": account, "holder": holder, "host": host})

    def reset(self) -> None:
        """Put it back to its seed and to Entra's settings; the other directories are left alone."""
        self._ask("POST", "/reset")

    def _change_user(self, user: str, **values: bool) -> Change:
        path = f"/users/{quote(user, safe='')}"
        said = self._ask("PATCH", path, values)
        return Change(said, lambda: self._ask("PATCH", path, said["before"]))

    def _administrator(self) -> Administrator:
        from practice_tenant.client.registering import Administrator

        told = self.show()
        return Administrator(self.doors, told["tenant_id"], _account("avery", told))

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        return self.call(method, f"/directories/{quote(self.tenant_id, safe='')}{path}", body)


def _account(name: str, told: Mapping[str, Any]) -> str:
    """Return a user principal name, given what the directory told of itself."""
    return name if "@" in name else f"{name}@{told['domain']}"
