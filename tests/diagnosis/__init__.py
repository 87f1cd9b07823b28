"""The diagnosis: from a symptom to its cause."""
