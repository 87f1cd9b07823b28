"""msgraph-sdk, unpatched and through environment variables alone: every call that the lessons and registration make."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from library_program import run
from tenant.process import Tenant, serving
from tenant.world import App, World

BEGIN = """
from azure.identity import InteractiveBrowserCredential
from azure.identity.aio import ClientSecretCredential
from kiota_abstractions.api_error import APIError
from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.graph_service_client import GraphServiceClient
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
GRAPH = "00000003-0000-0000-c000-000000000000"
SCOPES = ["https://graph.microsoft.com/.default"]

def configured(builder, **parameters):
    headers = parameters.pop("headers", {})
    configuration = RequestConfiguration(query_parameters=builder(**parameters))
    for name, value in headers.items():
        configuration.headers.add(name, value)
    return configuration
"""


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tenant]:
    with serving(tmp_path_factory.mktemp("msgraph") / "state") as running:
        yield running
        assert running.complaints() == ""


@pytest.fixture(scope="module")
def app(tenant: Tenant) -> App:
    """A public client that was granted what the lessons ask for."""
    world = World(tenant)
    app = world.register(redirects=["http://localhost:8000/x"], publicClient={"redirectUris": ["http://localhost"]})
    scopes = "User.Read User.Read.All GroupMember.Read.All Files.ReadWrite Mail.ReadWrite Mail.Send"
    graph = world.principal_of("00000003-0000-0000-c000-000000000000")
    world.made(
        "/oauth2PermissionGrants",
        {"clientId": app.principal_id, "consentType": "AllPrincipals", "resourceId": graph, "scope": scopes},
    )
    return app


def told(tenant: Tenant, app: App, tmp_path: Path, program: str) -> dict[str, Any]:
    body = "".join(f"    {line}\n" for line in program.strip().splitlines())
    return run(tenant, app, f"{BEGIN}\nasync def main():\n{body}\nasyncio.run(main())\n", tmp_path)


def test_an_administrator_registers_changes_finds_and_removes(tenant: Tenant, app: App, tmp_path: Path) -> None:
    found = told(tenant, app, tmp_path, """
import uuid
from datetime import datetime, timedelta, timezone
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msgraph.generated.applications.applications_request_builder import ApplicationsRequestBuilder
from msgraph.generated.applications.item.add_password.add_password_post_request_body import AddPasswordPostRequestBody
from msgraph.generated.applications.item.remove_password.remove_password_post_request_body import (
    RemovePasswordPostRequestBody,
)
from msgraph.generated.models.api_application import ApiApplication
from msgraph.generated.models.app_role import AppRole
from msgraph.generated.models.app_role_assignment import AppRoleAssignment
from msgraph.generated.models.application import Application
from msgraph.generated.models.federated_identity_credential import FederatedIdentityCredential
from msgraph.generated.models.key_credential import KeyCredential
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.password_credential import PasswordCredential
from msgraph.generated.models.permission_scope import PermissionScope
from msgraph.generated.models.reference_create import ReferenceCreate
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.oauth2_permission_grants.oauth2_permission_grants_request_builder import (
    Oauth2PermissionGrantsRequestBuilder,
)
from msgraph.generated.service_principals.service_principals_request_builder import ServicePrincipalsRequestBuilder
key = rsa.generate_private_key(65537, 2048)
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sdk")])
now = datetime.now(timezone.utc).replace(microsecond=0)
builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
certificate = builder.not_valid_before(now).not_valid_after(now + timedelta(days=30)).sign(key, hashes.SHA256())
with agent.as_user("avery@contoso.onmicrosoft.com"), InteractiveBrowserCredential(tenant_id=TENANT) as avery:
    graph = GraphServiceClient(avery, SCOPES)
    scope = PermissionScope(id=uuid.uuid4(), value="use", type="User", is_enabled=True,
                            admin_consent_display_name="Use", admin_consent_description="Use it")
    role = AppRole(id=uuid.uuid4(), value="Run", display_name="Run", description="Run", is_enabled=True,
                   allowed_member_types=["User", "Application"])
    made = await graph.applications.post(Application(display_name="From the SDK", app_roles=[role],
        api=ApiApplication(requested_access_token_version=2, oauth2_permission_scopes=[scope])))
    item = graph.applications.by_application_id(made.id)
    await item.patch(Application(identifier_uris=[f"api://{made.app_id}"]))
    secret = await item.add_password.post(
        AddPasswordPostRequestBody(password_credential=PasswordCredential(display_name="s")))
    await item.remove_password.post(RemovePasswordPostRequestBody(key_id=secret.key_id))
    der = certificate.public_bytes(serialization.Encoding.DER)
    await item.patch(Application(key_credentials=[KeyCredential(type="AsymmetricX509Cert", usage="Verify", key=der)]))
    read = await item.get()
    again = await graph.applications_with_app_id(made.app_id).get()
    credentials = item.federated_identity_credentials
    federated = await credentials.post(FederatedIdentityCredential(name="f", issuer="https://i", subject="s",
                                                                   audiences=["api://AzureADTokenExchange"]))
    await credentials.by_federated_identity_credential_id(federated.id).patch(FederatedIdentityCredential(subject="t"))
    listed = await credentials.get()
    await credentials.by_federated_identity_credential_id("f").delete()
    principal = await graph.service_principals.post(ServicePrincipal(app_id=made.app_id))
    await graph.service_principals.by_service_principal_id(principal.id).patch(
        ServicePrincipal(app_role_assignment_required=True))
    of_graph = await graph.service_principals_with_app_id(GRAPH).get()
    ids = {one.value: str(one.id) for one in of_graph.oauth2_permission_scopes}
    grants = graph.oauth2_permission_grants
    grant = await grants.post(OAuth2PermissionGrant(client_id=principal.id, consent_type="AllPrincipals",
                                                    resource_id=of_graph.id, scope="User.Read"))
    await grants.by_o_auth2_permission_grant_id(grant.id).patch(OAuth2PermissionGrant(scope="User.Read Mail.Read"))
    held = await grants.get(configured(
        Oauth2PermissionGrantsRequestBuilder.Oauth2PermissionGrantsRequestBuilderGetQueryParameters,
        filter=f"clientId eq '{principal.id}'"))
    me = await graph.me.get()
    assigned = await graph.service_principals.by_service_principal_id(principal.id).app_role_assigned_to.post(
        AppRoleAssignment(principal_id=uuid.UUID(me.id), resource_id=uuid.UUID(principal.id), app_role_id=role.id))
    mine = await graph.me.app_role_assignments.get()
    one = await graph.applications.get(configured(
        ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters,
        filter=f"appId eq '{made.app_id}'", select=["id", "displayName"], top=5))
    counted = await graph.applications.get(configured(
        ApplicationsRequestBuilder.ApplicationsRequestBuilderGetQueryParameters,
        headers={"ConsistencyLevel": "eventual"}, search='"displayName:SDK"', count=True, orderby=["displayName"]))
    by_name = await graph.service_principals.get(configured(
        ServicePrincipalsRequestBuilder.ServicePrincipalsRequestBuilderGetQueryParameters,
        filter=f"servicePrincipalNames/any(n:n eq 'api://{made.app_id}')"))
    owners = await item.owners.get()
    sam = await graph.users.by_user_id("sam@contoso.onmicrosoft.com").get()
    await item.owners.ref.post(ReferenceCreate(odata_id=f"https://graph.microsoft.com/v1.0/directoryObjects/{sam.id}"))
    both = await item.owners.get()
    await item.owners.by_directory_object_id(sam.id).ref.delete()
    await grants.by_o_auth2_permission_grant_id(grant.id).delete()
    await graph.service_principals.by_service_principal_id(principal.id).app_role_assigned_to.by_app_role_assignment_id(
        assigned.id).delete()
    await item.delete()
    gone = await graph.directory.deleted_items.graph_application.get()
    await graph.directory.deleted_items.by_directory_object_id(made.id).restore.post()
    back = await item.get()
    await item.delete()
    await graph.directory.deleted_items.by_directory_object_id(made.id).delete()
    try:
        await item.get()
    except ODataError as error:
        refused = [error.response_status_code, error.error.code, bool(error.error.inner_error.request_id)]
tell(
    name=read.display_name, uri=read.identifier_uris == [f"api://{made.app_id}"], same=again.id == made.id,
    secrets=len(read.password_credentials), key=read.key_credentials[0].display_name,
    version=read.api.requested_access_token_version, secret=bool(secret.secret_text),
    federated=[one.subject for one in listed.value], user_read=ids["User.Read"],
    grant=[one.scope for one in held.value], assigned=[str(one.id) for one in mine.value] == [assigned.id],
    one=[one.value[0].display_name, one.value[0].app_id], counted=[counted.odata_count, len(counted.value)],
    by_name=[one.app_id for one in by_name.value] == [made.app_id],
    owners=[one.display_name for one in owners.value], both=len(both.value),
    gone=made.id in [one.id for one in gone.value], back=back.display_name, refused=refused,
)
""")  # fmt: skip
    assert found == {
        "name": "From the SDK", "uri": True, "same": True, "secrets": 0, "key": "CN=sdk", "version": 2, "secret": True,
        "federated": ["t"], "user_read": "e1fe6dd8-ba31-4d61-89e7-88639da4683d", "grant": ["User.Read Mail.Read"],
        "assigned": True, "one": ["From the SDK", None], "counted": [1, 1], "by_name": True,
        "owners": ["Avery Lang"], "both": 2, "gone": True, "back": "From the SDK",
        "refused": [404, "Request_ResourceNotFound", True],
    }  # fmt: skip


def test_a_user_reads_what_is_theirs(tenant: Tenant, app: App, tmp_path: Path) -> None:
    found = told(tenant, app, tmp_path, """
from msgraph.generated.models.body_type import BodyType
from msgraph.generated.models.email_address import EmailAddress
from msgraph.generated.models.item_body import ItemBody
from msgraph.generated.models.message import Message
from msgraph.generated.models.recipient import Recipient
from msgraph.generated.users.item.check_member_groups.check_member_groups_post_request_body import (
    CheckMemberGroupsPostRequestBody,
)
from msgraph.generated.users.item.get_member_groups.get_member_groups_post_request_body import (
    GetMemberGroupsPostRequestBody,
)
from msgraph.generated.users.item.messages.messages_request_builder import MessagesRequestBuilder
from msgraph.generated.users.item.send_mail.send_mail_post_request_body import SendMailPostRequestBody
from msgraph.generated.users.item.transitive_member_of.graph_group.graph_group_request_builder import (
    GraphGroupRequestBuilder,
)
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder
from msgraph.generated.users.users_request_builder import UsersRequestBuilder
robin = InteractiveBrowserCredential(tenant_id=TENANT, client_id=CLIENT)
graph = GraphServiceClient(robin, SCOPES)
me = await graph.me.get(configured(UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters,
                                   select=["displayName", "department"]))
member_of = await graph.me.member_of.get()
around = await graph.me.transitive_member_of.graph_group.get()
approvers = next(group for group in around.value if group.display_name == "Expense approvers")
asked = dict(filter=f"id eq '{approvers.id}'", count=True)
parameters = GraphGroupRequestBuilder.GraphGroupRequestBuilderGetQueryParameters
gated = await graph.me.transitive_member_of.graph_group.get(
    configured(parameters, headers={"ConsistencyLevel": "eventual"}, **asked))
try:
    await graph.me.transitive_member_of.graph_group.get(configured(parameters, **asked))
except ODataError as error:
    without = [error.response_status_code, error.error.code]
checked = await graph.me.check_member_groups.post(CheckMemberGroupsPostRequestBody(group_ids=[approvers.id]))
every = await graph.me.get_member_groups.post(GetMemberGroupsPostRequestBody(security_enabled_only=True))
people = await graph.users.get(configured(UsersRequestBuilder.UsersRequestBuilderGetQueryParameters, top=2))
names = [user.display_name for user in people.value]
while people.odata_next_link:
    people = await graph.users.with_url(people.odata_next_link).get()
    names += [user.display_name for user in people.value]
organization = await graph.organization.get()
drive = await graph.me.drive.get()
root = await graph.drives.by_drive_id(drive.id).root.get()
children = await graph.drives.by_drive_id(drive.id).items.by_drive_item_id(root.id).children.get()
policy = next(item for item in children.value if item.name == "Travel policy.md")
content = await graph.drives.by_drive_id(drive.id).items.by_drive_item_id(policy.id).content.get()
await graph.me.send_mail.post(SendMailPostRequestBody(save_to_sent_items=True, message=Message(
    subject="From the SDK", body=ItemBody(content_type=BodyType.Text, content="Hello"),
    to_recipients=[Recipient(email_address=EmailAddress(address="robin@contoso.onmicrosoft.com"))])))
inbox = await graph.me.mail_folders.by_mail_folder_id("inbox").messages.get()
subjects = await graph.me.messages.get(configured(
    MessagesRequestBuilder.MessagesRequestBuilderGetQueryParameters,
    filter="subject eq 'From the SDK'", select=["subject"]))
try:
    await graph.applications.get()
except ODataError as error:
    denied = [error.response_status_code, error.error.code, error.error.message]
await graph.users.by_user_id("sam@contoso.onmicrosoft.com").get()
robin.close()
tell(
    me=[me.display_name, me.department, me.mail], member_of=[type(one).__name__ for one in member_of.value],
    around=sorted(group.display_name for group in around.value), gated=[len(gated.value), gated.odata_count],
    without=without, checked=checked.value == [approvers.id], every=len(every.value), names=names,
    organization=organization.value[0].id == TENANT, files=sorted(item.name for item in children.value),
    content=content.decode(), inbox=inbox.value[0].subject, subjects=len(subjects.value), denied=denied,
)
""")  # fmt: skip
    assert found == {
        "me": ["Robin Marsh", "Finance", None], "member_of": ["Group"], "around": ["Expense approvers", "Finance"],
        "gated": [1, 1], "without": [400, "Request_UnsupportedQuery"], "checked": True, "every": 2,
        "names": ["Avery Lang", "Robin Marsh", "Sam Okafor", "Kim Duarte", "Lee Novak"], "organization": True,
        "files": ["Expenses 2026.csv", "Receipts", "Travel policy.md"],
        "content": "# Travel policy\n\nTrains before planes. Keep every receipt.\n", "inbox": "From the SDK",
        "subjects": 2,
        "denied": [403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."],
    }  # fmt: skip


def test_an_application_with_roles_of_its_own(tenant: Tenant, app: App, tmp_path: Path) -> None:
    world = World(tenant)
    graph = world.principal_of("00000003-0000-0000-c000-000000000000")
    for role in ("df021288-bdef-4463-88db-98f22de89214", "01d4889c-1287-42c6-ac1f-5d1e02578ef6"):
        body = {"principalId": app.principal_id, "resourceId": graph, "appRoleId": role}
        world.made(f"/servicePrincipals/{app.principal_id}/appRoleAssignments", body)
    found = told(tenant, app, tmp_path, """
async with ClientSecretCredential(TENANT, CLIENT, SECRET) as credential:
    graph = GraphServiceClient(credential, SCOPES)
    users = await graph.users.get()
    drive = await graph.users.by_user_id("sam@contoso.onmicrosoft.com").drive.get()
    try:
        await graph.me.get()
    except APIError as error:
        me = [error.response_status_code, error.error.message]
tell(users=len(users.value), drive=drive.owner.user.display_name, me=me)
""")  # fmt: skip
    assert found == {
        "users": 5, "drive": "Sam Okafor",
        "me": [400, "/me request is only valid with delegated authentication flow."],
    }  # fmt: skip
