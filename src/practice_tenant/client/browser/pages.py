"""Reading the pages a sign-in meets: which page it is, its forms, its words."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Literal

Kind = Literal[
    "client-approval",
    "account-picker",
    "consent",
    "second-factor",
    "error",
    "signed-out",
    "form-post",
    "device-code",
    "device-confirm",
    "device-done",
    "device-declined",
    "other",
]

_PRACTICE_KINDS: dict[str, Kind] = {
    "account-picker": "account-picker",
    "consent": "consent",
    "second-factor": "second-factor",
    "device-code": "device-code",
    "device-confirm": "device-confirm",
    "device-done": "device-done",
    "device-declined": "device-declined",
    "error": "error",
    "signed-out": "signed-out",
    "form-post": "form-post",
}
_BLOCKS = frozenset(
    ("p", "div", "h1", "h2", "h3", "li", "dt", "dd", "section", "main", "header", "form", "br", "tr", "td")
)
_SILENT = frozenset({"script", "style", "title", "noscript", "button"})


@dataclass
class HtmlForm:
    """A form of a page: where it goes, what it sends as it stands, and its submit buttons."""

    action: str
    method: str
    id: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def names(self) -> set[str]:
        """Return the names of the fields that are sent whatever button is pressed."""
        return {name for name, _ in self.fields}


@dataclass(frozen=True)
class HtmlPage:
    """An HTML page.

    Attributes:
        kind: which page it is; "other" for one the workshop does not know.
        forms: its forms.
        words: its visible text, one block per line.
    """

    kind: Kind
    forms: tuple[HtmlForm, ...]
    words: str

    @property
    def message(self) -> str:
        """What the page says went wrong: Entra's error line if there is one, else its words."""
        lines = self.words.splitlines()
        return next((line for line in lines if "AADSTS" in line), " ".join(lines))


def read(html: str, *, of_tenant: bool) -> HtmlPage:
    """Read a page.

    Args:
        html: the document.
        of_tenant: whether Entra answered with it. Only then is it one of Entra's pages, and only
            if it is not is it FastMCP's.
    """
    reader = _Reader()
    with suppress(AssertionError):  # what html.parser raises for some broken declarations
        reader.feed(html)
        reader.close()
    forms = tuple(reader.forms)
    return HtmlPage(_kind(reader.practice_page, forms, of_tenant), forms, reader.words())


def _kind(practice_page: str, forms: tuple[HtmlForm, ...], of_tenant: bool) -> Kind:
    only = forms[0] if len(forms) == 1 else None
    if not of_tenant:
        known = only is not None and only.id == "consentForm" and {"txn_id", "csrf_token"} <= only.names()
        return "client-approval" if known else "other"
    kind = _PRACTICE_KINDS.get(practice_page, "other")
    if kind == "form-post" and not (only is not None and {"code", "error"} & only.names()):
        return "other"
    return kind


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.practice_page = ""
        self.forms: list[HtmlForm] = []
        self._form: HtmlForm | None = None
        self._silent = 0
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name") == "practice-page":
            self.practice_page = values.get("content", "")
        elif tag == "form":
            method = values.get("method", "get").upper()
            self._form = HtmlForm(values.get("action", ""), method, values.get("id", ""))
            self.forms.append(self._form)
        elif tag in ("input", "button") and self._form is not None and values.get("name"):
            self._field(tag, values, self._form)
        self._silent += tag in _SILENT
        if tag in _BLOCKS:
            self._text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag in _SILENT and self._silent:
            self._silent -= 1
        if tag in _BLOCKS:
            self._text.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._text.append(data)

    def words(self) -> str:
        lines = (" ".join(line.split()) for line in "".join(self._text).splitlines())
        return "\n".join(line for line in lines if line)

    @staticmethod
    def _field(tag: str, values: dict[str, str], form: HtmlForm) -> None:
        pair = (values["name"], values.get("value", ""))
        kind = values.get("type", "submit" if tag == "button" else "text").lower()
        if kind == "submit":
            form.buttons.append(pair)
        elif tag == "input" and (kind not in ("checkbox", "radio") or "checked" in values):
            form.fields.append(pair)
