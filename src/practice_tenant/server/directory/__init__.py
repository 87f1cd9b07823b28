"""The directory: users, groups, applications and grants, kept in SQLite."""
