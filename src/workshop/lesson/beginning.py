"""The start cell of a notebook: `lesson = begin("00")` makes everything ready and says where you are."""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace

from IPython.display import display

from practice_tenant import Running
from workshop import background, practice, signin, trace
from workshop.background.quiet import quiet_fastmcp, warm_up
from workshop.core import machine
from workshop.core.ports import Notes
from workshop.core.settings import Settings, load
from workshop.errors import TOLD, WorkshopError
from workshop.lesson.checks import Card, Exercise, examine, exercises
from workshop.lesson.outline import outline
from workshop.lesson.progress import Map, remember
from workshop.playground import sandbox, workplace
from workshop.playground.directory_tenant import name_of_this_process
from workshop.playground.sandbox import Sandbox
from workshop.playground.workplace import Workplace
from workshop.registration.declarations import PROXY, Declaration
from workshop.show.frame import AMBER, Link, Notice
from workshop.show.table import Table
from workshop.signin import ACCOUNTS, UserAgent

_workplaces = itertools.count(1)

ENTRA_REGISTRATIONS = "https://entra.microsoft.com/#view/Microsoft_AAD_RegisteredApps/ApplicationsListBlade"


class NotPassed(WorkshopError):
    """A check was not passed where WORKSHOP_STRICT=1 asks for it."""


class CannotBegin(WorkshopError):
    """The start cell stopped. A notebook shows one line instead of a traceback."""

    def _render_traceback_(self) -> list[str]:
        return ["The lesson can't begin. The card above says why, and what to do."]


@dataclass(eq=False, repr=False)
class Lesson:
    """What a notebook works with.

    Attributes:
        number: of the lesson.
        settings: which tenant this is, and its values.
        agent: the browser that signs in: choose who with `agent.account`.
        running: the practice tenant; None in your own tenant.
    """

    number: str
    settings: Settings
    agent: UserAgent
    running: Running | None
    _failures: dict[str, int] = field(default_factory=dict)
    _passed: dict[str, object] = field(default_factory=dict)
    _sandboxes: dict[str, Sandbox] = field(default_factory=dict)

    def check(self, name: str, answer: object) -> Card:
        """Judge an answer and return the card.

        Args:
            name: of the exercise.
            answer: a value, or a function (not called) that the check calls.

        Raises:
            NotPassed: only if WORKSHOP_STRICT=1 is set.
        """
        exercise = self._exercise(name)
        card = examine(exercise, answer, self.settings, self._failures.get(name, 0))
        if card.status == "passed":
            self._passed[name] = answer
            card = self._remembered(card, name)
        elif card.status == "not yet":
            self._failures[name] = self._failures.get(name, 0) + 1
        if card.status != "passed" and os.environ.get("WORKSHOP_STRICT") == "1":
            raise NotPassed(repr(card))
        return card

    def use(self, name: str, **given: object) -> object:
        """Return the learner's answer once it has passed, the workshop's own until then, and say which.

        Args:
            name: of the exercise.
            given: what the workshop's own answer is built from.
        """
        exercise = self._exercise(name)
        if name in self._passed:
            print(f"Your own answer to “{exercise.title}” is used from here on.")
            return self._passed[name]
        print(f"The workshop's answer to “{exercise.title}” is used until yours passes.")
        return exercise.own(**given)

    def map(self) -> Map:
        """Return the map of lessons, with what was passed so far."""
        return Map(self.settings.project, self.settings.state)

    def machine(self) -> Table:
        """Look over this machine: each line that is not ok says what to do."""
        findings = machine.check(self.settings)
        rows = tuple(
            (finding.word, finding.name, "\n".join(filter(None, (finding.detail, finding.fix)))) for finding in findings
        )
        return Table(("", "what", "found"), rows)

    def people(self) -> Table:
        """List who can sign in to the practice tenant."""
        return Table(("account", "who"), tuple(ACCOUNTS.items()))

    def sandbox(self, declaration: Declaration = PROXY) -> Sandbox:
        """Return a directory tenant of this notebook's own, with an app in it; it is made at the first call.

        Args:
            declaration: of the app.

        Raises:
            OnlyInPractice: in your own tenant there is none.
        """
        if declaration.key not in self._sandboxes:
            name = name_of_this_process()
            self._sandboxes[declaration.key] = sandbox.make(self.running, self.agent, name, declaration)
        return self._sandboxes[declaration.key]

    def workplace(self) -> Workplace:
        """Make the directory where this notebook registers apps: a new one of its own in practice, else your tenant."""
        name = name_of_this_process("workplace", next(_workplaces))
        return workplace.make(self.settings, self.running, name)

    def admin_center(self, account: str = "", directory: str = "") -> Link:
        """Return a card that leads to the admin center: the practice tenant's, or Microsoft's for your own tenant.

        Args:
            account: who is signed in at the practice admin center: a name before the @; an administrator if empty.
            directory: tenant id, name or domain; the default directory if empty.
        """
        if self.running is None:
            return Link(
                "ADMIN CENTER", "Open App registrations", ENTRA_REGISTRATIONS, ("Sign in with your own account.",)
            )
        url = self.running.admin_center(account, directory)
        lines = ("The link works once, within ten minutes. For a new one, run this cell again.",)
        return Link("PRACTICE ADMIN CENTER", "Open App registrations", url, lines, AMBER)

    def recording(self, names: Mapping[str, str] | None = None) -> AbstractContextManager[trace.Recording]:
        """Record every hop of the block: `with lesson.recording() as recorded:`.

        Args:
            names: what ids are called in diagrams and tables, such as those of `lesson.sandbox()`.
        """
        return trace.recording(self.running, names)

    def banner(self) -> Notice:
        """Say which lesson and which tenant this is."""
        title = f"Lesson {self.number} · {outline(self.number).title}"
        if self.settings.mode == "practice":
            lines = (
                f"{title}. You work in the PRACTICE tenant: it runs on this machine and is not Microsoft's.",
                "Nothing leaves this machine. No Azure account and no password is needed.",
            )
            return Notice("PRACTICE TENANT", lines, AMBER)
        lines = (
            f"{title}. You work in YOUR OWN tenant: what you register there is real.",
            "Sign-in opens your own browser.",
        )
        return Notice("YOUR OWN TENANT", lines)

    def __repr__(self) -> str:
        return f"Lesson {self.number} in the {self.settings.mode} tenant"

    def _exercise(self, name: str) -> Exercise:
        known = {exercise.name: exercise for exercise in exercises(self.number)}
        if name not in known:
            raise WorkshopError(f"Lesson {self.number} has no exercise {name!r}. It has {', '.join(known)}.")
        return known[name]

    def _remembered(self, card: Card, name: str) -> Card:
        try:
            remember(self.settings.state, self.number, name)
        except (*TOLD, OSError) as error:
            return replace(card, message=f"{card.message}\nIt could not be written down: {error}")
        return card


def begin(number: str) -> Lesson:
    """Make a notebook ready: the settings, the practice tenant, the browser. It may be run again.

    Args:
        number: of the lesson, such as "00".

    Raises:
        CannotBegin: a card above says why and what to do.
    """
    outline(number)
    try:
        lesson = _ready(number)
    except TOLD as error:
        display(Notice("THE LESSON CAN'T BEGIN YET", (str(error),), AMBER))  # type: ignore[no-untyped-call]
        raise CannotBegin(str(error)) from None
    display(lesson.banner())  # type: ignore[no-untyped-call]
    return lesson


def _ready(number: str) -> Lesson:
    settings = load()
    quiet_fastmcp()
    practice.hold_mode(settings)
    running = practice.enter(settings) if settings.mode == "practice" else None
    agent = signin.install(settings, running)
    background.leave_notes(Notes(settings.state, number))
    warm_up()
    return Lesson(number, settings, agent, running)
