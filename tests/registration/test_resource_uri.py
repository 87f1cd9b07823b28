"""Which addresses can be an Application ID URI, and what is said of those that can't. No directory is asked."""

from __future__ import annotations

import pytest

from workshop.errors import WorkshopError
from workshop.registration.declarations import PREAUTHORIZED, PROXY
from workshop.registration.resource_uri import OTHERWISE, address_of, resource_uri, unverified

DOMAINS = ("contoso.com", "contoso.onmicrosoft.com")


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("https://mcp.contoso.com", "https://mcp.contoso.com/mcp"),
        ("https://mcp.contoso.com/", "https://mcp.contoso.com/mcp"),
        ("https://mcp.contoso.com/mcp", "https://mcp.contoso.com/mcp"),
        ("https://mcp.contoso.com/mcp/", "https://mcp.contoso.com/mcp"),
        ("https://MCP.Contoso.COM:443/Team", "https://mcp.contoso.com/Team/mcp"),
        ("https://mcp.contoso.com:8443", "https://mcp.contoso.com:8443/mcp"),
        ("https://contoso.com/expenses", "https://contoso.com/expenses/mcp"),
    ],
)
def test_an_address_is_written_as_clients_send_it(address: str, uri: str) -> None:
    assert resource_uri(address) == uri
    assert resource_uri(uri) == uri
    assert resource_uri(address_of(uri)) == uri
    assert unverified(uri, DOMAINS) == ""


REPORTED = {
    "https://tts-func-orchestrator-eth2.azurewebsites.net": "azurewebsites.net",  # 18F/piipan#2289
    "https://re90fdhc-47002.asse.devtunnels.ms": "devtunnels.ms",  # microsoft/agent-academy#3193
    "https://goals.azurefd.net/6f1c3a52": "azurefd.net",  # OfficeDev/microsoft-teams-apps-goaltracker#10
    "https://hachensfc.eastus.cloudapp.azure.com:19080": "cloudapp.azure.com",  # MicrosoftDocs/azure-docs#90448
    "https://iwaapp-contoso.msappproxy.net": "msappproxy.net",  # microsoftgraph/microsoft-graph-docs-contrib#9317
    "https://mcp.kindsea-1a2b3c4d.westeurope.azurecontainerapps.io/mcp": "azurecontainerapps.io",
    "https://8a1b-203-0-113-7.ngrok-free.app/mcp": "ngrok-free.app",
}
"""Addresses that people tried, and whose domain it is."""


@pytest.mark.parametrize("address", REPORTED)
def test_a_name_below_a_domain_that_many_share_can_not_be_one(address: str) -> None:
    with pytest.raises(WorkshopError) as refused:
        resource_uri(address)
    assert f"{REPORTED[address]} is its owner's, and no other tenant can verify it" in str(refused.value)
    assert OTHERWISE in str(refused.value)
    assert unverified(address, DOMAINS).startswith(REPORTED[address])


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://mcp.contoso.com", "it is not https"),
        ("http://localhost:8000", "it is not https, but on this machine"),
        ("http://[::1]:8000", "it is not https, but on this machine"),
        ("https://localhost:8443", "localhost is no name below a domain"),
        ("https://203.0.113.7", "203.0.113.7 is no name below a domain"),
        ("https://[2001:db8::7]", "2001:db8::7 is no name below a domain"),
        ("https://hachensfc", "hachensfc is no name below a domain"),
        ("api://6f1c3a52-0000-4000-8000-0123456789ab", "it is not https"),
        ("mcp.contoso.com", "it is not https"),
    ],
)
def test_what_is_no_public_https_address_is_sent_to_the_proxy(address: str, why: str) -> None:
    with pytest.raises(WorkshopError) as refused:
        resource_uri(address)
    assert str(refused.value) == f"{address} can't be an Application ID URI: {why}. {OTHERWISE}"


@pytest.mark.parametrize(
    "address",
    [
        "https://mcp.contoso.com:many",
        "https://mcp.contoso.com/mcp?x=1",
        "https://mcp.contoso.com/#top",
        "https://user:practice.word@mcp.contoso.com",
        "http://user:practice.word@mcp.contoso.com:many",
        "https://mcp.contoso.com/{client_id}",
        "https://bücher.contoso.com",
        "https://[mcp",
    ],
)
def test_what_is_no_address_of_a_server_is_refused_and_no_password_shown(address: str) -> None:
    with pytest.raises(WorkshopError) as refused:
        resource_uri(address)
    assert "practice.word" not in str(refused.value)


def test_a_host_below_no_verified_domain_is_named_with_those_there_are() -> None:
    for uri in (
        "https://mcp.fabrikam.com/mcp",
        "https://mcp.businesscentral.dynamics.com",  # anthropics/claude-ai-mcp#397: the server is another's
        "https://fhirpaas21.azurehealthcareapis.com",  # Azure/azure-docs-powershell-azuread#724
        "https://evilcontoso.com/mcp",
        "https://contoso.com.evil.example/mcp",
    ):
        assert "is not below a verified domain of this directory (contoso.com, contoso.onmicrosoft.com)" in unverified(
            uri, DOMAINS
        )
        assert unverified(uri, ()) == "", "an account that may not read the domains"


def test_who_knows_the_app_by_its_id_goes_on_beside_the_https_uri() -> None:
    declared = PREAUTHORIZED.known_by("https://mcp.contoso.com/mcp")
    assert declared.identifier_uris("an-id") == ("https://mcp.contoso.com/mcp", "api://an-id")
    assert PREAUTHORIZED.identifier_uris("an-id") == ("api://an-id",)
    assert declared.sent_as == declared.at("https://MCP.contoso.com/").sent_as == "https://mcp.contoso.com/mcp"
    assert PREAUTHORIZED.sent_as == PREAUTHORIZED.at("http://localhost:9000").sent_as == ""
    assert PROXY.at("https://mcp.contoso.com").sent_as == "", "the proxy sends Entra no address"
