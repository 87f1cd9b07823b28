"""What every refusal of the identity platform carries.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Codes for which Entra names a page to look them up.
WITH_ERROR_URI = frozenset(
    {
        *(50020, 50027, 50076, 50173, 53003, 65002, 65004, 70008, 70016, 90002, 90014, 500011, 700016, 700021),
        *(700024, 700027, 700082, 700084, 900023, 900144, 5002723, 5002738, 7000215, 7000216, 7000222),
    }
)


@dataclass(eq=False)
class LoginError(Exception):
    """A refusal by the identity platform.

    Args:
        code: the AADSTS number; 0 where Entra refuses and no public source has its number and its words.
        error: the OAuth 2.0 error code (RFC 6749 section 5.2).
        text: what follows "AADSTS<code>: ".
        status: HTTP status at the token endpoint.
        extra: further members of the envelope, such as ``suberror`` and ``claims``.
        redirectable: whether /authorize may tell the client by a redirect.
        account: an account's name in the text, which only the person themselves is shown.
    """

    code: int
    error: str
    text: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)
    redirectable: bool = True
    account: str = ""

    def __str__(self) -> str:
        return self._told(self.text)

    def for_client(self) -> str:
        """Return what a client is told: ``{EUII Hidden}`` stands for the account's name."""
        text = self.text.replace(self.account, "{EUII Hidden}") if self.account else self.text
        return self._told(text)

    def _told(self, text: str) -> str:
        return f"AADSTS{self.code}: {text}" if self.code else f"PRACTICE: {text}"
