"""Ids that Microsoft publishes: the same in every tenant.

Source: https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in
"""

from __future__ import annotations

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
"""Microsoft Graph."""
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
VISUAL_STUDIO_CODE = "aebc6443-996d-45c2-90f0-388ff96faa56"
