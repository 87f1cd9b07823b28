"""Each rule of the verification: with the mistake made in the directory, without it, and from a manifest."""

from __future__ import annotations

import asyncio
import importlib
import json
import pkgutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography import x509

from workshop.core import settings
from workshop.registration.declarations import ON_BEHALF_OF, PREAUTHORIZED, PROXY, Declaration
from workshop.registration.graph import client
from workshop.registration.report import Report
from workshop.registration.sign_in import signed_in
from workshop.registration.verification import RULES, SettingFinding

from .faults import FAULTS, Fault, with_certificate, with_role, with_trust
from .office import Office

DEFAULT_ACCESS = "00000000-0000-0000-0000-000000000000"
NAMES = [rule.name for rule in RULES]


def line(report: Report, rule: str) -> SettingFinding:
    """Return the line of one rule."""
    (found,) = [one for one in report.judged.findings if one.rule == rule]
    return found


def wrong(report: Report) -> set[str]:
    """Return the names of the rules whose lines are wrong."""
    return {one.rule for one in report.judged.wrong}


def manifest_of(office: Office, declaration: Declaration, folder: Path) -> Path:
    """Write down what the portal's manifest page would download."""
    path = folder / "manifest.json"
    path.write_text(json.dumps(office.app(declaration)), "utf-8")
    return path


def mend(office: Office, code: str) -> None:
    """Run the Python lines of a mend as a learner would, with Graph's client and models at hand."""
    place: dict[str, Any] = {"settings": FileSettings(office), "UUID": UUID, "Path": Path, "x509": x509}
    for module in MODULES:
        place |= {name: value for name, value in vars(importlib.import_module(module)).items() if name[0].isupper()}
    lines = "\n".join(f"    {line}" for line in code.splitlines())
    exec(f"async def mend(graph):\n{lines}", place)  # noqa: S102 - the very lines that are shown
    with (
        signed_in(office.desk.settings, "browser", office.tenant_id, office.desk.account) as credential,
        ThreadPoolExecutor(1) as pool,
    ):
        pool.submit(lambda: asyncio.run(place["mend"](client(credential)))).result()


MODELS = "api_application app_role application federated_identity_credential implicit_grant_settings key_credential \
o_auth2_permission_grant password_credential permission_scope pre_authorized_application public_client_application \
required_resource_access resource_access service_principal spa_application web_application".split()
MODULES = [
    *(f"msgraph.generated.models.{name}" for name in MODELS),
    "msgraph.generated.applications.item.add_password.add_password_post_request_body",
    "cryptography.hazmat.primitives.serialization",
]


class FileSettings:
    """Stands for `workshop.core.settings`, which reads this process's place, with the office's file."""

    def __init__(self, office: Office) -> None:
        self.office = office

    def load(self, **_: Any) -> None:
        """Do without: the office knows its file."""

    def save(self, _: None, values: dict[str, str]) -> None:
        settings.write_values(self.office.file, values)


def test_every_rule_has_a_fault() -> None:
    assert sorted(FAULTS) == sorted(NAMES)
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_mistake_is_found_told_in_the_manifest_too_and_mended(office: Office, tmp_path: Path, name: str) -> None:
    fault = FAULTS[name]
    declared = fault.declared(office)
    against = fault.held_against(office) if fault.held_against else declared
    office.desk.apply(declared)
    if name != "credential-expiry":
        healthy = office.desk.verify("", declared)
        assert wrong(healthy) == set()
        assert line(healthy, name).status == "right"

    fault.make(office, declared)
    report = office.desk.verify("", against)
    found = line(report, name)
    assert found.status == "wrong"
    assert fault.evidence in found.found
    assert wrong(report) == {name} | fault.besides
    check_manifest(fault, office.desk.verify_manifest(manifest_of(office, declared, tmp_path), against), found)
    assert all("$" not in text for text in (found.should, found.mend.portal, found.mend.az, found.mend.python))

    mend(office, found.mend.python)
    after = office.desk.verify("", against)
    assert line(after, name).status == "right" or not fault.mended
    assert wrong(after) == fault.left or not fault.mended, repr(after)


def check_manifest(fault: Fault, report: Report, found: SettingFinding) -> None:
    """The manifest says the same as far as it can, and where it can't it says that."""
    if fault.told_by == "graph":
        assert line(report, found.rule).status == "unseen"
    else:
        assert line(report, found.rule).status == "wrong"
        assert line(report, found.rule).found == found.found
    assert {one for one in wrong(report) if one != found.rule} <= fault.besides


@pytest.mark.parametrize("declared", [PROXY, PREAUTHORIZED, ON_BEHALF_OF], ids=lambda one: str(one.key))
def test_a_healthy_registration_raises_no_finding(office: Office, tmp_path: Path, declared: Declaration) -> None:
    office.desk.apply(declared)
    for report in (office.desk.verify(), office.desk.verify(office.kept_id(declared), declared)):
        assert report.judged.approach == declared.key
        assert {one.status for one in report.judged.findings} == {"right"}
    from_file = office.desk.verify_manifest(manifest_of(office, declared, tmp_path))
    assert from_file.judged.approach == declared.key
    assert wrong(from_file) == set()


@pytest.mark.parametrize("declared", [with_role, with_certificate, with_trust])
def test_healthy_with_more(office: Office, declared: Any) -> None:
    office.desk.apply(declared(office))
    assert wrong(office.desk.verify("", declared(office))) == set()


class TestEachWayToBeWrong:
    """What one rule can meet beside the mistake of the table."""

    def test_a_secret_that_entra_refuses(self, office: Office) -> None:
        office.desk.apply(PROXY)
        office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_SECRET": "practice.of-yesterday"})
        assert "AADSTS7000215" in line(office.desk.verify(), "secret-value").found

    def test_no_secret_kept(self, office: Office) -> None:
        office.desk.apply(PROXY)
        office.desk.keeper.keep({"ENTRA_PROXY_AZURE_CLIENT_SECRET": ""})
        assert line(office.desk.verify(), "secret-value").found.endswith("holds none")

    def test_an_expired_secret(self, office: Office) -> None:
        office.desk.apply(PROXY)
        app = office.app()
        past = {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2020-02-01T00:00:00Z", "displayName": "old"}
        office.done("POST", f"/applications/{app['id']}/addPassword", {"passwordCredential": past})
        assert wrong(office.desk.verify()) == set()
        keep = app["passwordCredentials"][0]["keyId"]
        office.done("POST", f"/applications/{app['id']}/removePassword", {"keyId": keep})
        assert line(office.desk.verify(), "credential-present").found == "expired: “old” until 2020-02-01"

    def test_a_disabled_service_principal(self, office: Office) -> None:
        office.desk.apply(PROXY)
        principal = office.principal(office.kept_id())
        office.done("PATCH", f"/servicePrincipals/{principal['id']}", {"accountEnabled": False})
        report = office.desk.verify()
        assert line(report, "service-principal").found == "there, but sign-in is disabled"
        mend(office, line(report, "service-principal").mend.python)
        assert wrong(office.desk.verify()) == set()

    def test_assignment_required_with_somebody_assigned(self, office: Office) -> None:
        office.desk.apply(PROXY)
        principal = office.principal(office.kept_id())["id"]
        office.done("PATCH", f"/servicePrincipals/{principal}", {"appRoleAssignmentRequired": True})
        robin = office.got(f"/users/{office.account('robin')}")["id"]
        assignment = {"principalId": robin, "resourceId": principal, "appRoleId": DEFAULT_ACCESS}
        office.done("POST", f"/servicePrincipals/{principal}/appRoleAssignedTo", assignment)
        assert line(office.desk.verify(), "assignment-required").found == "required, 1 assigned"

    def test_application_permissions_for_delegated_ones(self, office: Office) -> None:
        office.desk.apply(PROXY)
        access = [{"id": "df021288-bdef-4463-88db-98f22de89214", "type": "Role"}]
        resource = "00000003-0000-0000-c000-000000000000"
        office.change({"requiredResourceAccess": [{"resourceAppId": resource, "resourceAccess": access}]})
        assert "as application permission" in line(office.desk.verify(), "graph-permissions").found

    @pytest.mark.parametrize("declaration", [PROXY, PREAUTHORIZED], ids=["proxy", "preauthorized"])
    def test_permission_ids_that_nobody_publishes(self, office: Office, declaration: Declaration) -> None:
        """As in Azure-Samples/azure-finops-agent#52: app roles listed as scopes, and an id that is nowhere."""
        office.desk.apply(declaration)
        graph, role = "00000003-0000-0000-c000-000000000000", "5b567255-7703-4780-807c-7be8301ae99b"
        nowhere, read = "e4aa47b9-9a69-4109-82ed-36ec70d85f3f", "e1fe6dd8-ba31-4d61-89e7-88639da4683d"
        stranger = "ca7f3f0b-7d91-482c-8e09-c5d840d0eac5"
        before = office.app(declaration)["requiredResourceAccess"]
        there = [access for required in before for access in required["resourceAccess"]]
        listed = [*there, {"id": role, "type": "Scope"}, {"id": read, "type": "Role"}]
        resources = [
            {"resourceAppId": graph, "resourceAccess": listed},
            {"resourceAppId": stranger, "resourceAccess": [{"id": nowhere, "type": "Scope"}]},
        ]
        office.change({"requiredResourceAccess": resources}, declaration)
        report = office.desk.verify(declaration=declaration)
        found = line(report, "graph-permissions")
        assert found.found == (
            f"nobody publishes: {role} as Scope of Microsoft Graph, where it is a Role, {read} as Role of Microsoft "
            f"Graph, where it is a Scope, {nowhere} as Scope of {stranger}, which is not in this directory"
        )
        mend(office, found.mend.python)
        assert wrong(office.desk.verify(declaration=declaration)) == set()

    def test_a_manifest_can_not_tell_of_ids_it_does_not_know(self, office: Office, tmp_path: Path) -> None:
        office.desk.apply(PROXY)
        app, nowhere = office.app(PROXY), "e4aa47b9-9a69-4109-82ed-36ec70d85f3f"
        app["requiredResourceAccess"][0]["resourceAccess"].append({"id": nowhere, "type": "Scope"})
        path = tmp_path / "manifest.json"
        path.write_text(json.dumps(app), "utf-8")
        found = line(office.desk.verify_manifest(path), "graph-permissions")
        assert found.status == "unseen"
        assert f"of {nowhere} only the directory can tell" in found.found

    def test_the_tenant_setting_names_many_or_another(self, office: Office) -> None:
        office.desk.apply(PROXY)
        text = office.file.read_text("utf-8")
        for setting, said in (
            ("organizations", "but AZURE_TENANT_ID is organizations"),
            ("99999999-2222-4333-8444-555555555555", "names another directory"),
        ):
            office.file.write_text(text.replace(office.tenant_id, setting), "utf-8")
            report = office.desk.verify()
            assert wrong(report) == {"account-types"}
            assert said in line(report, "account-types").found

    def test_a_client_listed_with_a_scope_that_is_gone(self, office: Office) -> None:
        office.desk.apply(PREAUTHORIZED)
        (scope,) = office.app(PREAUTHORIZED)["api"]["oauth2PermissionScopes"]
        new = scope | {"id": "11111111-2222-4333-8444-555555555555", "value": "other"}
        office.change({"api": {"oauth2PermissionScopes": [scope, new]}}, PREAUTHORIZED)
        client = {"appId": "aebc6443-996d-45c2-90f0-388ff96faa56", "delegatedPermissionIds": [new["id"]]}
        office.change({"api": {"preAuthorizedApplications": [client]}}, PREAUTHORIZED)
        found = line(office.desk.verify(), "preauthorized-clients").found
        assert found == "Visual Studio Code without user_impersonation"

    def test_a_name_written_in_another_case(self, office: Office) -> None:
        office.desk.apply(PROXY)
        upper = replace(PROXY, scopes=(replace(PROXY.scopes[0], value="MCP-Access"),))
        assert wrong(office.desk.verify("", upper)) == {"scopes-exist"}

    def test_an_own_managed_identity_by_its_client_id(self, office: Office) -> None:
        office.desk.apply(with_trust(office))
        app = office.app()
        (one,) = office.got(f"/applications/{app['id']}/federatedIdentityCredentials")["value"]
        office.done("PATCH", f"/applications/{app['id']}/federatedIdentityCredentials/{one['id']}",
                    {"subject": app["appId"]})  # fmt: skip
        report = office.desk.verify("", PROXY)
        assert line(report, "federated-subject").found == f"production: {app['appId']} is this app's own id"

    @pytest.mark.parametrize("port", ["", ":80", ":9000"])
    def test_on_loopback_the_port_does_not_count(self, office: Office, port: str) -> None:
        office.desk.apply(PROXY)
        office.change({"web": {"redirectUris": [f"http://localhost{port}/auth/callback"]}})
        assert wrong(office.desk.verify()) == set()

    def test_another_name_of_loopback_is_another_address(self, office: Office) -> None:
        office.desk.apply(PROXY)
        office.change({"web": {"redirectUris": ["http://127.0.0.1:8000/auth/callback"]}})
        assert wrong(office.desk.verify()) == {"redirect-uri"}


def test_the_server_as_it_is_set_up_decides_what_is_right(office: Office) -> None:
    office.desk.apply(PROXY)
    office.desk.keeper.keep({"ENTRA_PROXY_BASE_URL": "https://mcp.contoso.example"})
    assert wrong(office.desk.verify()) == {"redirect-uri"}
    assert wrong(office.desk.verify(base_url="http://localhost:8000")) == set()
    office.desk.apply(PROXY.at("https://mcp.contoso.example"))
    assert wrong(office.desk.verify()) == set()
    office.desk.keeper.keep({"ENTRA_PROXY_REQUIRED_SCOPES": "mcp-access mcp-admin", "ENTRA_PROXY_REDIRECT_PATH": "/cb"})
    assert wrong(office.desk.verify()) == {"redirect-path", "scopes-exist"}


def test_every_model_that_a_mend_names_exists() -> None:
    models = importlib.import_module("msgraph.generated.models").__path__
    assert set(MODELS) <= {module.name for module in pkgutil.iter_modules(models)}
