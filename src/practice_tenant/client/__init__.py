"""The practice tenant seen from a program: find it or start it, keep it alive, be led to it, be its teacher."""

ANSWER_SECONDS = 120.0
"""How long a tenant that lives may take to answer: a machine may be very busy."""
