"""Values from the environment or a ``.env`` file; an error names the value and where it was looked for."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values

T = TypeVar("T")


class SettingsError(Exception):
    """A value is missing or malformed; the message is one line that names it and where it was looked for."""


@dataclass(frozen=True)
class Variable:
    """A value that a server is told from outside.

    Attributes:
        name: in the environment and in ``.env``.
        field: of the settings.
        meaning: what it is and where to find it, line by line, as ``.env.sample`` has it.
        parse: makes a value of the text; raises ValueError with what it should be.
        default: the text that gives the default value, as ``.env.sample`` shows it; None if it must be given.
        instead: fields of which one may be given in its place.
    """

    name: str
    field: str
    meaning: tuple[str, ...]
    parse: Callable[[str], Any]
    default: str | None
    instead: tuple[str, ...]


def setting(default: T, parse: Callable[[str], Any], *meaning: str, secret: bool = False, **more: Any) -> T:
    """Return a dataclass field that may be told from outside: all that a new setting needs.

    Args:
        default: its value where nothing is told.
        parse, meaning, more: as `variable` takes them.
        secret: keep it out of the repr.
    """
    return field(default=default, repr=not secret, metadata=variable(parse, *meaning, **more))


def variable(
    parse: Callable[[str], Any],
    *meaning: str,
    name: str = "",
    sample: str | None = None,
    instead: tuple[str, ...] = (),
) -> Mapping[str, Any]:
    """Return the metadata of a dataclass field that is told from outside.

    Args:
        parse: makes a value of the text; raises ValueError with what it should be.
        meaning: see `Variable`; ``{prefix}`` stands for the prefix of the settings' names.
        name: of the variable, with ``{prefix}``; if empty, the prefix and the field's name.
        sample: what ``.env.sample`` shows; if None, the field's default.
        instead: see `Variable`.
    """
    return {"parse": parse, "meaning": meaning, "name": name, "sample": sample, "instead": instead}


def variables(settings: type[Any], prefix: str) -> tuple[Variable, ...]:
    """Return what the fields of a dataclass are told by.

    Args:
        settings: each of its fields has the metadata of `variable`.
        prefix: how the names of its variables begin, such as ENTRA_PROXY.
    """
    declared = [_told_by(each, prefix) for each in fields(settings)]
    # A name without the prefix is the tenant's: all servers share it, and it comes first.
    return tuple(sorted(declared, key=lambda variable: variable.name.startswith(prefix)))


def read(
    variables: Sequence[Variable], environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> dict[str, Any]:
    """Return the values that are given, by field: the environment wins over the file.

    Args:
        environ: the process environment; ``os.environ`` if None.
        folder: where ``.env`` stands; the current folder if None.

    Raises:
        SettingsError: a value is missing or malformed.
    """
    file = (folder or Path.cwd()) / ".env"
    in_file = _in_file(file)
    preset = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for variable in variables:
        place = "the environment" if (preset.get(variable.name) or "").strip() else str(file)
        text = ((preset.get(variable.name) or "").strip() or in_file.get(variable.name) or "").strip()
        if text:
            values[variable.field] = _parsed(variable, text, place)
    for variable in variables:
        if variable.default is None and not values.keys() & {variable.field, *variable.instead}:
            raise SettingsError(f"{variable.name} is not set. Looked in the environment and in {file}.")
    return values


def sample(variables: Sequence[Variable]) -> str:
    """Return the lines of ``.env.sample`` for these variables."""
    blocks: list[str] = []
    for variable in variables:
        meaning = "".join(f"# {line}\n" for line in variable.meaning)
        start = "" if variable.default is None else "# "
        blocks.append(f"{meaning}{start}{variable.name}={variable.default or ''}\n")
    return "\n".join(blocks)


def _told_by(setting: Field[Any], prefix: str) -> Variable:
    declared = setting.metadata
    name = (declared["name"] or f"{{prefix}}_{setting.name.upper()}").replace("{prefix}", prefix)
    meaning = tuple(line.replace("{prefix}", prefix) for line in declared["meaning"])
    default = _text(setting.default) if declared["sample"] is None else declared["sample"]
    return Variable(name, setting.name, meaning, declared["parse"], default, declared["instead"])


def _text(default: Any) -> str | None:
    """Return how a default is written in ``.env``; None if there is none."""
    if default is MISSING:
        return None
    if isinstance(default, bool):
        return "yes" if default else "no"
    if isinstance(default, tuple):
        return " ".join(default)
    return "" if default is None else str(default)


def _in_file(file: Path) -> dict[str, str | None]:
    try:
        # A secret may hold a dollar sign, so nothing is interpolated. Some editors begin a file with a mark.
        return dotenv_values(file, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} can't be read: it should be UTF-8 text ({type(error).__name__}).") from error


def _parsed(variable: Variable, text: str, place: str) -> Any:
    try:
        return variable.parse(text)
    except ValueError as error:
        # What stands in the wrong place may be a secret: it is not shown.
        raise SettingsError(f"{variable.name} from {place} can't be used: it should be {error}.") from None


def guid(text: str) -> str:
    """Take a GUID."""
    try:
        if str(uuid.UUID(text)) == text.lower():
            return text
    except ValueError:
        pass
    raise ValueError("a GUID such as 00000000-0000-0000-0000-000000000000")


def secret(text: str) -> str:
    """Take a client secret, and not the id beside it."""
    if re.fullmatch(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", text):
        raise ValueError("the secret's Value; this looks like the Secret ID beside it")
    return text


def long_secret(text: str) -> str:
    """Take a secret that nobody guesses."""
    if len(text) < 32:
        example = 'python -c "import secrets; print(secrets.token_hex(32))"'
        raise ValueError(f"at least 32 characters, such as {example} prints")
    return text


def words(text: str) -> tuple[str, ...]:
    """Take values with spaces or commas between them."""
    return tuple(text.replace(",", " ").split())


def guids(text: str) -> tuple[str, ...]:
    """Take GUIDs with spaces or commas between them."""
    return tuple(guid(word) for word in words(text))


def one_of(**choices: Any) -> Callable[[str], Any]:
    """Take one of these words."""

    def parse(text: str) -> Any:
        if text.lower() not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return choices[text.lower()]

    return parse


yes_or_no = one_of(yes=True, no=False)


def seconds(text: str) -> int:
    """Take a number of seconds."""
    if not text.isascii() or not text.isdigit():
        raise ValueError("a whole number of seconds")
    return int(text)


def count(text: str) -> int:
    """Take a number above zero."""
    if not text.isascii() or not text.isdigit() or not int(text):
        raise ValueError("a whole number above zero")
    return int(text)


def host(text: str) -> str:
    """Take a host name."""
    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+(:\d+)?", text):
        raise ValueError("a host name such as login.microsoftonline.us, without https:// and without a path")
    return text.lower()


def hosts(text: str) -> tuple[str, ...]:
    """Take host names without ports; a star stands for the names below one, or for any."""
    names = words(text)
    for name in names:
        if not re.fullmatch(r"\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]", name):
            raise ValueError("host names such as mcp.example.com, without https://, port or path; * for any")
    return tuple(name.lower() for name in names)


def origins(text: str) -> tuple[str, ...]:
    """Take the origins of web pages."""
    listed = words(text)
    for origin in listed:
        if not re.fullmatch(r"\*|[a-z][a-z0-9+.-]*://[^/?#@\s]+", origin):
            raise ValueError("origins such as https://app.example.com, without a path; * for any")
    return listed


def path(text: str) -> str:
    """Take the path of an address."""
    if not re.fullmatch(r"/[^\s?#]+", text):
        raise ValueError("a path that begins with /, such as /auth/callback")
    return text


def uri(text: str) -> str:
    """Take an identifier URI."""
    parts = urlsplit(text)
    if not parts.scheme or not parts.netloc or re.search(r"\s", text):
        raise ValueError("an Application ID URI such as api://00000000-0000-0000-0000-000000000000")
    return text.rstrip("/")


def base_url(text: str) -> str:
    """Take the address of a server.

    Entra sends a browser to an http address only on this machine:
    https://learn.microsoft.com/entra/identity-platform/reply-url
    """
    parts = urlsplit(text)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("an address such as https://mcp.example.com")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        raise ValueError("https, or http on localhost")
    if parts.path.rstrip("/").endswith("/mcp"):
        raise ValueError("the address without /mcp: the server adds it")
    return text.rstrip("/")


def is_loopback(name: str) -> bool:
    """Say whether a host name is this machine."""
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def issuers(text: str) -> tuple[str, ...]:
    """Take issuers, each of one tenant."""
    addresses = words(text)
    for address in addresses:
        if not re.fullmatch(r"https://[a-z0-9.:-]+/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/v2\.0", address):
            raise ValueError("issuers such as https://login.microsoftonline.com/<tenant id>/v2.0, in small letters")
    return addresses


def parameters(text: str) -> dict[str, str]:
    """Take a JSON object of texts."""
    try:
        texts = json.loads(text)
    except ValueError:
        texts = None
    if not isinstance(texts, dict) or not all(isinstance(value, str) for value in texts.values()):
        raise ValueError('a JSON object of texts, such as {"domain_hint": "contoso.com"}')
    return texts
