"""Pages made from templates, which escape whatever is put into them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from practice_tenant.server.http.messages import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment


class Templates:
    """The templates in a folder; each is compiled with the first page made from it.

    Args:
        headers: what stands in the head of every page.
    """

    def __init__(self, folder: Path, headers: Mapping[str, str]) -> None:
        self._folder = folder
        self._headers = headers

    def page(self, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
        """Return a page.

        Args:
            template: its name without the suffix.
            values: what it shows; a name that the template uses and nobody gives is an error.
        """
        text = self._environment.get_template(f"{template}.html").render(values)
        return HTMLResponse(text, status, self._headers)

    @cached_property
    def _environment(self) -> Environment:
        from jinja2 import Environment, FileSystemLoader, StrictUndefined  # here, so that no start waits for it

        return Environment(
            loader=FileSystemLoader(self._folder),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
