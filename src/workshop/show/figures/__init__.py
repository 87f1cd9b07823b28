"""The figures of the lessons, drawn by a module for each. `workshop derive` writes them into images/."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable


def _found() -> dict[str, Callable[[], str]]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.name.startswith("lesson"))
    return {
        f"{name.replace('lesson', 'lesson-')}-{figure}.svg": draw
        for name in names
        for figure, draw in importlib.import_module(f"{__name__}.{name}").FIGURES.items()
    }


FIGURES = _found()
"""What draws each file: `FIGURES = {"two-sides": ...}` of lesson02 is lesson-02-two-sides.svg."""
