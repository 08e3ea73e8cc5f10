"""Scoring 200,000 rows into a table, in the database and by the best client: medians and ratios.

    python -m benchmarks.score [--json]

The client of PostgreSQL copies the rows out in binary, predicts with one thread and copies the
scores back; that of DuckDB fetches an Arrow table and inserts one. Rounds are interleaved, so that
a noisy machine is noisy for both.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.models import COLUMNS, data, small_models
from procgen.compiler import compile_model
from tests.servers import close_run, ensure_server, open_run

ROWS, ROUNDS = 200_000, 5
LISTED = ", ".join(COLUMNS)
COPY_HEADER, COPY_TRAILER = 19, 2
Step = Callable[[], None]


class Postgres:
    """One connection, its table `rows` of 30 doubles and its table `scores`."""

    name = "postgres"

    def __init__(self, url: str, table: NDArray[np.float64]) -> None:
        self.connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
        columns = ", ".join(f"{column} float8" for column in COLUMNS)
        self.run(f"CREATE SCHEMA ml; CREATE TABLE rows (id int8, {columns})")
        self.run("CREATE TABLE scores (id int8, score float8)")
        self.run("SET max_parallel_workers_per_gather = 0; SET jit = off")
        self._copy_in("rows", table)
        self.count = len(table)
        self.run("VACUUM ANALYZE rows")

    def run(self, statement: str) -> None:
        """Execute one statement."""
        self.connection.execute(statement)

    def in_database(self, call: str, source: str = "rows") -> None:
        """Score every row by one statement."""
        self.run("TRUNCATE scores")
        self.run(f"INSERT INTO scores SELECT id, {call} FROM {source} AS own")

    def by_client(self, predict: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
        """Fetch, predict and store, as fast as a client can."""
        self.run("TRUNCATE scores")
        width = len(COLUMNS) + 1
        with self.connection.cursor().copy("COPY rows TO STDOUT (FORMAT binary)") as copy:
            raw = b"".join(bytes(part) for part in copy)
        cells = np.dtype(
            [("count", ">i2"), ("cell", [("size", ">i4"), ("value", ">f8")], (width,))]
        )
        found = np.frombuffer(raw[COPY_HEADER:-COPY_TRAILER], dtype=cells)["cell"]["value"]
        self._copy_in("scores", predict(found[:, 1:].astype(np.float64))[:, None])

    def _copy_in(self, table: str, values: NDArray[np.float64]) -> None:
        width = values.shape[1]
        cells = np.dtype(
            [
                ("count", ">i2"),
                ("id", [("size", ">i4"), ("value", ">i8")]),
                ("cell", [("size", ">i4"), ("value", ">f8")], (width,)),
            ]
        )
        out = np.zeros(len(values), dtype=cells)
        out["count"], out["id"]["size"], out["cell"]["size"] = width + 1, 8, 8
        out["id"]["value"], out["cell"]["value"] = np.arange(len(values)), values
        header = b"PGCOPY\n\xff\r\n\0" + bytes(8)
        with self.connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as copy:
            copy.write(header + out.tobytes() + b"\xff\xff")


class DuckDB:
    """An in-memory database with the same two tables, on one thread."""

    name = "duckdb"

    def __init__(self, table: NDArray[np.float64]) -> None:
        self.connection = duckdb.connect(config={"threads": 1})
        self.count = len(table)
        self.run("CREATE SCHEMA ml")
        columns = {"id": np.arange(len(table))} | dict(zip(COLUMNS, table.T, strict=True))
        self.connection.register("source", pa.table(columns))
        self.run("CREATE TABLE rows AS SELECT * FROM source")

    def run(self, statement: str) -> None:
        """Execute one statement."""
        self.connection.execute(statement)

    def in_database(self, call: str, source: str = "rows") -> None:
        """Score every row by one statement."""
        self.run(f"CREATE OR REPLACE TABLE scores AS SELECT id, {call} AS score FROM {source}")

    def by_client(self, predict: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> None:
        """Fetch, predict and store, as fast as a client can."""
        found = self.connection.sql(f"SELECT {LISTED} FROM rows").to_arrow_table()
        table = np.column_stack([column.to_numpy() for column in found.columns])
        ids = self.connection.sql("SELECT id FROM rows").to_arrow_table()
        self.connection.register("answers", ids.append_column("score", pa.array(predict(table))))
        self.run("CREATE OR REPLACE TABLE scores AS SELECT * FROM answers")


def seconds(step: Step) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def measure(database: Postgres | DuckDB, name: str, model: Any, number: int) -> dict[str, Any]:
    """Median microseconds a row of both ways, interleaved, and client over database."""
    artifact = compile_model(model, name=f"m{number}", target=database.name, inputs=COLUMNS)
    database.run(artifact.up)
    classifier = hasattr(model, "predict_proba")
    call = f"ml.m{number}_v1{'_proba' if classifier else ''}({LISTED})"

    def predict(table: NDArray[np.float64]) -> NDArray[np.float64]:
        return model.predict_proba(table)[:, 1] if classifier else model.predict(table)

    rounds = [
        (seconds(lambda: database.in_database(call)), seconds(lambda: database.by_client(predict)))
        for _ in range(ROUNDS)
    ]
    ours, theirs = (statistics.median(times) / ROWS * 1e6 for times in zip(*rounds, strict=True))
    return {
        "database": database.name,
        "model": name,
        "in database": ours,
        "client": theirs,
        "ratio": theirs / ours,
    }


@contextmanager
def postgres_url() -> Iterator[str]:
    """A private PostgreSQL 15 that is removed afterwards."""
    folder, watcher = open_run()
    try:
        with ensure_server(folder, 15, "benchmark").database() as url:
            yield url
    finally:
        close_run(watcher)


def main() -> None:
    """Measure each model in each database, and print a table or JSON."""
    table, _ = data(ROWS, seed=1)
    models = small_models()
    with postgres_url() as url:
        figures = [
            measure(database, name, model, number)
            for database in (DuckDB(table), Postgres(url, table))
            for number, (name, model) in enumerate(models.items())
        ]
    if "--json" in sys.argv:
        print(json.dumps(figures, indent=2))
        return
    shown = Table(title=f"{ROWS:,} rows, microseconds a row; above 1 the database is faster")
    for title in figures[0]:
        shown.add_column(title, justify="left" if title in ("database", "model") else "right")
    for row in figures:
        cells = (f"{cell:.2f}" if isinstance(cell, float) else cell for cell in row.values())
        shown.add_row(*cells)
    Console().print(shown)


if __name__ == "__main__":
    main()
