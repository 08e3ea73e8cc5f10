"""What is attached answers about rows of its own table: they are inserted, read and rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from procgen.artifacts.attachment import Attachment, Form
from procgen.artifacts.templates import render
from procgen.backends import dialect_named
from procgen.backends.select import TITLES
from procgen.databases.database import Database
from procgen.errors import DatabaseError
from procgen.ir.interpreter import Row, Value
from procgen.ir.program import OutputName
from procgen.ir.types import DType, Field
from procgen.migrations.attached import attachments, columns_of_versions
from procgen.migrations.facades import SHADOW, facade_states
from procgen.migrations.header import ModelVersion
from procgen.migrations.migration import Migration
from procgen.verify.planting import CannotBeAskedError, Planted, plant
from procgen.verify.tally import Columns
from procgen.verify.ways import Way

TABLE = "procgen_attached_rows"
ALL = 2**62
"""More rows than a table has."""
PROCEDURE = "regclass, timestamp with time zone, integer"
"""The types of the parameters of PostgreSQL's batch."""
CONSTRAINT = "23"
NO_RIGHT = "42501"
RAISED = "P0001"
"""SQLSTATE: how that of any constraint begins, a missing right, what a trigger itself raises."""


@dataclass(frozen=True, slots=True)
class AttachedPath:
    """A version that scores a table, by what is attached to it.

    Attributes:
        schema: of the routines.
        version: whose scores are read.
        attachment: what is attached.
    """

    schema: str
    version: ModelVersion
    attachment: Attachment

    @property
    def name(self) -> str:
        """What users would call it."""
        one = self.attachment
        return f"{one.source if one.form is Form.COLUMN else self.schema}.{one.name}"

    @property
    def way(self) -> Way:
        """How it reaches the model."""
        return Way(self.attachment.form.value)

    def answers(
        self, database: Database, inputs: Sequence[Field], rows: Sequence[Row]
    ) -> tuple[tuple[int, ...], Columns]:
        """Insert the rows, in the open transaction, and read their scores back.

        Returns:
            The numbers of the rows that the columns can hold, and the scores that are kept of them.

        Raises:
            CannotBeAskedError: the table does not take the rows.
            DatabaseError: they cannot be scored; the transaction is of no more use either way.
        """
        planted = plant(database, self.attachment, inputs, rows)
        values = self._values(database, planted)
        script = "test_batch" if self.way is Way.PROCEDURE else "test_insert"
        try:
            database.run_script(render(database.engine, script, **values), source=self.name)
        except DatabaseError as error:
            if self._is_of_the_table(error):
                raise CannotBeAskedError(str(error).partition(";")[0]) from error
            raise
        found = database.fetch(render(database.engine, "test_scores", **values))
        scores: list[list[Value]] = [
            [row[place] for row in found] for place in range(len(found[0]))
        ]
        return planted.places, dict(zip(self._kept(), scores, strict=True))

    def _kept(self) -> list[OutputName]:
        return [name for name in TITLES if name in self.attachment.outputs]

    def _values(self, database: Database, planted: Planted) -> dict[str, object]:
        one, dialect = self.attachment, dialect_named(database.engine)
        quote, source = dialect.identifier, one.source.quoted(dialect)
        column = one.into_column or (one.name if one.form is Form.COLUMN else None)
        relation = source
        if column is None:
            relation = f"{quote(self.schema)}.{quote(one.into or one.name)}"
        into, routine = relation, f"{quote(self.schema)}.{quote(one.name)}"
        if self.way is Way.PROCEDURE and "procedures" not in dialect.abilities:
            relation = f"{routine}(chunk := {ALL}, of_version := {self.version.version})"
        return {
            "source": source,
            "into": into,
            "relation": relation,
            "rows": quote(TABLE),
            "number": quote(database.load_rows(TABLE, planted.fields, planted.rows)),
            "columns": planted.columns,
            "keys": planted.columns[: len(one.key)],
            "scores": [quote(column)] if column else [TITLES[name] for name in self._kept()],
            "version": None if column else self.version.version,
            "procedure": dialect.literal(f"{routine}({PROCEDURE})", DType.TEXT),
            "reads": dialect.literal(f"FROM {source} AS procgen_row", DType.TEXT),
        }

    def _is_of_the_table(self, error: DatabaseError) -> bool:
        """Whether a constraint, a right or another trigger stopped it, and not the scoring."""
        cause: Any = error.__cause__
        cause = getattr(cause, "orig", cause)
        if type(cause).__name__ == "ConstraintException":  # DuckDB's drivers have no codes
            return True
        code = str(getattr(cause, "sqlstate", None) or "")
        if code == NO_RIGHT:
            return True
        if code == RAISED:
            return f"{self.schema}." not in str(cause.diag.context)
        table = (cause.diag.schema_name, cause.diag.table_name) if code else ()
        return code.startswith(CONSTRAINT) and table != (self.schema, self.attachment.into)


def attached_paths(
    schema: str, version: ModelVersion, applied: Iterable[Migration]
) -> tuple[AttachedPath, ...]:
    """Everything attached that gives scores of this version."""
    every = tuple(applied)
    return tuple(AttachedPath(schema, version, one) for one in _of_version(version, every))


def _of_version(version: ModelVersion, applied: Sequence[Migration]) -> Iterator[Attachment]:
    states = facade_states(applied)
    for one in attachments(applied).values():
        if not one.moves or one.facade not in states:
            continue
        shadow = states.get(one.facade + SHADOW)
        shadowed = shadow.serves[-1:] if shadow and shadow.is_shadow and one.into else ()
        if version in (*states[one.facade].serves[-1:], *shadowed):
            yield one
    yield from (one for owner, one in columns_of_versions(applied) if owner == version)
