"""A workshop on securing FastMCP servers with Microsoft Entra ID."""
