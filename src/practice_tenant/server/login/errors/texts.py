"""Parts that several texts share."""

from __future__ import annotations

KEY_NOT_FOUND = "The key was not found."
KEY_EXPIRED = "The key used is expired."
KEY_FAILED = "Key was found, but use of the key to verify the signature failed."


def key_trouble(reason: str, app_id: str, thumbprint: str = "", lifetime: str = "") -> str:
    """Return what was wrong with a key, in brackets.

    Args:
        thumbprint: the key as the token names it.
        found: the lifetime of the key that goes by that name.
    """
    parts = [f"Reason - {reason}"]
    parts += [f"Thumbprint of key used by client: '{thumbprint}'"] if thumbprint else []
    parts += [f"Found key '{lifetime}'"] if lifetime else []
    parts.append(
        "Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id "
        f"'{app_id}'. Review the documentation at https://docs.microsoft.com/en-us/graph/deployments to determine the "
        "corresponding service endpoint and "
        "https://docs.microsoft.com/en-us/graph/api/application-get?view=graph-rest-1.0&tabs=http to build a query "
        f"request URL, such as 'https://graph.microsoft.com/beta/applications/{app_id}'"
    )
    return f"[{', '.join(parts)}]."
