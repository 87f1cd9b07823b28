"""Variables written as lines for a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable

from practice_tenant.client.environment import Environment


def _sh_set(name: str, value: str) -> str:
    return f"export {name}={shlex.quote(value)}"


def _sh_remove(name: str) -> str:
    return f"unset {name}"


def _fish_set(name: str, value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"set -gx {name} '{escaped}'"


def _fish_remove(name: str) -> str:
    return f"set -e {name}"


def _powershell_set(name: str, value: str) -> str:
    # PowerShell takes the typographic quotes for quotes too.
    escaped = re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", value)
    return f"$Env:{name} = '{escaped}'"


def _powershell_remove(name: str) -> str:
    return f"Remove-Item Env:{name} -ErrorAction SilentlyContinue"


SHELLS: dict[str, tuple[Callable[[str, str], str], Callable[[str], str]]] = {
    "sh": (_sh_set, _sh_remove),
    "fish": (_fish_set, _fish_remove),
    "powershell": (_powershell_set, _powershell_remove),
}


def lines(variables: Environment, shell: str) -> list[str]:
    """Write `variables` as lines of `shell`: "sh" (also bash and zsh), "fish" or "powershell"."""
    set_line, remove_line = SHELLS[shell]
    removed = [remove_line(name) for name in variables.remove]
    return removed + [set_line(name, value) for name, value in variables.set.items()]
