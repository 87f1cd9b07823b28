"""Who registers: azure-identity signs in through the Azure CLI's login, a browser, or a device code."""

from __future__ import annotations

import shutil
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, Literal, get_args

from workshop.core.settings import Mode, Settings
from workshop.errors import WorkshopError
from workshop.registration.quiet import quiet
from workshop.signin import UserAgent

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

SignIn = Literal["az", "browser", "device-code"]
WAYS: tuple[SignIn, ...] = get_args(SignIn)

ADMINISTRATOR = "avery@contoso.onmicrosoft.com"

_signed_in: dict[tuple[str, ...], TokenCredential] = {}


def usual(mode: Mode) -> SignIn:
    """Return the way that asks least of a person: the practice tenant's browser, or a login that is there already."""
    return "az" if mode == "own" and shutil.which("az") else "browser"


@contextmanager
def signed_in(settings: Settings, way: SignIn, tenant_id: str, account: str) -> Iterator[TokenCredential]:
    """Give a credential, the same one for the same question, so that a person signs in once.

    Args:
        tenant_id: the directory; the account's own if empty.
        account: who signs in, in the practice tenant. In your own tenant you choose in the browser.

    Raises:
        WorkshopError: the sign-in failed; the message says why.
    """
    from azure.core.exceptions import ClientAuthenticationError

    practice = settings.mode == "practice"
    key = (way, tenant_id, *((account, str(settings.state)) if practice else ()))
    agent = _agent() if practice else None
    if key not in _signed_in:
        _signed_in[key] = MAKERS[way](tenant_id, agent)
    try:
        with quiet(), agent.as_user(account) if agent else nullcontext():
            yield _signed_in[key]
    except ClientAuthenticationError as error:
        del _signed_in[key]
        lines = str(error).splitlines() or ["no reason was given"]
        raise WorkshopError(f"The sign-in ({way}) failed: {lines[0]}{HINTS[way]}") from error


def _az(tenant_id: str, _: UserAgent | None) -> TokenCredential:
    from azure.identity import AzureCliCredential

    return AzureCliCredential(tenant_id=tenant_id)


def _browser(tenant_id: str, _: UserAgent | None) -> TokenCredential:
    from azure.identity import InteractiveBrowserCredential

    return InteractiveBrowserCredential(**_tenant(tenant_id))


def _device_code(tenant_id: str, agent: UserAgent | None) -> TokenCredential:
    from azure.identity import DeviceCodeCredential

    def tell(address: str, code: str, _ends: object) -> None:
        print(f"Open {address} in any browser and enter the code {code}.", flush=True)
        if agent:  # no other browser reaches the practice tenant
            agent.enter_code(address, code)

    return DeviceCodeCredential(prompt_callback=tell, **_tenant(tenant_id))


def _agent() -> UserAgent | None:
    """Return the browser of this process if it is the workshop's."""
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return None
    return browser if isinstance(browser, UserAgent) else None


def _tenant(tenant_id: str) -> dict[str, Any]:
    return {"tenant_id": tenant_id} if tenant_id else {}


MAKERS: dict[SignIn, Callable[[str, UserAgent | None], TokenCredential]] = {
    "az": _az,
    "browser": _browser,
    "device-code": _device_code,
}
HINTS: dict[SignIn, str] = {
    "az": " Run `az login` first, or choose another way with --sign-in browser.",
    "browser": " Without a browser on this machine, choose --sign-in device-code.",
    "device-code": "",
}
