"""Several registrations side by side: of each setting, what the verification found in each."""

from __future__ import annotations

import re
from collections.abc import Mapping

from workshop.registration.report import WORDS, Report
from workshop.registration.verification import SettingFinding
from workshop.show.table import Table

SAME = "the same"
DATE = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def side_by_side(reports: Mapping[str, Report]) -> Table:
    """Return a table with a column for each registration; what equals the first column is said so.

    Args:
        reports: by the headings of the columns.
    """
    columns = [
        {finding.setting: _shown(finding, report.judged.client_id) for finding in report.judged.findings}
        for report in reports.values()
    ]
    settings = dict.fromkeys(setting for column in columns for setting in column)
    rows = []
    for setting in settings:
        first, *others = [column.get(setting, "not looked at") for column in columns]
        rows.append((setting, first, *(SAME if other == first else other for other in others)))
    return Table(("setting", *reports), tuple(rows))


def _shown(finding: SettingFinding, client_id: str) -> str:
    """Return the line of a verification; ids and dates are called so, for they are others in each column."""
    return DATE.sub("{date}", f"{WORDS[finding.status]}: {finding.found}".replace(client_id, "{client}"))
