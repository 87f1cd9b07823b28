"""Tenants, apps and users that are not where they are looked for."""

from __future__ import annotations

from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, codes, says

FAILURES = (
    Failure(
        "resource-not-in-the-tenant",
        "The tenant knows no resource of this name",
        codes(500011, 650052),
        "The app has no service principal in this tenant, its identifier URI is another, or the tenant is the wrong "
        "one.",
        Remedy(
            portal="Enterprise applications: is the app there? Expose an API: is the Application ID URI this one?",
            az="az ad sp create --id <client id>",
            python="await graph.service_principals.post(ServicePrincipal(app_id=<client id>))",
        ),
        f"{GITHUB}/Azure/azure-cli/issues/29071",
        number=25,
    ),
    Failure(
        "client-not-in-the-tenant",
        "The tenant knows no app with this client id",
        codes(700016, 7000229),
        "The client id is wrong, is another tenant's, or the app has no service principal here.",
        Remedy(
            portal="App registrations > your app > Overview: compare client id and tenant id",
            az="az ad app show --id <client id>; az account show --query tenantId; az ad sp create --id <client id>",
            python="AZURE_TENANT_ID and ENTRA_PROXY_AZURE_CLIENT_ID must be of the same tenant",
        ),
        f"{GITHUB}/Azure-Samples/azure-search-openai-demo/issues/1969",
        number=25,
    ),
    Failure(
        "not-a-client-id",
        "The client id is no application's",
        codes(700038),
        "It is all zeros, or another id was copied (object id, secret id).",
        Remedy(portal="App registrations > your app > Overview > Application (client) ID"),
        CODES,
    ),
    Failure(
        "tenant-not-found",
        "There is no such tenant",
        codes(90002, 900023, 50049),
        "The tenant id is misspelled, or is of another cloud (Azure Government, China).",
        Remedy(
            portal="Overview > Tenant ID",
            az="az account show --query tenantId",
            python="AZURE_TENANT_ID; another cloud: ENTRA_PROXY_BASE_AUTHORITY",
        ),
        f"{GITHUB}/Azure/azure-cli/issues/22145",
    ),
    Failure(
        "not-multi-tenant",
        "An app of one tenant is called at common",
        codes(50194, 9002332),
        "The app admits accounts of its own tenant only, and the request goes to common, organizations or consumers.",
        Remedy(
            portal="Authentication > Supported account types, if other tenants shall come in",
            az="az ad app update --id <client id> --sign-in-audience AzureADMultipleOrgs",
            python="AZURE_TENANT_ID=<your tenant id>",
        ),
        CODES,
    ),
    Failure(
        "account-of-another-tenant",
        "The account is of another tenant",
        codes(50020),
        "The user is signed in with an account that this tenant does not have as a guest.",
        Remedy(
            portal="Users > New user > Invite external user; or sign in with another account",
            python='extra_authorize_params={"prompt": "select_account"}: lets users choose',
            client="Sign out in the browser and choose the right account",
        ),
        f"{LEARN}/identity-platform/single-and-multi-tenant-apps",
    ),
    Failure(
        "no-such-user",
        "There is no such user in the tenant",
        codes(50034),
        "The name is misspelled, or of another tenant.",
        Remedy(portal="Users: look for the account", az="az ad user show --id <user principal name>"),
        CODES,
    ),
    Failure(
        "user-disabled",
        "The user's account is switched off",
        codes(50057),
        "An administrator blocked it.",
        Remedy(
            portal="Users > the user > Account status",
            az="az ad user update --id <user> --account-enabled true",
            python="await graph.users.by_user_id(...).patch(User(account_enabled=True))",
        ),
        CODES,
    ),
    Failure(
        "app-disabled",
        "Sign-in to the app is switched off",
        codes(7000112),
        "Its service principal is disabled, by an administrator or by Microsoft.",
        Remedy(
            portal="Enterprise applications > the app > Properties > Enabled for users to sign-in: Yes",
            az="az ad sp update --id <client id> --set accountEnabled=true",
            python="await principal.patch(ServicePrincipal(account_enabled=True))",
        ),
        CODES,
    ),
    Failure(
        "identifier-uri-refused",
        "The tenant's policy does not take this identifier URI",
        says(
            r"Failed to add identifier URI",
            r"Values of IdentifierUris property must use a verified domain",
        ),
        "A new api:// URI must have the tenant id, the app id or a verified domain in it, unless the app has version "
        "2.0 tokens. The host of an https URI must be in a verified domain, whatever the version. Nobody can verify "
        "azurewebsites.net, azurecontainerapps.io or devtunnels.ms.",
        Remedy(
            portal="Expose an API: api://<client id>, which is always taken; or verify the domain first",
            az="az ad app update --id <client id> --identifier-uris api://<client id>",
            python='Application(identifier_uris=["api://<client id>"])',
        ),
        f"{LEARN}/identity-platform/identifier-uri-restrictions",
    ),
    Failure(
        "graph-permission-missing",
        "Microsoft Graph says the app lacks the permission",
        says(r"Authorization_RequestDenied", r"Insufficient privileges to complete the operation", r"accessDenied"),
        "The token for Graph does not have the scope this call needs, or the user may not do it.",
        Remedy(
            portal="API permissions > Add a permission > Microsoft Graph, and Grant admin consent",
            az="az ad app permission admin-consent --id <client id>",
            python="Ask for the scope on behalf of the user, and at sign-in in additional_authorize_scopes",
        ),
        "https://learn.microsoft.com/graph/permissions-reference",
    ),
)
