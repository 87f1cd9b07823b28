"""The command `workshop`: a module for each of its commands."""
