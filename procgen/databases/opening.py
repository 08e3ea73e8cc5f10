"""From a URL to an open Database, with one clear sentence for each way in which that fails."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from procgen.databases.database import Database
from procgen.errors import DatabaseError

POSTGRES_NAMES = frozenset({"postgres", "postgresql", "postgresql+psycopg"})
EXAMPLES = "write it like duckdb:///file.duckdb or postgresql://user@host/database"
POLL_SECONDS = 0.1
MEMORY = ":memory:"
LOCKED = "lock on file"


@contextmanager
def open_database(url: str, *, read_only: bool = False, wait: float = 10.0) -> Iterator[Database]:
    """Open the database of a URL for the length of the block.

    Args:
        url: `duckdb:///path.duckdb`, `duckdb:///:memory:`, `postgresql://...` or
            `postgresql+psycopg://...`, also with `?host=` for a socket.
        read_only: leave a DuckDB file open to other readers; one that is not there yet is empty.
        wait: seconds to wait while another process has the DuckDB file open, or while another
            applier has the lock.

    Raises:
        DatabaseError: the URL is wrong, the driver is not installed, or the database cannot be
            reached or opened.
    """
    parsed = _parse(url)
    if parsed.drivername == "duckdb":
        with _opened_duckdb(parsed, wait, read_only=read_only) as database:
            yield database
        return
    with _opened_postgres(parsed, wait) as database:
        yield database


def engine_of(url: str) -> str:
    """The engine that a URL names, `duckdb` or `postgres`; nothing is opened."""
    return "duckdb" if _parse(url).drivername == "duckdb" else "postgres"


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Without the text: what cannot be parsed may hold a password anywhere.
        raise DatabaseError("the database URL cannot be read", hint=EXAMPLES) from None
    if parsed.drivername in POSTGRES_NAMES:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "duckdb":
        raise DatabaseError(f"no adapter speaks to {parsed.drivername}", hint=EXAMPLES)
    return parsed


@contextmanager
def _opened_postgres(url: URL, wait: float) -> Iterator[Database]:
    try:
        from procgen.databases import postgres  # noqa: PLC0415 - its driver is an extra
    except ImportError as error:
        raise _missing("postgres", error) from error
    settings = {"application_name": "procgen", "connect_timeout": 10} | dict(url.query)
    settings = {key: value for key, value in settings.items() if key not in url.query}
    with _connection(url, settings) as connection:
        yield postgres.connected(connection, wait)


@contextmanager
def _opened_duckdb(url: URL, wait: float, *, read_only: bool) -> Iterator[Database]:
    try:
        from procgen.databases import duckdb  # noqa: PLC0415 - its driver is an extra
    except ImportError as error:
        raise _missing("duckdb", error) from error
    path = url.database or MEMORY
    if read_only and not Path(path).exists():
        path = MEMORY
    if path == MEMORY:
        with _connection(url.set(database=MEMORY), {}) as connection:
            yield duckdb.DuckDB(connection, f"{MEMORY}{id(connection)}", wait)
        return
    with _closing(_connect_file(url, wait, read_only=read_only)) as connection:
        yield duckdb.DuckDB(connection, str(Path(path).resolve()), wait)


def _connect_file(url: URL, wait: float, *, read_only: bool) -> Connection:
    deadline = time.monotonic() + wait
    while True:
        try:
            return _connect(url, {"read_only": read_only})
        except DatabaseError as error:
            # DuckDB has one class of error for every trouble with a file.
            if LOCKED not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(POLL_SECONDS)


def _missing(extra: str, error: Exception) -> DatabaseError:
    return DatabaseError(
        f"the driver for {extra} is not installed ({error})",
        hint=f"run: pip install 'procgen[{extra}]'",
    )


@contextmanager
def _connection(url: URL, settings: dict[str, Any]) -> Iterator[Connection]:
    with _closing(_connect(url, settings)) as connection:
        yield connection


def _connect(url: URL, settings: dict[str, Any]) -> Connection:
    name = url.render_as_string(hide_password=True)
    try:
        engine = create_engine(url, poolclass=NullPool, connect_args=settings)
        return engine.connect()
    except (ImportError, NoSuchModuleError) as error:
        extra = "duckdb" if url.drivername == "duckdb" else "postgres"
        raise _missing(extra, error) from error
    except DBAPIError as error:
        raise DatabaseError(f"{name} cannot be opened: {error.orig}") from error
    except (SQLAlchemyError, OSError) as error:
        raise DatabaseError(f"{name} cannot be opened: {error}") from error


@contextmanager
def _closing(connection: Connection) -> Iterator[Connection]:
    try:
        yield connection
    finally:
        connection.close()
        connection.engine.dispose()
