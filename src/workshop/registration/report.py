"""A verification as people and programs read it: a table in a notebook, text in a terminal, JSON in a script."""

from __future__ import annotations

import textwrap
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from workshop.registration.verification import SettingFinding, Status, VerifiedRegistration
from workshop.show.frame import AMBER, GREEN, frame, words

WORDS: dict[Status, str] = {"right": "ok", "wrong": "WRONG", "unseen": "?"}
LEGEND = "In the Python lines `graph` is a GraphServiceClient; the classes are those of msgraph.generated.models."
WIDTH = 100


@dataclass(frozen=True, repr=False)
class Report:
    """What `workshop register verify` found, about one registration."""

    judged: VerifiedRegistration

    @property
    def heading(self) -> str:
        """Return the first line."""
        judged = self.judged
        count = len(judged.wrong)
        result = "as it should be" if not count else f"{count} {'setting is' if count == 1 else 'settings are'} wrong"
        unseen = f", {len(judged.unseen)} could not be seen" if judged.unseen else ""
        name = f"“{judged.name}” ({judged.client_id})"
        return f"{name} for the approach {judged.approach}, seen in {judged.source}: {result}{unseen}"

    def text(self) -> str:
        """Return every line, and below a wrong one why and how to mend it."""
        width = max(len(finding.setting) for finding in self.judged.findings)
        lines = [self.heading]
        for finding in self.judged.findings:
            lines.append(f"{WORDS[finding.status]:<6}{finding.setting:<{width}}  {finding.found}")
            if finding.status == "wrong":
                lines += _below(finding)
        return "\n".join([*lines, *([LEGEND] if self.judged.wrong else [])])

    def json(self) -> dict[str, Any]:
        """Return the same for a program."""
        return asdict(self.judged)

    def __repr__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        rows = "".join(_row(finding) for finding in self.judged.findings)
        heads = "".join(f'<th scope="col" {LEFT}>{name}</th>' for name in ("", "setting", "found", "should be"))
        table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
        legend = [words(LEGEND)] if self.judged.wrong else []
        return frame(escape(self.heading), legend, AMBER if self.judged.wrong else GREEN) + table


LEFT = 'style="text-align:left;vertical-align:top;overflow-wrap:anywhere"'


def _below(finding: SettingFinding) -> list[str]:
    """Return what stands below a wrong line. Commands are not wrapped: they are there to be copied."""
    lines = [
        *_wrapped("should be", finding.should),
        *_wrapped("why", finding.why),
        *_wrapped("portal", finding.mend.portal),
        *_code("az", finding.mend.az),
        *_code("Python", finding.mend.python),
        f"        {'see':<10}{finding.source}",
    ]
    return [*lines, ""]


def _wrapped(name: str, text: str) -> list[str]:
    lines = textwrap.wrap(text, WIDTH - 18, break_long_words=False, break_on_hyphens=False) or [""]
    return [f"        {label:<10}{line}" for label, line in zip((name, *[""] * len(lines)), lines, strict=False)]


def _code(name: str, text: str) -> list[str]:
    lines = text.splitlines()
    return [f"        {label:<10}{line}" for label, line in zip((name, *[""] * len(lines)), lines, strict=False)]


def _row(finding: SettingFinding) -> str:
    status = f'<b style="white-space:nowrap">{WORDS[finding.status]}</b>'
    cells = [status, escape(finding.setting), escape(finding.found), escape(finding.should)]
    row = "<tr>" + "".join(f"<td {LEFT}>{cell}</td>" for cell in cells) + "</tr>"
    if finding.status != "wrong":
        return row
    ways = (("In the portal", finding.mend.portal), ("With az", finding.mend.az), ("In Python", finding.mend.python))
    mends = "".join(
        f"<div><b>{name}:</b> {escape(text) if name == 'In the portal' else f'<code>{escape(text)}</code>'}</div>"
        for name, text in ways
    )
    source = f'<a href="{escape(finding.source)}">{escape(finding.source)}</a>'
    return f'{row}<tr><td></td><td colspan="3" {LEFT}>{words(finding.why)}{mends}<div>{source}</div></td></tr>'
