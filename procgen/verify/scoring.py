"""Asking a version's own routines about rows, inside a transaction that someone else ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from procgen.artifacts.artifact import Artifact
from procgen.backends import dialect_named
from procgen.backends.calls import create_schema, drop_table, scores, scores_of_rows
from procgen.backends.routines import RoutineWriter, Schema
from procgen.databases.database import Database
from procgen.errors import DatabaseError
from procgen.ir.interpreter import Row, Value
from procgen.ir.program import OutputName, Program
from procgen.ir.typing import Typing

TABLE = "procgen_parity_rows"


def routine_writer(lowered: Program, engine: str, schema: str, routine: str) -> RoutineWriter:
    """What knows how the routines of one version are called; `routine` is such as `churn_v3`."""
    place = Schema(dialect_named(engine), schema, routine)
    return RoutineWriter(lowered, place, Typing.of(lowered))


def install(database: Database, artifact: Artifact, writer: RoutineWriter) -> None:
    """Create the routines, unless they are there already.

    Raises:
        DatabaseError: the database is another engine's, or only some of the routines are there.
    """
    if database.engine != artifact.target:
        raise DatabaseError(
            f"{artifact.name} v{artifact.version} was compiled for {artifact.target}, and this is "
            f"{database.version}",
            hint=f"compile it with target={database.engine!r}",
        )
    stored = {_name(identity) for identity in database.objects((artifact.schema,))}
    if not {_name(identity) for identity in artifact.objects} <= stored:
        source = f"{artifact.name} v{artifact.version}"
        database.run_script(create_schema(writer), source=source)
        database.run_script(artifact.up, source=source)


def _name(identity: str) -> str:
    """The kind and name of an object: engines spell the types of arguments in their own way."""
    return identity.partition("(")[0].replace('"', "")


def rows_macro(schema: str, routine: str) -> str:
    """The identity of the table macro beside a version's routines, where it has one."""
    return f"table macro {schema}.{routine}_rows"


def score(
    database: Database,
    writer: RoutineWriter,
    rows: Sequence[Row],
    asked: Callable[[RoutineWriter, str, str], str] = scores,
) -> dict[OutputName, list[Value]]:
    """What the routines answer, one value a row for each output; NULL is None.

    `asked` makes the statement from a table and its key.
    """
    key = database.load_rows(TABLE, writer.program.inputs, rows)
    found = database.fetch(asked(writer, TABLE, key))
    database.run_script(drop_table(writer, TABLE), source="the parity check")
    columns: list[list[Value]] = [[] for _ in writer.program.outputs]
    for row in found:
        for column, value in zip(columns, row, strict=True):
            column.append(value)
    names = [output.name for output in writer.program.outputs]
    return dict(zip(names, columns, strict=True))


def score_rows(
    database: Database, writer: RoutineWriter, rows: Sequence[Row]
) -> dict[OutputName, list[Value]]:
    """What the table macro answers."""
    return score(database, writer, rows, scores_of_rows)
