"""The statements by which a version's own routines are created, found and asked about a table."""

from __future__ import annotations

from collections.abc import Sequence

from procgen.backends.routines import MANY, ONE, SUFFIXES, RoutineWriter
from procgen.backends.rows import score_columns
from procgen.ir.program import OutputName
from procgen.ir.types import DType

Asked = tuple[OutputName, str]
"""An output, and what stands behind its name where a half of its routine is meant."""


def create_schema(writer: RoutineWriter) -> str:
    """Make the schema of the routines unless it is there."""
    quote = writer.schema.dialect.identifier
    return f"CREATE SCHEMA IF NOT EXISTS {quote(writer.schema.schema)};\n"


def drop_table(writer: RoutineWriter, table: str) -> str:
    """Remove a temporary table."""
    return f"DROP TABLE {writer.schema.dialect.identifier(table)};\n"


def call(writer: RoutineWriter, output: OutputName, half: str = "") -> str:
    """One output of a table that has the inputs as columns."""
    arguments = ", ".join(field.name for field in writer.fields())
    if writer.takes_row:
        arguments = f"ROW({arguments})::{writer.schema.qualified('_row')}"
    return f"{writer.schema.qualified(SUFFIXES[output] + half)}({arguments})"


def possible_halves(writer: RoutineWriter) -> list[Asked]:
    """The halves that routines may have, or none where no routine has any."""
    if writer.schema.dialect.has_routine is None:
        return []
    return [(output.name, half) for output in writer.program.outputs for half in (ONE, MANY)]


def stored_halves(writer: RoutineWriter) -> str:
    """Which of the possible halves are stored, as a row of booleans."""
    dialect = writer.schema.dialect
    names = [
        dialect.literal(writer.schema.qualified(SUFFIXES[output] + half), DType.TEXT)
        for output, half in possible_halves(writer)
    ]
    return f"SELECT {', '.join((dialect.has_routine or '').format(name) for name in names)}\n"


def scores(writer: RoutineWriter, table: str, key: str) -> str:
    """Every output of each row of a table that has the inputs as columns, in the order of `key`."""
    return answers(writer, table, key, [(output.name, "") for output in writer.program.outputs])


def answers(writer: RoutineWriter, table: str, key: str, asked: Sequence[Asked]) -> str:
    """What some routines say of each row of a table, in the order of `key`."""
    quote = writer.schema.dialect.identifier
    lines = ",\n    ".join(call(writer, output, half) for output, half in asked)
    return f"SELECT\n    {lines}\nFROM {quote(table)}\nORDER BY {quote(key)}\n"


def scores_of_rows(writer: RoutineWriter, table: str, key: str) -> str:
    """The same by the table macro."""
    dialect = writer.schema.dialect
    found = score_columns(writer.program)
    columns = ", ".join(found[output.name] for output in writer.program.outputs)
    source = f"{writer.schema.qualified('_rows')}({dialect.literal(table, DType.TEXT)})"
    return f"SELECT {columns}\nFROM {source}\nORDER BY {dialect.identifier(key)}\n"
