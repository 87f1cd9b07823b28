"""The refusals of the two forms.

Sources: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling
and, as recorded: "Identity not found" in Azure/azure-sdk-for-net issue 37278; several identities in
Hexadite/acs-keyvault-agent pull request 43; a missing resource in Azure/aad-pod-identity pull request 450; at App
Service, an unknown identity in Azure-Samples/azure-search-openai-demo issue 2148, no identity in
Azure/azure-sdk-for-net issue 43691, an unknown resource in Azure/azure-sdk-for-net issue 44685.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(eq=False)
class IdentityError(Exception):
    """A refusal: HTTP status, the error of IMDS ("" at App Service, which names none), and a sentence."""

    status: int
    error: str
    text: str

    def __str__(self) -> str:
        return f"{self.error}: {self.text}" if self.error else self.text


def no_such_host(assigned: Iterable[str]) -> IdentityError:
    """Refuse a path of this door that stands for no host; nothing of the kind is on Azure."""
    wanted = f"/<tenant id>/<{' | '.join(assigned)}>"
    return IdentityError(400, "invalid_request", f"The PRACTICE tenant knows no such host: the path begins {wanted}")


def metadata_header_missing() -> IdentityError:
    return IdentityError(400, "bad_request_102", "Required metadata header not specified")


def variable_missing(name: str) -> IdentityError:
    """Refuse a request of IMDS; [MEM] for another name than ``resource``."""
    return IdentityError(400, "invalid_request", f"Required query variable '{name}' is missing")


def identity_not_found() -> IdentityError:
    return IdentityError(400, "invalid_request", "Identity not found")


def several_identities() -> IdentityError:
    return IdentityError(
        400,
        "invalid_request",
        "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the "
        "token request",
    )


def wrong_identity_header() -> IdentityError:
    """Refuse a request of App Service without its secret header; [MEM] the sentence."""
    return IdentityError(401, "", "The X-IDENTITY-HEADER header is missing or does not match IDENTITY_HEADER.")


def wrong_api_version() -> IdentityError:
    """Refuse a request of App Service in another version; [MEM] the sentence."""
    return IdentityError(400, "", "The api-version must be 2019-08-01.")


def no_resource() -> IdentityError:
    """Refuse a request of App Service for nothing; [MEM] the sentence."""
    return IdentityError(400, "", "The resource is missing.")


def no_identity_assigned() -> IdentityError:
    return IdentityError(400, "", "Unable to load the proper Managed Identity.")


def no_such_identity() -> IdentityError:
    return IdentityError(
        400,
        "",
        "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.",
    )


def token_not_fetched() -> IdentityError:
    return IdentityError(500, "", "An unexpected error occured while fetching the AAD Token.")
