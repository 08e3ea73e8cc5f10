"""Private PostgreSQL servers for a run, and sessions of them: settings, tables and bulk copies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.models import COLUMNS, Matrix
from examples.servers import private_servers

SETTINGS = """
    SET jit = off;
    SET max_parallel_workers_per_gather = 0;
    SET work_mem = '256MB';
    SET client_min_messages = warning
"""
HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
WITHOUT_NUMBA = "DO LANGUAGE plpython3u $$ import sys; sys.modules['numba'] = None $$"


@dataclass(frozen=True, slots=True)
class Server:
    """A database with the tables `rows` and `asked`, which every session of it sees."""

    name: str
    url: str
    has_python: bool

    def session(self, stack: ExitStack) -> psycopg.Connection[Any]:
        """A connection with plain settings: one worker, and no compilation by LLVM."""
        connection = stack.enter_context(psycopg.connect(self.url, autocommit=True))
        connection.execute(SETTINGS)
        return connection

    def load(self, name: str, path: Path) -> None:
        """A table with what a file holds; NULL stays NULL and NaN stays NaN."""
        with ExitStack() as stack:
            connection = self.session(stack)
            columns = ", ".join(f"{column} float8" for column in COLUMNS)
            connection.execute(f"DROP TABLE IF EXISTS {name}")
            connection.execute(f"CREATE TABLE {name} (id int8 PRIMARY KEY, {columns})")
            for batch in pq.ParquetFile(path).iter_batches(100_000):  # type: ignore[no-untyped-call]
                copy_in(connection, name, pa.Table.from_batches([batch]))
            connection.execute(f"VACUUM ANALYZE {name}")


@contextmanager
def servers(versions: tuple[int, ...]) -> Iterator[tuple[Server, ...]]:
    """Private servers that are removed afterwards; PL/Python is in Debian's, not in the wheel."""
    private = private_servers()
    folder, watcher = private.open_run()
    try:
        with ExitStack() as stack:
            found = []
            for version in versions:
                url = stack.enter_context(
                    private.ensure_server(folder, version, "benchmark").database()
                )
                found.append(_server(version, url))
            yield tuple(found)
    finally:
        private.close_run(watcher)


def _server(version: int, url: str) -> Server:
    with psycopg.connect(url, autocommit=True) as connection:
        known = connection.execute(
            "SELECT count(*) FROM pg_available_extensions WHERE name = 'plpython3u'"
        ).fetchone()
        has_python = known == (1,)
        if has_python:
            connection.execute("CREATE EXTENSION plpython3u")
        connection.execute("CREATE SCHEMA ml; CREATE SCHEMA procgen")
    return Server(f"postgres {version}", url, has_python)


def copy_in(connection: psycopg.Connection[Any], name: str, table: pa.Table) -> None:
    """COPY an id and doubles: in binary, or row by row where there are NULLs."""
    if any(column.null_count for column in table.columns):
        with connection.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row in table.to_pylist():
                copy.write_row(tuple(row.values()))
        return
    columns = [column.to_numpy() for column in table.columns[1:]]
    write_binary(connection, name, table.column(0).to_numpy(), np.column_stack(columns))


def write_binary(connection: psycopg.Connection[Any], name: str, ids: Any, values: Matrix) -> None:
    """COPY an id and a matrix of doubles in binary."""
    width = values.shape[1]
    out = np.zeros(len(values), dtype=binary_row(width))
    out["count"], out["id"]["size"], out["cell"]["size"] = width + 1, 8, 8
    out["id"]["value"], out["cell"]["value"] = ids, values
    with connection.cursor().copy(f"COPY {name} FROM STDIN (FORMAT binary)") as copy:
        copy.write(HEADER + out.tobytes() + TRAILER)


def copy_out(connection: psycopg.Connection[Any], query: str, width: int) -> tuple[Any, Matrix]:
    """Ids and doubles of a query without NULL, by binary COPY."""
    with connection.cursor().copy(f"COPY ({query}) TO STDOUT (FORMAT binary)") as copy:
        raw = b"".join(bytes(part) for part in copy)
    found = np.frombuffer(raw[len(HEADER) : -len(TRAILER)], dtype=binary_row(width))
    return found["id"]["value"], found["cell"]["value"].astype(np.float64)


def binary_row(width: int) -> np.dtype[Any]:
    """A row of an id and doubles as binary COPY has it."""
    cell = [("size", ">i4"), ("value", ">f8")]
    return np.dtype(
        [("count", ">i2"), ("id", [("size", ">i4"), ("value", ">i8")]), ("cell", cell, (width,))]
    )
