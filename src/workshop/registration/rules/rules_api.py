"""Expose an API: the token's version, the Application ID URI, the scopes, and who needs no consent for them."""

from __future__ import annotations

from urllib.parse import urlsplit

from workshop.registration.aspects import CLIENTS
from workshop.registration.declarations import Declaration
from workshop.registration.resource_uri import below, lent_by, unverified
from workshop.registration.rules.rule import Rule, SettingMend, SettingVerdict, listed, right, wrong
from workshop.registration.seen import App, Snapshot

EXPOSE = "https://learn.microsoft.com/entra/identity-platform/quickstart-configure-app-expose-web-apis"
MANIFEST = "https://learn.microsoft.com/entra/identity-platform/reference-microsoft-graph-app-manifest"
MCP_SERVER = "https://learn.microsoft.com/entra/agent-id/secure-mcp-server-with-entra-id"
URI_RULES = "https://learn.microsoft.com/entra/identity-platform/identifier-uri-restrictions"


def token_version(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict:
    """Compare the version of access tokens."""
    version = str(app.token_version) if app.token_version else "not set, which means 1"
    return right(version) if app.token_version == declaration.token_version else wrong(version)


def identifier_uri(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict:
    """Look for the declared URI, letter for letter."""
    expected = declaration.identifier_uri.format(client_id=app.client_id)
    uris = listed(app.identifier_uris)
    if expected in app.identifier_uris:
        return right(uris)
    for uri in app.identifier_uris:
        if uri.rstrip("/").lower() == expected.lower():
            return wrong(f"{uri}: written differently")
    return wrong(uris)


def identifier_owner(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict:
    """See that no other application holds the declared URI."""
    expected = declaration.identifier_uri.format(client_id=app.client_id)
    owner = snapshot.owners.get(expected)
    if owner is None:
        return right("nobody holds it")
    return right("this app holds it") if owner == app.client_id else wrong(f"the app {owner} holds {expected}")


def identifier_policy(app: App, snapshot: Snapshot, _: Declaration) -> SettingVerdict | None:
    """Hold each URI against the policy that directories have by default."""
    if not app.identifier_uris or snapshot.directory is None:
        return None
    ids, domains = (app.client_id, snapshot.directory.tenant_id), snapshot.directory.domains
    outside = [uri for uri in app.identifier_uris if not _allowed(uri, ids, domains, app.token_version)]
    reasons = "".join(f". {why}" for uri in outside if (why := unverified(uri, domains)))
    return wrong(f"outside the policy: {listed(outside)}{reasons}") if outside else right(listed(app.identifier_uris))


def identifier_address(app: App, snapshot: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """Look for the address that clients send, letter for letter, where they sign in to Entra themselves."""
    sent = declaration.sent_as
    if not sent:
        return None
    if sent in app.identifier_uris:
        return right(sent)
    domains = snapshot.directory.domains if snapshot.directory else ()
    why = unverified(sent, domains) or lent_by(urlsplit(sent).hostname or "")
    return wrong(f"clients send {sent}, the app has {listed(app.identifier_uris)}{f'. {why}' if why else ''}")


def _allowed(uri: str, ids: tuple[str, ...], domains: tuple[str, ...], version: int | None) -> bool:
    parts = urlsplit(uri)
    verified = below(parts.hostname or "", domains)
    if parts.scheme in ("http", "https"):
        return verified
    return verified or version == 2 or any(id_ in uri for id_ in ids)


def scopes_exist(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict:
    """Look for each declared scope by its value."""
    there = {scope.value for scope in app.scopes}
    missing = [scope.value for scope in declaration.scopes if scope.value not in there]
    return wrong(f"there is {listed(sorted(there), 'no scope')}") if missing else right(listed(sorted(there)))


def scopes_enabled(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the declared scopes are switched on."""
    there = [scope for declared in declaration.scopes if (scope := app.scope(declared.value))]
    off = [scope.value for scope in there if not scope.enabled]
    if not there:
        return None
    return wrong(f"disabled: {listed(off)}") if off else right("enabled")


def scopes_consent(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """Compare who may consent to the declared scopes."""
    pairs = [(declared, scope) for declared in declaration.scopes if (scope := app.scope(declared.value))]
    if not pairs:
        return None
    differing = [scope.value for declared, scope in pairs if (scope.type == "Admin") != declared.admins_only]
    who = {True: "only admins", False: "admins and users"}
    consents = listed(f"{scope.value}: {who[scope.type == 'Admin']}" for _, scope in pairs)
    return wrong(consents) if differing else right(consents)


def preauthorized(app: App, _: Snapshot, declaration: Declaration) -> SettingVerdict | None:
    """See that the declared clients are listed with every declared scope, and with no scope that is gone."""
    if not declaration.preauthorized:
        return None
    ids = {scope.value: scope.id for scope in app.scopes}
    known = set(ids.values())
    listing = {client.app_id: set(client.scope_ids) for client in app.preauthorized}
    declared = [scope.value for scope in declaration.scopes if scope.value in ids]
    faults = [f"{client.name} is not listed" for client in declaration.preauthorized if client.app_id not in listing]
    for client in declaration.preauthorized:
        lacking = [value for value in declared if ids[value] not in listing.get(client.app_id, known)]
        faults += [f"{client.name} without {listed(lacking)}"] if lacking else []
    gone = {client for client, scope_ids in listing.items() if scope_ids - known}
    faults += [f"{CLIENTS.get(client, client)} with a scope that is gone" for client in sorted(gone)]
    return wrong(listed(faults)) if faults else right(listed(CLIENTS.get(client, client) for client in listing))


RULES = (
    Rule(
        "access-token-version",
        "Access token version",
        token_version,
        should="$token_version",
        why=(
            "FastMCP's Azure classes expect the issuer of version 2, login.microsoftonline.com/.../v2.0. A token of "
            "version 1 comes from sts.windows.net, and the server answers 401."
        ),
        mend=SettingMend(
            portal="Manifest: under api, set requestedAccessTokenVersion to $token_version, then Save",
            az="az ad app update --id $client_id --requested-access-token-version $token_version",
            python="await $app.patch(Application(api=ApiApplication(requested_access_token_version=$token_version)))",
        ),
        source=MANIFEST,
    ),
    Rule(
        "identifier-uri",
        "Application ID URI",
        identifier_uri,
        should="$identifier_uri",
        why=(
            "Clients ask for a scope by this URI and the scope's name. Without it Entra does not know whose scope is "
            "meant: AADSTS500011, or AADSTS650053 when it looks in Microsoft Graph instead."
        ),
        mend=SettingMend(
            portal="Expose an API: Application ID URI > Add (or Edit), $identifier_uri",
            az="az ad app update --id $client_id --identifier-uris $identifier_uris",
            python="await $app.patch(Application(identifier_uris=$identifier_uris_list))",
        ),
        source=EXPOSE,
    ),
    Rule(
        "identifier-uri-owner",
        "Owner of the Application ID URI",
        identifier_owner,
        should="this app, or nobody yet",
        why=(
            "A URI belongs to one app of a directory. If another one holds it, tokens asked for by this URI are that "
            "app's tokens, and your server refuses them for their audience."
        ),
        mend=SettingMend(
            portal=(
                "Expose an API: take another URI, such as api://$client_id. Or open the app $other_owner and "
                "remove the URI there."
            ),
            az="az ad app update --id $client_id --identifier-uris api://$client_id",
            python='await $app.patch(Application(identifier_uris=["api://$client_id"]))',
        ),
        source=URI_RULES,
        parts=frozenset({"directory"}),
    ),
    Rule(
        "identifier-uri-policy",
        "Form of the Application ID URI",
        identifier_policy,
        should="with the app's id, the tenant's id or a verified domain; free in form only with token version 2",
        why=(
            "Directories refuse other URIs: “All newly added URIs must contain a tenant verified domain, tenant ID, "
            "or app ID”. What was added before stays, but can't be added again."
        ),
        mend=SettingMend(
            portal="Expose an API: Application ID URI > Edit, api://$client_id$uri_otherwise",
            az="az ad app update --id $client_id --identifier-uris api://$client_id",
            python='await $app.patch(Application(identifier_uris=["api://$client_id"]))',
        ),
        source=URI_RULES,
        parts=frozenset({"directory"}),
    ),
    Rule(
        "identifier-uri-address",
        "Application ID URI and the server's address",
        identifier_address,
        should="$sent_as",
        why=(
            "An MCP client sends the server's address as `resource`. Entra takes it only if it is, letter for letter, "
            "a URI of the app whose scopes are asked for; else AADSTS9010010 for FastMCP's client, VS Code and others."
        ),
        mend=SettingMend(portal="$address_portal", az="$address_az", python="$address_python"),
        source=MCP_SERVER,
    ),
    Rule(
        "scopes-exist",
        "Scopes",
        scopes_exist,
        should="$scopes",
        why=(
            "The server asks for this scope at every sign-in. Entra refuses a scope it can't find: AADSTS650053 or "
            "AADSTS65005. The name counts letter for letter, without the URI."
        ),
        mend=SettingMend(
            portal="Expose an API: Add a scope, $scopes, Admins and users, Enabled",
            az="az rest --method PATCH --url $application_url --body '$scopes_body'",
            python="await $app.patch(Application(api=ApiApplication(oauth2_permission_scopes=$scopes_list)))",
        ),
        source=EXPOSE,
    ),
    Rule(
        "scopes-enabled",
        "State of the scopes",
        scopes_enabled,
        should="enabled",
        why="A disabled scope can't be asked for: Entra answers as if it were not there.",
        mend=SettingMend(
            portal="Expose an API: open the scope, State: Enabled, Save",
            az="az rest --method PATCH --url $application_url --body '$scopes_body'",
            python="await $app.patch(Application(api=ApiApplication(oauth2_permission_scopes=$scopes_list)))",
        ),
        source=EXPOSE,
    ),
    Rule(
        "scopes-consent",
        "Who can consent to the scopes",
        scopes_consent,
        should="$scopes_consent",
        why=(
            "With “Admins only”, everybody else meets the page “Need admin approval”, AADSTS90094. With “Admins and "
            "users”, people let an app use the scope themselves. “Admins only” is the stricter choice, made on purpose."
        ),
        mend=SettingMend(
            portal="Expose an API: open the scope, Who can consent: $scopes_consent",
            az="az rest --method PATCH --url $application_url --body '$scopes_body'",
            python="await $app.patch(Application(api=ApiApplication(oauth2_permission_scopes=$scopes_list)))",
        ),
        source=EXPOSE,
    ),
    Rule(
        "preauthorized-clients",
        "Authorized client applications",
        preauthorized,
        should="$preauthorized",
        why=(
            "A listed client gets tokens for the listed scopes without a consent page. One that is not listed meets "
            "consent, and where people may not consent themselves an administrator has to act first."
        ),
        mend=SettingMend(
            portal="Expose an API: Add a client application, $preauthorized, and tick every scope",
            az="az rest --method PATCH --url $application_url --body '$preauthorized_body'",
            python="await $app.patch(Application(api=ApiApplication(pre_authorized_applications=$preauthorized_list)))",
        ),
        source=EXPOSE,
    ),
)
