"""Certificates & secrets: what the server proves itself with, and whom Entra trusts in place of a secret."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from workshop.registration.declarations import Declaration
from workshop.registration.rules.rule import Judge, Rule, SettingMend, SettingVerdict, listed, right, unclear, wrong
from workshop.registration.seen import App, Credential, Federated, Snapshot

CREDENTIALS = "https://learn.microsoft.com/entra/identity-platform/how-to-add-credentials"
FEDERATION = (
    "https://learn.microsoft.com/entra/workload-id/workload-identity-federation-config-app-trust-managed-identity"
)
SOON = timedelta(days=30)
EXCHANGE = "api://AzureADTokenExchange"

NEW_SECRET = SettingMend(
    portal=(
        "Certificates & secrets: New client secret. Copy the Value at once (not the Secret ID) into $file, "
        "as $secret_name"
    ),
    az="az ad app credential reset --id $client_id --append --display-name $credential_name --query password -o tsv",
    python=(
        "made = await $app.add_password.post(AddPasswordPostRequestBody("
        'password_credential=PasswordCredential(display_name="$credential_name")))\n'
        'settings.save(settings.load(malformed_too=True), {"$secret_name": made.secret_text})'
    ),
)


def present(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the app has something to prove itself with that has not ended."""
    if not declaration.credentials:
        return None
    usable = _usable(app, snapshot.at)
    if usable or snapshot.federated:
        return right(
            listed(
                [
                    *(_told(credential) for credential in usable),
                    *(f"trusts {credential.name}" for credential in snapshot.federated),
                ]
            )
        )
    if declaration.federated and "federated" not in snapshot.parts:
        return unclear("no secret and no certificate; federated credentials were not looked at")
    ended = [*app.secrets, *app.certificates]
    return wrong(f"expired: {listed(_told(credential) for credential in ended)}" if ended else "none")


def expiring(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the last one to end has a month left."""
    usable = _usable(app, snapshot.at)
    if not declaration.credentials or not usable or snapshot.federated:
        return None
    last = max(usable, key=lambda credential: credential.ends or datetime.max.replace(tzinfo=snapshot.at.tzinfo))
    if last.ends is None or last.ends > snapshot.at + SOON:
        return right(_told(last))
    return wrong(f"{_told(last)}, in {(last.ends - snapshot.at).days} days")


def value(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that what is kept is the secret's value, and that Entra takes it."""
    values = snapshot.values
    if not declaration.secret or values is None or values.client_id != app.client_id:
        return None
    if values.kept == "id":
        named = next((secret.name for secret in app.secrets if secret.key_id == values.secret_id), "")
        return wrong(f"{values.place} holds the Secret ID{f' of “{named}”' if named else ''} in place of its Value")
    if values.kept == "nothing":
        return None if values.thumbprint else wrong(f"{values.place} holds none")
    if values.accepted is False:
        return wrong(f"Entra refuses the one in {values.place}: {values.refusal}")
    return right(f"Entra takes the one in {values.place}") if values.accepted else right(f"kept in {values.place}")


def certificate(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the certificate whose key is on this machine is registered and has not ended."""
    here = snapshot.values.thumbprint if snapshot.values else ""
    if not here and not declaration.certificate:
        return None
    there = {uploaded.thumbprint: uploaded for uploaded in app.certificates}
    if here not in there:
        return wrong(f"registered: {listed(sorted(there))}; on this machine: {here or 'none'}")
    ends = there[here].ends
    return wrong(f"{here} ended") if ends and ends <= snapshot.at else right(_told(there[here]))


def _usable(app: App, now: datetime) -> list[Credential]:
    return [
        credential
        for credential in (*app.secrets, *app.certificates)
        if credential.ends is None or credential.ends > now
    ]


def _told(credential: Credential) -> str:
    until = f"until {credential.ends:%Y-%m-%d}" if credential.ends else "without an end"
    return f"“{credential.name or credential.key_id}” {until}"


def _trusted(judge: Callable[[Federated, App, Snapshot, Declaration], str]) -> Judge:
    """Return a judge over every federated credential; `judge` returns the fault, empty if there is none."""

    def verdict(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
        if not snapshot.federated:
            return wrong("there is no federated credential") if declaration.federated else None
        faults = [
            f"{credential.name}: {fault}"
            for credential in snapshot.federated
            if (fault := judge(credential, app, snapshot, declaration))
        ]
        return wrong(listed(faults)) if faults else right(listed(credential.name for credential in snapshot.federated))

    return verdict


def issuer_fault(credential: Federated, _: App, snapshot: Snapshot, declaration: Declaration) -> str:
    """Say what is wrong with an issuer."""
    declared = _declared(declaration, credential.name, "issuer")
    if declared is not None:
        return "" if credential.issuer == declared else credential.issuer
    parts = urlsplit(credential.issuer)
    if parts.scheme != "https" or not parts.netloc:
        return f"{credential.issuer} is no https address"
    tenant = snapshot.directory.tenant_id if snapshot.directory else ""
    expected = f"https://login.microsoftonline.com/{tenant}/v2.0"
    if parts.netloc == "login.microsoftonline.com" and tenant and credential.issuer != expected:
        return f"{credential.issuer} is not {expected}"
    return ""


def subject_fault(credential: Federated, app: App, _: Snapshot, declaration: Declaration) -> str:
    """Say what is wrong with a subject."""
    declared = _declared(declaration, credential.name, "subject")
    if declared is not None and credential.subject != declared:
        return (
            f"{credential.subject} differs in case"
            if credential.subject.lower() == declared.lower()
            else credential.subject
        )
    if credential.subject.lower() in (app.client_id, app.object_id):
        return f"{credential.subject} is this app's own id"
    return "" if credential.subject.strip() == credential.subject and credential.subject else "blanks around it"


def audience_fault(credential: Federated, _: App, __: Snapshot, declaration: Declaration) -> str:
    """Say what is wrong with the audiences."""
    expected = _declared(declaration, credential.name, "audience") or EXCHANGE
    return "" if credential.audiences == (expected,) else listed(credential.audiences)


def _declared(declaration: Declaration, name: str, member: str) -> str | None:
    members: Iterable[str] = (
        getattr(credential, member) for credential in declaration.federated if credential.name == name
    )
    return next(iter(members), None)


def _trust_mend(what: str) -> SettingMend:
    return SettingMend(
        portal=f"Certificates & secrets > Federated credentials: open it, correct the {what}, Update",
        az="$federated_az",
        python="$federated_python",
    )


RULES = (
    Rule(
        "credential-present",
        "Client secret, certificate or federated credential",
        present,
        should="at least one that has not expired",
        why="The server proves to Entra who it is, when it redeems a code and when it acts on behalf of a user: "
        "AADSTS7000218 without anything, AADSTS7000222 with an expired secret.",
        mend=NEW_SECRET,
        source=CREDENTIALS,
    ),
    Rule(
        "credential-expiry",
        "End of the client secret or certificate",
        expiring,
        should="more than 30 days from now",
        why="Nobody is told when it ends. From then on every sign-in fails with AADSTS7000222.",
        mend=NEW_SECRET,
        source=CREDENTIALS,
    ),
    Rule(
        "secret-value",
        "The secret your server has",
        value,
        should="the Value of one of the app's secrets",
        why=(
            "The portal shows two columns: the Value is the secret, the Secret ID only its name. With the wrong one, "
            "or an old one, Entra answers AADSTS7000215."
        ),
        mend=NEW_SECRET,
        source=CREDENTIALS,
        parts=frozenset({"values"}),
    ),
    Rule(
        "certificate",
        "The certificate your server has",
        certificate,
        should="registered with the app, not expired",
        why="Entra knows the public half by its thumbprint. One that is not registered is refused with AADSTS700027.",
        mend=SettingMend(
            portal="Certificates & secrets > Certificates: Upload certificate, the one in $certificate_path",
            az="az ad app credential reset --id $client_id --append --cert @$certificate_path",
            python="await $app.patch(Application(key_credentials=[*(await $app.get()).key_credentials, KeyCredential("
            'type="AsymmetricX509Cert", usage="Verify", key=x509.load_pem_x509_certificate('
            'Path(r"$certificate_path").read_bytes()).public_bytes(Encoding.DER))]))',
        ),
        source=CREDENTIALS,
        parts=frozenset({"values"}),
    ),
    Rule(
        "federated-issuer",
        "Issuer of the federated credential",
        _trusted(issuer_fault),
        should="$federated_issuer",
        why="It is compared letter for letter with iss of the token that stands in for the secret: AADSTS700211.",
        mend=_trust_mend("issuer"),
        source=FEDERATION,
        parts=frozenset({"federated"}),
    ),
    Rule(
        "federated-subject",
        "Subject of the federated credential",
        _trusted(subject_fault),
        should="$federated_subject",
        why=(
            "It is compared letter for letter, case included, with sub of the token: AADSTS700213. For a managed "
            "identity it is the principal (object) id, not the client id."
        ),
        mend=_trust_mend("subject"),
        source=FEDERATION,
        parts=frozenset({"federated"}),
    ),
    Rule(
        "federated-audience",
        "Audience of the federated credential",
        _trusted(audience_fault),
        should="$federated_audience",
        why="It is compared with aud of the token: AADSTS700212.",
        mend=_trust_mend("audience"),
        source=FEDERATION,
        parts=frozenset({"federated"}),
    ),
)
