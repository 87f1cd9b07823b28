"""What the Azure CLI answers to the lines of lesson 01: recorded, for machines that have none.

tests/registration/test_az_cells.py runs the same lines with the real one and compares.
"""

from __future__ import annotations

from collections.abc import Mapping

RECORDED: Mapping[str, str] = {
    "az ad app update --id $CLIENT_ID --identifier-uris api://$CLIENT_ID": "",
    "az ad sp create --id $CLIENT_ID --query servicePrincipalNames": """[
  "$CLIENT_ID",
  "api://$CLIENT_ID"
]
""",
    "az ad app credential reset --id $CLIENT_ID --append --display-name workshop --query password --output tsv": "",
    (
        "az rest --method PATCH --url \"https://graph.microsoft.com/v1.0/applications(appId='$CLIENT_ID')\" "
        "--body $BODY"
    ): "",
    (
        'az ad app permission grant --id $CLIENT_ID --api $GRAPH --scope "openid profile offline_access User.Read" '
        "--query scope"
    ): '"openid profile offline_access User.Read"\n',
    "az ad app permission grant --id $CLIENT_ID --api $CLIENT_ID --scope mcp-access --query scope": '"mcp-access"\n',
}
"""By line, with the names of variables in place of their values."""
