"""The servers' icon, as text: a consent page shows it without a request to anybody."""

from __future__ import annotations

import base64

from mcp_types import Icon

# A receipt with a check mark.
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">
<rect width="64" height="64" rx="14" fill="#1d4ed8"/>
<path d="M18 12h28v40l-5-4-4.5 4-4.5-4-4.5 4-4.5-4-5 4z" fill="#fff"/>
<path d="M24 21h16M24 28h10" stroke="#1d4ed8" stroke-width="3" stroke-linecap="round"/>
<path d="M25 37l5 5 10-10" fill="none" stroke="#15803d" stroke-width="4" stroke-linecap="round"/>
</svg>"""

ICON = Icon(
    src="data:image/svg+xml;base64," + base64.b64encode(SVG.encode()).decode(), mime_type="image/svg+xml", sizes=["any"]
)
