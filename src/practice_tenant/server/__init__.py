"""The tenant itself: a service that speaks Microsoft Entra ID's protocol, in a process of its own.

It is reached over HTTP only, as the real one is: nothing outside this package imports it.
"""
