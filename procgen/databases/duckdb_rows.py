"""Rows go into DuckDB through Arrow, which keeps NaN and NULL apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from procgen.backends.duckdb import identifier
from procgen.databases.database import Row, row_number_column
from procgen.ir.arrow_types import ARROW_TYPES
from procgen.ir.types import Field

VIEW = "procgen_arrow_rows"


def create_table(
    connection: duckdb.DuckDBPyConnection, table: str, fields: Sequence[Field], rows: Sequence[Row]
) -> str:
    """Make the temporary table and fill it; returns the name of the row number column."""
    number = row_number_column(fields)
    arrays: list[Any] = [pa.array(range(len(rows)), type=pa.int64())]
    for field in fields:
        values = [_value(field, row) for row in rows]
        arrays.append(pa.array(values, type=ARROW_TYPES[field.dtype], from_pandas=False))
    names = [number, *(field.name for field in fields)]
    connection.register(VIEW, pa.table(arrays, names=names))
    try:
        connection.execute(f"CREATE TEMPORARY TABLE {identifier(table)} AS FROM {VIEW}")
    finally:
        connection.unregister(VIEW)
    return number


def _value(field: Field, row: Row) -> object:
    value = row[field.name]
    return float(value) if field.dtype.is_float and value is not None else value
