"""Where each value of a server comes from, said before it matters: `workshop doctor` and `workshop serve` say it."""

from __future__ import annotations

from collections.abc import Mapping

from workshop.core.settings import FORMS, Settings, Value

OTHER_FILE = ".env is read with your own tenant only"
OTHER_APP = "the app is the practice tenant's, and nothing of another one comes there"


def origins(settings: Settings, before: Settings | None = None) -> list[str]:
    """Return a line for each place that values come from, and for what does not count; no value is shown.

    Args:
        before: the settings as they were before this process was led to the practice tenant.
    """
    lines = [f"From {place}: {names}." for place, names in _by_place(settings.values)]
    for place, names in _by_place((before or settings).left_out):
        why = OTHER_FILE if place == ".env" else OTHER_APP
        lines.append(f"LEFT OUT, from {place}: {names}. In practice mode {why}.")
    if unknown := [name for name in settings.values if name.startswith("ENTRA_") and name not in _known()]:
        lines.append(f"NOT KNOWN: {', '.join(sorted(unknown))}. The file .env.sample has every name.")
    return lines


def _known() -> set[str]:
    from workshop.servers.preauthorized_settings import PREAUTHORIZED
    from workshop.servers.settings import PROXY

    return {variable.name for variable in (*PROXY, *PREAUTHORIZED)} | set(FORMS)


def _by_place(values: Mapping[str, Value]) -> list[tuple[str, str]]:
    names_by_place: dict[str, list[str]] = {}
    for name in sorted(values):
        if name.startswith(("ENTRA_", "AZURE_TENANT_ID", "AZURE_CLIENT_")):
            place = values[name].source
            names_by_place.setdefault("the environment" if place == "environment" else place, []).append(name)
    return [(place, ", ".join(names)) for place, names in sorted(names_by_place.items())]
