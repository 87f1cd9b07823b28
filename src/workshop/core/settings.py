"""Which tenant this is, where its state is kept, and every value with the place it came from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Literal

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream

from practice_tenant.private import place_of
from workshop.core.private_files import make_private_folder, write_private
from workshop.errors import FileUnusable, SettingMalformed, SettingMissing

Mode = Literal["practice", "own"]

TENANT_VALUES = ("AZURE_", "ENTRA_")
"""How the names of a tenant's values begin."""
REGISTRATION_VALUE = re.compile(r"AZURE_\w+|ENTRA_[A-Z]+_AZURE_\w+|ENTRA_PREAUTHORIZED_IDENTIFIER_URI")
"""What names a tenant or an app, or proves it. In practice mode it comes from practice.env and nowhere else."""
# What a program does not get that starts with nothing of the workshop's; and where nothing compiled is kept, each
# process would compile the workshop anew.
_LEFT_OUT = (*TENANT_VALUES, "WORKSHOP_", "PYTHONDONTWRITEBYTECODE")

GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
LEAD = re.compile(r"^\s*(?:export\s+)?")
PLAIN = re.compile(r"[A-Za-z0-9_./:@~+=,-]*")


@dataclass(frozen=True)
class Form:
    """What a value must look like."""

    fits: Callable[[str], bool]
    expected: str
    may_be_shown: bool = False


def _is_guid(value: str) -> bool:
    return GUID.fullmatch(value) is not None


CLIENT_ID_FORM = Form(_is_guid, "the application (client) id, a GUID such as 00000000-0000-0000-0000-000000000000")
SECRET_FORM = Form(lambda value: not _is_guid(value), "the secret's Value; this looks like the Secret ID beside it")

FORMS: Mapping[str, Form] = {
    "WORKSHOP_TENANT": Form(lambda value: value in ("practice", "own"), "practice or own", may_be_shown=True),
    "AZURE_TENANT_ID": Form(
        lambda value: _is_guid(value) or value in ("organizations", "common", "consumers"),
        "the directory (tenant) id, a GUID such as 00000000-0000-0000-0000-000000000000, or organizations",
    ),
    "ENTRA_PROXY_AZURE_CLIENT_ID": CLIENT_ID_FORM,
    "ENTRA_PROXY_AZURE_CLIENT_SECRET": SECRET_FORM,
    "ENTRA_PREAUTHORIZED_AZURE_CLIENT_ID": CLIENT_ID_FORM,
    "ENTRA_PREAUTHORIZED_AZURE_CLIENT_SECRET": SECRET_FORM,
    "ENTRA_OBO_AZURE_CLIENT_ID": CLIENT_ID_FORM,
    "ENTRA_OBO_AZURE_CLIENT_SECRET": SECRET_FORM,
}


@dataclass(frozen=True)
class Value:
    """A value and where it was found: "environment", the name of a file, or "default"."""

    text: str = field(repr=False)
    source: str
    place: str


DEFAULTS = {"WORKSHOP_TENANT": Value("practice", "default", "the default")}


@dataclass(frozen=True)
class Settings:
    """What one process of the workshop works with. Its repr shows no value.

    Attributes:
        mode: "practice" or "own".
        project: the folder with `start.py`.
        state: the folder of the practice tenant.
        left_out: the values of an own tenant that were met in practice mode and do not count.
    """

    mode: Mode
    project: Path
    state: Path
    values: Mapping[str, Value] = field(repr=False)
    left_out: Mapping[str, Value] = field(default_factory=dict, repr=False)

    @property
    def file(self) -> Path:
        """Say which file holds this mode's values."""
        return self.state / "practice.env" if self.mode == "practice" else self.project / ".env"

    def get(self, name: str) -> str | None:
        """Return the value of `name`, or None if it is set nowhere or empty."""
        value = self.values.get(name)
        return value.text if value else None

    def saved(self) -> dict[str, str]:
        """Return the values that came from this mode's file."""
        return {name: value.text for name, value in self.values.items() if value.source == self.file.name}

    def require(self, name: str) -> str:
        """Return the value of `name`.

        Raises:
            SettingMissing: it is set nowhere; the message says where it was looked for.
        """
        value = self.get(name)
        if value is not None:
            return value
        if self.mode == "practice" and REGISTRATION_VALUE.fullmatch(name):
            hint = "Registering the app (lesson 01) puts it there; in practice mode no other place counts."
            raise SettingMissing(name, (str(self.file),), hint)
        hint = "The file .env.sample explains each value."
        raise SettingMissing(name, ("the environment", str(self.file)), hint)

    def source(self, name: str) -> str | None:
        """Say where `name` came from: "environment", ".env", "practice.env" or "default"; None if not set."""
        value = self.values.get(name)
        return value.source if value else None


def without_own(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the workshop's own variables and a tenant's."""
    return {name: value for name, value in environ.items() if not name.startswith(_LEFT_OUT)}


def load(
    environ: Mapping[str, str] | None = None, project: Path | None = None, *, malformed_too: bool = False
) -> Settings:
    """Read the settings: the process environment first, then the file of this mode, then the defaults.

    Args:
        environ: the process environment; `os.environ` if None.
        project: the folder with `start.py`; WORKSHOP_PROJECT, or looked for upward, if None.
        malformed_too: take a tenant's values as they stand, for a program that judges them itself.

    Raises:
        SettingMalformed: a value has the wrong form.
        FileUnusable: a file can't be read.
    """
    environ = os.environ if environ is None else environ
    project = (project or _find_project(environ)).resolve()
    own = _from_file(project / ".env")
    preset = {name: Value(text.strip(), "environment", "the environment") for name, text in environ.items()}
    values = DEFAULTS | own | _filled(preset)
    _check_forms({"WORKSHOP_TENANT": values["WORKSHOP_TENANT"]})
    mode: Mode = "own" if values["WORKSHOP_TENANT"].text == "own" else "practice"
    state = _state_folder(values.get("WORKSHOP_STATE"), project)
    left_out: dict[str, Value] = {}
    if mode == "practice":
        values, left_out = _practice_values(own, _filled(preset), _from_file(state / "practice.env"))
    if not malformed_too:
        _check_forms(values)
    return Settings(mode, project, state, values, left_out)


def _practice_values(
    own: Mapping[str, Value], preset: Mapping[str, Value], practice: Mapping[str, Value]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Keep an own tenant's values out: all of .env's, and those of the environment that name an app or prove it.

    How a server behaves may be said in the environment, and wins over practice.env.

    Returns:
        The values that count, and those of an own tenant that do not.
    """
    general = {name: value for name, value in own.items() if name.startswith("WORKSHOP_")}
    saved = {name: value for name, value in practice.items() if not name.startswith("WORKSHOP_")}
    # What the workshop itself put into the environment came from the file.
    met = {name: value for name, value in preset.items() if name not in saved or value.text != saved[name].text}
    around = {name: value for name, value in met.items() if not REGISTRATION_VALUE.fullmatch(name)}
    strange = {name: value for name, value in {**own, **met}.items() if name.startswith(TENANT_VALUES)}
    left_out = {name: value for name, value in strange.items() if name not in around}
    return DEFAULTS | saved | general | around, left_out


def save(settings: Settings, values: Mapping[str, str]) -> Settings:
    """Write `values` to the file of this mode and return the settings as they are then; see `write_values`.

    Raises:
        SettingMalformed: a value has the wrong form or more than one line.
        FileUnusable: the file can't be read or written.
    """
    file = settings.file
    new = _checked(values, file)
    if settings.mode == "practice":
        make_private_folder(settings.state)
    write_private(file, _edited(_read(file), new))
    saved = {name: Value(text, file.name, str(file)) for name, text in new.items()}
    kept = {name: value for name, value in settings.values.items() if name not in saved}
    preset = {name: value for name, value in settings.values.items() if value.source == "environment"}
    return replace(settings, values=kept | _filled(saved) | preset)


def read_values(file: Path) -> dict[str, str]:
    """Return the values that stand in a file, whatever their form; none if there is no file.

    Raises:
        FileUnusable: the file can't be read.
    """
    return {name: value.text for name, value in _from_file(file).items()}


def write_values(file: Path, values: Mapping[str, str]) -> None:
    """Write `values` to a file.

    Other lines stay as they are; a value that is there already is replaced where it stands. The file has
    mode 0600 and is written whole or not at all.

    Raises:
        SettingMalformed: a value has the wrong form or more than one line.
        FileUnusable: the file can't be read or written.
    """
    write_private(file, _edited(_read(file), _checked(values, file)))


def _checked(values: Mapping[str, str], file: Path) -> dict[str, str]:
    new = {name: text.strip() for name, text in values.items()}
    for name, text in new.items():
        if CONTROL.search(text):
            raise SettingMalformed(name, "the program", "one line of text")
    _check_forms(_filled({name: Value(text, file.name, str(file)) for name, text in new.items()}))
    return new


def _find_project(environ: Mapping[str, str]) -> Path:
    if environ.get("WORKSHOP_PROJECT"):
        named = Path(environ["WORKSHOP_PROJECT"]).expanduser()
        if not named.is_dir():
            raise SettingMalformed("WORKSHOP_PROJECT", "the environment", "an existing folder", str(named))
        return named
    for start in (Path.cwd(), Path(__file__).resolve().parent):
        for folder in (start, *start.parents):
            if (folder / "start.py").is_file():
                return folder
    return Path.cwd()


def _state_folder(value: Value | None, project: Path) -> Path:
    if value is None:
        return place_of(project / ".workshop" / "state")
    start = Path.cwd() if value.source == "environment" else project
    return place_of(start / Path(value.text).expanduser())


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise FileUnusable(path, "is not UTF-8 text. Save it again with the encoding UTF-8.") from error
    except OSError as error:
        raise FileUnusable(path, f"can't be read ({error.strerror}).") from error


def _from_file(path: Path) -> dict[str, Value]:
    text = _read(path)
    for binding in _bindings(text):
        if binding.error:
            raise FileUnusable(path, f"line {binding.original.line} is not of the form NAME=value.")
    # A secret may hold a dollar sign, so nothing is interpolated.
    found = dotenv_values(stream=StringIO(text), interpolate=False)
    values = {name: Value((value or "").strip(), path.name, str(path)) for name, value in found.items()}
    return _filled(values)


def _bindings(text: str) -> list[Binding]:
    return list(parse_stream(StringIO(text, newline="")))


def _filled(values: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value.text}


def _check_forms(values: Mapping[str, Value]) -> None:
    for name, form in FORMS.items():
        value = values.get(name)
        if value is None or form.fits(value.text):
            continue
        # What stands in the wrong place may be a secret.
        shown = value.text if form.may_be_shown else ""
        raise SettingMalformed(name, value.place, form.expected, shown)


def _edited(text: str, values: Mapping[str, str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    parts: list[str] = []
    met: set[str] = set()
    for binding in _bindings(text):
        original = binding.original.string
        if binding.key is None or binding.key not in values:
            parts.append(original)
            continue
        met.add(binding.key)
        lead = LEAD.findall(original)[0]
        end = original[len(original.rstrip("\r\n")) :]
        parts.append(f"{lead}{binding.key}={_quoted(values[binding.key])}{end}")
    edited = "".join(parts)
    if edited and not edited.endswith(("\n", "\r")) and met != set(values):
        edited += newline
    return edited + "".join(f"{name}={_quoted(value)}{newline}" for name, value in values.items() if name not in met)


def _quoted(value: str) -> str:
    if PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
