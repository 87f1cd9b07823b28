"""The section "safe?" of a report."""

from __future__ import annotations

import textwrap
from dataclasses import asdict
from html import escape
from typing import Any

from workshop.diagnosis.findings import SafetyFinding

WIDTH = 100
INDENT = 18
MARKS = {"well": "ok", "wrong": "WRONG", "note": "note", "not tried": "-"}
LEFT = 'style="text-align:left;vertical-align:top;overflow-wrap:anywhere"'


def wrong(safety: tuple[SafetyFinding, ...]) -> tuple[SafetyFinding, ...]:
    """Return what an attacker can use."""
    return tuple(finding for finding in safety if finding.result == "wrong")


def heading(safety: tuple[SafetyFinding, ...]) -> str:
    """Return the first line."""
    counted = [f"{count} {word}" for result, word in MARKS_SAID.items() if (count := _count(safety, result))]
    return f"safe? {', '.join(counted)}"


MARKS_SAID = {"wrong": "WRONG", "note": "to know", "well": "ok", "not tried": "not tried"}


def lines(safety: tuple[SafetyFinding, ...]) -> list[str]:
    """Return it for a terminal: below what is wrong or notable, what was sent, why it matters and how to mend it."""
    return [heading(safety), *(line for finding in safety for line in _lines(finding))]


def _lines(finding: SafetyFinding) -> list[str]:
    first = f"  {MARKS[finding.result]:<6}{finding.title}: {finding.came}  [{finding.name}]"
    if finding.result not in ("wrong", "note"):
        return [first]
    parts = (("sent", finding.sent), ("why", finding.why), *([("mend", finding.mend)] if finding.mend else []))
    rest = [line for name, text in parts for line in _wrapped(name, text)]
    return [first, *rest, f"        {'see':<10}{finding.source}"]


def json(safety: tuple[SafetyFinding, ...]) -> list[dict[str, Any]]:
    """Return it for a program."""
    return [asdict(finding) for finding in safety]


def html(safety: tuple[SafetyFinding, ...]) -> str:
    """Return it for a notebook."""
    heads = ("", "check", "sent", "came", "why and how to mend it")
    head = "".join(f'<th scope="col" {LEFT}>{name}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td {LEFT}>{cell}</td>' for cell in _cells(finding))}</tr>" for finding in safety)
    return (
        f"<div><b>{escape(heading(safety))}</b></div><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _cells(finding: SafetyFinding) -> tuple[str, ...]:
    source = f'<a href="{escape(finding.source)}">{escape(finding.source)}</a>'
    more = f"<div>{escape(finding.why)}</div><div><b>Mend:</b> {escape(finding.mend)}</div><div>{source}</div>"
    mark = f"<b>{MARKS[finding.result]}</b>"
    return mark, escape(finding.title), escape(finding.sent), escape(finding.came), more


def _count(safety: tuple[SafetyFinding, ...], result: str) -> int:
    return sum(finding.result == result for finding in safety)


def _wrapped(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - INDENT, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"        {label:<10}{line}" for label, line in zip((name, *[""] * len(lines)), lines, strict=False)]
