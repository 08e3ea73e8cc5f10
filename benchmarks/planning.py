"""What a statement costs before it scores a row: EXPLAIN of a query over the whole table."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

from benchmarks import alone, in_duckdb, in_postgres
from benchmarks.bench import Bench
from benchmarks.ways import Figure, Ready, Way

SECTION = "planning"
RIVALS = ("orbital", "nested CASE")


def results(bench: Bench) -> Iterator[Figure]:
    """Each model's SQL, and that of the rivals."""
    for subject in bench.subjects():
        files = bench.files()
        ways = [*in_duckdb.ways(subject, files)]
        for server in bench.servers():
            ways += in_postgres.ways(subject, server)
        yield from bench.race(
            (_explained(way) for way in ways if way.name.startswith("SQL") or way.name in RIVALS),
            bench.pace(rows=1, fewest=1, seconds=0.5),
            section=SECTION,
            model=subject.title,
            unit="statement",
        )


def _explained(way: Way) -> Way:
    return Way(way.name, way.engine, way.role, None, partial(_prepare, way))


def _prepare(way: Way, stack: ExitStack) -> Ready:
    ready = way.prepare(stack)
    return Ready(lambda _: ready.explain(), None, ready.processes, ready.stop)


if __name__ == "__main__":
    alone.run(SECTION)
