"""Ways to score a table of PostgreSQL into another: SQL, PL/Python, and clients."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa

from benchmarks import procedures, rivals
from benchmarks.clocks import repeat
from benchmarks.compiled import LISTED, call, compiled, made, output_of, part
from benchmarks.models import COLUMNS, Subject
from benchmarks.servers import WITHOUT_NUMBA, Server, copy_out, write_binary
from benchmarks.ways import Ready, Role, Way
from procgen.artifacts.batches import batch_select

BASE = "client, binary COPY"
NUMBA_SECONDS = 4.0
"""So long a session of PL/Python scores before it is measured: it compiles its kernel meanwhile."""
MANY = "SQL, _many"
"""The half of an adaptive routine that scores many rows, called by its own name."""
Query = Callable[[str], str]
"""A SELECT of id and score over a table of that name."""


def ways(subject: Subject, server: Server) -> Iterator[Way]:
    """What is measured of one model; ratios are to the best client."""
    name, usual = server.name, Role.USUAL
    yield Way(BASE, name, usual, None, partial(client, by_copy, subject, server))
    if server.has_python:
        yield Way(
            "pandas round trip", name, usual, BASE, partial(client, by_pandas, subject, server)
        )
        yield Way("Arrow round trip", name, usual, BASE, partial(by_arrow, subject, server))
    yield from own_ways(subject, server)
    yield from procedures.ways(subject, server, BASE)
    for rival, query in rivals.sql_ways(subject, "postgres"):
        prepare = partial(_rival, query, server)
        yield Way(rival, name, Role.RIVAL, BASE, prepare)
    if server.has_python:
        prepare = partial(m2cgen_function, subject, server)
        yield Way("m2cgen in PL/Python", name, Role.RIVAL, BASE, prepare)


def own_ways(subject: Subject, server: Server) -> Iterator[Way]:
    """The SQL routine, and the batch routine where the server has PL/Python."""
    ours = (server.name, Role.OURS, BASE)
    yield Way("SQL", *ours, partial(sql, subject, server))
    if (many := inlined(subject)) is not None:
        yield Way(MANY, *ours, partial(sql, subject, server, score=f"{many}({LISTED})"))
    if server.has_python:
        for name, jit in (("NumPy", False), ("Numba", True)):
            prepare = partial(batch, subject, server, jit=jit)
            yield Way(f"PL/Python, {name}", *ours, prepare)


def install(connection: psycopg.Connection[Any], script: str, objects: tuple[str, ...]) -> None:
    """Run an up script, unless an earlier session of this database has done so."""
    names = [one.partition(" ")[2].partition("(")[0] for one in objects]
    known = connection.execute(
        "SELECT count(*) FROM pg_proc JOIN pg_namespace AS own ON own.oid = pronamespace "
        "WHERE own.nspname || '.' || proname = ANY(%s)",
        [names],
    ).fetchone()
    if known == (0,):
        connection.execute(script)


def inlined(subject: Subject) -> str | None:
    """The half for many rows of the routine that gives a regressor's score, if it has halves."""
    artifact = compiled(subject, "postgres")
    is_one = not subject.is_classifier and artifact.lowering.endswith("one expression")
    return made(artifact, "_margin_many") if is_one else None


def sql(subject: Subject, server: Server, stack: ExitStack, score: str | None = None) -> Ready:
    """The routine that users call, in a SELECT; or another expression over the columns."""
    artifact = compiled(subject, "postgres")
    connection = server.session(stack)
    install(connection, artifact.up, artifact.objects)
    score = score or call(artifact, subject)
    return ready(connection, lambda table: f"SELECT id, {score} AS score FROM {table}")


def batch(subject: Subject, server: Server, stack: ExitStack, *, jit: bool) -> Ready:
    """The batch routine of PL/Python, which has compiled itself if it ever will."""
    artifact = compiled(subject, "postgres", "plpython")
    connection = server.session(stack)
    install(connection, artifact.up, artifact.objects)
    if not jit:
        connection.execute(WITHOUT_NUMBA)
    output = output_of(subject)

    def query(table: str) -> str:
        found = batch_select(artifact, table, key="id", outputs=[output])
        return f"SELECT id, {output} AS score FROM ({found}) AS scored"

    if jit:
        repeat(lambda: connection.execute(query("rows")), NUMBA_SECONDS)
    return ready(connection, query)


def _rival(query: Callable[[], Query], server: Server, stack: ExitStack) -> Ready:
    return ready(server.session(stack), query())


def m2cgen_function(subject: Subject, server: Server, stack: ExitStack) -> Ready:
    """One row a call, in the Python that m2cgen writes."""
    connection = server.session(stack)
    score = m2cgen_routine(connection, subject)
    return ready(connection, lambda table: f"SELECT id, {score} AS score FROM {table}")


def m2cgen_routine(connection: psycopg.Connection[Any], subject: Subject) -> str:
    """Create it; the call as an expression."""
    parameters = ", ".join(f"{name} float8" for name in COLUMNS)
    body = rivals.m2cgen_body(subject)
    connection.execute(
        f"CREATE OR REPLACE FUNCTION m2cgen_{subject.key}({parameters}) RETURNS float8 "
        f"LANGUAGE plpython3u AS $m2cgen${body}$m2cgen$"
    )
    return f"m2cgen_{subject.key}({LISTED})"


def ready(connection: psycopg.Connection[Any], query: Query) -> Ready:
    """Score by a query into a table of the session."""
    _store_in_session(connection)

    @cache
    def first(count: int) -> str:
        """The name of a view, since a routine may want the name of a table."""
        connection.execute(
            f"CREATE TEMP VIEW first_{count} AS SELECT * FROM rows WHERE id < {count}"
        )
        return f"first_{count}"

    def score(count: int) -> None:
        connection.execute("TRUNCATE scores")
        connection.execute(f"INSERT INTO scores {query(first(count))}")

    def answers(rows: range) -> list[float | None]:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW piece AS {part(rows)}")
        return [one for _, one in sorted(connection.execute(query("piece")).fetchall())]

    def explain() -> None:
        connection.execute(f"EXPLAIN INSERT INTO scores {query('rows')}")

    pid = connection.info.backend_pid
    return Ready(score, answers, (pid,), connection.cancel, explain)


def _store_in_session(connection: psycopg.Connection[Any]) -> None:
    connection.execute("CREATE TEMP TABLE scores (id int8, score float8)")


Client = Callable[[psycopg.Connection[Any], Subject, int], None]


def client(way: Client, subject: Subject, server: Server, stack: ExitStack) -> Ready:
    """Fetch, predict and store."""
    connection = server.session(stack)
    _store_in_session(connection)
    pid = connection.info.backend_pid
    return Ready(
        lambda count: way(connection, subject, count), processes=(pid,), stop=connection.cancel
    )


def by_copy(connection: psycopg.Connection[Any], subject: Subject, count: int) -> None:
    """As fast as a client can: COPY in binary, both ways."""
    connection.execute("TRUNCATE scores")
    query = f"SELECT id, {LISTED} FROM rows WHERE id < {count}"
    ids, table = copy_out(connection, query, len(COLUMNS))
    write_binary(connection, "scores", ids, subject.predict(table)[:, None])


def by_pandas(connection: psycopg.Connection[Any], subject: Subject, count: int) -> None:
    """What most people write: fetch into a DataFrame, predict, COPY back as CSV."""
    connection.execute("TRUNCATE scores")
    found = connection.execute(f"SELECT id, {LISTED} FROM rows WHERE id < {count}").fetchall()
    frame = pd.DataFrame(found, columns=["id", *COLUMNS])
    scores = frame[["id"]].assign(score=subject.predict(frame[list(COLUMNS)].to_numpy()))
    text = io.StringIO()
    scores.to_csv(text, index=False, header=False)
    with connection.cursor().copy("COPY scores FROM STDIN (FORMAT csv)") as copy:
        copy.write(text.getvalue())


def by_arrow(subject: Subject, server: Server, stack: ExitStack) -> Ready:
    """Arrow tables both ways, by the driver ADBC."""
    from adbc_driver_postgresql import dbapi  # noqa: PLC0415 - an extra

    connection = stack.enter_context(dbapi.connect(server.url, autocommit=True))
    cursor = stack.enter_context(connection.cursor())
    cursor.execute("SELECT pg_backend_pid()")
    (pid,) = cursor.fetchone()
    name = f"arrow_scores_{subject.key}"

    def score(count: int) -> None:
        cursor.execute(f"SELECT id, {LISTED} FROM rows WHERE id < {count}")
        found = cursor.fetch_arrow_table()
        table = np.column_stack([column.to_numpy() for column in found.columns[1:]])
        scores = pa.table({"id": found["id"], "score": subject.predict(table)})
        cursor.adbc_ingest(name, scores, mode="replace")

    return Ready(score, processes=(pid,), stop=connection.adbc_cancel)
