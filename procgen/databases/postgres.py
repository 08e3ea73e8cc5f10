"""PostgreSQL: the server splits scripts, so that a COMMIT inside one is refused before harm."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import Connection, text

from procgen.databases.database import Row
from procgen.databases.postgres_rows import copy_rows
from procgen.databases.refusals import committed, refusals
from procgen.errors import DatabaseError
from procgen.ir.types import Field
from procgen.migrations.ledger import StoredObject

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
TRY_LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended('procgen.history', 42))"
HOLDER = """
SELECT a.pid, a.usename, a.application_name, a.xact_start
FROM pg_locks AS l
JOIN pg_stat_activity AS a USING (pid)
CROSS JOIN hashtextextended('procgen.history', 42) AS key
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.classid::bigint << 32) | l.objid::bigint = key
"""
# The deparsed text depends on search_path; pg_get_functiondef raises on aggregates.
OBJECTS = """
SELECT format('%s %I.%I(%s)', CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END,
        n.nspname, p.proname, oidvectortypes(p.proargtypes)),
    encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex'),
    encode(sha256(convert_to(coalesce(pg_get_function_sqlbody(p.oid), p.prosrc), 'UTF8')), 'hex'),
    pg_get_userbyid(p.proowner),
    (SELECT coalesce(string_agg(x::text, ',' ORDER BY x::text), '')
        FROM unnest(coalesce(p.proacl, acldefault('f', p.proowner))) AS x)
FROM pg_proc AS p
JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = ANY (:schemas) AND p.prokind IN ('f', 'p', 'w')
    AND NOT EXISTS (SELECT FROM pg_depend AS d
        WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
UNION ALL
SELECT format('type %I.%I', n.nspname, c.relname), shape.hash, shape.hash,
    pg_get_userbyid(c.relowner), ''
FROM pg_class AS c
JOIN pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN LATERAL (
    SELECT encode(sha256(convert_to(coalesce(string_agg(
        format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' ORDER BY a.attnum),
        ''), 'UTF8')), 'hex') AS hash
    FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
) AS shape
WHERE n.nspname = ANY (:schemas) AND c.relkind = 'c'
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
        deadline = time.monotonic() + self.wait
        while True:
            with self.transaction():
                if self.connection.exec_driver_sql(TRY_LOCK).scalar_one():
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
        rows = self._execute(OBJECTS, schemas=list(schemas))
        return {row[0]: StoredObject(*row) for row in rows}

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
