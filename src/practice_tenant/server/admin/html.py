"""What all pages are made of: the frame, forms whose faults stand beside their fields, tables, and plain answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from practice_tenant.server.http.messages import HTMLResponse

if TYPE_CHECKING:
    from practice_tenant.server.admin.portal import Refused
    from practice_tenant.server.admin.visit import Visit

# With "no-referrer" a browser would send "Origin: null" with every form.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_STYLE = Path(__file__).with_name("pages.css").read_text("utf-8")
_BANNER = (
    '<header class="practice"><strong>PRACTICE</strong> This is the practice tenant of a workshop on your own machine. '
    "It is not Microsoft. Never type a password here.</header>"
)
# The pages of a registration, in the admin center's order; the ones that are not here are left out.
MENU: tuple[tuple[str, str], ...] = (
    ("overview", "Overview"),
    ("branding", "Branding & properties"),
    ("authentication", "Authentication"),
    ("credentials", "Certificates & secrets"),
    ("api-permissions", "API permissions"),
    ("expose-an-api", "Expose an API"),
    ("app-roles", "App roles"),
    ("owners", "Owners"),
    ("manifest", "Manifest"),
)

Crumbs = Sequence[tuple[str, str]]


def page(
    visit: Visit,
    title: str,
    body: str,
    *,
    app: Mapping[str, Any] | None = None,
    current: str = "",
    crumbs: Crumbs = (),
) -> HTMLResponse:
    """Return a page of somebody who is signed in.

    Args:
        app: the registration it is about; its menu is shown then.
        current: which entry of that menu this is.
        crumbs: address and text of the pages above this one, below the registration.
    """
    trail = [(visit.link() or "./", "App registrations")]
    if app and current != "overview":
        trail.append((visit.link(f"apps/{app['id']}/overview"), app["displayName"]))
    trail += [(visit.link(target), text) for target, text in crumbs]
    shown = "".join(f'<li><a href="{escape(target)}">{escape(text)}</a></li>' for target, text in trail)
    whose = f'<p class="of">{escape(app["displayName"])}</p>' if app else ""
    notice, visit.session.notice = visit.session.notice, ""
    told = f'<p role="status" class="notice">{escape(notice)}</p>' if notice else ""
    content = (
        f'<nav aria-label="Breadcrumb" class="trail"><ol>{shown}</ol></nav>'
        f'<div class="room">{_menu(visit, app, current) if app else ""}'
        f'<main id="content" tabindex="-1">{told}{_summary(visit)}<div class="head">{whose}<h1>{escape(title)}</h1>'
        f"</div>{body}</main></div>"
    )
    name = f"{app['displayName']} - {title}" if app else title
    status = visit.draft.fault.status if visit.draft else 200
    return _whole(name, _bar(visit) + content, status)


def closed(why: str = "") -> HTMLResponse:
    """Answer whoever is not let in."""
    told = why or "This link was used already, or it has expired, or you were signed out."
    body = (
        f'<main><h1>The practice admin center is closed</h1><p id="error-text">{escape(told)}</p><p>For a new link, '
        "run the cell of the notebook again, or type <code>workshop tenant admin</code> in a terminal.</p></main>"
    )
    return _whole("Closed", body, 403)


def passing() -> HTMLResponse:
    """Let a browser that comes from another site ask again, from this one."""
    response = _whole(
        "Opening", '<main><h1>Opening the practice admin center</h1><p><a href="">Continue</a></p></main>', 200
    )
    response.headers["refresh"] = "0"
    return response


def failed(why: str, status: int) -> HTMLResponse:
    """Say why a page can't be shown."""
    body = (
        f'<main><h1>This page can\'t be shown</h1><p id="error-text">{escape(why)}</p>'
        "<p>Go back, or ask for a new link: run the cell of the notebook again, or type "
        "<code>workshop tenant admin</code> in a terminal.</p></main>"
    )
    return _whole("Not shown", body, status)


def form(
    visit: Visit, action: str, body: str, button: str, *, off: str = "", quiet: bool = False, files: bool = False
) -> str:
    """Return a form that posts to its own page.

    Args:
        action: its name, by which the page tells its forms apart.
        off: why it can't be sent by this person; its fields are shown all the same.
        quiet: whether it is no more than a small button.
        files: whether it has a file to choose.
    """
    draft = visit.draft
    fault = draft.fault if draft and draft.action == action and not draft.fault.field else None
    told = _fault(fault, f"{action}-fault") if fault else ""
    described = f' aria-describedby="{action}-fault"' if fault else ""
    sent = hidden("form_token", visit.session.form_token) + hidden("action", action)
    reason = f'<p class="off" id="{action}-off">{escape(off)}</p>' if off else ""
    disabled = f' disabled aria-describedby="{action}-off"' if off else ""
    css = ' class="quiet"' if quiet else ""
    kind = ' enctype="multipart/form-data"' if files else ""
    return (
        f'<form method="post"{kind}{css}{described}>{sent}{reason}<fieldset class="all"{disabled}>{told}{body}'
        f'<p class="choice"><button>{escape(button)}</button></p></fieldset></form>'
    )


def press(visit: Visit, action: str, value: str, button: str, about: str, *, off: bool = False) -> str:
    """Return a form that is one small button, about one row of a table.

    Args:
        value: of its field ``which``.
        about: what the row is, for who can't see the table.
    """
    sent = hidden("form_token", visit.session.form_token) + hidden("action", action) + hidden("which", value)
    disabled = " disabled" if off else ""
    return (
        f'<form method="post" class="quiet">{sent}<button class="small"{disabled}>{escape(button)}'
        f'<span class="aside"> {escape(about)}</span></button></form>'
    )


def text(
    visit: Visit,
    action: str,
    name: str,
    label: str,
    *,
    value: str = "",
    hint: str = "",
    needed: bool = False,
    area: int = 0,
    kind: str = "text",
) -> str:
    """Return a field for text with its label, its hint, and its fault if it has one.

    Args:
        value: what stands in it unless the learner typed something else.
        area: lines of a field for more than one.
    """
    draft = visit.draft if visit.draft and visit.draft.action == action else None
    fault = draft.fault if draft and draft.fault.field == name else None
    shown = (visit.form.get(name) or [""])[0] if draft else value
    identifier = f"{action}-{name}"
    notes = [f"{identifier}-hint"] if hint else []
    notes += [f"{identifier}-fault"] if fault else []
    state = (
        (f' aria-describedby="{" ".join(notes)}"' if notes else "")
        + (' aria-invalid="true"' if fault else "")
        + (" required" if needed else "")
    )
    star = ' <span class="needed" aria-hidden="true">*</span>' if needed else ""
    box = (
        f'<textarea id="{identifier}" name="{name}" rows="{area}" spellcheck="false"{state}>\n'
        f"{escape(shown)}</textarea>"
        if area
        else f'<input type="{kind}" id="{identifier}" name="{name}" value="{escape(shown)}" autocomplete="off"'
        f' spellcheck="false"{state}>'
    )
    told = f'<p class="hint" id="{identifier}-hint">{escape(hint)}</p>' if hint else ""
    wrong = _fault(fault, f"{identifier}-fault") if fault else ""
    return f'<div class="field"><label for="{identifier}">{escape(label)}{star}</label>{told}{wrong}{box}</div>'


def select(
    visit: Visit, action: str, name: str, label: str, options: Iterable[tuple[str, str]], value: str = ""
) -> str:
    """Return a list to choose one entry of."""
    draft = visit.draft if visit.draft and visit.draft.action == action else None
    chosen = visit.value(name) if draft else value
    identifier = f"{action}-{name}"
    fault = draft.fault if draft and draft.fault.field == name else None
    shown = "".join(
        f'<option value="{escape(key)}"{" selected" if key == chosen else ""}>{escape(words)}</option>'
        for key, words in options
    )
    wrong = _fault(fault, f"{identifier}-fault") if fault else ""
    described = f' aria-invalid="true" aria-describedby="{identifier}-fault"' if fault else ""
    return (
        f'<div class="field"><label for="{identifier}">{escape(label)}</label>{wrong}'
        f'<select id="{identifier}" name="{name}"{described}>{shown}</select></div>'
    )


def radios(
    visit: Visit, action: str, name: str, legend: str, options: Iterable[tuple[str, str]], value: str, hint: str = ""
) -> str:
    """Return a group of which one is chosen."""
    draft = visit.draft if visit.draft and visit.draft.action == action else None
    chosen = visit.value(name) if draft else value
    return _group(visit, action, name, legend, options, {chosen}, "radio", hint)


def boxes(
    visit: Visit,
    action: str,
    name: str,
    legend: str,
    options: Iterable[tuple[str, str]],
    ticked: Iterable[str] = (),
    hint: str = "",
) -> str:
    """Return a group of boxes to tick."""
    draft = visit.draft if visit.draft and visit.draft.action == action else None
    chosen = set(visit.values(name) if draft else ticked)
    return _group(visit, action, name, legend, options, chosen, "checkbox", hint)


def _group(
    visit: Visit,
    action: str,
    name: str,
    legend: str,
    options: Iterable[tuple[str, str]],
    chosen: set[str],
    kind: str,
    hint: str,
) -> str:
    draft = visit.draft
    fault = draft.fault if draft and draft.action == action and draft.fault.field == name else None
    identifier = f"{action}-{name}"
    notes = [f"{identifier}-hint"] if hint else []
    notes += [f"{identifier}-fault"] if fault else []
    described = f' aria-describedby="{" ".join(notes)}"' if notes else ""
    first = f' id="{identifier}"'
    shown = "".join(
        f'<label class="option"><input type="{kind}" name="{name}" value="{escape(key)}"'
        f"{first if number == 0 else ''}{' checked' if key in chosen else ''}> "
        f"<span>{escape(words)}</span></label>"
        for number, (key, words) in enumerate(options)
    )
    told = f'<p class="hint" id="{identifier}-hint">{escape(hint)}</p>' if hint else ""
    wrong = _fault(fault, f"{identifier}-fault") if fault else ""
    return f'<fieldset class="field"{described}><legend>{escape(legend)}</legend>{told}{wrong}{shown}</fieldset>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> str:
    """Return a table; its cells are HTML already.

    Args:
        caption: what it is, for who can't see the page around it.
        empty: what is said instead of a table without rows.
    """
    body = "".join(
        "<tr>" + "".join(f'<td data-head="{escape(head)}">{cell}</td>' for head, cell in zip(heads, row, strict=True))
        + "</tr>"
        for row in rows
    )  # fmt: skip
    if not body:
        return f'<p class="empty">{escape(empty)}</p>'
    head = "".join(f'<th scope="col">{escape(one) or "<span class=aside>Actions</span>"}</th>' for one in heads)
    return (
        f'<table><caption class="aside">{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table>"
    )


def values(pairs: Iterable[tuple[str, str]]) -> str:
    """Return names with their values, which are HTML already."""
    return f"<dl>{''.join(f'<div><dt>{escape(name)}</dt><dd>{value}</dd></div>' for name, value in pairs)}</dl>"


def code(value: str) -> str:
    return f"<code>{escape(value)}</code>"


def anchor(target: str, words: str, css: str = "") -> str:
    shown = f' class="{css}"' if css else ""
    return f'<a href="{escape(target)}"{shown}>{escape(words)}</a>'


def hint(words: str) -> str:
    return f'<p class="hint">{escape(words)}</p>'


def opened(summary: str, body: str, *, is_open: bool) -> str:
    """Return a part that is folded away until it is asked for."""
    return f"<details{' open' if is_open else ''}><summary>{escape(summary)}</summary>{body}</details>"


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _fault(fault: Refused, identifier: str) -> str:
    told = f' <span class="code">{escape(fault.code)}</span>' if fault.code else ""
    return (
        f'<p class="fault" id="{escape(identifier)}"><span class="aside">Error: </span>'
        f"{escape(fault.message)}{told}</p>"
    )


def _summary(visit: Visit) -> str:
    """Say at the top of the page that a form could not be done, and lead to the field to change."""
    if visit.draft is None:
        return ""
    fault, action = visit.draft.fault, visit.draft.action
    words = escape(fault.message)
    told = f'<a href="#{escape(f"{action}-{fault.field}")}">{words}</a>' if fault.field else words
    return (
        '<div role="alert" class="problem" tabindex="-1" autofocus aria-labelledby="problem">'
        '<h2 id="problem">There is a problem</h2>'
        f"<p>{told}</p></div>"
    )


def _menu(visit: Visit, app: Mapping[str, Any], current: str) -> str:
    here = visit.link(f"apps/{app['id']}/")
    entries = "".join(
        f'<li><a href="{here}{name}"{" aria-current=page" if name == current else ""}>{escape(words)}</a></li>'
        for name, words in MENU
    )
    return f'<nav aria-label="{escape(app["displayName"])}" class="menu"><ul>{entries}</ul></nav>'


def _bar(visit: Visit) -> str:
    return (
        '<a class="skip" href="#content">Skip to the content</a>'
        f'<div class="bar"><a class="home" href="{visit.link() or "./"}">Practice admin center</a>'
        f"<p><span>{escape(visit.user.upn)}</span> "
        f'<span class="tenant">{escape(visit.directory.display_name)}</span></p></div>'
    )


def _whole(title: str, content: str, status: int) -> HTMLResponse:
    return HTMLResponse(
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>PRACTICE: {escape(title)}</title>'
        '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
        f"<style>{_STYLE}</style></head><body>{_BANNER}{content}"
        "<footer>PRACTICE admin center. It follows the order and the field names of the Microsoft Entra admin center "
        "and is not made by Microsoft.</footer></body></html>",
        status,
        HEADERS,
    )


def tabs(entries: Iterable[tuple[str, str, bool]]) -> str:
    """Return links to the views of one page: address, text, whether it is this one."""
    shown = "".join(
        f'<li><a href="{escape(target)}"{" aria-current=true" if here else ""}>{escape(words)}</a></li>'
        for target, words, here in entries
    )
    return f'<nav aria-label="Views" class="tabs"><ul>{shown}</ul></nav>'


def day(moment: str | None) -> str:
    """Return the day of a point in time as Graph writes it."""
    return f'<span class="day">{escape((moment or "-")[:10])}</span>'
