"""DuckDB: a file has one process; COMMIT of an aborted transaction returns without an error."""

from __future__ import annotations

import hashlib
import re
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import duckdb
from sqlalchemy import Connection, text

from procgen.databases.database import Row
from procgen.databases.duckdb_rows import create_table
from procgen.databases.refusals import committed, refusals
from procgen.errors import DatabaseError
from procgen.ir.types import Field
from procgen.migrations.ledger import StoredObject

LINE = re.compile(r"^LINE (\d+): ", re.MULTILINE)
AMBIGUOUS = "Binder Error: Ambiguous reference to catalog or schema"
LAYOUT = """
SELECT count(*) FROM duckdb_tables()
WHERE database_name = current_database() AND schema_name = 'procgen' AND table_name = 'meta'
"""
MACROS = """
SELECT schema_name, function_name, function_type, parameters, parameter_types, macro_definition
FROM duckdb_functions()
WHERE NOT internal AND function_type IN ('macro', 'table_macro')
    AND database_name = current_database() AND list_contains(:schemas, schema_name)
ORDER BY ALL
"""
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
            yield

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """See `Database`."""
        with refusals(duckdb.Error, describe), committed(self.connection, lambda: False):
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
            describe_here = partial(_describe_in, source=source, line=line)
            with refusals(duckdb.Error, describe_here):
                # Its text, not the statement: else line numbers count from another start.
                self._driver.execute(statement.query).fetchall()
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

    def objects(self, schemas: Iterable[str]) -> dict[str, StoredObject]:
        """See `Database`; the overloads of a macro are one object, as they are in a script."""
        overloads: dict[str, list[str]] = {}
        for schema, name, kind, *rest in self._execute(MACROS, schemas=list(schemas)):
            identity = f"{kind.replace('_', ' ')} {schema}.{name}"
            overloads.setdefault(identity, []).append(repr(rest))
        return {
            identity: StoredObject(identity, _hash(found), _hash(found))
            for identity, found in overloads.items()
        }

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


def _describe_in(error: BaseException, source: str, line: int) -> str:
    found = LINE.search(str(error))
    if found:
        line += int(found[1]) - 1
    return f"{source}, line {line}: {describe(error)}"


def _places(script: str, queries: Iterable[str]) -> Iterator[int]:
    start = 0
    for query in queries:
        start = script.index(query, start)
        yield script.count("\n", 0, start) + 1
        start += len(query)


def _hash(parts: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()


def _frozen(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)
