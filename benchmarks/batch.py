"""Scoring a table of 30 doubles into another: SQL, the kernel, and what a user does without either.

    python -m benchmarks.batch [--json] [--rows 100000] [--rounds 5] [--no-sql] [MODEL ...]

Rounds are interleaved, so that a noisy machine is noisy for all; medians, in microseconds a row,
and the ratio to the best client (PostgreSQL) or to pandas and back (DuckDB): above 1 is faster.
SQL that takes over 20 microseconds a row is measured once, on 10,000 rows; to plan that of a forest
takes DuckDB minutes, which --no-sql saves.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

import procgen.duckdb
from benchmarks.models import COLUMNS, data, scored_models
from benchmarks.score import LISTED, DuckDB, Postgres, seconds
from procgen.artifacts.artifact import Artifact
from procgen.artifacts.batches import batch_select
from procgen.compiler import compile_model
from procgen.ir import codec
from procgen.kernels.packing import pack
from procgen.kernels.runtime.model import Model
from tests.servers import close_run, ensure_server, open_run

SLOW_ROWS = 10_000
WITHOUT_NUMBA = "DO LANGUAGE plpython3u $$ import sys; sys.modules['numba'] = None $$"
Matrix = NDArray[np.float64]
Ways = dict[str, tuple[Callable[[], object], int]]
"""How to score, and how many rows that scores."""
BASES = {"postgres: client": "postgres", "duckdb: pandas": "duckdb", "memory: library": "memory"}


def in_memory(model: Any, artifact: Artifact, table: Matrix) -> Ways:
    """Rows that are in memory already."""
    text = pack(artifact.lowered, artifact.digest, {})
    plain, fast = Model(text), Model(text)
    columns = [np.ascontiguousarray(column) for column in table.T]
    rows = len(table)
    ways: Ways = {
        "memory: library": (lambda: model.predict(table), rows),
        "memory: NumPy": (lambda: plain.score(columns, ["predict"]), rows),
    }
    if fast.compile():
        ways["memory: Numba"] = (lambda: fast.score(columns, ["predict"]), rows)
    return ways


class PythonPostgres:
    """A session of PostgreSQL whose Python has Numba, or seems not to have it."""

    def __init__(self, url: str, *, jit: bool) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET max_parallel_workers_per_gather = 0; SET jit = off")
        self.connection.execute("SET work_mem = '256MB'")
        if not jit:
            self.connection.execute(
                "DO LANGUAGE plpython3u $$ import sys; sys.modules['numba'] = None $$"
            )

    def batch(self, select: str) -> None:
        """Score every row in chunks, in one statement."""
        self.connection.execute("TRUNCATE scores")
        self.connection.execute(f"INSERT INTO scores {select}".encode())


def on_postgres(url: str, database: Postgres, name: str, model: Any, *, sql: bool) -> Ways:
    """The client, SQL, and PL/Python with and without Numba."""
    for number, language in ((1, "sql"), (2, "plpython")):
        artifact = compile_model(
            model, name=name, target="postgres", version=number, inputs=COLUMNS, language=language
        )
        database.run(artifact.up)
    select = batch_select(artifact, "rows", key="id", outputs=["predict"])
    rows = database.count
    ways: Ways = {"postgres: client": (lambda: database.by_client(model.predict), rows)}
    if sql:
        ways["postgres: SQL"] = sql_way(database, f"ml.{name}_v1({LISTED})", rows)
    for title, jit in (("NumPy", False), ("Numba", True)):
        session = PythonPostgres(url, jit=jit)
        session.batch(select)
        ways[f"postgres: PL/Python, {title}"] = (lambda s=session: s.batch(select), rows)
    return ways


def on_duckdb(databases: dict[str, DuckDB], name: str, model: Any, *, sql: bool) -> Ways:
    """Pandas and back, the macro, and the kernel with and without Numba."""
    artifact = compile_model(model, name=name, target="duckdb", inputs=COLUMNS)
    plain = databases["plain"]
    plain.run(artifact.up)
    rows = plain.count
    call = f"ml.{name}_v1({LISTED})"

    def by_pandas() -> None:
        frame = plain.connection.sql("SELECT * FROM rows").df()
        scores = frame[["id"]].assign(score=model.predict(frame[list(COLUMNS)].to_numpy()))
        plain.connection.register("answers", scores)
        plain.run("CREATE OR REPLACE TABLE scores AS SELECT * FROM answers")

    ways: Ways = {"duckdb: pandas": (by_pandas, rows)}
    if sql:
        ways["duckdb: SQL"] = sql_way(plain, call, rows)
    for title, jit in (("NumPy", False), ("Numba", True)):
        database = databases[title]
        procgen.duckdb.register(database.connection, model_file(artifact), jit=jit)
        database.in_database(call)
        ways[f"duckdb: function, {title}"] = (lambda d=database: d.in_database(call), rows)
    return ways


def sql_way(database: Postgres | DuckDB, call: str, rows: int) -> tuple[Callable[[], object], int]:
    """Score by SQL: all rows, or the first ones where that takes long."""
    some = f"(SELECT * FROM rows WHERE id < {SLOW_ROWS})"
    taken = seconds(lambda: database.in_database(call, some))
    if taken / SLOW_ROWS > 20e-6:
        return lambda: database.in_database(call, some), SLOW_ROWS
    return lambda: database.in_database(call), rows


def model_file(artifact: Artifact) -> Path:
    """The model as a project's file has it."""
    folder = Path(tempfile.mkdtemp(prefix="procgen-benchmark-"))
    path = folder / f"{artifact.name}_v1.json"
    content = {
        "name": artifact.name,
        "version": 1,
        "provenance": {},
        "program": json.loads(codec.encode(artifact.program)),
    }
    path.write_text(json.dumps(content))
    return path


def measured(ways: Ways, rounds: int) -> dict[str, float]:
    """Median microseconds a row of each way, interleaved."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(rounds):
        for way, (step, rows) in ways.items():
            if number == 0 or rows > SLOW_ROWS:
                times[way].append(seconds(step) / rows * 1e6)
    return {way: statistics.median(found) for way, found in times.items()}


@contextmanager
def postgres(table: Matrix) -> Iterator[tuple[str, Postgres]]:
    """A private PostgreSQL 15 with the table and PL/Python."""
    folder, watcher = open_run()
    try:
        with ensure_server(folder, 15, "benchmark").database() as url:
            database = Postgres(url, table)
            database.run("CREATE EXTENSION plpython3u")
            yield url, database
            database.connection.close()
    finally:
        close_run(watcher)


def results(wanted: list[str], rows: int, rounds: int, *, sql: bool) -> Iterator[dict[str, Any]]:
    """One model after the other, each in every way."""
    table = data(rows, seed=1)[0]
    models = {
        name: model for name, model in scored_models().items() if name in wanted or not wanted
    }
    with ExitStack() as stack:
        url, server = stack.enter_context(postgres(table))
        databases = {title: DuckDB(table) for title in ("plain", "NumPy", "Numba")}
        for number, (title, model) in enumerate(models.items()):
            name = f"m{number}"
            artifact = compile_model(model, name=name, target="duckdb", inputs=COLUMNS)
            ways = in_memory(model, artifact, table)
            ways |= on_postgres(url, server, name, model, sql=sql)
            ways |= on_duckdb(databases, name, model, sql=sql)
            load = os.getloadavg()[0]
            found = measured(ways, rounds)
            for way, (_, count) in ways.items():
                base = next(b for b, where in BASES.items() if way.startswith(where))
                ratio = found[base] / found[way]
                yield {
                    "model": title,
                    "way": way,
                    "us": found[way],
                    "ratio": ratio,
                    "rows": count,
                    "load": load,
                }


def machine() -> str:
    """What was measured on."""
    names = ("numpy", "numba", "scikit-learn", "lightgbm", "xgboost-cpu", "duckdb")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    python = f"Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {platform.machine()}, {python}, {versions}"


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("models", nargs="*")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--no-sql", action="store_true")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    table = Table("model", "way", "us a row", "ratio", "rows", "load", title=machine())
    found = []
    for result in results(given.models, given.rows, given.rounds, sql=not given.no_sql):
        found.append(result)
        table.add_row(
            result["model"],
            result["way"],
            f"{result['us']:.2f}",
            f"{result['ratio']:.2f}",
            f"{result['rows']:,}",
            f"{result['load']:.1f}",
        )
        Console(stderr=True).print("{model}: {way} {us:.2f} us, {ratio:.2f}".format(**result))
    if given.json:
        json.dump({"machine": machine(), "results": found}, sys.stdout, indent=2)
    else:
        Console().print(table)


if __name__ == "__main__":
    main()
