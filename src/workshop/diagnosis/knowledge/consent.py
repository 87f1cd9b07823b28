"""Consent and assignment: what users and administrators have to allow."""

from __future__ import annotations

from workshop.core.well_known import AZURE_CLI
from workshop.diagnosis.knowledge.entry import CODES, GITHUB, LEARN, Failure, Remedy, Sign, codes

GRANT = "az ad app permission admin-consent --id <client id>"

FAILURES = (
    Failure(
        "consent-missing",
        "Nobody has consented to what the app asks for",
        codes(65001),
        "Neither the user nor an administrator granted this scope to this app. At a refresh and on behalf of a user "
        "nobody can be asked, so it fails there, often for the first time after an hour.",
        Remedy(
            portal="API permissions > Grant admin consent",
            az=GRANT,
            python="Let users consent at sign-in: Graph's scopes into additional_authorize_scopes; or ask for "
            "<client id>/.default with the client in knownClientApplications",
            client="Sign in again and accept",
        ),
        f"{GITHUB}/PrefectHQ/fastmcp/issues/2468",
        number=11,
    ),
    Failure(
        "azure-cli-not-preauthorized",
        "The Azure CLI has no consent for your app",
        (Sign(65001, (AZURE_CLI,)),),
        "az account get-access-token asks as the Azure CLI. That is Microsoft's app, and it never shows a consent "
        "page for yours.",
        Remedy(
            portal=f"Expose an API > Add a client application: {AZURE_CLI}, tick the scope",
            az="az login --scope api://<client id>/<scope>",
            python="api.pre_authorized_applications: the CLI's id with the scope's id",
        ),
        f"{GITHUB}/Azure/azure-cli/issues/15056",
        "the Azure CLI, AzureCliCredential",
        25,
    ),
    Failure(
        "microsofts-app-not-preauthorized",
        "Microsoft's own app may not ask Microsoft's own API",
        codes(65002),
        "Client and resource are both Microsoft's, and the two have no agreement for this scope. Nobody in your tenant "
        "can change that.",
        Remedy(
            portal="Register an app of your own and give it the permission",
            az="az login --scope, with a client id of your own in the program, not the CLI's",
        ),
        f"{GITHUB}/Azure/azure-cli/issues/23485",
        "the Azure CLI, VS Code",
        25,
    ),
    Failure(
        "consent-declined",
        "The user, or an administrator, declined to consent",
        codes(65004),
        "Someone pressed Cancel on the consent page.",
        Remedy(client="Sign in again and accept, or ask an administrator to consent for all", az=GRANT),
        CODES,
    ),
    Failure(
        "admin-consent-needed",
        "Only an administrator may grant this permission",
        codes(90094, 90093, 90095),
        "The permission is for administrators only, or users may not consent to it in this tenant. Today's usual "
        "reason is Microsoft's managed default, where nobody chose otherwise: since August 2025 users can't grant "
        "Files.*.All and Sites.*.All, since November 2025 much of mail, calendars and Teams neither.",
        Remedy(
            portal="An administrator: API permissions > Grant admin consent; or send them "
            "https://login.microsoftonline.com/<tenant>/v2.0/adminconsent?client_id=<client id>",
            az=GRANT,
            python="workshop register ... --plan --for-admin writes down what to ask for",
        ),
        f"{LEARN}/identity/enterprise-apps/application-sign-in-unexpected-user-consent-error",
    ),
    Failure(
        "user-not-assigned",
        "The app demands that its users are assigned, and this one is not",
        codes(50105),
        "Assignment required is on, and the user is neither assigned nor a direct member of an assigned group. Groups "
        "in groups don't count.",
        Remedy(
            portal="Enterprise applications > the app > Users and groups > Add user/group; or Properties > Assignment "
            "required: No",
            az="az rest -m POST -u https://graph.microsoft.com/v1.0/servicePrincipals/<id>/appRoleAssignedTo -b '...'",
            python="await principal.app_role_assigned_to.post(AppRoleAssignment(...))",
        ),
        f"{GITHUB}/microsoft/coe-starter-kit/issues/4882",
        number=25,
    ),
    Failure(
        "app-not-assigned",
        "The client app has no role in the API",
        codes(501051),
        "The API demands assignment, and an app that acts for itself was given no app role.",
        Remedy(
            portal="The client > API permissions > Application permissions, and Grant admin consent",
            az=GRANT,
        ),
        f"{LEARN}/identity-platform/howto-add-app-roles-in-apps",
    ),
)
