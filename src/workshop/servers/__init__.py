"""The working MCP servers of the workshop: made to be copied into a service of your own.

Nothing here imports the rest of ``workshop``.
"""
