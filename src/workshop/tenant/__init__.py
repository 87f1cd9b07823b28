"""The practice tenant: a local service that speaks Microsoft Entra ID's protocol.

It runs as its own process (``python -m workshop.tenant run``) and is reached over HTTP only, as the real one is.
Nothing here imports the rest of ``workshop``, and nothing there imports this.
"""
