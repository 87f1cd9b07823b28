"""Directories to play in, where nothing that breaks harms the learner's own registration."""
