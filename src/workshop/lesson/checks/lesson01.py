"""The checks of lesson 01, Register the app."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workshop.core.settings import Settings
from workshop.core.well_known import GRAPH_APP_ID
from workshop.lesson.checks.exercise import Exercise, NotStarted, Verdict
from workshop.lesson.checks.learner_code import is_unstarted, shown
from workshop.registration.declarations import CALLBACK, LOCAL, PROXY, Declaration

if TYPE_CHECKING:
    from workshop.registration.verification import SettingFinding

ADDRESS = "https://mcp.contoso.com"

CLIENT = "11111111-2222-4333-8444-555555555555"
SCOPE_ID = "22222222-2222-4333-8444-555555555555"
PERMISSIONS = {
    "openid": "37f7f235-527c-4136-accd-4a02d197296e",
    "profile": "14dad69e-099b-42c9-810b-d002981feec1",
    "offline_access": "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
    "User.Read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d",
}
ACCESS = [{"id": id_, "type": "Scope"} for id_ in PERMISSIONS.values()]
MANIFEST: Mapping[str, Any] = {
    "appId": CLIENT,
    "displayName": "A colleague's MCP server",
    "signInAudience": "AzureADMultipleOrgs",
    "identifierUris": [f"api://{CLIENT}"],
    "isFallbackPublicClient": False,
    "api": {
        "requestedAccessTokenVersion": 1,
        "oauth2PermissionScopes": [{"id": SCOPE_ID, "value": "mcp-access", "type": "User", "isEnabled": True}],
    },
    "web": {"redirectUris": [f"{LOCAL}{CALLBACK}/"]},
    "requiredResourceAccess": [{"resourceAppId": GRAPH_APP_ID, "resourceAccess": ACCESS}],
    "passwordCredentials": [{"keyId": SCOPE_ID, "displayName": "workshop", "endDateTime": "2026-06-01T00:00:00Z"}],
}
"""What the colleague's app looks like, as far as a manifest tells. Its own ids: the check asks no directory."""
SEEN = datetime(2026, 1, 1, tzinfo=UTC)


def mend_three_settings(answer: object, _settings: Settings) -> Verdict:
    """Put the learner's changes into the colleague's manifest, as Graph does, and verify what comes of it."""
    if not isinstance(answer, Mapping):
        return Verdict(False, f"{shown(answer)} is not a dictionary. It begins with a curly bracket.")
    for name, value in answer.items():
        if is_unstarted(value) or (isinstance(value, Mapping) and any(map(is_unstarted, value.values()))):
            raise NotStarted
        wrong = _refused(name, value)
        if wrong:
            return Verdict(False, wrong)
    left = _still_wrong(answer)
    if left:
        return Verdict(
            False,
            "\n".join(f"{finding.setting}: {finding.found}. It should be: {finding.should}" for finding in left[:3]),
        )
    return Verdict(True, "The manifest is right now: token version, redirect URI, account types.")


def _refused(name: object, value: object) -> str:
    """Say what Graph would not take."""
    if name not in MANIFEST:
        return f"An application has no property {shown(name)} that this exercise is about."
    if isinstance(MANIFEST[str(name)], dict):
        if not isinstance(value, Mapping):
            return f"{name} holds a dictionary, such as {{...: ...}}. Yours is {shown(value)}."
        unknown = [member for member in value if member not in MANIFEST[str(name)]]
        if unknown:
            return f"{name} has no property {shown(unknown[0])} that this exercise is about."
        uris = value.get("redirectUris", [])
        if not isinstance(uris, list) or not all(isinstance(uri, str) for uri in uris):
            return "redirectUris is a list of addresses, even for one: put it into square brackets."
        version = value.get("requestedAccessTokenVersion")
        if version is not None and (isinstance(version, bool) or not isinstance(version, int)):
            return f"requestedAccessTokenVersion is a number. Yours is {shown(version)}."
    elif not isinstance(value, type(MANIFEST[str(name)])):
        return f"{name} can't be {shown(value)}."
    return ""


def _still_wrong(changes: Mapping[str, Any]) -> tuple[SettingFinding, ...]:
    from workshop.registration import codec
    from workshop.registration.seen import Snapshot
    from workshop.registration.verification import verify

    # Graph merges what stands in `api` and `web`, and replaces everything else.
    changed = {
        name: {**value, **changes.get(name, {})} if isinstance(value, dict) else changes.get(name, value)
        for name, value in MANIFEST.items()
    }
    app = codec.application(changed)
    return verify(Snapshot("manifest", SEEN, frozenset({"application"}), app), PROXY).wrong


def secret_and_consent(answer: object, _settings: Settings) -> Verdict:
    """Ask which property holds the secret, and for which permissions an administrator consents."""
    if not isinstance(answer, Mapping) or set(answer) != {"keep", "scope"}:
        return Verdict(False, f"{shown(answer)} does not hold the two values.")
    if is_unstarted(dict(answer)):
        raise NotStarted
    keep, scope = answer["keep"], answer["scope"]
    if keep == "keyId":
        return Verdict(False, "keyId is the Secret ID: the very mistake of your colleague. It opens nothing.")
    if keep != "secretText":
        return Verdict(False, f"{shown(keep)} does not hold the whole secret.")
    if not isinstance(scope, str):
        return Verdict(False, f"scope is {shown(scope)}. It is one text, with spaces between the names.")
    missing = [name for name in PROXY.graph_permissions if name not in scope.split()]
    more = [name for name in scope.split() if name not in PROXY.graph_permissions]
    if more:
        return Verdict(False, f"{shown(more[0])} is none of the permissions that the app asks for.")
    if missing:
        return Verdict(False, f"{missing[0]} is missing from scope: people would still be asked for it.")
    return Verdict(True, "The value goes to the server, the consent to the directory. No manifest tells of either.")


def production(answer: object, _settings: Settings) -> Verdict:
    """Compare a declaration with what production needs: another name, another address, all else the same."""
    if not isinstance(answer, Declaration):
        return Verdict(False, f"{shown(answer)} is not a declaration. Begin with `registration.PROXY`.")
    uris = answer.web_redirect_uris
    if answer.key == PROXY.key or answer.display_name == PROXY.display_name:
        return Verdict(False, "It has the name of the one for development, and would change that. Give it its own.")
    if any(uri.startswith("http://localhost") for uri in uris):
        return Verdict(False, f"Its redirect URI is still {uris[0]}. Production is at {ADDRESS}.")
    if uris != (ADDRESS + CALLBACK,):
        return Verdict(False, f"Its redirect URIs are {shown(list(uris))}, and not {ADDRESS}{CALLBACK}.")
    if replace(answer, key="", display_name="", web_redirect_uris=()) != _without_name_and_address(PROXY):
        return Verdict(False, "Something else than name and address differs from `registration.PROXY`.")
    return Verdict(True, "A registration of its own: a secret or a redirect URI for development opens nothing there.")


def _without_name_and_address(declaration: Declaration) -> Declaration:
    return replace(declaration, key="", display_name="", web_redirect_uris=())


EXERCISES = (
    Exercise(
        "three-settings",
        "Mend three settings",
        6,
        mend_three_settings,
        (
            "Take each WRONG line that a manifest tells: what stands behind “should be” is the value.",
            "The properties are signInAudience, web with redirectUris, and api with requestedAccessTokenVersion.",
            f'`{{"signInAudience": "AzureADMyOrg", "web": {{"redirectUris": ["{LOCAL}{CALLBACK}"]}}, ...}}`',
        ),
        lambda: {
            "signInAudience": "AzureADMyOrg",
            "web": {"redirectUris": [LOCAL + CALLBACK]},
            "api": {"requestedAccessTokenVersion": 2},
        },
    ),
    Exercise(
        "secret-and-consent",
        "Mend what no manifest tells",
        4,
        secret_and_consent,
        (
            "The report names the permissions. And of the three properties only one is as long as a secret.",
            "`keyId` is the Secret ID, `hint` its first letters. The scope is one text of four names.",
            '`keep = "secretText"` and `scope = "openid profile offline_access User.Read"`',
        ),
        lambda: {"keep": "secretText", "scope": " ".join(PROXY.graph_permissions)},
    ),
    Exercise(
        "production",
        "Declare one for production",
        4,
        production,
        (
            "A declaration has the methods `named` and `at`. Each returns a changed one.",
            "`registration.PROXY.named(...)` gives it another name; `.at(...)` behind it another address.",
            f'`registration.PROXY.named("Expense server (production)").at("{ADDRESS}")`',
        ),
        lambda: PROXY.named("Expense server (production)").at(ADDRESS),
    ),
)
