"""How the server proves to Entra which app it is: secret, certificate, another issuer's token."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, codes
from workshop.diagnosis.knowledge.redirects import MOVE_TO_WEB

FEDERATION = f"{LEARN}/workload-id/workload-identity-federation"
CERTIFICATES = f"{LEARN}/identity-platform/certificate-credentials"
RESET = "az ad app credential reset --id <client id> --append --years 1"
UPLOAD = "az ad app credential reset --id <client id> --cert @public.pem --append"
FIC = "az ad app federated-credential update --id <client id> --federated-credential-id <name> --parameters @fic.json"

FAILURES = (
    Failure(
        "secret-wrong",
        "The client secret is wrong",
        codes(7000215),
        "Often the Secret ID was copied instead of the Value, or the secret is another app's.",
        Remedy(
            portal="Certificates & secrets > New client secret: copy the Value, shown only once",
            az=RESET,
            python="ENTRA_PROXY_AZURE_CLIENT_SECRET=<the Value>",
        ),
        f"{GITHUB}/MicrosoftDocs/entra-docs/pull/1301",
        number=24,
    ),
    Failure(
        "secret-expired",
        "The client secret has expired",
        codes(7000222),
        "Secrets end, after two years at most.",
        Remedy(
            portal="Certificates & secrets > New client secret, and delete the old one",
            az=RESET,
            python="Put in the new one. With an empty ENTRA_PROXY_JWT_SIGNING_KEY this ends all sign-ins once",
        ),
        f"{GITHUB}/dotnet/sign/issues/849",
        number=24,
    ),
    Failure(
        "certificate-not-registered",
        "The certificate is not registered with the app",
        codes(700027),
        "The public certificate was not uploaded, or to another app, or the private key is another's.",
        Remedy(
            portal="Certificates & secrets > Certificates > Upload certificate: the public part only",
            az=UPLOAD,
            python="Compare thumbprints: that in the message with that in the admin center",
        ),
        f"{GITHUB}/AzureAD/microsoft-authentication-library-for-js/issues/8339",
        number=24,
    ),
    Failure(
        "secret-missing",
        "The app needs a secret and none was sent",
        codes(7000218, 7000216),
        "The redirect URI is of the platform Web, or the flow is client credentials: both need a credential. A program "
        "on a user's machine belongs under Mobile and desktop applications.",
        Remedy(
            portal="A server: set its secret. A desktop program: Authentication > Mobile and desktop, "
            "Allow public client flows: Yes",
            az="az ad app update --id <client id> --public-client-redirect-uris http://localhost",
            python="ENTRA_PROXY_AZURE_CLIENT_SECRET must be set",
        ),
        f"{GITHUB}/AzureAD/microsoft-authentication-cli/issues/18",
        number=24,
    ),
    Failure(
        "secret-of-a-public-client",
        "A public client sent a secret",
        codes(700025),
        "The redirect URI is registered under Mobile and desktop applications, which have no secret.",
        Remedy(
            portal="Authentication: move the URI to the platform Web, if it is a server's",
            az=MOVE_TO_WEB,
            python="A desktop program: PublicClientApplication, no secret",
        ),
        f"{GITHUB}/Azure-Samples/ms-identity-python-webapp/issues/113",
        number=24,
    ),
    Failure(
        "federated-subject-wrong",
        "The federated credential names another subject than the token",
        codes(700213, 7002138),
        "For a managed identity the subject is its object (principal) id, not its client id. Upper and lower case "
        "count. Entra takes any value until it is used.",
        Remedy(
            portal="Certificates & secrets > Federated credentials: choose Managed identity and pick it from the list",
            az=FIC,
            python="FederatedIdentityCredential(subject=<the identity's principal id>)",
        ),
        f"{GITHUB}/Azure/login/issues/482",
        number=23,
    ),
    Failure(
        "federated-issuer-or-audience-wrong",
        "The federated credential names another issuer or audience than the token",
        codes(700211, 700212),
        "Issuer: https://login.microsoftonline.com/<tenant id>/v2.0 for a managed identity. Audience: "
        "api://AzureADTokenExchange.",
        Remedy(
            portal="Certificates & secrets > Federated credentials > Edit",
            az=FIC,
            python='FederatedIdentityCredential(audiences=["api://AzureADTokenExchange"])',
        ),
        f"{GITHUB}/Azure/login/issues/461",
        number=23,
    ),
    Failure(
        "federated-token-not-allowed",
        "This token can't stand in for a credential",
        codes(700226, 700229, 700236),
        "Of Entra's own tokens only a managed identity's of the same tenant may, not a user's and not another app's.",
        Remedy(
            python="Use ManagedIdentityCredential of a user-assigned identity for api://AzureADTokenExchange/.default"
        ),
        f"{FEDERATION}-config-app-trust-managed-identity",
        number=23,
    ),
    Failure(
        "federated-issuer-unreachable",
        "Entra can't fetch the outside issuer's keys",
        codes(50166),
        "Its discovery document or key set did not answer.",
        Remedy(portal="Federated credentials: the issuer must be a public https address with a discovery document"),
        FEDERATION,
    ),
    Failure(
        "assertion-malformed",
        "The assertion with which the client proves itself is malformed",
        codes(50027, 90014, 700021, 700023, 5002723, 5002738),
        "A claim is missing, iss and sub are not the client id, aud is not the token endpoint, the header names no "
        "certificate, or the algorithm is none of those allowed.",
        Remedy(
            python="Let a library make it: azure-identity CertificateCredential or msal. By hand: iss = sub = client "
            "id, aud = the token endpoint, header x5t#S256, PS256",
        ),
        CERTIFICATES,
    ),
    Failure(
        "assertion-expired",
        "The assertion with which the client proves itself is not valid now",
        codes(700024),
        "It was kept too long, or the machine's clock is wrong.",
        Remedy(python="Make a new one for each request (5 to 10 minutes); set the clock by network time"),
        CERTIFICATES,
    ),
    Failure(
        "public-client-flow",
        "The grant type is not one that this app may use",
        codes(70003),
        "Entra does not know it, or not for this app.",
        Remedy(python="grant_type is authorization_code, refresh_token, client_credentials, device_code or jwt-bearer"),
        CODES,
    ),
)
