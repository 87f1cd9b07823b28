"""Record what the MCP client, the browser, the MCP server and Entra said to each other, and draw it."""

from __future__ import annotations

from workshop.trace.diagram import Diagram
from workshop.trace.hop import PARTICIPANTS, Hop
from workshop.trace.recording import Recording, recording, use_tenant

__all__ = ["PARTICIPANTS", "Diagram", "Hop", "Recording", "recording", "use_tenant"]
