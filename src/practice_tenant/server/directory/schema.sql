CREATE TABLE IF NOT EXISTS directories (
    tenant_id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    domain TEXT NOT NULL UNIQUE COLLATE NOCASE,
    graph TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS users (
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    upn TEXT NOT NULL COLLATE NOCASE,
    roles TEXT NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, upn)
);
CREATE TABLE IF NOT EXISTS groups (
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE IF NOT EXISTS members (
    tenant_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    member_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, group_id, member_id)
);
CREATE INDEX IF NOT EXISTS groups_of_member ON members (tenant_id, member_id);
CREATE TABLE IF NOT EXISTS applications (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    app_id TEXT NOT NULL UNIQUE COLLATE NOCASE,
    graph TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS identifier_uris (
    tenant_id TEXT NOT NULL,
    uri TEXT NOT NULL,
    app_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, uri)
);
CREATE INDEX IF NOT EXISTS identifier_by_uri ON identifier_uris (uri);
CREATE TABLE IF NOT EXISTS secrets (
    key_id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL,
    digest BLOB NOT NULL,
    ends REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS secrets_of_application ON secrets (application_id);
CREATE TABLE IF NOT EXISTS service_principals (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    app_id TEXT NOT NULL COLLATE NOCASE,
    graph TEXT NOT NULL,
    UNIQUE (tenant_id, app_id)
);
CREATE TABLE IF NOT EXISTS permission_grants (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    client_id TEXT NOT NULL,
    consent_type TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    scope TEXT NOT NULL,
    UNIQUE (tenant_id, client_id, consent_type, principal_id, resource_id)
);
CREATE TABLE IF NOT EXISTS app_role_assignments (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    principal_id TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    app_role_id TEXT NOT NULL,
    created REAL NOT NULL DEFAULT 0,
    UNIQUE (tenant_id, principal_id, resource_id, app_role_id)
);
CREATE TABLE IF NOT EXISTS authorization_codes (
    digest BLOB PRIMARY KEY,
    issued REAL NOT NULL,
    redeemed INTEGER NOT NULL DEFAULT 0,
    sign_in TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS refresh_tokens (
    digest BLOB PRIMARY KEY,
    issued REAL NOT NULL,
    last_used REAL NOT NULL,
    sign_in TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS browser_sessions (
    digest BLOB PRIMARY KEY,
    sid TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    started REAL NOT NULL,
    second_factor REAL
);
CREATE TABLE IF NOT EXISTS session_clients (
    digest BLOB NOT NULL,
    app_id TEXT NOT NULL,
    PRIMARY KEY (digest, app_id)
);
CREATE TABLE IF NOT EXISTS signing_keys (
    kid TEXT PRIMARY KEY,
    created REAL NOT NULL,
    private_pem BLOB NOT NULL,
    certificate BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS announced_keys (
    kid TEXT PRIMARY KEY,
    certificate BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS policies (
    tenant_id TEXT NOT NULL,
    id TEXT NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE TABLE IF NOT EXISTS issuers (
    tenant_id TEXT NOT NULL,
    issuer TEXT NOT NULL,
    jwks TEXT NOT NULL,
    PRIMARY KEY (tenant_id, issuer)
);
CREATE TABLE IF NOT EXISTS device_codes (
    digest BLOB PRIMARY KEY,
    user_code TEXT NOT NULL UNIQUE,
    issued REAL NOT NULL,
    status TEXT NOT NULL,
    flow TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS directory_settings (
    tenant_id TEXT PRIMARY KEY,
    settings TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS directory_keys (
    tenant_id TEXT NOT NULL,
    kid TEXT NOT NULL,
    private_pem BLOB NOT NULL,
    certificate BLOB NOT NULL,
    PRIMARY KEY (tenant_id, kid)
);
CREATE TABLE IF NOT EXISTS faults (
    tenant_id TEXT NOT NULL,
    id INTEGER PRIMARY KEY,
    fault TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS authorization_policies (
    tenant_id TEXT PRIMARY KEY,
    graph TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS owners (
    tenant_id TEXT NOT NULL,
    object_id TEXT NOT NULL,
    owner_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, object_id, owner_id)
);
CREATE TABLE IF NOT EXISTS deleted_items (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    type TEXT NOT NULL,
    app_id TEXT NOT NULL,
    deleted REAL NOT NULL,
    graph TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS unreplicated (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    visible REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS drive_items (
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    parent_id TEXT NOT NULL,
    name TEXT NOT NULL COLLATE NOCASE,
    created REAL NOT NULL,
    modified REAL NOT NULL,
    content BLOB,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, user_id, parent_id, name)
);
CREATE TABLE IF NOT EXISTS messages (
    id TEXT NOT NULL,
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    folder TEXT NOT NULL,
    received REAL NOT NULL,
    graph TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX IF NOT EXISTS messages_of_user ON messages (tenant_id, user_id, folder);
