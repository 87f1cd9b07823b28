"""What an application proves itself with: secrets, certificates, federated credentials."""

from __future__ import annotations

import base64
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from .graph_help import UNKNOWN, refused
from .test_hostile import hostile
from .world import App, World, is_guid

ISSUER = "https://token.actions.githubusercontent.com"
AUDIENCE = "api://AzureADTokenExchange"
NOW = datetime.now(UTC).replace(microsecond=0)


def certificate(days: int = 90) -> x509.Certificate:
    """Make a self-signed certificate that began an hour ago."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "expenses")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    begins = NOW - timedelta(hours=1)
    return builder.not_valid_before(begins).not_valid_after(begins + timedelta(days=days)).sign(key, hashes.SHA256())


def der_of(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.DER)


def entry(one: x509.Certificate, **changes: Any) -> dict[str, Any]:
    """Return a certificate as Graph wants it."""
    plain = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": base64.b64encode(der_of(one)).decode()}
    return {name: value for name, value in (plain | changes).items() if value is not ...}


@pytest.fixture(scope="module")
def one() -> x509.Certificate:
    return certificate()


class TestCertificates:
    def test_its_properties(self, world: World, one: x509.Certificate) -> None:
        """[MEM] that a missing display name becomes the certificate's subject."""
        app = world.register()
        world.change(app, keyCredentials=[entry(one)])
        (stored,) = world.graph("GET", f"/applications/{app.object_id}").json()["keyCredentials"]
        assert is_guid(stored.pop("keyId"))
        assert stored == {
            "customKeyIdentifier": hashlib.sha1(der_of(one), usedforsecurity=False).hexdigest().upper(),
            "displayName": "CN=expenses",
            "endDateTime": f"{one.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "key": None,
            "startDateTime": f"{one.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ}",
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }

    def test_the_key_is_shown_to_whom_selects_it_of_one_application(self, world: World, one: x509.Certificate) -> None:
        """Source: https://learn.microsoft.com/graph/api/resources/keycredential, property key."""
        made = world.made("/applications", {"displayName": "C", "keyCredentials": [entry(one)]})
        assert made["keyCredentials"][0]["key"] is None
        path = f"/applications/{made['id']}?$select=keyCredentials"
        assert world.graph("GET", path).json()["keyCredentials"][0]["key"] == entry(one)["key"]

    def test_a_pem_file_is_taken_too(self, world: World, one: x509.Certificate) -> None:
        pem = one.public_bytes(serialization.Encoding.PEM)
        sent = entry(one, key=base64.b64encode(pem).decode(), customKeyIdentifier="ABCD", displayName="by hand")
        made = world.made("/applications", {"displayName": "C", "keyCredentials": [sent]})
        path = f"/applications/{made['id']}?$select=keyCredentials"
        (stored,) = world.graph("GET", path).json()["keyCredentials"]
        assert (stored["customKeyIdentifier"], stored["displayName"]) == ("ABCD", "by hand")
        assert base64.b64decode(stored["key"]) == der_of(one)

    def test_the_list_is_sent_whole_and_what_was_there_without_its_key(
        self, world: World, one: x509.Certificate
    ) -> None:
        app = world.register()
        path = f"/applications/{app.object_id}?$select=keyCredentials"
        world.change(app, keyCredentials=[entry(one)])
        first = world.graph("GET", f"/applications/{app.object_id}").json()["keyCredentials"]
        world.change(app, keyCredentials=[*first, entry(certificate())])
        both = world.graph("GET", path).json()["keyCredentials"]
        assert both[0] == first[0] | {"key": entry(one)["key"]}
        assert len({credential["keyId"] for credential in both}) == 2
        world.change(app, keyCredentials=both[1:])
        assert world.graph("GET", path).json()["keyCredentials"] == both[1:]
        world.change(app, displayName="Renamed")
        assert world.graph("GET", path).json()["keyCredentials"] == both[1:]

    @pytest.mark.parametrize(
        ("changes", "code", "message"),
        [
            ({"key": None}, "KeyCredentialsInvalidValue", "KeyValue cannot be null or empty\\."),
            ({"key": ...}, "KeyCredentialsInvalidValue", "KeyValue cannot be null or empty\\."),
            ({"key": "!"}, "KeyCredentialsInvalidValue", ".+"),
            ({"key": "AAAA"}, "KeyCredentialsInvalidValue", ".+"),
            ({"key": "A" * 40_000}, "KeyCredentialsInvalidValue", ".+"),
            ({"key": 1}, "KeyCredentialsInvalidValue", ".+"),
            ({"usage": "Read"}, "Request_BadRequest", 'The value for the property "usage" .+ are Sign, Verify\\.'),
            ({"type": "Symmetric"}, "Request_BadRequest", "Invalid value specified for property 'type' .+"),
            ({"keyId": "x"}, "Request_BadRequest", "Invalid value specified for property 'keyId' .+"),
            ({"displayName": 1}, "Request_BadRequest", "Invalid value specified for property 'displayName' .+"),
            ({"nonsense": 1}, "Request_BadRequest", "Invalid property 'nonsense'\\."),
            ({"startDateTime": "soon"}, "Request_BadRequest", "Invalid value specified for property 'startDate.+"),
            ({"endDateTime": 1}, "Request_BadRequest", "Invalid value specified for property 'endDateTime' .+"),
            ({"endDateTime": "2000-01-01T00:00:00Z"}, "KeyCredentialsInvalidEndDate", "Key credential end date .+"),
            ({"endDateTime": "2999-01-01T00:00:00Z"}, "KeyCredentialsInvalidEndDate", "Key credential end date .+"),
            ({"startDateTime": "2000-01-01T00:00:00Z"}, "KeyCredentialsInvalidStartDate", ".+"),
        ],
    )
    def test_one_that_is_wrong(
        self, world: World, one: x509.Certificate, changes: dict[str, Any], code: str, message: str
    ) -> None:
        """[MEM] the texts of KeyCredentialsInvalidValue and KeyCredentialsInvalidStartDate."""
        body = {"displayName": "C", "keyCredentials": [entry(one, **changes)]}
        refused(world.graph("POST", "/applications", json=body), 400, code, message)

    def test_a_stored_one_can_not_be_changed(self, world: World, one: x509.Certificate) -> None:
        app = world.register()
        key_id = str(uuid.uuid4())
        world.change(app, keyCredentials=[entry(one, keyId=key_id)])
        other = entry(certificate(), keyId=key_id)
        answer = world.graph("PATCH", f"/applications/{app.object_id}", json={"keyCredentials": [other]})
        refused(answer, 400, "Request_BadRequest", f"Update to existing credential with KeyId '{key_id}' is .+")
        twice = {"keyCredentials": [entry(one, keyId=key_id), entry(one, keyId=key_id)]}
        answer = world.graph("PATCH", f"/applications/{app.object_id}", json=twice)
        refused(answer, 400, "DuplicateValue", ".+ duplicate values\\.")

    @hostile
    @given(at=st.integers(0, 799), byte=st.integers(0, 255))
    def test_a_damaged_one_is_no_fault_of_the_tenant(
        self, world: World, one: x509.Certificate, at: int, byte: int
    ) -> None:
        der = bytearray(der_of(one))
        der[at % len(der)] = byte
        body = {"displayName": "C", "keyCredentials": [entry(one, key=base64.b64encode(der).decode())]}
        assert world.graph("POST", "/applications", json=body).status_code in (201, 400)


class TestSecrets:
    def test_one_that_is_removed_is_worth_nothing(self, world: World) -> None:
        app = world.register()
        path = f"/applications/{app.object_id}"
        other = world.made(f"{path}/addPassword", {"passwordCredential": {"displayName": "other"}})
        (_, first) = world.graph("GET", path).json()["passwordCredentials"]
        assert world.client_credentials(app).status_code == 200
        assert world.graph("POST", f"{path}/removePassword", json={"keyId": first["keyId"]}).status_code == 204
        assert world.client_credentials(app).json()["error_codes"] == [7000215]
        assert world.client_credentials(app, client_secret=other["secretText"]).status_code == 200
        (left,) = world.graph("GET", path).json()["passwordCredentials"]
        assert left["keyId"] == other["keyId"]

    @pytest.mark.parametrize(
        ("body", "message"),
        [
            ({"keyId": UNKNOWN}, "No credentials found to be removed\\."),
            ({"keyId": "x"}, "Invalid value specified for property 'keyId' of resource 'PasswordCredential'\\."),
            ({}, "Invalid value specified for property 'keyId' of resource 'PasswordCredential'\\."),
        ],
    )
    def test_removing_none(self, world: World, app: App, body: dict[str, str], message: str) -> None:
        answer = world.graph("POST", f"/applications/{app.object_id}/removePassword", json=body)
        refused(answer, 400, "Request_BadRequest", message)

    def test_another_applications_secret_stays(self, world: World, app: App) -> None:
        other = world.register()
        (entry,) = world.graph("GET", f"/applications/{other.object_id}").json()["passwordCredentials"]
        body = {"keyId": entry["keyId"]}
        assert world.graph("POST", f"/applications/{app.object_id}/removePassword", json=body).status_code == 400
        assert world.client_credentials(other).status_code == 200

    def test_its_lifetime(self, world: World) -> None:
        app = world.register()
        asked = {"startDateTime": "2026-01-01T00:00:00Z", "endDateTime": "2027-01-01T01:00:00+01:00"}
        made = world.made(f"/applications/{app.object_id}/addPassword", {"passwordCredential": asked})
        assert (made["startDateTime"], made["endDateTime"]) == ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z")

    def test_no_body_is_needed(self, world: World, app: App) -> None:
        answer = world.graph("POST", f"/applications(appId='{app.client_id}')/addPassword")
        assert answer.status_code == 200
        assert answer.json()["displayName"] is None


def federated(**changes: Any) -> dict[str, Any]:
    """Return a federated credential as Graph wants it."""
    subject = f"repo:contoso/expenses:ref:{uuid.uuid4()}"
    return {"name": f"n{uuid.uuid4()}", "issuer": ISSUER, "subject": subject, "audiences": [AUDIENCE]} | changes


class TestFederated:
    def test_its_life(self, world: World) -> None:
        app = world.register()
        path = f"/applications/{app.object_id}/federatedIdentityCredentials"
        by_app_id = f"/applications(appId='{app.client_id}')/federatedIdentityCredentials"
        assert world.graph("GET", path).json()["value"] == []
        sent = federated()
        made = world.made(path, sent)
        context = made.pop("@odata.context")
        assert context.endswith(f"/$metadata#applications('{app.object_id}')/federatedIdentityCredentials/$entity")
        assert is_guid(made["id"])
        assert made == {"id": made["id"], **sent, "description": None}
        other = world.made(by_app_id, federated(description="second"))
        for address in (f"{path}/{made['id']}", f"{path}/{made['name']}", f"{by_app_id}(name='{made['name']}')"):
            assert world.graph("GET", address).json() == {"@odata.context": context, **made}
        assert world.graph("PATCH", f"{path}/{made['id']}", json={"subject": "changed"}).status_code == 204
        listed = world.graph("GET", by_app_id).json()["value"]
        assert [credential["subject"] for credential in listed] == ["changed", other["subject"]]
        assert world.graph("DELETE", f"{path}/{made['name']}").status_code == 204
        assert [credential["id"] for credential in world.graph("GET", path).json()["value"]] == [other["id"]]
        refused(world.graph("GET", f"{path}/{made['id']}"), 404, "Request_ResourceNotFound", ".+")

    def test_it_is_no_property_of_the_application(self, world: World) -> None:
        app = world.register()
        path = f"/applications/{app.object_id}"
        world.made(f"{path}/federatedIdentityCredentials", federated())
        assert "federatedIdentityCredentials" not in world.graph("GET", path).json()
        world.change(app, displayName="Renamed")
        assert len(world.graph("GET", f"{path}/federatedIdentityCredentials").json()["value"]) == 1
        answer = world.graph("PATCH", path, json={"federatedIdentityCredentials": []})
        refused(answer, 400, "Request_BadRequest", "Invalid property 'federatedIdentityCredentials'\\.")

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            *(
                ({name: None}, f"A value is required for property '{name}' .+")
                for name in ("name", "issuer", "subject")
            ),
            ({"audiences": []}, "A value is required for property 'audiences' .+"),
            ({"audiences": ["a", "b"]}, "Invalid value specified for property 'audiences' .+"),
            ({"audiences": "a"}, "Invalid value specified for property 'audiences' .+"),
            ({"audiences": ["a" * 601]}, "Invalid value specified for property 'audiences' .+"),
            ({"name": "has space"}, "Invalid value specified for property 'name' .+"),
            ({"name": "a" * 121}, "Invalid value specified for property 'name' .+"),
            ({"issuer": "a" * 601}, "Invalid value specified for property 'issuer' .+"),
            ({"subject": 1}, "Invalid value specified for property 'subject' .+"),
            ({"description": 1}, "Invalid value specified for property 'description' .+"),
            ({"nonsense": 1}, "Invalid property 'nonsense'\\."),
        ],
    )
    def test_one_that_is_wrong(self, world: World, app: App, changes: dict[str, Any], message: str) -> None:
        path = f"/applications/{app.object_id}/federatedIdentityCredentials"
        refused(world.graph("POST", path, json=federated(**changes)), 400, "Request_BadRequest", message)

    def test_names_and_subjects_are_there_once(self, world: World) -> None:
        """Source: https://github.com/Azure/azure-dev/issues/1482 and
        https://github.com/Azure/azure-workload-identity/issues/434"""
        path = f"/applications/{world.register().object_id}/federatedIdentityCredentials"
        one, other = federated(), federated()
        world.made(path, one)
        world.made(path, other)
        answer = world.graph("POST", path, json=federated(name=one["name"]))
        message = f"FederatedIdentityCredential with name {one['name']} already exists\\."
        refused(answer, 409, "Request_MultipleObjectsWithSameKeyValue", message)
        same = {"subject": one["subject"]}
        for answer in (
            world.graph("POST", path, json=federated(**same)),
            world.graph("PATCH", f"{path}/{other['name']}", json=same),
        ):
            refused(answer, 400, "InvalidFederatedIdentityCredentialValue", "The combination of issuer and .+")
        renamed = world.graph("PATCH", f"{path}/{other['name']}", json={"name": "renamed"})
        refused(renamed, 400, "Request_BadRequest", ".+ cannot be changed\\.")

    def test_there_are_at_most_twenty(self, world: World) -> None:
        """[MEM] the code and the text; the number stands in the reference."""
        path = f"/applications/{world.register().object_id}/federatedIdentityCredentials"
        for _ in range(20):
            world.made(path, federated())
        refused(world.graph("POST", path, json=federated()), 400, "Directory_QuotaExceeded", ".+ 20\\.")
