"""DuckDB: a file has one process; COMMIT of an aborted transaction returns without an error."""

from __future__ import annotations

import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
from sqlalchemy import Connection, text

from procgen.databases import duckdb_batches, duckdb_catalog
from procgen.databases.batching import Batch, Job, Progress
from procgen.databases.database import Row
from procgen.databases.dependents import Dependent
from procgen.databases.duckdb_rows import create_table
from procgen.databases.refusals import committed, refusals
from procgen.databases.replay import Recording, Replay, replayed, routines
from procgen.errors import DatabaseError
from procgen.ir.types import Field
from procgen.migrations.attached import replayable
from procgen.migrations.ledger import StoredObject
from procgen.migrations.migration import Migration

LINE = re.compile(r"^LINE (\d+): ", re.MULTILINE)
LONG = 100_000
AMBIGUOUS = "Binder Error: Ambiguous reference to catalog or schema"
LAYOUT = """
SELECT count(*) FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'procgen' AND table_name = 'meta'
"""
# Else a version that a facade calls can be dropped, and EXPORT DATABASE of a file that was opened
# again writes macros by name: `churn`, which cannot be imported before the `churn_v1` it calls.
DEPENDENCIES = "SET enable_macro_dependencies = true"
# A file belongs to one process, so a lock inside the process is enough, and leaves nothing behind.
LOCKS: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


@dataclass(frozen=True, slots=True)
class DuckDB:
    """An open DuckDB connection; `path` is the file's, or names the memory of this connection."""

    connection: Connection
    path: str
    wait: float
    version: str = f"DuckDB {duckdb.__version__}"
    engine: str = "duckdb"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database`."""
        with refusals(duckdb.Error, describe), committed(self.connection, lambda: True):
            self._reset()
            yield

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """See `Database`."""
        with refusals(duckdb.Error, describe), committed(self.connection, lambda: False):
            self._reset()
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Database`."""
        lock = LOCKS[self.path]
        if not lock.acquire(timeout=self.wait):
            raise DatabaseError(
                f"another thread of this process applies migrations to {self.path}; "
                f"waited {self.wait:g} s",
                hint="wait for it",
            )
        try:
            with self.transaction():
                yield
        finally:
            lock.release()

    def run_script(self, text: str, *, source: str) -> None:
        """See `Database`."""
        with refusals(duckdb.Error, partial(_describe_in, source=source, line=1)):
            statements = self._driver.extract_statements(text)
        places = list(_places(text, [statement.query for statement in statements]))
        for statement, line in zip(statements, places, strict=True):
            if statement.type is duckdb.StatementType.TRANSACTION:
                raise DatabaseError(
                    f"{source}, line {line}: a script cannot begin or end a transaction",
                    hint="remove the statement: all of a batch runs in one transaction",
                )
        before = self._place()
        for statement, line in zip(statements, places, strict=True):
            # A statement that is parsed already gives wrong line numbers; but a long text takes
            # seconds to parse again.
            is_long = len(statement.query) > LONG
            describe_here = partial(_describe_in, source=source, line=line, is_long=is_long)
            with refusals(duckdb.Error, describe_here):
                self._driver.execute(statement if is_long else statement.query).fetchall()
        if self._place() != before:
            raise DatabaseError(
                f"{source}: a script cannot change the current database or schema",
                hint="remove USE, and write the schema before each name",
            )

    def layout(self) -> int | None:
        """See `Database`."""
        if not self._execute(LAYOUT).scalar_one():
            return None
        return int(self._execute("SELECT max(layout) FROM procgen.meta").scalar_one())

    def quiet(self) -> AbstractContextManager[None]:
        """See `Database`: nobody else has the file open."""
        return self.rehearsal()

    def objects(self, schemas: Iterable[str]) -> dict[str, StoredObject]:
        """See `Database`; the overloads of a macro are one object, as they are in a script."""
        return duckdb_catalog.objects(self.connection, schemas)

    def sources(self, schemas: Iterable[str]) -> dict[str, str]:
        """See `Database`."""
        return duckdb_catalog.sources(self.connection, schemas)

    def dependents(self, identities: Sequence[str]) -> tuple[Dependent, ...]:
        """See `Database`; what keeps answers, DuckDB protects itself."""
        return duckdb_catalog.dependents(self.connection, identities)

    def hiding(self, identities: Sequence[str]) -> tuple[str, ...]:
        """See `Database`; a macro comes before DuckDB's own function of its name."""
        names = {identity.rpartition(".")[2]: identity for identity in identities}
        taken = duckdb_catalog.built_in(self.connection, list(names))
        return tuple(names[name] for name in taken)

    def is_like(self, version: str) -> bool:
        """See `Database`; each version has its own way to print a macro."""
        return version == self.version

    def replay(self, migrations: Sequence[Migration], schemas: Sequence[str]) -> Replay:
        """See `Database`; in a database of its own, in memory."""
        recording = Recording()
        with duckdb_catalog.in_memory() as connection:
            other = DuckDB(connection, f":memory:{id(connection)}", self.wait)
            with other.rehearsal():
                layouts = [one for one in migrations[1:] if one.header.layout]
                for migration in (*migrations[:1], *layouts, *replayed(migrations)):
                    other.run_script(replayable(migration.up), source=migration.source("up"))
                    recording.note(migration, routines(other.objects(schemas)))
                return Replay(recording.steps, recording.before, other.sources(schemas))

    def restore(self, wanted: Sequence[StoredObject], sources: Mapping[str, str]) -> None:
        """See `Database`; what calls them is dropped with them, and made again as it is."""
        schemas = {one.identity.partition(" ")[2].partition(".")[0] for one in wanted}
        live = self.sources(sorted(schemas))
        names = {one.identity for one in wanted}
        made = {k: sources[k] if k in names else live[k] for k in sources if k in names | set(live)}
        again = duckdb_catalog.callers([one.identity for one in wanted], made)
        for name in reversed(again):
            if name in live:
                drop = f"DROP {duckdb_catalog.kind(name)} {duckdb_catalog.quoted(name)};\n"
                self.run_script(drop, source=f"dropping {name}")
        for name in again:
            self.run_script(made[name] + ";\n", source=f"the statement of {name}")

    def run_batch(self, batch: Batch, progress: Progress) -> tuple[Job, ...]:
        """See `Database`."""
        return duckdb_batches.run_batch(self, batch, progress)

    def load_rows(self, table: str, fields: Sequence[Field], rows: Sequence[Row]) -> str:
        """See `Database`."""
        with refusals(duckdb.Error, describe):
            return create_table(self._driver, table, fields, rows)

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with refusals(duckdb.Error, describe):
            rows = self._driver.execute(statement).fetchall()
        return [_frozen(row) for row in rows]

    @property
    def _driver(self) -> duckdb.DuckDBPyConnection:
        driver: Any = self.connection.connection.driver_connection
        return driver  # type: ignore[no-any-return] # duckdb-engine's wrapper passes all on

    def _reset(self) -> None:
        self._driver.execute(DEPENDENCIES)

    def _place(self) -> tuple[Any, ...]:
        return self.fetch("SELECT current_database(), current_schema()")[0]

    def _execute(self, statement: str, **values: object) -> Any:
        return self.connection.execute(text(statement), values)


def describe(error: BaseException) -> str:
    """DuckDB's message without its excerpt of the query."""
    message = re.split(r"\n+LINE \d+: ", str(error))[0].strip()
    if message.startswith(AMBIGUOUS):
        return f"{message}; rename the file: DuckDB takes its name for a catalog's"
    return message


def _describe_in(error: BaseException, source: str, line: int, *, is_long: bool = False) -> str:
    found = LINE.search(str(error))
    if found and not is_long:
        line += int(found[1]) - 1
    return f"{source}, line {line}: {describe(error)}"


def _places(script: str, queries: Iterable[str]) -> Iterator[int]:
    start = 0
    for query in queries:
        start = script.index(query, start)
        yield script.count("\n", 0, start) + 1
        start += len(query)


def _frozen(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)
