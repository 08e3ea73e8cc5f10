"""Rows go into PostgreSQL by binary COPY: the eight bytes of a double arrive as they are."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg
from psycopg import sql
from sqlalchemy import Connection

from procgen.databases.database import Row, row_number_column
from procgen.errors import DatabaseError
from procgen.ir.types import DType, Field

TYPES = {
    DType.BOOL: "bool",
    DType.INT64: "int8",
    DType.FLOAT32: "float4",
    DType.FLOAT64: "float8",
    DType.TEXT: "text",
}


def copy_rows(
    connection: Connection, table: str, fields: Sequence[Field], rows: Sequence[Row]
) -> str:
    """Make the temporary table and fill it; returns the name of the row number column."""
    number = row_number_column(fields)
    columns = [(number, "int8"), *((field.name, TYPES[field.dtype]) for field in fields)]
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)  # noqa: S101 - the pool types it as Any
    with driver.cursor() as cursor:
        cursor.execute(_create(table, columns))
        statement = sql.SQL("COPY pg_temp.{} FROM STDIN (FORMAT binary)").format(
            sql.Identifier(table)
        )
        with cursor.copy(statement) as copy:
            copy.set_types([kind for _, kind in columns])
            for position, row in enumerate(rows):
                copy.write_row(_values(position, fields, row))
    return number


def _create(table: str, columns: Sequence[tuple[str, str]]) -> sql.Composed:
    return sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP").format(
        sql.Identifier(table),
        sql.SQL(", ").join(
            sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns
        ),
    )


def _values(position: int, fields: Sequence[Field], row: Row) -> list[object]:
    values: list[object] = [position]
    for field in fields:
        value = row[field.name]
        if value is None:
            values.append(None)
        elif isinstance(value, str) and "\0" in value:
            raise DatabaseError(
                f"row {position}: {field.name} holds a NUL character",
                hint="PostgreSQL cannot store it; leave the row out",
            )
        else:
            # An int in a float column would be sent as an int.
            values.append(float(value) if field.dtype.is_float else value)
    return values
