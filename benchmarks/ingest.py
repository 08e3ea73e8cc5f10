"""Scores on ingest: rows come in one by one, a thousand at once and by COPY, and are scored or not.

python -m benchmarks.ingest                 what `python -m benchmarks --only ingest` measures
python -m benchmarks.ingest --models lgb500,rf --json figures.json

Ratios are to the same insert into the same table without a trigger. The triggers are those that
`procgen attach` writes: a row trigger fills a column, a statement trigger keeps predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import psycopg

from benchmarks import alone, in_duckdb
from benchmarks.bench import Bench
from benchmarks.compiled import LISTED, compiled
from benchmarks.duckdb_worker import Worker
from benchmarks.in_duckdb import Files
from benchmarks.in_postgres import install
from benchmarks.layout import NO_SCORES
from benchmarks.models import COLUMNS, Subject, data
from benchmarks.servers import HEADER, TRAILER, Server
from benchmarks.ways import Figure, Ready, Role, Way
from procgen.artifacts.attached import AttachmentWriter, Scorer
from procgen.artifacts.attachment import Attachment, Form, KeyColumn, MappedInput
from procgen.artifacts.tables import TableName
from procgen.backends import dialect_named
from procgen.backends.duckdb_lowerings import Use, lowering_of
from procgen.backends.languages import Language
from procgen.ir.program import OutputName
from procgen.ir.types import DType

SECTION = "ingest"
LANGUAGES = {"SQL": Language.SQL, "PL/Python": Language.PLPYTHON}
STATEMENT = 1_000
CELLS = data(20_000, seed=3)[0]
PARAMETERS = [[repr(float(cell)).encode() for cell in row] for row in CELLS[:64]]
TABLES = count(1)
Insert = Callable[[psycopg.Connection[Any], str], Callable[[int], object]]
"""How rows come in: of a session and a table, what inserts so many."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """What is on the table: the trigger's own name, and whether it is one for each row."""

    language: str
    for_each_row: bool

    @property
    def name(self) -> str:
        """What tables call it."""
        return f"{'row' if self.for_each_row else 'statement'} trigger, {self.language}"


def results(bench: Bench) -> Iterator[Figure]:
    """Each model and each way in, first in PostgreSQL and then in DuckDB."""
    for subject in bench.subjects():
        labels = {"section": SECTION, "model": subject.title, "unit": "row"}
        for title, insert, rows, fewest in ways_in():
            ways = [
                way
                for server in bench.servers()
                for way in on_postgres(subject, server, title, insert)
            ]
            pace = bench.pace(rows=rows, fewest=fewest, seconds=0.4)
            yield from bench.race(ways, pace, **labels)
        for rows in (1, STATEMENT, 20_000):
            ways = on_duckdb(subject, bench.files(), rows)
            pace = bench.pace(rows=20 * rows if rows == 1 else rows, fewest=rows, seconds=0.4)
            yield from bench.race(ways, pace, **labels)


def ways_in() -> Iterator[tuple[str, Insert, int, int]]:
    """A suffix of names, how rows come in, and how many at most and at least."""
    yield "", one_by_one, 3_000, 20
    yield ", 1,000 rows", by_statements, 20_000, STATEMENT
    yield ", COPY", by_copy, 20_000, STATEMENT


def one_by_one(connection: psycopg.Connection[Any], table: str) -> Callable[[int], object]:
    """Prepared statements, each its own transaction, by libpq itself."""
    own = connection.pgconn
    values = ", ".join(f"${place}::float8" for place in range(1, len(COLUMNS) + 1))
    own.prepare(b"one", f"INSERT INTO {table} ({LISTED}) VALUES ({values})".encode())

    def insert(rows: int) -> None:
        for number in range(rows):
            found = own.exec_prepared(b"one", PARAMETERS[number % len(PARAMETERS)])
            if found.status != psycopg.pq.ExecStatus.COMMAND_OK:
                raise RuntimeError(found.error_message.decode())

    return insert


def by_statements(connection: psycopg.Connection[Any], table: str) -> Callable[[int], object]:
    """A thousand rows a statement, from another table."""

    def insert(rows: int) -> None:
        for first in range(0, rows, STATEMENT):
            last = min(first + STATEMENT, rows)
            connection.execute(
                f"INSERT INTO {table} ({LISTED}) SELECT {LISTED} FROM rows "
                f"WHERE id >= {first} AND id < {last}"
            )

    return insert


def by_copy(connection: psycopg.Connection[Any], table: str) -> Callable[[int], object]:
    """One binary COPY."""
    cell = [("size", ">i4"), ("value", ">f8")]
    out = np.zeros(len(CELLS), dtype=[("count", ">i2"), ("cell", cell, (len(COLUMNS),))])
    out["count"], out["cell"]["size"], out["cell"]["value"] = len(COLUMNS), 8, CELLS

    def insert(rows: int) -> None:
        statement = f"COPY {table} ({LISTED}) FROM STDIN (FORMAT binary)"
        with connection.cursor().copy(statement) as copy:
            copy.write(HEADER + out[:rows].tobytes() + TRAILER)

    return insert


def on_postgres(subject: Subject, server: Server, title: str, insert: Insert) -> Iterator[Way]:
    """Without a trigger, and with each."""
    engine = server.name
    yield Way(
        NO_SCORES + title, engine, Role.USUAL, None, partial(_ready, subject, server, None, insert)
    )
    for language, spoken in LANGUAGES.items():
        for for_each_row in (True, False):
            if language == "SQL" or server.has_python:
                compiled(subject, "postgres", spoken)  # before a time limit counts
                trigger = Trigger(language, for_each_row)
                prepare = partial(_ready, subject, server, trigger, insert)
                yield Way(trigger.name + title, engine, Role.OURS, NO_SCORES + title, prepare)


def _ready(
    subject: Subject, server: Server, trigger: Trigger | None, insert: Insert, stack: ExitStack
) -> Ready:
    connection = server.session(stack)
    table = f"ingest_{next(TABLES)}"
    columns = ", ".join(f"{name} float8" for name in COLUMNS)
    connection.execute(
        f"CREATE TABLE {table} (id int8 GENERATED ALWAYS AS IDENTITY PRIMARY KEY, {columns}, "
        f"score {_kind(subject)})".encode()
    )
    if trigger is not None:
        artifact = compiled(subject, "postgres", LANGUAGES[trigger.language])
        install(connection, artifact.up, artifact.objects)
        connection.execute(attached("postgres", subject, table, trigger).encode())
    score = insert(connection, table)
    score(200)  # plans and compiled models are there
    backend, by_turns = connection.info.backend_pid, insert is one_by_one
    return Ready(score, None, (backend,), connection.cancel, by_turns=by_turns)


def _kind(subject: Subject) -> str:
    """The type of a prediction: a classifier's is that of its labels."""
    artifact = compiled(subject, "postgres")
    output = artifact.lowered.output(OutputName.PREDICT)
    return artifact.dialect.type_name(DType.FLOAT64 if output is None else output.type)


def attached(engine: str, subject: Subject, table: str, trigger: Trigger) -> str:
    """The up script of an attachment."""
    dialect = dialect_named(engine)
    artifact = compiled(subject, engine, LANGUAGES[trigger.language])
    attachment = Attachment(
        facade=subject.key,
        form=Form.TRIGGER,
        name=f"on_{table}",
        source=TableName(dialect.default_schema, table),
        key=(KeyColumn("id", "bigint"),),
        inputs=tuple(MappedInput(name, name, same=True) for name in COLUMNS),
        into=None if trigger.for_each_row else f"predictions_of_{table}",
        makes_table=not trigger.for_each_row,
        into_column="score" if trigger.for_each_row else None,
    )
    scorer = Scorer(
        artifact.name,
        artifact.version,
        artifact.digest,
        artifact.lowered,
        artifact.language,
        rows=lowering_of(artifact.lowered, Use.ROWS) if engine == "duckdb" else None,
    )
    return AttachmentWriter(dialect, artifact.schema, attachment).up([scorer])


def on_duckdb(subject: Subject, files: Files, rows: int) -> Iterator[Way]:
    """Statements of so many rows, without a trigger and with the one that DuckDB has."""
    title = {1: ""}.get(rows, f", {rows:,} rows")
    base, engine = NO_SCORES + title, in_duckdb.ENGINE
    compiled(subject, "duckdb")  # now, so that no step's time limit counts it
    trigger = Trigger("SQL", for_each_row=False)
    yield Way(base, engine, Role.USUAL, None, partial(_worker, subject, files, None, rows))
    prepare = partial(_worker, subject, files, trigger, rows)
    yield Way(trigger.name + title, engine, Role.OURS, base, prepare)


def _worker(
    subject: Subject, files: Files, trigger: Trigger | None, size: int, stack: ExitStack
) -> Ready:
    worker = Worker.start()
    stack.callback(worker.close)
    worker.load("rows", files.rows)
    columns = ", ".join(f"{name} DOUBLE" for name in COLUMNS)
    worker.run(f"CREATE TABLE ingest (id BIGINT PRIMARY KEY, {columns})")
    worker.run("CREATE SCHEMA ml")
    if trigger is not None:
        worker.run(compiled(subject, "duckdb").up)
        worker.run(attached("duckdb", subject, "ingest", trigger))
    keys = count(0, size)

    def score(rows: int) -> None:
        for _ in range(0, rows, size):
            worker.run(
                f"INSERT INTO ingest SELECT id + {next(keys)}, {LISTED} FROM rows WHERE id < {size}"
            )

    return Ready(score, None, (worker.pid,), worker.kill)


if __name__ == "__main__":
    alone.run(SECTION, "--models", "lgb100")
