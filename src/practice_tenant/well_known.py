"""What both sides know: the hosts that the tenant answers for, and a client that every tenant knows."""

from __future__ import annotations

CANONICAL_LOGIN = "login.microsoftonline.com"
US_LOGIN = "login.microsoftonline.us"
LOGIN = (CANONICAL_LOGIN, "login.microsoft.com", "login.windows.net", "sts.windows.net", US_LOGIN)
GRAPH = ("graph.microsoft.com", "graph.microsoft.us")
MANAGEMENT = ("management.azure.com",)
PORTAL = ("main.iam.ad.ext.azure.com",)
SHORT = ("microsoft.com", "www.microsoft.com")
LATER = ("entra.microsoft.com",)
"""Hosts that are known and have nothing yet."""

HOSTS = (*LOGIN, *GRAPH, *MANAGEMENT, *PORTAL, *SHORT, *LATER)
"""Reached through the tenant's proxy and in no other way."""

AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
"""The Azure CLI's client id, of a public client."""
