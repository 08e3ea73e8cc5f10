"""One row a statement: prepared statements of PostgreSQL, and statements of DuckDB.

Ratios are to a statement that adds the thirty numbers and scores nothing: the bare round trip.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import numpy as np
import psycopg

from benchmarks import alone, in_duckdb, in_postgres, rivals
from benchmarks.bench import Bench
from benchmarks.compiled import LISTED, call, compiled, made
from benchmarks.duckdb_worker import Worker
from benchmarks.in_duckdb import Files
from benchmarks.models import COLUMNS, Subject, data
from benchmarks.naive import naive_expression
from benchmarks.servers import WITHOUT_NUMBA, Server
from benchmarks.ways import Figure, Ready, Role, Way
from procgen.backends import dialect_named

SECTION = "rows"
BASE = "bare round trip"
SUM = " + ".join(COLUMNS)
ROWS = [[repr(float(cell)).encode() for cell in row] for row in data(64, seed=3)[0]]
"""As the protocol sends them."""


def results(bench: Bench) -> Iterator[Figure]:
    """Each model, first in PostgreSQL and then in DuckDB."""
    calls = 60 if bench.options.quick else 3000
    for subject in bench.subjects():
        labels = {"section": SECTION, "model": subject.title, "unit": "row"}
        ways = [way for server in bench.servers() for way in postgres_ways(subject, server)]
        yield from bench.race(ways, bench.pace(rows=calls, fewest=20, seconds=0.3), **labels)
        pace = bench.pace(rows=20, fewest=1, seconds=0.3)
        yield from bench.race(duckdb_ways(subject, bench.files(bench.options.rows)), pace, **labels)


def postgres_ways(subject: Subject, server: Server) -> Iterator[Way]:
    """Expressions of 30 parameters."""

    def way(name: str, role: Role, set_up: Callable[[psycopg.Connection[Any]], str]) -> Way:
        base = None if name == BASE else BASE
        return Way(name, server.name, role, base, partial(_prepared, server, set_up))

    def routine(
        connection: psycopg.Connection[Any], language: str, suffix: str = "", *, jit: bool = True
    ) -> str:
        artifact = compiled(subject, "postgres", language)
        in_postgres.install(connection, artifact.up, artifact.objects)
        if not jit:
            connection.execute(WITHOUT_NUMBA)
        name = made(artifact, suffix)
        return f"{name}({LISTED})" if suffix else call(artifact, subject)

    yield way(BASE, Role.USUAL, lambda _: SUM)
    yield way("SQL", Role.OURS, lambda connection: routine(connection, "sql"))
    if made(compiled(subject, "postgres"), "_row"):
        yield way("SQL, _row", Role.OURS, lambda connection: routine(connection, "sql", "_row"))
    if server.has_python:
        yield way("PL/Python", Role.OURS, lambda connection: routine(connection, "plpython"))
    naive = partial(naive_expression, subject, dialect_named("postgres"))
    yield way("nested CASE", Role.RIVAL, lambda _: naive())
    if server.has_python:
        yield way(
            "m2cgen in PL/Python",
            Role.RIVAL,
            lambda connection: in_postgres.m2cgen_routine(connection, subject),
        )


def _prepared(
    server: Server, set_up: Callable[[psycopg.Connection[Any]], str], stack: ExitStack
) -> Ready:
    """Execute a prepared statement by libpq itself: what psycopg does around it is left out."""
    connection = server.session(stack)
    expression = set_up(connection)
    own = connection.pgconn
    numbered = ", ".join(f"${place}::float8 AS {name}" for place, name in enumerate(COLUMNS, 1))
    query = f"SELECT {expression} FROM (SELECT {numbered}) AS own"
    own.prepare(b"one", query.encode())

    def score(count: int) -> None:
        for number in range(count):
            found = own.exec_prepared(b"one", ROWS[number % len(ROWS)])
            if found.status != psycopg.pq.ExecStatus.TUPLES_OK:
                raise RuntimeError(found.error_message.decode())

    score(10)
    backend = connection.info.backend_pid
    return Ready(score, None, (backend,), connection.cancel, by_turns=True)


def duckdb_ways(subject: Subject, files: Files) -> Iterator[Way]:
    """Statements that look a row up by its key and score it."""
    artifact = compiled(subject, "duckdb")
    score = call(artifact, subject)
    engine = in_duckdb.ENGINE

    def way(name: str, role: Role, query: Callable[[], Callable[[str], str]]) -> Way:
        base = None if name == BASE else BASE
        return Way(name, engine, role, base, partial(_looked_up, artifact.up, query, files))

    yield way(BASE, Role.USUAL, lambda: lambda table: f"SELECT {SUM} FROM {table}")
    yield Way(
        "Python, fetch and predict", engine, Role.USUAL, BASE, partial(_by_python, subject, files)
    )
    yield way("SQL", Role.OURS, lambda: lambda table: f"SELECT {score} FROM {table}")
    if rows := made(artifact, "_rows"):
        column = in_duckdb.score_column(artifact, f"{rows}('rows')", subject)
        yield way(
            "SQL, table macro",
            Role.OURS,
            lambda: lambda table: f"SELECT {column} FROM {rows}('{table}')",
        )
    yield Way("function, Numba", engine, Role.OURS, BASE, partial(_function, subject, files))
    for name, query in rivals.sql_ways(subject, "duckdb"):
        yield way(name, Role.RIVAL, query)


def _looked_up(
    script: str, query: Callable[[], Callable[[str], str]], files: Files, stack: ExitStack
) -> Ready:
    worker = Worker.start()
    stack.callback(worker.close)
    worker.load("rows", files.rows)
    worker.run("CREATE SCHEMA ml")
    worker.run(script)
    worker.run("CREATE VIEW wanted AS FROM rows WHERE id = 77")
    statement = query()("wanted")
    return Ready(
        lambda count: worker.run(statement, repeats=count), None, (worker.pid,), worker.kill
    )


def _function(subject: Subject, files: Files, stack: ExitStack) -> Ready:
    connection = in_duckdb.with_function(subject, files, 1, stack, jit=True)
    score = call(compiled(subject, "duckdb"), subject)

    def run(count: int) -> None:
        for _ in range(count):
            connection.execute(f"SELECT {score} FROM rows WHERE id = 77").fetchall()

    return Ready(run, stop=connection.interrupt)


def _by_python(subject: Subject, files: Files, stack: ExitStack) -> Ready:
    connection = in_duckdb.open_here(files, 1, stack)

    def run(count: int) -> None:
        for _ in range(count):
            found = connection.execute(f"SELECT {LISTED} FROM rows WHERE id = 77").fetchall()
            subject.predict(np.array(found))

    return Ready(run, stop=connection.interrupt)


if __name__ == "__main__":
    alone.run(SECTION)
