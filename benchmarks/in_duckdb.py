"""Ways to score a table of DuckDB into another: SQL, functions of Python, and clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

import procgen.duckdb
from benchmarks import rivals
from benchmarks.compiled import LISTED, call, compiled, made, model_file, output_of, part
from benchmarks.duckdb_worker import Worker
from benchmarks.models import COLUMNS, Subject
from benchmarks.ways import Ready, Role, Way
from procgen.artifacts.artifact import Artifact

ENGINE = "duckdb"
BASE = "pandas round trip"
PREDICTION_NAMES = ("prediction", "score")
Query = Callable[[str], str]
"""A SELECT of id and score over a table of that name."""


@dataclass(frozen=True, slots=True)
class Files:
    """What is scored: Parquet files of the table and, where asked, of the rows for exactness."""

    folder: Path
    rows: Path
    asked: Path | None = None


def ways(subject: Subject, files: Files, threads: int = 1) -> Iterator[Way]:
    """What is measured of one model; ratios are to pandas and back."""
    base = (ENGINE, Role.USUAL, BASE)
    yield Way(BASE, ENGINE, Role.USUAL, None, partial(_client, by_pandas, subject, files, threads))
    yield Way("Arrow round trip", *base, partial(_client, by_arrow, subject, files, threads))
    yield from own_ways(subject, files, threads)
    for name, query in rivals.sql_ways(subject, "duckdb"):
        prepare = partial(_rival, query, files, threads)
        yield Way(name, ENGINE, Role.RIVAL, BASE, prepare)


def own_ways(subject: Subject, files: Files, threads: int = 1) -> Iterator[Way]:
    """The macro, the table macro where the version has one, and the kernel."""
    ours = (ENGINE, Role.OURS, BASE)
    yield Way("SQL", *ours, partial(macro, subject, files, threads))
    if made(compiled(subject, "duckdb"), "_rows"):
        yield Way("SQL, table macro", *ours, partial(table_macro, subject, files, threads))
    for name, jit in (("NumPy", False), ("Numba", True)):
        yield Way(f"function, {name}", *ours, partial(function, subject, files, threads, jit=jit))


def macro(subject: Subject, files: Files, threads: int, stack: ExitStack) -> Ready:
    """The scalar macro, in a SELECT."""
    artifact = compiled(subject, "duckdb")
    score = call(artifact, subject)
    return in_worker(
        [artifact.up],
        lambda table: f"SELECT id, {score} AS score FROM {table}",
        files,
        threads,
        stack,
    )


def table_macro(subject: Subject, files: Files, threads: int, stack: ExitStack) -> Ready:
    """The macro that takes the name of a table."""
    artifact = compiled(subject, "duckdb")
    name = made(artifact, "_rows")
    score = score_column(artifact, f"{name}('rows')", subject)
    return in_worker(
        [artifact.up],
        lambda table: f"SELECT id, {score} AS score FROM {name}('{table}')",
        files,
        threads,
        stack,
    )


def score_column(artifact: Artifact, source: str, subject: Subject) -> str:
    """Which of the macro's columns is the score."""
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} DOUBLE" for name in COLUMNS)
        connection.execute(f"CREATE SCHEMA ml; CREATE TABLE rows (id BIGINT, {columns})")
        connection.execute(artifact.up)
        names = [name for name, *_ in connection.execute(f"DESCRIBE FROM {source}").fetchall()]
    wanted = (output_of(subject), *PREDICTION_NAMES)
    return next((name for name in wanted if name in names), names[-1])


def _rival(query: Callable[[], Query], files: Files, threads: int, stack: ExitStack) -> Ready:
    return in_worker([], query(), files, threads, stack)


def in_worker(
    scripts: list[str], query: Query, files: Files, threads: int, stack: ExitStack
) -> Ready:
    """Score by a query in a process that can be killed."""
    worker = Worker.start(threads)
    stack.callback(worker.close)
    worker.load("rows", files.rows)
    if files.asked:
        worker.load("asked", files.asked)
    worker.run("CREATE SCHEMA ml")
    for script in scripts:
        worker.run(script)

    @cache
    def first(count: int) -> str:
        worker.run(f"CREATE VIEW first_{count} AS FROM rows WHERE id < {count}")
        return f"first_{count}"

    def score(count: int) -> None:
        worker.run(f"CREATE OR REPLACE TABLE scores AS {query(first(count))}")

    def answers(rows: range) -> list[float | None]:
        worker.run(f"CREATE OR REPLACE VIEW piece AS {part(rows)}")
        return [one for _, one in sorted(worker.run(query("piece")))]

    def explain() -> None:
        worker.run(f"EXPLAIN CREATE OR REPLACE TABLE scores AS {query('rows')}")

    return Ready(score, answers, (worker.pid,), worker.kill, explain)


def open_here(files: Files, threads: int, stack: ExitStack) -> duckdb.DuckDBPyConnection:
    """A database in this process, with the tables."""
    connection = stack.enter_context(duckdb.connect(config={"threads": threads}))
    connection.execute("SET enable_progress_bar = false; CREATE SCHEMA ml")
    connection.execute(f"CREATE TABLE rows AS FROM '{files.rows}'")
    if files.asked:
        connection.execute(f"CREATE TABLE asked AS FROM '{files.asked}'")
    return connection


def function(subject: Subject, files: Files, threads: int, stack: ExitStack, *, jit: bool) -> Ready:
    """What `procgen.duckdb.register` makes of the macro."""
    connection = with_function(subject, files, threads, stack, jit=jit)
    score = call(compiled(subject, "duckdb"), subject)

    def run(count: int) -> None:
        connection.execute(
            f"CREATE OR REPLACE TABLE scores AS SELECT id, {score} AS score FROM rows "
            f"WHERE id < {count}"
        )

    def answers(rows: range) -> list[float | None]:
        found = connection.execute(f"SELECT id, {score} FROM ({part(rows)}) ORDER BY id")
        return [one for _, one in found.fetchall()]

    return Ready(run, answers, stop=connection.interrupt)


def with_function(
    subject: Subject, files: Files, threads: int, stack: ExitStack, *, jit: bool
) -> duckdb.DuckDBPyConnection:
    """A database in this process, in which a model is a function of Python."""
    connection = open_here(files, threads, stack)
    path = model_file(compiled(subject, "duckdb"), files.folder)
    procgen.duckdb.register(connection, path, jit=jit)
    return connection


Client = Callable[[Any, Subject, int], None]


def _client(
    client: Client, subject: Subject, files: Files, threads: int, stack: ExitStack
) -> Ready:
    connection = open_here(files, threads, stack)
    return Ready(lambda count: client(connection, subject, count), stop=connection.interrupt)


def by_pandas(connection: Any, subject: Subject, count: int) -> None:
    """What most people write: a DataFrame, predict, a table."""
    frame = connection.sql(f"SELECT * FROM rows WHERE id < {count}").df()
    scores = frame[["id"]].assign(score=subject.predict(frame[list(COLUMNS)].to_numpy()))
    _store(connection, scores)


def by_arrow(connection: Any, subject: Subject, count: int) -> None:
    """The same without pandas."""
    found = connection.sql(f"SELECT id, {LISTED} FROM rows WHERE id < {count}").to_arrow_table()
    table = np.column_stack([column.to_numpy() for column in found.columns[1:]])
    scores = pa.table({"id": found["id"], "score": subject.predict(table)})
    _store(connection, scores)


def _store(connection: Any, scores: Any) -> None:
    connection.register("answers", scores)
    connection.execute("CREATE OR REPLACE TABLE scores AS SELECT * FROM answers")
    connection.unregister("answers")
