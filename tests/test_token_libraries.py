"""On behalf of, device codes, certificates, federated credentials: with msal and azure-identity as they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from library_program import run
from tenant.credentials import certificate, outside, publish, trusts, with_certificate
from tenant.process import Tenant, serving
from tenant.world import App, World

ROBIN = "robin@contoso.onmicrosoft.com"
SAM = "sam@contoso.onmicrosoft.com"

# Signs Robin in to the application itself: what its service is called with.
CALLED_WITH = """
import msal
client = msal.PublicClientApplication(CLIENT, authority=AUTHORITY)
user = client.acquire_token_interactive([f"api://{CLIENT}/access"])
assert "access_token" in user, user
called_with = user["access_token"]
"""
# The certificate's file, the names by which msal takes it, and a federated token.
PROOFS = """
CERTIFICATE, FEDERATED = os.environ["APP_CERTIFICATE"], os.environ["APP_FEDERATED"]
pem = open(CERTIFICATE).read()
private, _, public = pem.partition("-----BEGIN CERTIFICATE")
by_thumbprint = {"private_key": private, "thumbprint": os.environ["APP_THUMBPRINT"]}
by_certificate = {"private_key": private, "public_certificate": "-----BEGIN CERTIFICATE" + public}
federated = {"client_assertion": open(FEDERATED).read()}
"""


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with serving(tmp_path_factory.mktemp("libraries") / "state") as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture(scope="module")
def app(tenant: Tenant) -> App:
    """A service that may read its users' profiles; a native client too, with every kind of credential."""
    world = World(tenant)
    app = world.register(publicClient={"redirectUris": ["http://localhost"]}, isFallbackPublicClient=True)
    world.grant(app, "User.Read")
    with_certificate(world, app)
    publish(world)
    trusts(world, app)
    return app


@pytest.fixture(scope="module")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the variables that lead a program to the certificate and to the federated token."""
    folder = tmp_path_factory.mktemp("proofs")
    one, two = folder / "certificate.pem", folder / "federated-token"
    one.write_text(certificate().pem, "utf-8")
    two.write_text(outside(), "utf-8")
    return {"APP_CERTIFICATE": str(one), "APP_THUMBPRINT": certificate().thumbprint, "APP_FEDERATED": str(two)}


def test_msal_device_code(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
import msal
client = msal.PublicClientApplication(CLIENT, authority=AUTHORITY)
flow = client.initiate_device_flow([USER_READ])
with agent.as_user("sam@contoso.onmicrosoft.com"):
    agent.enter_code(flow["verification_uri"], flow["user_code"])
answer = client.acquire_token_by_device_flow(flow)
(account,) = client.get_accounts()
silent = client.acquire_token_silent([USER_READ], account, force_refresh=True)
declined = client.initiate_device_flow([USER_READ])
with agent.as_user("robin@contoso.onmicrosoft.com", consent=False):
    agent.enter_code(declined["verification_uri"], declined["user_code"])
outcome = agent.wait().outcome
refused = client.acquire_token_by_device_flow(declined)
tell(
    message=flow["message"].replace(flow["user_code"], "CODE"), name=answer["id_token_claims"]["preferred_username"],
    account=account["username"], silent="access_token" in silent, outcome=outcome, refused=refused["error"],
)
""", tmp_path)  # fmt: skip
    assert told == {
        "message": "To sign in, use a web browser to open the page https://login.microsoft.com/device and enter the "
        "code CODE to authenticate.",
        "name": SAM, "account": SAM, "silent": True, "outcome": "declined", "refused": "authorization_declined",
    }  # fmt: skip


def test_azure_identity_device_code(tenant: Tenant, app: App, tmp_path: Path) -> None:
    told = run(tenant, app, """
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DeviceCodeCredential
with DeviceCodeCredential(CLIENT, tenant_id=TENANT, prompt_callback=agent.enter_code) as credential:
    token = credential.get_token(USER_READ).token
    again = credential.get_token(USER_READ).token
me = requests.get("https://graph.microsoft.com/v1.0/me", headers={"Authorization": "Bearer " + token}).json()
try:
    wrong = lambda uri, code, expires: (agent.enter_code(uri, "ABCDEFGHJ"), agent.wait())
    with DeviceCodeCredential(CLIENT, tenant_id=TENANT, prompt_callback=wrong, timeout=2) as credential:
        credential.get_token(USER_READ)
except ClientAuthenticationError as error:
    late = error.message
tell(me=me["userPrincipalName"], cached=token == again, late=late, page=agent.last.error)
""", tmp_path)  # fmt: skip
    assert (told["me"], told["cached"]) == (ROBIN, True)
    assert "Timed out" in told["late"]
    assert "That code didn't work. Check the code and try again." in told["page"]


def test_msal_on_behalf_of(tenant: Tenant, app: App, tmp_path: Path, proofs: dict[str, str]) -> None:
    told = run(tenant, app, CALLED_WITH + PROOFS + """
names = {"secret": SECRET, "thumbprint": by_thumbprint, "certificate": by_certificate, "federated": federated}
found = {}
for name, credential in names.items():
    service = msal.ConfidentialClientApplication(CLIENT, credential, authority=AUTHORITY)
    answer = service.acquire_token_on_behalf_of(called_with, [USER_READ])
    found[name] = answer.get("scope") or answer
    alone = service.acquire_token_for_client([f"api://{CLIENT}/.default"])
    assert "access_token" in alone, alone
not_granted = service.acquire_token_on_behalf_of(called_with, ["https://graph.microsoft.com/Mail.Read"])
not_mine = service.acquire_token_on_behalf_of(answer["access_token"], [USER_READ])
tell(found=found, not_granted=[not_granted[n] for n in ("error", "suberror", "error_codes")],
     not_mine=not_mine["error_codes"])
""", tmp_path, **proofs)  # fmt: skip
    scope = "https://graph.microsoft.com/User.Read"
    assert set(told["found"]) == {"secret", "thumbprint", "certificate", "federated"}
    assert all(scope in said.split() for said in told["found"].values())
    assert told["not_granted"] == ["invalid_grant", "consent_required", [65001]]
    assert told["not_mine"] == [50013]


def test_azure_identity_on_behalf_of(tenant: Tenant, app: App, tmp_path: Path, proofs: dict[str, str]) -> None:
    told = run(tenant, app, CALLED_WITH + PROOFS + """
import jwt
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential, OnBehalfOfCredential
from azure.identity import WorkloadIdentityCredential

def appidacr(token):
    return jwt.decode(token, options={"verify_signature": False})["appidacr"]

def credentials(OnBehalfOf, Certificate, ClientAssertion, WorkloadIdentity):
    of_user = {"user_assertion": called_with}
    yield "secret", OnBehalfOf(TENANT, CLIENT, client_secret=SECRET, **of_user), USER_READ
    yield "certificate", OnBehalfOf(TENANT, CLIENT, client_certificate=pem.encode(), **of_user), USER_READ
    assertion = federated["client_assertion"]
    yield "assertion", OnBehalfOf(TENANT, CLIENT, client_assertion_func=lambda: assertion, **of_user), USER_READ
    yield "alone", Certificate(TENANT, CLIENT, CERTIFICATE), DEFAULT
    yield "alone, data", Certificate(TENANT, CLIENT, certificate_data=pem.encode()), DEFAULT
    yield "alone, federated", ClientAssertion(TENANT, CLIENT, lambda: assertion), DEFAULT
    yield "workload", WorkloadIdentity(tenant_id=TENANT, client_id=CLIENT, token_file_path=FEDERATED), DEFAULT

DEFAULT = "https://graph.microsoft.com/.default"
found, async_found = {}, {}
kinds = (OnBehalfOfCredential, CertificateCredential, ClientAssertionCredential, WorkloadIdentityCredential)
for name, credential, scope in credentials(*kinds):
    with credential:
        found[name] = appidacr(credential.get_token(scope).token)

import azure.identity.aio as aio

async def main():
    for name, credential, scope in credentials(*(getattr(aio, kind.__name__) for kind in kinds)):
        async with credential:
            async_found[name] = appidacr((await credential.get_token(scope)).token)
    try:
        async with aio.OnBehalfOfCredential(TENANT, CLIENT, client_secret=SECRET, user_assertion="x") as credential:
            await credential.get_token(USER_READ)
    except ClientAuthenticationError as error:
        return error.message

tell(refused=asyncio.run(main()), found=found, async_found=async_found)
""", tmp_path, **proofs)  # fmt: skip
    others = dict.fromkeys(["certificate", "assertion", "alone", "alone, data", "alone, federated", "workload"], "2")
    assert told["found"] == told["async_found"] == {"secret": "1", **others}
    assert "AADSTS50027: JWT token is invalid or malformed." in told["refused"]


def test_a_challenge_reaches_the_program(tenant: Tenant, tmp_path: Path) -> None:
    """What a middle tier has to hand on: the claims of the refusal, which msal and azure-identity both keep."""
    world = World(tenant)
    app = world.register("Guarded", publicClient={"redirectUris": ["http://localhost"]})
    files = world.register("Files")
    world.grant(app, "access", files.client_id)
    policy_id = world.policy(files.client_id)
    told = run(tenant, app, CALLED_WITH + """
from azure.identity import OnBehalfOfCredential
from azure.core.exceptions import ClientAuthenticationError
scope = os.environ["APP_SCOPE"]
service = msal.ConfidentialClientApplication(CLIENT, SECRET, authority=AUTHORITY)
answer = service.acquire_token_on_behalf_of(called_with, [scope])
try:
    with OnBehalfOfCredential(TENANT, CLIENT, client_secret=SECRET, user_assertion=called_with) as credential:
        credential.get_token(scope)
except ClientAuthenticationError as error:
    refused = error.message
tell(answer={name: answer[name] for name in ("error", "suberror", "error_codes", "claims")}, refused=refused)
""", tmp_path, APP_SCOPE=files.scope)  # fmt: skip
    assert told["answer"] == {
        "error": "invalid_grant",
        "suberror": "basic_action",
        "error_codes": [50076],
        "claims": f'{{"access_token":{{"capolids":{{"essential":true,"values":["{policy_id}"]}}}}}}',
    }
    assert "AADSTS50076: Due to a configuration change made by your administrator" in told["refused"]
