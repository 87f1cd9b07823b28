"""Faults of the server: its addresses, its storage, what it allows, and what stands in front of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from pydantic import AnyHttpUrl

from workshop.background import BackgroundServer
from workshop.breaking import connecting
from workshop.breaking.connecting import PUBLIC, Front, run, through
from workshop.breaking.fault import InjectedFault, Mend
from workshop.breaking.scene import AttemptOutcome, Scene
from workshop.breaking.stage import CALLBACK, LOGIN, redirects
from workshop.core.well_known import VISUAL_STUDIO_CODE
from workshop.servers import preauthorized, proxy
from workshop.servers.preauthorized_settings import PreauthorizedSettings
from workshop.servers.settings import CLIENT_ID, CLIENT_SECRET, TENANT_ID, ProxySettings, load

SCOPES = "ENTRA_PROXY_REQUIRED_SCOPES"
KEY = "practice, and at least thirty-two characters long"


def settings(scene: Scene, **changes: Any) -> ProxySettings:
    """Return the settings of a proxy for the scene's app."""
    plain = {"tenant_id": scene.stage.tenant_id, "required_scopes": ("access",), "storage": "memory"}
    return ProxySettings(scene.app.client_id, scene.app.secret, **(plain | changes))


def few_redirects(scene: Scene) -> Mend:
    """Allow one web client's redirect URIs only."""
    return _local(
        scene,
        lambda url: proxy.build(url, settings(scene, allowed_client_redirect_uris=("https://claude.ai/*",))),
        lambda url: proxy.build(url, settings(scene)),
    )


def base_url_with_path(scene: Scene) -> Mend:
    """Write the path /mcp into base_url."""
    return _local(
        scene,
        lambda url: proxy.build(f"{url}/mcp", settings(scene)),
        lambda url: proxy.build(url, settings(scene)),
    )


def no_registration(scene: Scene) -> Mend:
    """Send a client that needs to register to a server without a proxy."""
    without_proxy = PreauthorizedSettings(scene.app.client_id, scene.stage.tenant_id, required_scopes=("access",))
    return _local(
        scene,
        lambda url: preauthorized.build(url, without_proxy),
        lambda url: proxy.build(url, settings(scene)),
        by_text=True,
    )


def bare_scopes_advertised(scene: Scene) -> Mend:
    """Advertise the scopes without their app's name, beside Entra itself."""
    tenant = f"{LOGIN}/{scene.stage.tenant_id}"

    def build(base_url: str) -> FastMCP:
        verifier = JWTVerifier(
            jwks_uri=f"{tenant}/discovery/v2.0/keys", issuer=f"{tenant}/v2.0",
            audience=scene.app.client_id, required_scopes=["access"],
        )  # fmt: skip
        servers = [AnyHttpUrl(f"{tenant}/v2.0")]
        return FastMCP("bare", auth=RemoteAuthProvider(verifier, authorization_servers=servers, base_url=base_url))

    server = run(scene, build)
    scene.http = through(None)
    advertised = scene.http.get(f"{server.base_url}/.well-known/oauth-protected-resource/mcp").json()
    scene.sign_in["scope"] = f"openid {' '.join(advertised['scopes_supported'])}"
    scene.connect = lambda: _signed_in(scene, server.url)
    right = PreauthorizedSettings(scene.app.client_id, scene.stage.tenant_id, required_scopes=("access",))

    def mend() -> None:
        run(scene, lambda url: preauthorized.build(url, right))
        scene.sign_in["scope"] = f"openid {scene.app.scope}"

    return mend


def http_behind_tls(scene: Scene) -> Mend:
    """Take itself for an http server behind a reverse proxy that ends TLS.

    AzureProvider refuses an http base_url that is not of this machine, so the server has no proxy of its own here.
    """
    public = f"https://expenses-{scene.app.client_id[:8]}.{scene.stage.domain}"
    scene.stage.change(scene.app, identifierUris=[scene.app.uri, f"{public}/mcp"])
    app, tenant = scene.app.client_id, scene.stage.tenant_id
    own = PreauthorizedSettings(app, tenant, required_scopes=("access",), identifier_uri=f"{public}/mcp")

    def to(base_url: str) -> None:
        server = run(scene, lambda _: preauthorized.build(base_url, own))
        http = through(Front(server.port, tells=base_url == public), public)
        scene.http = http
        scene.closing.append(http.close)
        scene.connect = lambda: _outcome(f"{public}/mcp", http, client_id=VISUAL_STUDIO_CODE)

    to(public.replace("https", "http"))
    return lambda: to(public)


def host_not_listed(scene: Scene) -> Mend:
    """Let the reverse proxy call the server by a name that only the proxy has for it."""
    _public(scene, lambda _: proxy.build(PUBLIC, settings(scene)), _Renaming)
    listed = settings(scene, allowed_hosts=(_Renaming.name,))
    return lambda: _public(scene, lambda _: proxy.build(PUBLIC, listed), _Renaming)


def challenge_dropped(scene: Scene) -> Mend:
    """Let the reverse proxy drop WWW-Authenticate."""
    _public(scene, lambda _: proxy.build(PUBLIC, settings(scene)), _Dropping)
    return lambda: _public(scene, lambda _: proxy.build(PUBLIC, settings(scene)))


def function_key(scene: Scene) -> Mend:
    """Let what stands in front demand a function key."""
    _public(scene, lambda _: proxy.build(PUBLIC, settings(scene)), _Keyed)
    return lambda: _public(scene, lambda _: proxy.build(PUBLIC, settings(scene)))


def restarted(scene: Scene) -> Mend:
    """Keep the registered clients in memory, and restart the server. Mended, they are in files."""
    in_memory = settings(scene)
    return _restarted(scene, in_memory, in_memory, settings(scene, storage=_folder(scene)))


def secret_renewed(scene: Scene) -> Mend:
    """Keep the clients in files, and restart with a new client secret, from which the key is made. Mended, it is set.

    The storage's key comes of ENTRA_PROXY_JWT_SIGNING_KEY, and of the client secret where that is empty.
    """
    kept = settings(scene, storage=_folder(scene))
    renewed = replace(kept, client_secret=f"{scene.app.secret}.renewed")
    return _restarted(scene, kept, renewed, replace(kept, jwt_signing_key=KEY))


def _restarted(scene: Scene, first: ProxySettings, then: ProxySettings, lasting: ProxySettings) -> Mend:
    """Register a client, restart the server with other settings, and let the client come back.

    Args:
        lasting: the mended settings. The client registers once more then, and another restart does no harm.
    """
    server, http, client_id = _registered(scene, first)
    _restart(scene, server.name, server.port, then)
    scene.connect = lambda: AttemptOutcome(connecting.connect(server.url, http, client_id))

    def mend() -> None:
        _restart(scene, server.name, server.port, lasting)
        anew, _ = connecting.register(http, f"{server.base_url}/register")
        _restart(scene, server.name, server.port, lasting)
        scene.connect = lambda: AttemptOutcome(connecting.connect(server.url, http, anew))

    return mend


def come_back(scene: Scene, environ: Mapping[str, str], folder: Path, *, new_secret: bool) -> AttemptOutcome:
    """Let a client register, restart the server, and let the client come back.

    Args:
        environ: the server's variables beside those of its app.
        folder: below which a storage's relative path leads.
        new_secret: whether the server gets a new client secret with the restart.

    Raises:
        SettingsError: a variable is malformed.
    """
    own = {CLIENT_ID: scene.app.client_id, CLIENT_SECRET: scene.app.secret, TENANT_ID: scene.stage.tenant_id}
    chosen = load(own | {SCOPES: "access", **environ}, folder)
    if chosen.storage not in ("files", "memory"):
        chosen = replace(chosen, storage=str(folder / chosen.storage))
    server, http, client_id = _registered(scene, chosen)
    secret = f"{chosen.client_secret}.renewed" if new_secret else chosen.client_secret
    _restart(scene, server.name, server.port, replace(chosen, client_secret=secret))
    return AttemptOutcome(connecting.connect(server.url, http, client_id))


def _registered(scene: Scene, chosen: ProxySettings) -> tuple[BackgroundServer, httpx.Client, str]:
    """Run a server and return it with the client that registered there, and the client's id."""
    server = run(scene, lambda url: proxy.build(url, chosen))
    http = through(None)
    scene.closing.append(http.close)
    client_id, _ = connecting.register(http, f"{server.base_url}/register")
    return server, http, client_id


def _folder(scene: Scene) -> str:
    folder = tempfile.TemporaryDirectory(prefix="workshop-")
    scene.closing.append(folder.cleanup)
    return str(Path(folder.name) / "clients")


def _restart(scene: Scene, name: str, port: int, chosen: ProxySettings) -> None:
    """Start a server in the place of the one with this name: on the same port, with nothing left in memory."""
    run(scene, lambda url: proxy.build(url, chosen), name=name, port=port)


def _signed_in(scene: Scene, url: str) -> AttemptOutcome:
    landed = scene.stage.sign_in(scene.asked())
    return AttemptOutcome() if landed.code else AttemptOutcome(landed.seen, url)


def _local(
    scene: Scene, broken: Callable[[str], FastMCP], right: Callable[[str], FastMCP], *, by_text: bool = False
) -> Mend:
    """Let the client connect to the broken server, and after the mend to the right one."""
    scene.http = through(None)

    def to(build: Callable[[str], FastMCP]) -> None:
        assert scene.http is not None
        url, http = run(scene, build).url, scene.http
        scene.connect = lambda: _outcome(url, http, by_text=by_text)

    to(broken)
    return lambda: to(right)


def _outcome(
    url: str, http: httpx.Client, client_id: str = "", *, by_text: bool = False, guesses: bool = True
) -> AttemptOutcome:
    seen = connecting.connect(url, http, client_id, guesses=guesses)
    return AttemptOutcome(seen, "" if by_text or not seen else url)


def _public(scene: Scene, build: Callable[[str], FastMCP], front: type[Front] = Front) -> None:
    """Put the server behind a reverse proxy, where the client reaches it by https."""
    scene.stage.change(scene.app, web=redirects(CALLBACK, f"{PUBLIC}/auth/callback"))
    http = through(front(run(scene, build).port))
    scene.http = http
    scene.closing.append(http.close)
    scene.connect = lambda: _outcome(f"{PUBLIC}/mcp", http, guesses=front is not _Dropping)


class _Renaming(Front):
    """A reverse proxy that names the server as the network behind it does."""

    name = "expenses-backend.internal"

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on with another Host."""
        request.headers["host"] = self.name
        return super().handle_request(request)


class _Dropping(Front):
    """A reverse proxy that does not pass WWW-Authenticate on."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, and the answer without that header."""
        answer = super().handle_request(request)
        answer.headers.pop("www-authenticate", None)
        return answer


class _Keyed(Front):
    """What stands in front of an Azure Function whose level is not anonymous."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Refuse who brings no key."""
        return httpx.Response(403, text="This function needs a function key (x-functions-key).", request=request)


BY_HAND = "the client that meets it is hand-written, after the MCP Python SDK"
FRONT = "the reverse proxy is hand-written"

FAULTS = (
    InjectedFault(
        "clients-redirect-uri-not-allowed", 15, 1, "server", "server",
        "The proxy allows https://claude.ai/* only; VS Code comes.", few_redirects, BY_HAND,
    ),
    InjectedFault(
        "client-forgotten", 16, 2, "server", "server",
        "Clients are kept in memory, and the server restarts.", restarted, BY_HAND,
    ),
    InjectedFault(
        "client-forgotten", 16, 3, "server", "server",
        "Clients are kept in files, encrypted with a key made of the client secret; the secret is renewed.",
        secret_renewed, BY_HAND,
    ),
    InjectedFault(
        "no-client-registration", 17, 1, "client", "server",
        "A client that needs to register meets Entra, without a proxy.", no_registration, BY_HAND,
    ),
    InjectedFault(
        "metadata-at-another-path", 18, 2, "server", "server",
        "base_url has the path /mcp in it.", base_url_with_path, BY_HAND,
    ),
    InjectedFault(
        "http-addresses-behind-tls", 19, 2, "server", "server",
        "TLS ends before the server; base_url is http and nobody tells it better.", http_behind_tls, FRONT,
    ),
    InjectedFault(
        "host-not-allowed", 20, 2, "server", "server",
        "The reverse proxy calls the server by a name of its own, which is on no list.", host_not_listed, FRONT,
    ),
    InjectedFault(
        "no-challenge", 0, 2, "server", "server",
        "The reverse proxy drops WWW-Authenticate.", challenge_dropped, FRONT,
    ),
    InjectedFault(
        "gateway-refuses", 0, 1, "server", "server",
        "What stands in front wants a function key.", function_key, FRONT,
    ),
    InjectedFault(
        "scopes-without-prefix-advertised", 3, 3, "server", "server and scope",
        "The server names Entra and advertises scopes without their app's name.", bare_scopes_advertised, BY_HAND,
    ),
)  # fmt: skip
