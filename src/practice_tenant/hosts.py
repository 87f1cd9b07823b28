"""The hosts that the practice tenant answers for; they are reached through its proxy and in no other way."""

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
