"""The statements by which a version's own routines are created, found and asked about a table."""

from __future__ import annotations

from procgen.backends.routines import SUFFIXES, RoutineWriter
from procgen.backends.rows import score_columns
from procgen.ir.program import OutputName
from procgen.ir.types import DType


def create_schema(writer: RoutineWriter) -> str:
    """Make the schema of the routines unless it is there."""
    quote = writer.schema.dialect.identifier
    return f"CREATE SCHEMA IF NOT EXISTS {quote(writer.schema.schema)};\n"


def drop_table(writer: RoutineWriter, table: str) -> str:
    """Remove a temporary table."""
    return f"DROP TABLE {writer.schema.dialect.identifier(table)};\n"


def call(writer: RoutineWriter, output: OutputName) -> str:
    """One output of a table that has the inputs as columns."""
    arguments = ", ".join(field.name for field in writer.fields())
    if writer.takes_row:
        arguments = f"ROW({arguments})::{writer.schema.qualified('_row')}"
    return f"{writer.schema.qualified(SUFFIXES[output])}({arguments})"


def scores(writer: RoutineWriter, table: str, key: str) -> str:
    """Every output of each row of a table that has the inputs as columns, in the order of `key`."""
    quote = writer.schema.dialect.identifier
    lines = ",\n    ".join(call(writer, output.name) for output in writer.program.outputs)
    return f"SELECT\n    {lines}\nFROM {quote(table)}\nORDER BY {quote(key)}\n"


def scores_of_rows(writer: RoutineWriter, table: str, key: str) -> str:
    """The same by the table macro."""
    dialect = writer.schema.dialect
    found = score_columns(writer.program)
    columns = ", ".join(found[output.name] for output in writer.program.outputs)
    source = f"{writer.schema.qualified('_rows')}({dialect.literal(table, DType.TEXT)})"
    return f"SELECT {columns}\nFROM {source}\nORDER BY {dialect.identifier(key)}\n"
