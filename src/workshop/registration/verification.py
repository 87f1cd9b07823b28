"""Verify a registration: every setting the approach needs, a line each, judged over one frozen snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from string import Template
from typing import Literal

from workshop.errors import WorkshopError
from workshop.registration.declarations import Declaration
from workshop.registration.rules import rules_api, rules_credentials, rules_directory, rules_redirects
from workshop.registration.rules.facts import facts
from workshop.registration.rules.rule import Rule, SettingMend
from workshop.registration.seen import Part, Snapshot

Status = Literal["right", "wrong", "unseen"]
STATUS: dict[bool | None, Status] = {True: "right", False: "wrong", None: "unseen"}

RULES: tuple[Rule, ...] = (
    *rules_redirects.RULES,
    *rules_credentials.RULES,
    *rules_directory.RULES,
    *rules_api.RULES,
)
"""In the order of the admin center's pages: Authentication, Certificates & secrets, ..., Expose an API."""

NOT_TOLD: dict[Part, str] = {
    "federated": "a manifest does not tell",
    "principal": "a manifest does not tell; look under Enterprise applications",
    "consent": "a manifest does not tell; look under API permissions, column Status",
    "directory": "a manifest does not tell",
    "values": "there are no values of this app on this machine",
}


@dataclass(frozen=True)
class SettingFinding:
    """One line: a setting and what was found.

    Attributes:
        rule: its short name, for scripts.
        found: the evidence.
    """

    rule: str
    setting: str
    status: Status
    found: str
    should: str
    why: str
    mend: SettingMend
    source: str


@dataclass(frozen=True)
class VerifiedRegistration:
    """All lines about one registration.

    Attributes:
        source: in words, where the facts come from.
        approach: key of the declaration it was held against.
    """

    client_id: str
    name: str
    source: str
    approach: str
    findings: tuple[SettingFinding, ...]

    @property
    def wrong(self) -> tuple[SettingFinding, ...]:
        """Return the lines that are wrong."""
        return tuple(finding for finding in self.findings if finding.status == "wrong")

    @property
    def unseen(self) -> tuple[SettingFinding, ...]:
        """Return the lines that could not be looked at."""
        return tuple(finding for finding in self.findings if finding.status == "unseen")


def verify(snapshot: Snapshot, declaration: Declaration) -> VerifiedRegistration:
    """Hold what was seen against what the approach needs.

    Raises:
        WorkshopError: there is no application to look at.
    """
    app = snapshot.app
    if app is None:
        raise WorkshopError(f"There is no such app registration in {snapshot.source}.")
    known = facts(app, snapshot, declaration)
    findings = []
    for rule in RULES:
        finding = _judged(rule, snapshot, declaration)
        if finding:
            findings.append(_filled(finding, known))
    return VerifiedRegistration(app.client_id, app.display_name, snapshot.source, declaration.key, tuple(findings))


def _judged(rule: Rule, snapshot: Snapshot, declaration: Declaration) -> SettingFinding | None:
    assert snapshot.app is not None
    missing = sorted(rule.parts - snapshot.parts)
    if missing:
        reason = snapshot.unseen.get(missing[0], NOT_TOLD.get(missing[0], "not looked at"))
        return _finding(rule, "unseen", reason) if _matters(rule, snapshot, declaration) else None
    verdict = rule.judge(snapshot.app, snapshot, declaration)
    return _finding(rule, STATUS[verdict.right], verdict.found) if verdict else None


def _matters(rule: Rule, snapshot: Snapshot, declaration: Declaration) -> bool:
    """Say whether an unseen setting is of this approach at all: what has no declared counterpart is left out."""
    counterpart: dict[str, object] = {
        "admin-consent": declaration.graph_permissions,
        "secret-value": declaration.secret,
        "certificate": declaration.certificate,
        "federated-issuer": declaration.federated,
        "federated-subject": declaration.federated,
        "federated-audience": declaration.federated,
        "identifier-uri-policy": snapshot.app and snapshot.app.identifier_uris,
    }
    return bool(counterpart.get(rule.name, True))


def _finding(rule: Rule, status: Status, found: str) -> SettingFinding:
    return SettingFinding(rule.name, rule.setting, status, found, rule.should, rule.why, rule.mend, rule.source)


def _filled(finding: SettingFinding, known: Mapping[str, str]) -> SettingFinding:
    mend = finding.mend
    return replace(
        finding,
        should=Template(finding.should).substitute(known),
        mend=SettingMend(*(Template(text).substitute(known) for text in (mend.portal, mend.az, mend.python))),
    )
