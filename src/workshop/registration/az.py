"""The Azure CLI in a notebook: lines as for a terminal, run where it is installed, and recorded where it is not."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from practice_tenant import Running
from workshop.errors import WorkshopError
from workshop.registration.declarations import Declaration
from workshop.registration.desk import Desk
from workshop.show.frame import AMBER, GREEN, frame
from workshop.show.masking import mask_answer

if TYPE_CHECKING:
    from workshop.registration.report import Report

SECONDS = 300.0
ASSIGNMENT = re.compile(r"([A-Z_]+)=\$\((az .*)\)")
VARIABLE = re.compile(r"\$([A-Z_]+)")
ID, SECRET = "CLIENT_ID", "SECRET"

REAL = ("The Azure CLI of this machine runs the lines below.",)
INSTEAD = (
    "RECORDED: the Azure CLI is not installed here, not signed in or switched off.",
    "What stands below each line is what it answered elsewhere.",
    "So that you have the app to look at, it is made in Python instead.",
)

# tests/registration/test_three_ways.py runs the same lines with the real one and compares.
RECORDED: Mapping[str, str] = {
    "az ad app update --id $CLIENT_ID --identifier-uris api://$CLIENT_ID": "",
    "az ad sp create --id $CLIENT_ID --query servicePrincipalNames": """[
  "$CLIENT_ID",
  "api://$CLIENT_ID"
]
""",
    "az ad app credential reset --id $CLIENT_ID --append --display-name workshop --query password --output tsv": "",
    (
        "az rest --method PATCH --url \"https://graph.microsoft.com/v1.0/applications(appId='$CLIENT_ID')\" "
        "--body $BODY"
    ): "",
    (
        'az ad app permission grant --id $CLIENT_ID --api $GRAPH --scope "openid profile offline_access User.Read" '
        "--query scope"
    ): '"openid profile offline_access User.Read"\n',
    "az ad app permission grant --id $CLIENT_ID --api $CLIENT_ID --scope mcp-access --query scope": '"mcp-access"\n',
}
"""What the Azure CLI answers to the lines of lesson 01, for machines that have none.

By line, with the names of variables in place of their values.
"""


class AzRefused(WorkshopError):
    """The Azure CLI ended with an error."""


@dataclass(frozen=True)
class Transcript:
    """Lines and what they answered; ids are shown by the name of their variable, a secret never.

    A notebook keeps it: whatever a line asked for, and in whatever form, no proof of who somebody is stands here.
    """

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return f'<pre style="white-space:pre-wrap;overflow-wrap:anywhere">{escape(self.text)}</pre>'


@dataclass(eq=False)
class Az:
    """Runs lines of a script for Bash: `az ...` and `NAME=$(az ...)`.

    Attributes:
        program: the Azure CLI, signed in; None where there is none.
        desk: whose file gets the values, and which makes the app where there is no Azure CLI.
        declaration: what is made then.
    """

    program: Path | None
    environ: Mapping[str, str] = field(repr=False)
    desk: Desk
    declaration: Declaration
    variables: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def client_id(self) -> str:
        """Return the client id of the app that was made."""
        return self.variables[ID]

    def verify(self) -> Report:
        """Look at every setting of the app that was made."""
        return self.desk.verify(self.client_id)

    def run(self, script: str, **variables: str) -> Transcript:
        """Run the lines of a script, one after the other.

        Args:
            variables: what `$NAME` stands for, beside what the lines assign themselves.

        Raises:
            AzRefused: a line failed; nothing after it was run.
            WorkshopError: there is no Azure CLI, and no recording of such a line.
        """
        self.variables |= variables
        transcript = []
        for line in script.replace("\\\n", " ").splitlines():
            if line := " ".join(line.split()):
                transcript += [f"$ {line}", *self._line(line).splitlines()]
        return Transcript(self._shown("\n".join(transcript)))

    def __repr__(self) -> str:
        return "\n".join(REAL if self.program else INSTEAD)

    def _repr_html_(self) -> str:
        first, *rest = map(escape, REAL if self.program else INSTEAD)
        return frame(first, rest, GREEN if self.program else AMBER)

    def _line(self, line: str) -> str:
        assigned = ASSIGNMENT.fullmatch(line)
        if assigned:
            self._assign(assigned[1], assigned[2])
            return ""
        return self._ask(line)

    def _assign(self, name: str, command: str) -> None:
        if self.program:
            self.variables[name] = self._ask(command).strip()
        elif name == ID:
            self.variables[ID] = self.desk.apply(self.declaration).client_id
        else:
            self._ask(command)
        names = self.declaration.names
        if name == ID:
            self.desk.keeper.keep({names.client_id: self.client_id})
        elif name == SECRET and self.program:
            self.desk.keeper.keep({names.client_secret: self.variables.pop(SECRET)})

    def _ask(self, command: str) -> str:
        if self.program is None:
            if command not in RECORDED:
                raise WorkshopError(f"The Azure CLI is not installed here, and nobody recorded: {command}")
            return RECORDED[command]
        words = [VARIABLE.sub(self._value, word) for word in shlex.split(command)[1:]]
        done = run(self.program, *words, environ=self.environ)
        if done.returncode:
            why = done.stderr.strip() or "it gave no reason"
            raise AzRefused(self._shown(f"{command.split(' --')[0]} failed: {why}"))
        return done.stdout

    def _value(self, variable: re.Match[str]) -> str:
        try:
            return self.variables[variable[1]]
        except KeyError:
            raise WorkshopError(f"${variable[1]} has no value yet. Did the cell above run?") from None

    def _shown(self, text: str) -> str:
        for name, value in self.variables.items():
            text = text.replace(value, f"${name}") if value else text
        return mask_answer(text)


def run(program: Path, *words: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the Azure CLI and return what it said.

    Raises:
        AzRefused: it did not end.
    """
    try:
        return subprocess.run(
            [*_start(program), *words],
            env=dict(environ), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:  # whose message has every word of the line, a secret too
        raise AzRefused(f"az {words[0]} did not end within {SECONDS:.0f} seconds.") from None


def _start(program: Path) -> list[str]:
    """Say how it is started: Windows' az.cmd would lose the quotes of JSON, so its Python is taken there."""
    if sys.platform == "win32" and program.suffix.lower() in (".cmd", ".bat"):
        for python in (program.parent / "python.exe", program.parent.parent / "python.exe"):
            if python.is_file():
                return [str(python), "-IBm", "azure.cli"]
    return [str(program)]


def opened(program: Path | None, running: Running | None, desk: Desk, declaration: Declaration) -> Az:
    """Return the Azure CLI, signed in to the desk's directory.

    In the practice tenant the workshop's browser signs in, and what the Azure CLI remembers stays beside the desk's
    file. In your own tenant it has to be signed in already.

    Raises:
        AzRefused: it could not sign in.
    """
    environ = os.environ | {"AZURE_CORE_COLLECT_TELEMETRY": "no", "AZURE_CORE_ONLY_SHOW_ERRORS": "yes"}
    if program and running is None:
        done = run(program, "account", "show", "--output", "none", environ=environ)
        program = None if done.returncode else program
    elif program and running:
        environ |= {"AZURE_CONFIG_DIR": str(desk.keeper.file.parent / "azure")}
        environ |= running.browser_variable(desk.account)
        words = ("login", "--allow-no-subscriptions", "--tenant", desk.tenant_id, "--output", "none")
        done = run(program, *words, environ=environ)
        if done.returncode:
            raise AzRefused(mask_answer(f"az login failed: {done.stderr.strip()}"))
    return Az(program, environ, desk, declaration)
