"""`procgen.duckdb.register(connection, project)`: models score in the process that opened the file.

The macros of the file stay as they are, for everyone else.
"""

from __future__ import annotations

from procgen.databases.duckdb_functions import register

__all__ = ["register"]
