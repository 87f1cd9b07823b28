"""Attacks on the shared servers: a table, and a test for each attack on each server."""
