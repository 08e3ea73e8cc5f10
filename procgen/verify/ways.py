"""The ways in which users reach a version: its own routines, and every facade that it answers."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from procgen.backends.routines import RoutineWriter
from procgen.backends.rows import rows_macro
from procgen.databases.database import Database
from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.migrations.facades import facade_states
from procgen.migrations.header import ModelVersion
from procgen.migrations.migration import Migration
from procgen.verify.scoring import routine_writer, score, score_rows
from procgen.verify.tally import Columns


class Way(enum.StrEnum):
    """How a row gets to the model."""

    VERSION = "version"
    FACADE = "facade"
    ROWS = "rows"
    TRIGGER = "trigger"
    VIEW = "view"
    COLUMN = "column"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True)
class ScoringPath:
    """One way to score rows.

    Attributes:
        name: what users call, such as `ml.churn_v3` or `ml.churn`.
        way: how it reaches the model.
        answers: scores rows in the open transaction; one value a row for each output.
    """

    name: str
    way: Way
    answers: Callable[[Database, Sequence[Row]], Columns]


def scoring_paths(
    lowered: Program,
    engine: str,
    schema: str,
    version: ModelVersion,
    applied: Sequence[Migration],
) -> tuple[ScoringPath, ...]:
    """Every way to a version in a database that has these migrations, its own routines first."""
    own, *facades = _names(version, applied)
    made = {name for migration in applied for name in migration.header.objects}
    writers = {
        name: routine_writer(lowered, engine, schema, name)
        for name in (own, *facades)
        if rows_macro(schema, name) in made
    }
    return (
        _routines(lowered, engine, schema, own, Way.VERSION),
        *(_routines(lowered, engine, schema, name, Way.FACADE) for name in facades),
        *(_rows(f"{schema}.{name}_rows", writer) for name, writer in writers.items()),
    )


def path_names(schema: str, version: ModelVersion, applied: Iterable[Migration]) -> list[str]:
    """The names of the same ways."""
    return [f"{schema}.{name}" for name in _names(version, applied)]


def _names(version: ModelVersion, applied: Iterable[Migration]) -> list[str]:
    states = facade_states(applied).values()
    facades = [state.name for state in states if version in state.serves]
    return [f"{version.name}_v{version.version}", *facades]


def _routines(lowered: Program, engine: str, schema: str, name: str, way: Way) -> ScoringPath:
    writer = routine_writer(lowered, engine, schema, name)
    return ScoringPath(
        f"{schema}.{name}", way, lambda database, rows: score(database, writer, rows)
    )


def _rows(name: str, writer: RoutineWriter) -> ScoringPath:
    return ScoringPath(name, Way.ROWS, lambda database, rows: score_rows(database, writer, rows))
