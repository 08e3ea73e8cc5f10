"""One thread or two. Here the clock on the wall counts, so the machine must have two cores free."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from benchmarks import alone, in_duckdb, in_postgres
from benchmarks.bench import Bench
from benchmarks.compiled import call, compiled
from benchmarks.models import Subject
from benchmarks.races import Pace
from benchmarks.servers import Server
from benchmarks.ways import Figure, Ready, Role, Way

SECTION = "threads"
MODELS = ("linear", "lgb100", "rf")
COUNTS = (1, 2)
ROWS = 245_760
"""DuckDB gives a thread 122,880 rows at a time."""


def results(bench: Bench) -> Iterator[Figure]:
    """The same ways twice in one race: each figure's `size` is its number of threads."""
    for key in MODELS:
        if key not in bench.options.models:
            continue
        subject = bench.subject(key)
        rows = bench.options.rows if bench.options.quick else ROWS
        files, server = bench.files(rows), bench.servers()[0]
        here = [way for threads in COUNTS for way in in_duckdb.own_ways(subject, files, threads)]
        there = [way for threads in COUNTS for way in postgres_ways(subject, server, threads)]
        pace = bench.pace(rows, rounds=min(2, bench.options.rounds))
        yield from _counted(bench, here, pace, subject)
        yield from _counted(bench, there, replace(pace, rows=bench.options.server_rows), subject)


def _counted(bench: Bench, ways: list[Way], pace: Pace, subject: Subject) -> Iterator[Figure]:
    """The first half of the ways has one thread, the second two."""
    half = len(ways) // 2
    named = [
        replace(way, name=f"{way.name} | {COUNTS[place >= half]}", against=None)
        for place, way in enumerate(ways)
    ]
    for figure in bench.race(named, pace, section=SECTION, model=subject.title):
        name, _, threads = figure.way.rpartition(" | ")
        yield replace(figure, way=name, size=int(threads))


def postgres_ways(subject: Subject, server: Server, threads: int) -> Iterator[Way]:
    """SQL, in as many processes."""
    prepare = partial(_parallel_sql, subject, server, threads)
    yield Way("SQL", server.name, Role.OURS, None, prepare)


def _parallel_sql(subject: Subject, server: Server, threads: int, stack: ExitStack) -> Ready:
    """CREATE TABLE AS, which PostgreSQL runs in parallel, as it never does INSERT .. SELECT."""
    artifact = compiled(subject, "postgres")
    connection = server.session(stack)
    in_postgres.install(connection, artifact.up, artifact.objects)
    connection.execute(f"SET max_parallel_workers_per_gather = {threads - 1}")
    connection.execute("SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0")
    connection.execute("SET min_parallel_table_scan_size = 0")
    score = call(artifact, subject)

    def run(count: int) -> None:
        connection.execute("DROP TABLE IF EXISTS parallel_scores")
        connection.execute(
            f"CREATE TEMP TABLE parallel_scores AS SELECT id, {score} AS score FROM rows "
            f"WHERE id < {count}"
        )

    return Ready(run, None, (connection.info.backend_pid,), connection.cancel)


if __name__ == "__main__":
    alone.run(SECTION)
