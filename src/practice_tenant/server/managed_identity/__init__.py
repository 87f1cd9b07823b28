"""Managed identity: what an Azure host offers to the code that runs on it, so that it needs no secret.

A door of its own, plain http on loopback, as on Azure: the App Service form and the form of the Instance Metadata
Service (IMDS).
"""
