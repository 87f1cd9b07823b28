"""The command line of the practice tenant: `python -m practice_tenant`, and `workshop tenant` for the lessons."""
