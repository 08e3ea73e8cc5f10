"""Asking a version's own routines about rows, inside a transaction that someone else ends."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procgen.artifacts.artifact import Artifact
from procgen.backends import dialect_named
from procgen.backends.calls import (
    Asked,
    answers,
    create_schema,
    drop_table,
    possible_halves,
    scores,
    scores_of_rows,
    stored_halves,
)
from procgen.backends.routines import RoutineWriter, Schema
from procgen.databases.database import Database
from procgen.errors import DatabaseError
from procgen.ir.interpreter import Row, Value
from procgen.ir.program import OutputName, Program
from procgen.ir.typing import Typing
from procgen.verify.bits import same_bits

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


def score(
    database: Database, writer: RoutineWriter, rows: Sequence[Row]
) -> dict[OutputName, list[Value]]:
    """What the routines answer, one value a row for each output; NULL is None.

    A routine may call one of two others (routine.py). Both are asked about every row, and where
    they do not agree with it, theirs is the answer that is told: then one of them is wrong.
    """
    key = database.load_rows(TABLE, writer.program.inputs, rows)
    names = [output.name for output in writer.program.outputs]
    found = _columns(database.fetch(scores(writer, TABLE, key)), len(names))
    answered = dict(zip(names, found, strict=True))
    halves = _halves(database, writer)
    if halves:
        told = _columns(database.fetch(answers(writer, TABLE, key, halves)), len(halves))
        for (name, _), column in zip(halves, told, strict=True):
            pairs = zip(answered[name], column, strict=True)
            answered[name] = [ours if same_bits(ours, other) else other for ours, other in pairs]
    database.run_script(drop_table(writer, TABLE), source="the parity check")
    return answered


def score_rows(
    database: Database, writer: RoutineWriter, rows: Sequence[Row]
) -> dict[OutputName, list[Value]]:
    """What the table macro answers."""
    key = database.load_rows(TABLE, writer.program.inputs, rows)
    names = [output.name for output in writer.program.outputs]
    found = _columns(database.fetch(scores_of_rows(writer, TABLE, key)), len(names))
    database.run_script(drop_table(writer, TABLE), source="the parity check")
    return dict(zip(names, found, strict=True))


def _columns(found: Sequence[tuple[Any, ...]], width: int) -> list[list[Value]]:
    return [[row[place] for row in found] for place in range(width)]


def _halves(database: Database, writer: RoutineWriter) -> list[Asked]:
    """The halves that are stored."""
    possible = possible_halves(writer)
    stored = database.fetch(stored_halves(writer))[0] if possible else ()
    return [half for half, is_stored in zip(possible, stored, strict=True) if is_stored]
