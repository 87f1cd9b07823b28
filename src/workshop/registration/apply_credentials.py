"""Make the secret, the certificate and the trust in other issuers that a declaration asks for.

Source: https://learn.microsoft.com/graph/api/application-addpassword,
https://learn.microsoft.com/graph/applications-how-to-add-certificate and
https://learn.microsoft.com/graph/api/application-post-federatedidentitycredentials
"""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.key_credential import KeyCredential
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.graph_service_client import GraphServiceClient

from workshop.errors import WorkshopError
from workshop.registration import certificates, survey
from workshop.registration.credentials import certificate_renewal, federated_to_write, secret_renewal
from workshop.registration.declarations import Certificate, Secret
from workshop.registration.graph import FIRST_WAIT, LONGEST_WAIT, once_there, step
from workshop.registration.seen import App, Snapshot
from workshop.registration.survey import Survey

FRESH = timedelta(minutes=5)


async def apply(graph: GraphServiceClient, here: Survey, patience: float) -> Survey:
    """Make what is missing, take away what the workshop made earlier and can't be used any more.

    Raises:
        GraphRefused: Graph refused a step.
    """
    if here.app is None:
        return here
    declaration = here.declaration
    if declaration.secret:
        here = await _until_fresh_one_counts(graph, here, here.app, patience)
        await _secret(graph, here, declaration.secret, patience)
    if declaration.certificate:
        await _certificate(graph, here, declaration.certificate, patience)
    await _federated(graph, here, patience)
    return here


async def _secret(graph: GraphServiceClient, here: Survey, secret: Secret, patience: float) -> None:
    app = _app(here)
    renewal = secret_renewal(secret, here.snapshot)
    item = graph.applications.by_application_id(app.object_id)
    if renewal.make:
        asked = PasswordCredential(
            display_name=secret.name, end_date_time=here.snapshot.at + timedelta(days=secret.days)
        )
        with step("Making a client secret"):
            made = await once_there(
                lambda: item.add_password.post(AddPasswordPostRequestBody(password_credential=asked)), patience
            )
        if made is None or not made.secret_text:
            raise WorkshopError("Microsoft Graph answered without the new secret.")
        # First on disk, then the old ones go: at no moment is there no secret that works.
        here.keeper.keep({here.declaration.names.client_secret: made.secret_text})
    for old in renewal.gone:
        with step("Removing an old client secret"):
            await item.remove_password.post(RemovePasswordPostRequestBody(key_id=UUID(old.key_id)))


async def _until_fresh_one_counts(graph: GraphServiceClient, here: Survey, app: App, patience: float) -> Survey:
    """Give a secret that was made just now, by a run that was interrupted, a moment to reach every replica."""
    deadline = time.monotonic() + patience / 4
    wait = FIRST_WAIT
    while _fresh_but_refused(here.snapshot) and time.monotonic() + wait < deadline:
        await asyncio.sleep(wait)
        wait = min(wait * 2, LONGEST_WAIT)
        here = await survey.again(graph, here, app)
    return here


def _fresh_but_refused(snapshot: Snapshot) -> bool:
    secrets = snapshot.app.secrets if snapshot.app else ()
    fresh = any(secret.starts and snapshot.at - FRESH < secret.starts for secret in secrets)
    return fresh and bool(snapshot.values and snapshot.values.accepted is False)


async def _certificate(graph: GraphServiceClient, here: Survey, wanted: Certificate, patience: float) -> None:
    """Upload the public half. The file with the key is written first, so that nothing is trusted that nobody holds."""
    app, names = _app(here), here.declaration.names
    renewal = certificate_renewal(wanted, here.snapshot)
    if not renewal.make and not renewal.gone:
        return
    item = graph.applications.by_application_id(app.object_id)
    with step("Reading the certificates"):
        application = await item.get()
    gone = {old.key_id for old in renewal.gone}
    keys = [key for key in (application.key_credentials if application else None) or [] if str(key.key_id) not in gone]
    if renewal.make:
        path = here.keeper.folder / f"{here.declaration.key}-{app.client_id}.pem"
        certificate = certificates.read(path)
        if certificate is None or certificate.not_valid_after_utc < here.snapshot.at + timedelta(days=wanted.days // 2):
            certificate = certificates.make(path, app.display_name, wanted.days, here.snapshot.at)
        here.keeper.keep({names.certificate: str(path)})
        keys.append(
            KeyCredential(
                display_name=wanted.name,
                type="AsymmetricX509Cert",
                usage="Verify",
                key=certificate.public_bytes(Encoding.DER),
                end_date_time=certificate.not_valid_after_utc,
                start_date_time=certificate.not_valid_before_utc,
            )
        )
    with step("Uploading the certificate"):
        await once_there(lambda: item.patch(Application(key_credentials=keys)), patience)


async def _federated(graph: GraphServiceClient, here: Survey, patience: float) -> None:
    app = _app(here)
    credentials = graph.applications.by_application_id(app.object_id).federated_identity_credentials
    for wanted, now in federated_to_write(here.declaration, here.snapshot):
        asked = FederatedIdentityCredential(issuer=wanted.issuer, subject=wanted.subject, audiences=[wanted.audience])
        with step(f"Trusting the issuer of {wanted.name}"):
            if now:
                await credentials.by_federated_identity_credential_id(now.id).patch(asked)
            else:
                asked.name = wanted.name
                await once_there(lambda asked=asked: credentials.post(asked), patience)  # type: ignore[misc]


def _app(here: Survey) -> App:
    assert here.app is not None
    return here.app
