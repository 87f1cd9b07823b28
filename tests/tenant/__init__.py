"""The practice tenant, seen from outside: real requests to a real process."""
