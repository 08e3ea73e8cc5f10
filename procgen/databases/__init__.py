"""Databases: one adapter an engine, the history, and the runner that applies and rolls back."""
