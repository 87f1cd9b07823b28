"""A scene: an app, a client and a server that work together, until a fault is set on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from workshop.breaking.stage import CALLBACK, Stage, StageApp, wording
from workshop.playground.directory_tenant import GRAPH

if TYPE_CHECKING:
    from workshop.background import BackgroundServer

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GRAPH_SCOPE = f"{GRAPH}/User.Read"


@dataclass(frozen=True)
class AttemptOutcome:
    """How an attempt went.

    Attributes:
        seen: what the user sees, or finds in a log; "" if all went well.
        url: the server's address, where it tells more than what is seen.
    """

    seen: str = ""
    url: str = ""

    @property
    def works(self) -> bool:
        """Whether all went well."""
        return not self.seen


@dataclass
class Scene:
    """What a fault is set on. As it comes everything works.

    The client is hand-written: it sends exactly what stands here, so that it can make the mistakes that released
    libraries avoid.

    Attributes:
        sign_in: changes of the sign-in request; None leaves a parameter out.
        redeem: changes of the token request that redeems the code.
        credential: how the client proves who it is.
        refresh: changes of the refresh request; None if the scene ends before.
        on_behalf_of: changes of the request on behalf of the user; None if there is none.
        present: shows the access token to a server, and returns why it was refused.
        connect: connects to a server as an MCP client does, and returns why it stopped.
        http: how the client reaches that server.
        before: what else the user tries first, and what is seen of it; "" if it went well.
        closing: is called when the scene ends.
        server: the MCP server that was started last; None if there is none.
        held: the access token that the client got last.
    """

    stage: Stage
    app: StageApp
    account: str = "robin"
    sign_in: dict[str, str | None] = field(default_factory=dict)
    redeem: dict[str, str | None] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    credential: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str | None] | None = None
    between: Callable[[], object] = lambda: None
    on_behalf_of: dict[str, str | None] | None = None
    present: Callable[[str], str] | None = None
    connect: Callable[[], AttemptOutcome] | None = None
    http: httpx.Client | None = None
    before: Callable[[], str] | None = None
    closing: list[Callable[[], object]] = field(default_factory=list)
    server: BackgroundServer | None = None
    held: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        self.credential = self.credential or {"client_secret": self.app.secret}

    def attempt(self) -> AttemptOutcome:
        """Do what the user does, until something fails."""
        if self.connect is not None:
            outcome = self.connect()
            if not outcome.works:
                return outcome
        if self.before is not None:
            seen = self.before()
            if seen:
                return AttemptOutcome(seen)
        asked = self.asked()
        landed = self.stage.sign_in(asked, self.account)
        if not landed.code:
            return AttemptOutcome(f"GET {self.stage.authorize_url(asked)}\n{landed.seen}")
        tokens = self._redeem(landed.code)
        if "access_token" not in tokens:
            return AttemptOutcome(wording(tokens))
        self.held = str(tokens["access_token"])
        return AttemptOutcome(self._go_on(tokens))

    def asked(self) -> dict[str, str]:
        """Return the sign-in request."""
        plain: dict[str, str | None] = {
            "client_id": self.app.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": f"openid profile offline_access {self.app.scope}",
            "state": "s",
        }
        return {name: value for name, value in (plain | self.sign_in).items() if value is not None}

    def close(self) -> None:
        """End what runs for the scene."""
        for end in reversed(self.closing):
            end()

    def _redeem(self, code: str) -> dict[str, Any]:
        form: dict[str, str | None] = {
            "grant_type": "authorization_code",
            "client_id": self.app.client_id,
            "redirect_uri": self.asked().get("redirect_uri"),
            "code": code,
            "scope": self.app.scope,
        }
        return self.stage.token(form | self.credential | self.redeem, self.headers)

    def _go_on(self, tokens: dict[str, Any]) -> str:
        """Use the tokens as the scene wants: at a server, on behalf of the user, an hour later."""
        refused = self.present(str(tokens["access_token"])) if self.present else ""
        self.between()
        return refused or self._act(str(tokens["access_token"])) or self._refresh(tokens)

    def _act(self, token: str) -> str:
        if self.on_behalf_of is None:
            return ""
        form: dict[str, str | None] = {
            "grant_type": JWT_BEARER,
            "requested_token_use": "on_behalf_of",
            "client_id": self.app.client_id,
            "assertion": token,
            "scope": GRAPH_SCOPE,
        }
        answer = self.stage.token(form | self.credential | self.on_behalf_of)
        return "" if "access_token" in answer else wording(answer)

    def _refresh(self, tokens: dict[str, Any]) -> str:
        if self.refresh is None:
            return ""
        if "refresh_token" not in tokens:
            return f"the access token has ended; no refresh_token issued (scope was {tokens.get('scope')})"
        form: dict[str, str | None] = {
            "grant_type": "refresh_token",
            "client_id": self.app.client_id,
            "refresh_token": str(tokens["refresh_token"]),
            "scope": self.app.scope,
        }
        answer = self.stage.token(form | self.credential | self.refresh)
        return "" if "access_token" in answer else wording(answer)


def scene(stage: Stage) -> Scene:
    """Return a new scene, with an app of its own."""
    return Scene(stage, stage.register())
