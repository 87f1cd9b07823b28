"""The field guide: what is known of the most reported failures on one page, to be printed."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

from workshop.diagnosis.knowledge import FAILURES, Failure
from workshop.diagnosis.report import mends
from workshop.show.frame import AMBER, GREEN, Notice
from workshop.show.table import Table

NAME = "field-guide.html"
TITLE = "Field guide to failures with Entra ID and MCP servers"
STYLE = """@page { size: A4 landscape; margin: 7mm }
body { font: 8pt/1.25 system-ui, sans-serif; margin: 1em; columns: 4; column-gap: 1.2em; column-rule: 1px solid #999 }
h1 { font-size: 1.25em; margin: 0 }
p { margin: 0 0 .4em }
div { overflow-wrap: anywhere }
@media print { body { font-size: 5.7pt; line-height: 1.16; margin: 0 } }
@media screen and (max-width: 70em) { body { columns: 2 } }
"""

WHOLE = 'style="break-inside:avoid;margin:0 0 .45em"'


class Guide(Table):
    """Symptom, cause and mend, a row each; a notebook shows them as the printed page does."""

    def _repr_html_(self) -> str:
        blocks = "".join(_block(*row) for row in self.rows)
        return f'<b>{TITLE}</b><div style="columns:20em;overflow-wrap:anywhere;line-height:1.3">{blocks}</div>'


def guide(failures: tuple[Failure, ...] | None = None) -> Guide:
    """Return symptom, cause and mend of failures, the most reported ones if none are given."""
    reported = sorted((failure for failure in FAILURES if failure.number), key=lambda failure: failure.number)
    rows = tuple(_row(failure) for failure in (reported if failures is None else failures))
    return Guide(("what you see", "why", "what to do"), rows, TITLE)


def page(failures: tuple[Failure, ...] | None = None) -> str:
    """Return the guide as an HTML page that prints on one sheet, A4 or Letter."""
    blocks = "\n".join(_block(*row) for row in guide(failures).rows)
    head = f'<meta charset="utf-8"><title>{TITLE}</title><style>\n{STYLE}</style>'
    body = f"<h1>{TITLE}</h1>\n<p><b>What you see</b>, why, → <i>what to do</i></p>\n{blocks}"
    return f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>{body}\n</body></html>\n'


def save(folder: Path) -> Notice:
    """Write the page into a folder, which is made if need be, and say where and how to print it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=folder, suffix=".part", delete=False, encoding="utf-8") as file:
            file.write(page())
        Path(file.name).replace(folder / NAME)
    except OSError as error:
        reason = f"{folder.name}/{NAME} can't be written: {error.strerror}."
        return Notice("FIELD GUIDE", (reason, "Give `save` another folder."), AMBER)
    lines = (
        f"Written: {folder.name}/{NAME}. Open it in a browser.",
        "Print it there: Ctrl+P, on a Mac Cmd+P. It fits one sheet, A4 or Letter, landscape.",
    )
    return Notice("FIELD GUIDE", lines, GREEN)


def _block(seen: str, why: str, mend: str) -> str:
    first, *codes = seen.split("\n")
    head = f"<b>{escape(first)}</b> {escape(' '.join(codes))}"
    return f"<div {WHOLE}>{head}<br>{escape(why)}<br>→ <i>{escape(mend)}</i></div>"


def _row(failure: Failure) -> tuple[str, str, str]:
    numbers = sorted({sign.code for sign in failure.signs if sign.code})
    seen = [failure.title, *(["AADSTS" + ", ".join(str(number) for number in numbers)] if numbers else [])]
    way, text = mends(failure)[0]
    return "\n".join(seen), failure.cause, f"{way}: {text}"
