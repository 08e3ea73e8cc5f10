"""Whole ways to score where the data is, as scripts; each checks its own scores."""
