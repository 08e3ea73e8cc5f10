"""What the runner and the parity gate need of a database, and nothing that only one engine has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from sqlalchemy import Connection

from procgen.databases.batching import Batch, Job, Progress
from procgen.databases.dependents import Dependent
from procgen.databases.replay import Replay
from procgen.ir.types import Field, Scalar
from procgen.migrations.ledger import StoredObject
from procgen.migrations.migration import Migration

Row = Mapping[str, Scalar]


class Database(Protocol):
    """An open connection; each statement belongs to a `transaction`, `rehearsal` or `locked`."""

    @property
    def engine(self) -> str:
        """The name of its folder of migrations: `duckdb` or `postgres`."""

    @property
    def connection(self) -> Connection:
        """For statements built with SQLAlchemy."""

    @property
    def version(self) -> str:
        """The engine and its version as history records it, such as `PostgreSQL 150020`."""

    def transaction(self) -> AbstractContextManager[None]:
        """Commit at the end of the block, or roll back when it raises."""

    def rehearsal(self) -> AbstractContextManager[None]:
        """A transaction that is always rolled back."""

    def locked(self) -> AbstractContextManager[None]:
        """A transaction that only one applier at a time can be in.

        Raises:
            DatabaseError: another one held it for as long as `open_database` was told to wait; it
                is named.
        """

    def quiet(self) -> AbstractContextManager[None]:
        """A rehearsal in which no applier is at work.

        Raises:
            DatabaseError: an applier was at work for as long as `open_database` was told to wait.
        """

    def run_script(self, text: str, *, source: str) -> None:
        """Execute a canonical script, its text untouched.

        Raises:
            DatabaseError: the script failed, or it would end the transaction that it runs in;
                with `source` and, where the engine gives one, the line.
        """

    def layout(self) -> int | None:
        """The layout of procgen's own tables, or None where they are not there."""

    def objects(self, schemas: Iterable[str]) -> dict[str, StoredObject]:
        """The routines and types of these schemas as they are stored, by identity."""

    def sources(self, schemas: Iterable[str]) -> dict[str, str]:
        """The statement that makes each of them, as the database prints it."""

    def dependents(self, identities: Sequence[str]) -> tuple[Dependent, ...]:
        """What keeps answers of these routines, and what would break without a word if they go."""

    def hiding(self, identities: Sequence[str]) -> tuple[str, ...]:
        """Those of these routines that would hide a function of the engine's own."""

    def is_like(self, version: str) -> bool:
        """Whether that version of the engine prints what it stores as this one does."""

    def replay(self, migrations: Sequence[Migration], schemas: Sequence[str]) -> Replay:
        """Run the up scripts where nothing is kept, and say what they store.

        Raises:
            DatabaseError: a script failed, or this role may not create routines.
        """

    def restore(self, wanted: Sequence[StoredObject], sources: Mapping[str, str]) -> None:
        """Make these objects as `sources` say, with the owner and the grants that they had.

        Raises:
            DatabaseError: one of them cannot be replaced.
        """

    def run_batch(self, batch: Batch, progress: Progress) -> tuple[Job, ...]:
        """Score the rows of a batch chunk by chunk, each in a transaction of its own.

        Raises:
            DatabaseError: a row cannot be scored, or this role may not; chunks before are kept.
        """

    def load_rows(self, table: str, fields: Sequence[Field], rows: Sequence[Row]) -> str:
        """Make a temporary table of the rows and return the name of its row number column.

        Each value is stored exactly: NaN stays NaN, None becomes NULL, -0.0 keeps its sign. Rows
        are numbered from 0.
        """

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """All rows of a query, its text untouched; doubles are exact, arrays become tuples."""


def row_number_column(fields: Iterable[Field]) -> str:
    """A column name that no field has, in any mixture of capitals."""
    taken = {field.name.lower() for field in fields}
    name = "procgen_row"
    while name in taken:
        name += "_"
    return name
