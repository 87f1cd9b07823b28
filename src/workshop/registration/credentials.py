"""Which secrets, certificates and trusted issuers have to be made or taken away: decided here, done in `apply`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workshop.registration.compare import PlannedChange
from workshop.registration.declarations import Certificate, Declaration, FederatedCredential, Secret
from workshop.registration.seen import Credential, Federated, Snapshot

RENEW = timedelta(days=14)
"""How long before its end a credential is made anew, but not before it has lived for three quarters of its time."""


@dataclass(frozen=True)
class CredentialRenewal:
    """What becomes of the workshop's own credentials of one kind: one is made, these go; both may be nothing."""

    make: bool
    gone: tuple[Credential, ...]


def secret_renewal(secret: Secret, snapshot: Snapshot) -> CredentialRenewal:
    """Say whether a secret has to be made.

    A secret's value is shown once, so one whose value was lost can't be used any more: it goes, and a new one is made.
    Secrets of other names are people's own and stay.
    """
    ours = _named(snapshot.app.secrets if snapshot.app else (), secret.name)
    usable = [secret_there for secret_there in ours if not _ends_within(secret_there, snapshot.at, _early(secret.days))]
    values = snapshot.values
    kept = bool(values and snapshot.app and values.client_id == snapshot.app.client_id and values.kept == "value")
    # Entra can't be asked while the service principal is missing: then the kept value gets the benefit of the doubt.
    refused = values is None or values.accepted is False
    if kept and not refused and len(usable) <= 1 and (usable or not ours):
        return CredentialRenewal(False, tuple(secret_there for secret_there in ours if secret_there not in usable))
    return CredentialRenewal(True, ours)


def certificate_renewal(certificate: Certificate, snapshot: Snapshot) -> CredentialRenewal:
    """Say whether a certificate has to be made; see `secret_renewal`."""
    ours = _named(snapshot.app.certificates if snapshot.app else (), certificate.name)
    here = snapshot.values.thumbprint if snapshot.values else ""
    usable = [
        uploaded
        for uploaded in ours
        if uploaded.thumbprint == here and not _ends_within(uploaded, snapshot.at, _early(certificate.days))
    ]
    return CredentialRenewal(not usable, tuple(uploaded for uploaded in ours if uploaded not in usable))


def federated_to_write(
    declaration: Declaration, snapshot: Snapshot
) -> tuple[tuple[FederatedCredential, Federated | None], ...]:
    """Return the federated credentials that are missing or differ, each with what is there under its name."""
    there = {credential.name: credential for credential in snapshot.federated}
    pairs = ((wanted, there.get(wanted.name)) for wanted in declaration.federated)
    return tuple((wanted, now) for wanted, now in pairs if now is None or not _same(wanted, now))


def credential_changes(declaration: Declaration, snapshot: Snapshot) -> tuple[PlannedChange, ...]:
    """Return the lines of a plan."""
    changes: list[PlannedChange] = []
    if declaration.secret:
        renewal = secret_renewal(declaration.secret, snapshot)
        changes += _lines("Client secret", declaration.secret.name, declaration.secret.days, renewal)
    if declaration.certificate:
        renewal = certificate_renewal(declaration.certificate, snapshot)
        changes += _lines("Certificate", declaration.certificate.name, declaration.certificate.days, renewal)
    for wanted, now in federated_to_write(declaration, snapshot):
        after = f"{wanted.issuer}, {wanted.subject}, {wanted.audience}"
        before = f"{now.issuer}, {now.subject}, {' '.join(now.audiences)}" if now else ""
        changes.append(PlannedChange("change" if now else "add", "Federated credential", wanted.name, before, after))
    return tuple(changes)


def _lines(kind: str, name: str, days: int, renewal: CredentialRenewal) -> list[PlannedChange]:
    lines = [PlannedChange("add", kind, name, "", f"a new one, for {days} days")] if renewal.make else []
    return lines + [
        PlannedChange("remove", kind, f"{name} ({credential.key_id})", _until(credential))
        for credential in renewal.gone
    ]


def _until(credential: Credential) -> str:
    return f"until {credential.ends:%Y-%m-%d}" if credential.ends else "without an end"


def _named(credentials: tuple[Credential, ...], name: str) -> tuple[Credential, ...]:
    return tuple(credential for credential in credentials if credential.name == name)


def _ends_within(credential: Credential, now: datetime, time: timedelta) -> bool:
    return credential.ends is not None and credential.ends <= now + time


def _early(days: int) -> timedelta:
    return min(RENEW, timedelta(days=days) / 4)


def _same(wanted: FederatedCredential, now: Federated) -> bool:
    return (wanted.issuer, wanted.subject, (wanted.audience,)) == (now.issuer, now.subject, now.audiences)
