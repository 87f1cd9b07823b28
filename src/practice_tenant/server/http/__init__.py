"""HTTP/1.1 as far as the doors of the practice tenant need it: messages, routes, connections.

Uvicorn and Starlette did this once. Importing them took a third of every start, and passing a request through them
nearly half of what a token costs beside its signature.
"""
