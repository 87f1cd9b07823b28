"""What someone without rights hands to their administrator: a script, the consent link, the reasons.

Nobody signs in for it and no directory is asked. Source of the rights:
https://learn.microsoft.com/entra/identity/role-based-access-control/delegate-by-task and
https://learn.microsoft.com/entra/identity-platform/v2-admin-consent
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlencode

from workshop.core.well_known import GRAPH_APP_ID
from workshop.errors import FileUnusable
from workshop.registration.aspects import AFTERWARDS, ASPECTS, IMPLICIT_GRANT, PUBLIC_FLOWS, body
from workshop.registration.compare import changes
from workshop.registration.declarations import Declaration
from workshop.registration.marks import PREFIX
from workshop.registration.rules.rules_directory import PUBLISHED
from workshop.registration.seen import App
from workshop.registration.verification import RULES
from workshop.registration.wanted_app import NO_ID_YET, wanted_app

AS_MADE = (IMPLICIT_GRANT, PUBLIC_FLOWS)
"""Off in every new application: the script need not say it."""


@dataclass(frozen=True)
class Handover:
    """The two files.

    Attributes:
        letter: Markdown.
        script: for Bash with the Azure CLI, as in Azure Cloud Shell.
    """

    key: str
    letter: str
    script: str

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both into a folder and return where they are.

        Raises:
            FileUnusable: the folder can't be written.
        """
        letter, script = folder / f"register-{self.key}.md", folder / f"register-{self.key}.sh"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            letter.write_text(self.letter, "utf-8", newline="\n")
            script.write_text(self.script, "utf-8", newline="\n")
        except OSError as error:
            raise FileUnusable(folder, f"can't be written ({error.strerror}).") from error
        return letter, script


def handover(declaration: Declaration, tenant_id: str = "", client_id: str = "", *, number: str = "") -> Handover:
    """Return what to hand over.

    Args:
        tenant_id: the directory, if it is known.
        client_id: of the registration, if there is one already.
        number: tells this request from others; a random one if empty.
    """
    unique_name = f"{PREFIX}-{declaration.key}-{number or secrets.token_hex(8)}"
    wanted = wanted_app(declaration, f"{PREFIX}:$OWNER_ID:{declaration.key}", None, _published(), _new_id(declaration))
    return Handover(
        declaration.key,
        _letter(declaration, wanted, tenant_id, client_id),
        _script(declaration, wanted, client_id, unique_name),
    )


def consent_link(declaration: Declaration, tenant_id: str, client_id: str) -> str:
    """Return the address where an administrator consents for everyone; empty if nothing needs it."""
    if not declaration.graph_permissions:
        return ""
    query = {"client_id": client_id or "CLIENT_ID", "scope": "https://graph.microsoft.com/.default"}
    if declaration.web_redirect_uris:
        query["redirect_uri"] = declaration.web_redirect_uris[0]
    return f"https://login.microsoftonline.com/{tenant_id or 'TENANT_ID'}/v2.0/adminconsent?{urlencode(query)}"


def _published() -> dict[str, str]:
    return {name: id_ for id_, name in PUBLISHED.items()}


def _new_id(declaration: Declaration) -> Callable[[str], str]:
    """Return what names new scopes: the same in every copy of the script, so that it can be run twice."""
    return lambda value: str(uuid.uuid5(uuid.NAMESPACE_URL, f"{PREFIX}/{declaration.key}/{value}"))


def _letter(declaration: Declaration, wanted: App, tenant_id: str, client_id: str) -> str:
    why = {rule.name: rule.why for rule in RULES}
    rows = []
    for name, aspect in ASPECTS.items():
        lines = [change for change in changes(None, wanted, PUBLISHED) if change.aspect == name]
        values = "; ".join(f"{change.item} {change.after}".strip().removesuffix(" registered") for change in lines)
        if lines and aspect.rule:
            rows.append(f"| {name} | {values.replace(NO_ID_YET, '(its client id)')} | {why[aspect.rule]} |")
    link = consent_link(declaration, tenant_id, client_id)
    consent = (
        "The script grants these permissions for everyone. If you would rather do it in a browser, open this address\n"
        f"{'' if client_id else 'with the client id that the script prints '}and accept:\n\n    {link}\n\n"
        "Afterwards the browser is sent to the app's redirect URI, where nobody may answer. That is no error.\n"
        if link
        else "Nothing has to be granted: the app asks for no permission, and its clients are pre-authorized.\n"
    )
    return LETTER.format(
        name=declaration.display_name, key=declaration.key, rows="\n".join(rows), consent=consent, tag=wanted.tags[-1]
    )


LETTER = """# Please register an app in Microsoft Entra ID

I work through a workshop about protecting an MCP server (Model Context Protocol) with Entra ID, and my account may
not do this itself. This is what is needed, and why. Nothing of it gives the app rights of its own: it acts only for
people who sign in to it.

**{name}**

| setting | value | why |
|---|---|---|
{rows}

## With a script

`register-{key}.sh` does all of it with the Azure CLI, for instance in Azure Cloud Shell (Bash). It may be run twice.
It makes no secret. It makes me an owner of the app, so that I can make its secret myself and nobody has to send one:

    OWNER=me@example.com bash register-{key}.sh

The right to register apps is enough for the app: the role Application Developer, or more. For the consent it takes
Cloud Application Administrator, Application Administrator or Privileged Role Administrator.

The app carries the tag `{tag}`: by it the workshop finds the app again, and removes it in the end.

## Consent

{consent}
## Afterwards

Please tell me the client id. I then run `workshop register {key}`, which makes the secret and writes it to a file on
my machine, and `workshop register verify`, which checks every setting above.
"""


def _script(declaration: Declaration, wanted: App, client_id: str, unique_name: str) -> str:
    filled_in = replace(wanted, tags=("@TAG@",), identifier_uris=declaration.identifier_uris("@CLIENT_ID@"))
    settings = body(filled_in, [name for name in ASPECTS if name not in (*AFTERWARDS, *AS_MADE)])
    later = body(filled_in, AFTERWARDS)
    grant = GRANT.format(graph=GRAPH_APP_ID, scopes=" ".join(declaration.graph_permissions))
    return SCRIPT.format(
        key=declaration.key,
        known=client_id,
        unique=unique_name,
        prefix=PREFIX,
        settings=_json(settings),
        later=_json(later),
        grant=grant if declaration.graph_permissions else "",
    )


def _json(value: object) -> str:
    """Return JSON that can stand in a here document of Bash."""
    return json.dumps(value, indent=2, ensure_ascii=True)


GRANT = """echo "Granting {scopes} for everyone"
az ad app permission grant --id "$CLIENT_ID" --api {graph} --scope "{scopes}" --output none
"""

SCRIPT = """#!/usr/bin/env bash
# Registers an app in Microsoft Entra ID. Written by `workshop register {key} --plan --for-admin`.
# Needs the Azure CLI, signed in to the right tenant (az login). It may be run twice. It makes no secret.
#   OWNER=someone@example.com bash register-{key}.sh     makes that person an owner of the app
#   CLIENT_ID=... bash register-{key}.sh                 only grants the permissions of an app that is there
set -euo pipefail

OWNER="${{OWNER:-}}"
CLIENT_ID="${{CLIENT_ID:-{known}}}"
GRAPH=https://graph.microsoft.com/v1.0
APP="$GRAPH/applications(uniqueName='{unique}')"

OWNER_ID=nobody
if [ -n "$OWNER" ]; then OWNER_ID=$(az ad user show --id "$OWNER" --query id --output tsv); fi

if [ -z "$CLIENT_ID" ]; then
  echo "Registering the app"
  # Made once, changed the second time: the unique name decides, not the display name.
  az rest --method PATCH --url "$APP" --headers Content-Type=application/json Prefer=create-if-missing --output none \\
    --body "$(sed "s/@TAG@/{prefix}:$OWNER_ID:{key}/" <<'JSON'
{settings}
JSON
)"
  CLIENT_ID=$(az rest --method GET --url "$APP" --query appId --output tsv)
  az rest --method PATCH --url "$APP" --headers Content-Type=application/json --output none \\
    --body "$(sed "s/@CLIENT_ID@/$CLIENT_ID/" <<'JSON'
{later}
JSON
)"
fi

az ad sp show --id "$CLIENT_ID" --output none 2>/dev/null || az ad sp create --id "$CLIENT_ID" --output none
{grant}if [ -n "$OWNER" ]; then az ad app owner add --id "$CLIENT_ID" --owner-object-id "$OWNER_ID"; fi

echo "Client id: $CLIENT_ID"
echo "Tenant id: $(az account show --query tenantId --output tsv)"
"""
