"""The control door: what a teacher or a test does to the tenant, which Entra has no page for."""
