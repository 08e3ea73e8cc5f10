"""PostgreSQL: the server splits scripts, so that a COMMIT inside one is refused before harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from procgen.databases import postgres_batches, postgres_catalog
from procgen.databases.batching import Batch, Job, Progress
from procgen.databases.database import Row
from procgen.databases.dependents import Dependent
from procgen.databases.postgres_restoring import restoring
from procgen.databases.postgres_rows import copy_rows
from procgen.databases.refusals import committed, refusals
from procgen.databases.replay import Recording, Replay, replayed, routines
from procgen.errors import DatabaseError
from procgen.ir.types import Field
from procgen.migrations.ledger import StoredObject
from procgen.migrations.migration import Migration

OLDEST = 150000
POLL_SECONDS = 0.1
# A script may SET what it likes, but not for the scripts after it.
RESET = """
RESET SESSION AUTHORIZATION;
RESET ROLE;
RESET ALL;
SET LOCAL search_path = '';
SET LOCAL extra_float_digits = 1;
SET LOCAL lock_timeout = '30s';
DO $$
BEGIN
    -- Without it the statement and the lock of a client that was killed live on.
    SET LOCAL client_connection_check_interval = '2s';
EXCEPTION WHEN invalid_parameter_value THEN
    NULL; -- the server's system cannot do it
END
$$
"""
RUN = """
DO $$
DECLARE
    script text := current_setting('procgen.sql', true);
BEGIN
    IF coalesce(script, '') = '' THEN
        RAISE EXCEPTION 'the script did not arrive: there is no transaction around it';
    END IF;
    EXECUTE script;
END
$$
"""
TRY_LOCK = "SELECT {}(hashtextextended('procgen.history', 42))"
HOLDER = """
SELECT a.pid, a.usename, a.application_name, a.xact_start
FROM pg_locks AS l
JOIN pg_stat_activity AS a USING (pid)
CROSS JOIN hashtextextended('procgen.history', 42) AS key
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = key
"""


@dataclass(frozen=True, slots=True)
class Postgres:
    """An open PostgreSQL connection."""

    connection: Connection
    version: str
    wait: float
    engine: str = "postgres"

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `Database`."""
        with refusals(psycopg.Error, describe), committed(self.connection, lambda: True):
            self._reset()
            yield

    @contextmanager
    def rehearsal(self) -> Iterator[None]:
        """See `Database`."""
        with refusals(psycopg.Error, describe), committed(self.connection, lambda: False):
            self._reset()
            yield

    @contextmanager
    def locked(self) -> Iterator[None]:
        """See `Database`; polled, so that a waiter holds no transaction open."""
        with self._alone("pg_try_advisory_xact_lock", self.transaction):
            yield

    @contextmanager
    def quiet(self) -> Iterator[None]:
        """See `Database`."""
        with self._alone("pg_try_advisory_xact_lock_shared", self.rehearsal):
            yield

    @contextmanager
    def _alone(
        self, function: str, block: Callable[[], AbstractContextManager[None]]
    ) -> Iterator[None]:
        deadline = time.monotonic() + self.wait
        while True:
            with block():
                if self.connection.exec_driver_sql(TRY_LOCK.format(function)).scalar_one():
                    yield
                    return
                holder = self.connection.exec_driver_sql(HOLDER).first()
            if time.monotonic() > deadline:
                raise _locked_out(holder, self.wait)
            time.sleep(POLL_SECONDS)

    def run_script(self, text: str, *, source: str) -> None:
        """See `Database`."""
        self._reset()
        with refusals(psycopg.Error, lambda error: describe_in(error, text, source)):
            self._execute("SELECT set_config('procgen.sql', :text, true)", text=text)
            self.connection.exec_driver_sql(RUN, execution_options={"no_parameters": True})
            self._reset()

    def layout(self) -> int | None:
        """See `Database`."""
        if self._execute("SELECT to_regclass('procgen.meta')").scalar_one() is None:
            return None
        return int(self._execute("SELECT max(layout) FROM procgen.meta").scalar_one())

    def objects(self, schemas: Iterable[str]) -> dict[str, StoredObject]:
        """See `Database`."""
        return postgres_catalog.objects(self.connection, schemas)

    def sources(self, schemas: Iterable[str]) -> dict[str, str]:
        """See `Database`."""
        return postgres_catalog.sources(self.connection, schemas)

    def dependents(self, identities: Sequence[str]) -> tuple[Dependent, ...]:
        """See `Database`; that a call would break, the server says itself."""
        return postgres_catalog.dependents(self.connection, identities)

    def hiding(self, identities: Sequence[str]) -> tuple[str, ...]:
        """See `Database`; pg_catalog is searched first."""
        del identities
        return ()

    def is_like(self, version: str) -> bool:
        """See `Database`; a minor version prints as another does."""
        return _major(version) == _major(self.version)

    def replay(self, migrations: Sequence[Migration], schemas: Sequence[str]) -> Replay:
        """See `Database`."""
        recording = Recording()
        with (
            refusals(psycopg.Error, describe),
            postgres_catalog.moved_away(self.connection, schemas),
        ):
            for migration in replayed(migrations):
                self.run_script(migration.up, source=migration.source("up"))
                found = routines(self.objects(schemas))
                here = {k: v for k, v in found.items() if postgres_catalog.MOVED not in k}
                recording.note(migration, here)
            return Replay(recording.steps, recording.before, self.sources(schemas))

    def restore(self, wanted: Sequence[StoredObject], sources: Mapping[str, str]) -> None:
        """See `Database`."""
        schemas = {one.identity.partition(" ")[2].partition(".")[0].strip('"') for one in wanted}
        live = self.objects(schemas)
        named = {one.identity: one for one in wanted}
        for name in sources:  # in the order of creation
            if name in named:
                script = restoring(named[name], live.get(name), sources[name])
                self.run_script(script, source=f"the statements of {name}")

    def run_batch(self, batch: Batch, progress: Progress) -> tuple[Job, ...]:
        """See `Database`."""
        with refusals(psycopg.Error, describe):
            return postgres_batches.run_batch(self.connection, batch, progress)

    def load_rows(self, table: str, fields: Sequence[Field], rows: Sequence[Row]) -> str:
        """See `Database`."""
        with refusals(psycopg.Error, describe):
            return copy_rows(self.connection, table, fields, rows)

    def fetch(self, statement: str) -> list[tuple[Any, ...]]:
        """See `Database`."""
        with refusals(psycopg.Error, lambda error: describe_in(error, statement, "the query")):
            found = self.connection.exec_driver_sql(
                statement, execution_options={"no_parameters": True}
            )
            return [_frozen(row) for row in found]

    def _execute(self, statement: str, **values: object) -> Any:
        return self.connection.execute(text(statement), values)

    def _reset(self) -> None:
        self.connection.exec_driver_sql(RESET, execution_options={"no_parameters": True})


def connected(connection: Connection, wait: float) -> Postgres:
    """Wrap a fresh connection.

    Raises:
        DatabaseError: the server is too old.
    """
    number = int(connection.exec_driver_sql("SHOW server_version_num").scalar_one())
    name = str(connection.exec_driver_sql("SHOW server_version").scalar_one())
    connection.rollback()
    if number < OLDEST:
        raise DatabaseError(f"PostgreSQL {name} is too old", hint="procgen needs 15 or newer")
    return Postgres(connection, f"PostgreSQL {number}", wait)


def describe(error: BaseException) -> str:
    """The server's message with its detail and hint, or the driver's own."""
    if not isinstance(error, psycopg.Error) or error.diag.message_primary is None:
        return str(error).strip()
    parts = (error.diag.message_primary, error.diag.message_detail, error.diag.message_hint)
    return "; ".join(part for part in parts if part)


def describe_in(error: BaseException, script: str, source: str) -> str:
    """The same with the file and, where the server says, the line."""
    line = _line(error, script)
    place = source if line is None else f"{source}, line {line}"
    return f"{place}: {describe(error)}"


def _line(error: BaseException, script: str) -> int | None:
    if not isinstance(error, psycopg.Error):
        return None
    query = error.diag.internal_query or script
    position = error.diag.internal_position or error.diag.statement_position
    if position is None or script.count(query) != 1:
        return None
    return script.count("\n", 0, script.index(query) + int(position) - 1) + 1


def _major(version: str) -> str:
    number = version.rpartition(" ")[2]
    return number[:-4]


def _locked_out(holder: Any, waited: float) -> DatabaseError:
    who = "another procgen"
    if holder is not None:
        pid, user, application, start = holder
        who = f"process {pid} ({application or 'no name'}, user {user}, since {start})"
    return DatabaseError(
        f"{who} holds the lock of procgen.history; waited {waited:g} s",
        hint="wait for it, or end it with pg_terminate_backend",
    )


def _frozen(row: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list) else value for value in row)
