"""An app whose https Application ID URI is the server's address: made, kept, verified, and taken back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workshop.errors import WorkshopError
from workshop.registration.declarations import PREAUTHORIZED, Declaration
from workshop.registration.report import Report
from workshop.registration.resource_uri import OTHERWISE
from workshop.registration.verification import SettingFinding

from .office import Office

IDENTIFIER_URI = "ENTRA_PREAUTHORIZED_IDENTIFIER_URI"
BASE_URL = "ENTRA_PREAUTHORIZED_BASE_URL"
ADDRESS = "identifier-uri-address"


def line(report: Report, rule: str) -> SettingFinding:
    """Return the line of one rule."""
    (found,) = [one for one in report.judged.findings if one.rule == rule]
    return found


def wrong(report: Report) -> set[str]:
    """Return the names of the rules whose lines are wrong."""
    return {one.rule for one in report.judged.wrong}


def straight(office: Office) -> Declaration:
    return PREAUTHORIZED.known_by(f"https://expenses.{office.domain}/mcp")


def uris(office: Office) -> list[str]:
    return list(office.app(PREAUTHORIZED)["identifierUris"])


def test_it_is_made_kept_verified_as_it_is_kept_and_removed(office: Office) -> None:
    declared = straight(office)
    office.desk.apply(declared)
    app = office.kept_id(PREAUTHORIZED)
    assert uris(office) == [declared.identifier_uri, f"api://{app}"]
    assert office.app(PREAUTHORIZED)["api"]["requestedAccessTokenVersion"] == 2
    assert office.values()[IDENTIFIER_URI] == declared.identifier_uri
    report = office.desk.verify()
    assert {one.status for one in report.judged.findings} == {"right"}
    assert line(report, ADDRESS).found == declared.identifier_uri
    assert line(report, "identifier-uri").should == declared.identifier_uri
    office.desk.remove(office.desk.find())
    assert IDENTIFIER_URI not in office.values()


def test_an_app_that_its_clients_know_by_its_id_gets_the_uri_beside(office: Office) -> None:
    office.desk.apply(PREAUTHORIZED)
    plan = office.desk.plan(straight(office))
    assert [(change.verb, change.item) for change in plan.changes] == [("add", straight(office).identifier_uri)]
    assert not plan.asks, "nothing is taken away"
    office.desk.apply(straight(office))
    back = office.desk.plan(PREAUTHORIZED)
    assert [(change.verb, change.item) for change in back.changes] == [("remove", straight(office).identifier_uri)]
    assert back.asks
    office.desk.apply(PREAUTHORIZED)
    assert IDENTIFIER_URI not in office.values()


def test_a_domain_that_is_not_the_directorys_is_refused_before_anything_is_made(office: Office) -> None:
    uri = "https://mcp.fabrikam.com/mcp"
    for act in (office.desk.plan, office.desk.apply):
        with pytest.raises(WorkshopError) as refused:
            act(PREAUTHORIZED.known_by(uri))
        why = f"mcp.fabrikam.com is not below a verified domain of this directory ({office.domain})"
        assert str(refused.value) == f"{uri} can't be the Application ID URI: {why}. {OTHERWISE}"
    assert not [app for app in office.apps() if app["displayName"] == PREAUTHORIZED.display_name]
    assert office.values() == {}


@pytest.mark.parametrize("by", ["base_url", "kept"])
def test_a_server_at_another_address_than_the_uri(office: Office, by: str) -> None:
    office.desk.apply(PREAUTHORIZED)
    other = f"https://other.{office.domain}"
    if by == "kept":
        office.desk.keeper.keep({BASE_URL: other})
    report = office.desk.verify("", PREAUTHORIZED, base_url=other if by == "base_url" else "")
    assert wrong(report) == {ADDRESS}
    found = line(report, ADDRESS)
    assert found.found == f"clients send {other}/mcp, the app has api://{office.kept_id(PREAUTHORIZED)}"
    assert "AADSTS9010010" in found.why
    assert f"{other}/mcp" in found.mend.portal
    assert found.mend.az.endswith(f" {other}/mcp api://{office.kept_id(PREAUTHORIZED)}")


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("https://expenses-mcp.azurewebsites.net", "azurewebsites.net is its owner's"),
        ("https://mcp.calm-1a2b3c4d.westeurope.azurecontainerapps.io", "azurecontainerapps.io is its owner's"),
        ("https://re90fdhc-47002.asse.devtunnels.ms", "devtunnels.ms is its owner's"),
        ("https://mcp.fabrikam.com", "mcp.fabrikam.com is not below a verified domain"),
    ],
)
def test_an_address_that_can_not_be_one_is_told_the_two_ways_on(office: Office, base_url: str, why: str) -> None:
    office.desk.apply(PREAUTHORIZED)
    found = line(office.desk.verify("", PREAUTHORIZED, base_url=base_url), ADDRESS)
    assert found.status == "wrong"
    assert why in found.found
    assert found.mend.portal == OTHERWISE


def test_what_a_manifest_tells_of_it(office: Office, tmp_path: Path) -> None:
    office.desk.apply(PREAUTHORIZED)
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps(office.app(PREAUTHORIZED)), "utf-8")
    for base_url, portal in (
        ("https://mcp.contoso.com", "Expose an API: "),
        ("https://expenses-mcp.azurewebsites.net", OTHERWISE),
    ):
        found = line(office.desk.verify_manifest(manifest, PREAUTHORIZED, base_url=base_url), ADDRESS)
        assert found.status == "wrong"
        assert found.mend.portal.startswith(portal)


def test_no_address_is_asked_for_where_none_is_public(office: Office) -> None:
    office.desk.apply(PREAUTHORIZED)
    for base_url in ("", "http://localhost:9000"):
        report = office.desk.verify("", PREAUTHORIZED, base_url=base_url)
        assert ADDRESS not in {one.rule for one in report.judged.findings}
        assert wrong(report) == set()
