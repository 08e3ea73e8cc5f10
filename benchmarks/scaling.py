"""How cost grows: from ten thousand rows to a million or more, and from 10 trees to 1,000."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from benchmarks import alone, in_duckdb, in_postgres
from benchmarks.bench import Bench
from benchmarks.in_duckdb import Files
from benchmarks.models import Subject
from benchmarks.servers import Server
from benchmarks.ways import Figure, Way

ROWS = "scaling rows"
TREES = "scaling trees"
MODELS = ("linear", "lgb100")
TREE_MODELS = {10: "lgb10", 100: "lgb100", 1000: "lgb1000"}
TREE_ROWS = 20_000
FEWEST = 10_000
CLIENTS = ("pandas round trip", in_postgres.BASE)
LEFT_OUT = ("function, NumPy", "PL/Python, NumPy", "procedure")


def results(bench: Bench) -> Iterator[Figure]:
    """Rows first, then trees."""
    yield from by_rows(bench)
    yield from by_trees(bench)


def by_rows(bench: Bench) -> Iterator[Figure]:
    """Two models over tables of growing size, in DuckDB and the first PostgreSQL."""
    most = 100_000 if bench.options.quick else bench.options.most_rows
    server = bench.servers()[0]
    sizes = [FEWEST * 10**power for power in range(8) if FEWEST * 10**power <= most]
    for size in sizes:
        files = bench.files(size)
        server.load("rows", files.rows)
        for key in MODELS:
            subject = bench.subject(key)
            pace = bench.pace(rows=size, fewest=FEWEST, seconds=8.0, limit=30.0)
            pace = replace(pace, rounds=1 if size >= 100_000 else pace.rounds)
            for figure in bench.race(
                _ways(subject, files, server), pace, section=ROWS, model=subject.title
            ):
                yield replace(figure, size=size)
    server.load("rows", bench.rows(bench.options.server_rows))


def by_trees(bench: Bench) -> Iterator[Figure]:
    """LightGBM with ever more trees of 31 leaves, on one table."""
    server, files = bench.servers()[0], bench.files()
    rows = min(TREE_ROWS, bench.options.server_rows)
    for trees, key in TREE_MODELS.items():
        if bench.options.quick and trees > 100:
            continue
        pace = bench.pace(rows=rows, seconds=1.0, limit=2 * bench.options.limit)
        subject = bench.subject(key)
        for figure in bench.race(
            _ways(subject, files, server), pace, section=TREES, model=subject.title
        ):
            yield replace(figure, size=trees)


def _ways(subject: Subject, files: Files, server: Server) -> Sequence[Way]:
    every = [*in_duckdb.ways(subject, files), *in_postgres.ways(subject, server)]
    ours = [way for way in every if way.role == "procgen" and way.name not in LEFT_OUT]
    return [*(way for way in every if way.name in CLIENTS and not way.against), *ours]


if __name__ == "__main__":
    alone.run("scaling")
