"""How things look in a notebook: tables, figures, notices, and what may be shown of a secret."""
