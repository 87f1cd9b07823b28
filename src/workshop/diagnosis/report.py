"""A diagnosis as people and programs read it: a table in a notebook, text in a terminal, JSON in a script."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from html import escape
from typing import Any

from workshop.diagnosis import report_safe
from workshop.diagnosis.findings import Diagnosed, FoundFailure, Step
from workshop.diagnosis.knowledge import CODES, Failure
from workshop.show.frame import AMBER, BLUE, GREEN, frame

WIDTH = 100
INDENT = 12
MARKS = {"well": "ok", "wrong": "WRONG", "note": "note", "not tried": "-"}
WAYS = (("Portal", "portal"), ("az", "az"), ("Python", "python"), ("Client", "client"))

NOTHING, FOUND, UNKNOWN = 0, 1, 2
"""Exit codes: nothing is wrong; something was found; it could not be told."""


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found."""

    diagnosed: Diagnosed

    @property
    def findings(self) -> tuple[FoundFailure, ...]:
        """What was found."""
        return self.diagnosed.findings

    @property
    def names(self) -> tuple[str, ...]:
        """The short names of what was found."""
        return tuple(finding.failure.name for finding in self.diagnosed.findings)

    @property
    def exit_code(self) -> int:
        """0 nothing wrong, 1 something found, 2 could not be told."""
        if self.diagnosed.findings or report_safe.wrong(self.diagnosed.safety):
            return FOUND
        unknown = self.diagnosed.unknown or not self.diagnosed.looked or self._stopped_early
        return UNKNOWN if unknown else NOTHING

    @property
    def _stopped_early(self) -> bool:
        return any(step.result == "not tried" for step in self.diagnosed.steps)

    @property
    def heading(self) -> str:
        """The first line."""
        count, unsafe = len(self.findings), len(report_safe.wrong(self.diagnosed.safety))
        rest = f"; safe? {unsafe} WRONG" if unsafe else ""
        if count:
            return f"{self.diagnosed.subject}: {count} {'failure' if count == 1 else 'failures'} found{rest}"
        if self.exit_code == UNKNOWN:
            return f"{self.diagnosed.subject}: not known"
        return f"{self.diagnosed.subject}: no finding{rest}"

    def text(self) -> str:
        """Return it for a terminal."""
        lines = [self.heading]
        lines += [line for step in self.diagnosed.steps for line in _step_lines(step)]
        for finding in self.findings:
            lines += ["", *_finding_lines(finding)]
        if self.diagnosed.safety:
            lines += ["", *report_safe.lines(self.diagnosed.safety)]
        lines += [""] * bool(self.findings)
        lines += [_unknown(number) for number in self.diagnosed.unknown]
        lines += [NOT_RECOGNISED] * (not self.diagnosed.looked and not self.diagnosed.unknown)
        return "\n".join([*lines, *self.diagnosed.notes]).rstrip()

    def json(self) -> dict[str, Any]:
        """Return it for a program."""
        diagnosed = self.diagnosed
        return {
            "subject": diagnosed.subject,
            "findings": [_finding_json(finding) for finding in diagnosed.findings],
            "steps": [vars(step) for step in diagnosed.steps],
            "unknown": [{"code": f"AADSTS{number}", "see": CODES} for number in diagnosed.unknown],
            "notes": list(diagnosed.notes),
            **({"safe": report_safe.json(diagnosed.safety)} if diagnosed.safety else {}),
            "exit_code": self.exit_code,
        }

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        colour = AMBER if self.exit_code == FOUND else (BLUE if self.exit_code == UNKNOWN else GREEN)
        lines = [escape(_unknown(number)) for number in self.diagnosed.unknown]
        lines += [escape(NOT_RECOGNISED)] * (not self.diagnosed.looked and not lines)
        head = frame(escape(self.heading), [*lines, *(escape(note) for note in self.diagnosed.notes)], colour)
        steps = _table(("", "step", "found"), [_step_row(step) for step in self.diagnosed.steps])
        findings = _table(("failure", "cause and mend"), [_finding_row(finding) for finding in self.findings])
        safety = report_safe.html(self.diagnosed.safety) if self.diagnosed.safety else ""
        return head + steps + findings + safety


NOT_RECOGNISED = (
    "Nothing in it is known. Give it an AADSTS text or code, a 401 or 403 with its headers, a token, a server's "
    "address, or a client's log."
)
LEFT = 'style="text-align:left;vertical-align:top;overflow-wrap:anywhere"'


def _unknown(number: int) -> str:
    return f"AADSTS{number} is not known here. Microsoft's page of codes: {CODES}"


def _wrapped(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False)
    return [f"  {label:<{INDENT - 2}}{line}" for label, line in zip((name, *[""] * len(lines)), lines, strict=False)]


def _finding_lines(finding: FoundFailure) -> list[str]:
    failure = finding.failure
    lines = [f"{failure.title}  [{failure.name}]", *_wrapped("Evidence", finding.evidence)]
    lines += _wrapped("Step", finding.step) if finding.step else []
    lines += _wrapped("Cause", failure.cause)
    lines += [line for name, text in mends(failure) for line in _mend_lines(name, text)]
    lines += _wrapped("Clients", failure.clients) if failure.clients else []
    return [*lines, f"  {'See':<{INDENT - 2}}{failure.source}"]


def _mend_lines(name: str, text: str) -> list[str]:
    """Commands are not wrapped: they are there to be copied."""
    return [f"  {name:<{INDENT - 2}}{text}"] if name == "az" else _wrapped(name, text)


def _step_lines(step: Step) -> list[str]:
    lines = [f"  {MARKS[step.result]:<6}{step.name}: {step.said}"]
    return [*lines, f"        stops: {step.stops}"] if step.stops else lines


def mends(failure: Failure) -> list[tuple[str, str]]:
    """Return the ways to mend a failure, each with its heading."""
    return [(name, text) for name, key in WAYS if (text := getattr(failure.mend, key))]


def _finding_json(finding: FoundFailure) -> dict[str, Any]:
    failure = finding.failure
    return {
        "failure": failure.name,
        "title": failure.title,
        "evidence": finding.evidence,
        "step": finding.step,
        "cause": failure.cause,
        "mend": vars(failure.mend),
        "clients": failure.clients,
        "source": failure.source,
    }


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    head = "".join(f'<th scope="col" {LEFT}>{name}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td {LEFT}>{cell}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _step_row(step: Step) -> tuple[str, ...]:
    stops = f"<div>stops: {escape(step.stops)}</div>" if step.stops else ""
    return f"<b>{MARKS[step.result]}</b>", escape(step.name), escape(step.said) + stops


def _finding_row(finding: FoundFailure) -> tuple[str, ...]:
    failure = finding.failure
    lines = [f"<b>Cause:</b> {escape(failure.cause)}"]
    lines += [f"<b>{name}:</b> {_mend_html(name, text)}" for name, text in mends(failure)]
    lines += [f"<b>Clients:</b> {escape(failure.clients)}"] if failure.clients else []
    lines += [f'<a href="{escape(failure.source)}">{escape(failure.source)}</a>']
    first = f"<b>{escape(failure.title)}</b><div>{escape(finding.evidence)}</div>"
    return first, "".join(f"<div>{line}</div>" for line in lines)


def _mend_html(name: str, text: str) -> str:
    return f"<code>{escape(text)}</code>" if name == "az" else escape(text)
