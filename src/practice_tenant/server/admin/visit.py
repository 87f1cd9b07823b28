"""One request of somebody who was let in, and whether they are.

A form is taken only from the session's own pages: it carries the session's token, and where the browser says which
page sent it (Sec-Fetch-Site, Origin) that must be one of this origin.
Source: https://www.w3.org/TR/fetch-metadata/, https://cheatsheetseries.owasp.org (Cross-Site Request Forgery).
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlsplit

from practice_tenant.server.account import whose
from practice_tenant.server.admin import pages
from practice_tenant.server.admin.portal import FormRefused, Portal
from practice_tenant.server.admin.sessions import AdminSession, Sessions
from practice_tenant.server.admin.uploads import Upload, parts_of
from practice_tenant.server.directory import people
from practice_tenant.server.directory.objects import EntraTenant, User
from practice_tenant.server.directory.wellknown import AZURE_CLI_GRAPH_SCOPES, AZURE_PORTAL
from practice_tenant.server.graph.caller import Caller
from practice_tenant.server.http.messages import Answering, RedirectResponse, Response
from practice_tenant.server.web import Call

COOKIE = "practice-admin-center"


@dataclass(frozen=True)
class Draft:
    """A form that was sent and could not be done: what was typed stays, and the fault is named beside it."""

    action: str
    fault: FormRefused


@dataclass(frozen=True)
class Visit:
    """What a page works with.

    Args:
        form: what was sent, by the names of the fields.
    """

    call: Call
    session: AdminSession
    directory: EntraTenant
    user: User
    graph: Portal
    form: Mapping[str, list[str]] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)
    draft: Draft | None = None

    def value(self, name: str) -> str:
        """Return a field without the white space around it."""
        return (self.form.get(name) or [""])[0].strip()

    def values(self, name: str) -> list[str]:
        """Return all values of a field: of boxes that are ticked."""
        return list(self.form.get(name, []))

    def needed(self, name: str, label: str) -> str:
        """Return a field that must not be empty.

        Raises:
            FormRefused: it is.
        """
        value = self.value(name)
        if not value:
            raise FormRefused(f"Enter a value for “{label}”.", field=name)
        return value

    def chosen(self, name: str, among: tuple[str, ...]) -> str:
        """Return a field that takes one of a few values.

        Raises:
            FormRefused: it is another.
        """
        value = self.value(name)
        if value not in among:
            raise FormRefused("Choose one of the options.", field=name)
        return value

    @property
    def object_id(self) -> str:
        """Return the object id of the registration that the path names."""
        return str(self.call.path["id"])

    @property
    def now(self) -> float:
        """Return the time by the directory's clock, in Unix seconds."""
        return self.call.now(self.directory.tenant_id)

    @property
    def who(self) -> Caller:
        """Return this person as Graph's own rules about rights see them."""
        return Caller(self.directory, AZURE_PORTAL, self.user, frozenset(AZURE_CLI_GRAPH_SCOPES), frozenset())

    def is_sending(self, form: str) -> bool:
        """Say whether this form of the page was sent and could not be done."""
        return self.draft is not None and self.draft.action == form

    def fault(self, form: str, field: str = "") -> FormRefused | None:
        """Return the fault of a field of a form, or of the form itself, if it has one."""
        if self.draft is None or not self.is_sending(form):
            return None
        return self.draft.fault if self.draft.fault.field == field else None

    def typed(self, form: str, name: str, value: str) -> str:
        """Return what stands in a field: what was typed if the form was sent, else the value given."""
        return (self.form.get(name) or [""])[0] if self.is_sending(form) else value

    def ticked(self, form: str, name: str, values: Iterable[str]) -> list[str]:
        """Return which boxes of a group are ticked, like `typed`."""
        return self.values(name) if self.is_sending(form) else list(values)

    def page(self, template: str, app: Mapping[str, Any] | None = None, **values: object) -> Response:
        """Return a page of this session.

        Args:
            app: the registration it is about; its menu is shown then.
            values: what else the template shows.
        """
        notice, self.session.notice = self.session.notice, ""
        status = self.draft.fault.status if self.draft else 200
        here = self.link(f"apps/{app['id']}/") if app else ""
        return pages.TEMPLATES.page(template, status, visit=self, app=app, here=here, notice=notice, **values)

    def link(self, target: str = "") -> str:
        """Return the address of a page of this session, relative to the page that is shown: a proxy may add a prefix.

        Args:
            target: below the session's place.
        """
        return _up(self.call) + target

    def go(self, target: str, notice: str = "") -> Response:
        """Send the browser to a page, which says what was done."""
        self.session.notice = notice
        return _redirect(self.link(target))


Act = Callable[[Visit], Awaitable[Response]]


def visiting(
    sessions: Sessions, tenant: Answering, show: Act, actions: Mapping[str, Act]
) -> Callable[..., Awaitable[Response]]:
    """Return the handler of a page.

    Args:
        tenant: the application behind the TLS listener.
        actions: what the page's forms do, by the name that each sends.
    """

    async def handler(call: Call) -> Response:
        token = call.request.query_params.get("token")
        if token is not None:
            return await _open(sessions, call, token)
        session = sessions.of(call.path["place"], call.request.cookies.get(COOKIE, ""))
        if session is None:
            return _outside(call)
        visit = _visit(call, session, tenant)
        if visit is None:
            return pages.closed("The account or its directory is gone, or the account is disabled.")
        call.enter(visit.directory.tenant_id)
        return await (_act(visit, show, actions) if call.request.method == "POST" else show(visit))

    return handler


async def _open(sessions: Sessions, call: Call, token: str) -> Response:
    """Let in whoever has a link that was not used; the token is gone from the address at once, used or not.

    A link stands on the command line of the program that opens it, where every account of the machine can read it.
    """
    place = call.path["place"]
    response = _redirect(_up(call) or "./")
    if call.request.method != "GET" or await _is_stranger(sessions, call):
        return response
    key = sessions.redeem(place, token)
    if key:
        # Without a path it counts below this place only, whatever prefix a proxy has put before it.
        response.cookies.append(f"{COOKIE}={key}; HttpOnly; SameSite=Strict")
    return response


async def _is_stranger(sessions: Sessions, call: Call) -> bool:
    """Say whether another account of this machine asks, and no proxy was expected, which may run as any."""
    proxied = sessions.is_for_proxy(call.path["place"])
    return not proxied and await whose(call.request.ends) == "another"


def _outside(call: Call) -> Response:
    """Answer a request without a session.

    A browser that follows a link of another site leaves a SameSite=Strict cookie out. Coming back from a page of this
    origin it sends it.
    """
    from_elsewhere = call.request.headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if from_elsewhere and call.request.method == "GET":
        return pages.opening()
    return pages.closed()


def _visit(call: Call, session: AdminSession, tenant: Answering) -> Visit | None:
    directory = people.directory(call.service.store, session.tenant_id)
    user = people.user(call.service.store, session.tenant_id, session.user_id)
    if directory is None or user is None or not user.enabled:
        return None
    return Visit(call, session, directory, user, Portal(tenant, call, directory, user, session.holder))


async def _act(visit: Visit, show: Act, actions: Mapping[str, Act]) -> Response:
    visit = _filled(visit)
    if not _is_own(visit):
        return pages.closed("This form was not sent by a page of this session. Open the page again.")
    action = visit.value("action")
    act = actions.get(action)
    if act is None:
        return pages.closed("This page has no such form. Open the page again.")
    try:
        return await act(visit)
    except FormRefused as fault:
        visit.call.remark.reason = str(fault)
        return await show(replace(visit, draft=Draft(action, fault)))


def _filled(visit: Visit) -> Visit:
    content_type = visit.call.request.headers.get("content-type", "")
    uploads: dict[str, Upload] = {}
    pairs = visit.call.form
    if content_type.startswith("multipart/form-data"):
        pairs, uploads = parts_of(visit.call.body, content_type)
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return replace(visit, form=form, uploads=uploads)


def _is_own(visit: Visit) -> bool:
    headers = visit.call.request.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        own = site == "same-origin"
    elif origin is not None:
        # A proxy ends TLS: the scheme may be another, the host is what the browser asked for.
        own = urlsplit(origin).netloc.lower() == visit.call.host
    else:
        own = True
    form_token = visit.value("form_token")
    return own and hmac.compare_digest(form_token.encode(), visit.session.form_token.encode())


def _up(call: Call) -> str:
    """Return the way from the page that was asked for up to the session's place."""
    return "../" * (call.request.path.count("/") - 2)


def _redirect(target: str) -> Response:
    """Send the browser on; the address stays relative, so that no header of a proxy has to be believed."""
    response = RedirectResponse("./", 303, pages.HEADERS)
    response.headers["location"] = quote(target or "./", safe="/.?=&#-_~%")
    return response
