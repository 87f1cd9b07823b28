"""A client that names itself by the address of its metadata document, at a server that can't read it."""

from __future__ import annotations

from servers.raw_client import raw_client

from workshop.diagnosis import diagnose

from .conftest import Entra

UNREACHABLE = "https://editor.invalid/oauth/client-metadata.json"  # .invalid is in no name service (RFC 6761)
SUPPORTED = "client_id_metadata_document_supported"


def test_a_proxy_that_cannot_read_it(entra: Entra) -> None:
    with raw_client(entra, consent=True) as client:
        assert client.get("/.well-known/oauth-authorization-server").json()[SUPPORTED] is True
        refused = client.authorize(client_id=UNREACHABLE, redirect_uri="http://127.0.0.1:33418/")
        forgotten = client.authorize(client_id="0b8a5f6e-aaaa-4222-8333-bbbbbbbbbbbb")
    assert refused.status_code == 400
    (found,) = diagnose(refused.text).findings
    assert found.failure.name == "client-document-unread"
    assert "ENTRA_PROXY_ENABLE_CIMD=no" in found.failure.mend.python
    (other,) = diagnose(forgotten.text).findings
    assert other.failure.name == "client-forgotten"


def test_the_switch_that_the_mend_names_takes_the_promise_back_and_leaves_registration(entra: Entra) -> None:
    with raw_client(entra, consent=True, enable_cimd=False) as client:
        metadata = client.get("/.well-known/oauth-authorization-server").json()
        assert not metadata.get(SUPPORTED)
        assert metadata["registration_endpoint"]
        assert client.register().status_code == 201
