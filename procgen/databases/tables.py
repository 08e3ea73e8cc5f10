"""A table of the user's, read from the catalog."""

from __future__ import annotations

from procgen.artifacts.tables import TableColumn, TableName, TableShape
from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.databases.database import Database
from procgen.errors import DatabaseError
from procgen.ir.types import DType


def read_table(database: Database, name: TableName) -> TableShape:
    """The columns and unique keys of a table; inside a transaction.

    Raises:
        DatabaseError: there is no such table.
    """
    literal = dialect_named(database.engine).literal
    values = {"schema": literal(name.schema, DType.TEXT), "table": literal(name.name, DType.TEXT)}
    columns = database.fetch(render(database.engine, "table_columns", **values))
    if not columns:
        raise DatabaseError(
            f"there is no table {name}",
            hint="write it as schema.table, with quotes where it has capitals",
        )
    keys = database.fetch(render(database.engine, "table_keys", **values))
    return TableShape(
        name,
        tuple(TableColumn(*row) for row in columns),
        tuple(frozenset(row[0]) for row in keys),
    )


def has_scheduler(database: Database) -> bool:
    """Whether the database itself can run a statement at a time of day."""
    return bool(database.fetch(render(database.engine, "scheduler"))[0][0])
