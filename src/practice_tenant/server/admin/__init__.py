"""The practice admin center: what the Entra admin center shows of app registrations, without JavaScript.

It keeps nothing of its own. Each page asks Microsoft Graph of this tenant, signed in as the person who looks, and
writes through it, as the real one does.
"""
