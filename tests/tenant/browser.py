"""A browser for the tenant's pages: it picks accounts and answers consent pages, and nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from .process import LOGIN

DOMAIN = "contoso.onmicrosoft.com"
KIM = f"kim_fabrikam.example#EXT#@{DOMAIN}"

Pairs = list[tuple[str, str]]


def upn(name: str, domain: str = DOMAIN) -> str:
    """Return the user principal name of a person of the seed."""
    local = "kim_fabrikam.example#EXT#" if name == "kim" else name
    return name if "@" in name else f"{local}@{domain}"


@dataclass
class Page(HTMLParser):
    """One of the tenant's pages, read."""

    url: str
    status: int
    headers: httpx.Headers
    kind: str = ""
    lang: str = ""
    action: str = ""
    method: str = ""
    title: str = ""
    h1: str = ""
    text: str = ""
    error: str = ""
    fields: Pairs = field(default_factory=list)
    buttons: Pairs = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)
    input_types: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._into: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "meta" and values.get("name") == "practice-page":
            self.kind = values["content"]
        elif tag == "html":
            self.lang = values.get("lang", "")
        elif tag == "form":
            self.action, self.method = values["action"], values["method"]
        elif tag == "input":
            self.input_types.append(values.get("type", "text"))
            if values.get("type") == "hidden":
                self.fields.append((values["name"], values["value"]))
        elif tag == "button" and "name" in values:
            self.buttons.append((values["name"], values["value"]))
        if tag == "wbr":
            self.text = self.text.removesuffix(" ")
        elif tag not in ("meta", "input", "br"):
            self._into.append("error" if values.get("id") == "error-text" else tag)

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002
        self._into.pop()

    def handle_data(self, data: str) -> None:
        into = self._into[-1] if self._into else ""
        if into in ("title", "h1", "error"):
            setattr(self, into, getattr(self, into) + data)
        if into == "code":
            self.scopes.append(data)
        if into not in ("style", "script", "title"):
            self.text += data + " "


def page_of(response: httpx.Response) -> Page:
    """Read a page."""
    page = Page(str(response.url), response.status_code, response.headers)
    page.feed(response.text)
    page.close()
    return page


def answer_of(response: httpx.Response) -> dict[str, str]:
    """Return what the client is told: by the Location header or by the form of the form_post page."""
    if response.is_redirect:
        parts = urlsplit(response.headers["location"])
        return dict(parse_qsl(parts.query) + parse_qsl(parts.fragment))
    page = page_of(response)
    assert page.kind == "form-post", f"{page.status} {page.kind}: {page.text}"
    return dict(page.fields)


class Browser:
    """One person's browser: its cookies stay from one sign-in to the next."""

    def __init__(self, http: httpx.Client, tenant_id: str, domain: str = DOMAIN) -> None:
        self.http = http
        self.tenant_id = tenant_id
        self.domain = domain

    def open(self, parameters: dict[str, str], tenant: str = "", host: str = LOGIN) -> httpx.Response:
        """Ask /authorize."""
        return self.http.get(f"{host}/{tenant or self.tenant_id}/oauth2/v2.0/authorize", params=parameters)

    def press(self, page: Page, name: str, value: str, **ticked: str) -> httpx.Response:
        """Press a button of the page's form."""
        assert (name, value) in page.buttons, f"no {name}={value} on {page.kind}: {page.text}"
        return self.http.post(urljoin(page.url, page.action), data=dict([*page.fields, (name, value)]) | ticked)

    def sign_in(
        self, parameters: dict[str, str], name: str = "robin", *, tenant: str = "", host: str = LOGIN
    ) -> dict[str, str]:
        """Go from /authorize to the answer, accepting what is asked.

        Args:
            name: the person's name before the @, or the whole user principal name.
        """
        response = self.open(parameters, tenant, host)
        for _ in range(4):
            if response.is_redirect:
                break
            page = page_of(response)
            if page.kind == "account-picker":
                response = self.press(page, "account", upn(name, self.domain))
            elif page.kind == "second-factor":
                response = self.press(page, "decision", "approve")
            elif page.kind == "consent":
                response = self.press(page, "decision", "accept")
        return answer_of(response)
