"""Migrations as files: reading, checking, planning and writing; no database is touched."""
