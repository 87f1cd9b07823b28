"""Registration as code: plan, apply, verify, remove, against the practice tenant."""
