"""What both sides know: the hosts that the tenant answers for, and a client that every tenant knows."""

from __future__ import annotations

CANONICAL_LOGIN = "login.microsoftonline.com"
US_LOGIN = "login.microsoftonline.us"
LOGIN_HOSTS = (CANONICAL_LOGIN, "login.microsoft.com", "login.windows.net", "sts.windows.net", US_LOGIN)
GRAPH_HOSTS = ("graph.microsoft.com", "graph.microsoft.us")
MANAGEMENT_HOSTS = ("management.azure.com",)
PORTAL_HOSTS = ("main.iam.ad.ext.azure.com",)
SHORT_HOSTS = ("microsoft.com", "www.microsoft.com")
LATER_HOSTS = ("entra.microsoft.com",)
"""Hosts that are known and have nothing yet."""

HOSTS = (*LOGIN_HOSTS, *GRAPH_HOSTS, *MANAGEMENT_HOSTS, *PORTAL_HOSTS, *SHORT_HOSTS, *LATER_HOSTS)
"""Reached through the tenant's proxy and in no other way."""

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The Azure CLI's client id, of a public client."""

UNLABELLED = "-"
"""The proxy user name of who has no label: some clients send a password only with a name."""
