"""A table into a table of scores, end to end, and how many of the scores are wrong."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import alone, in_duckdb, in_memory, in_postgres
from benchmarks.bench import Bench
from benchmarks.ways import Figure

SECTION = "batch"


def results(bench: Bench) -> Iterator[Figure]:
    """Each model in memory, in DuckDB and in PostgreSQL; ratios never go from one to another."""
    for subject in bench.subjects():
        asked, files = bench.asked(subject)
        given = {"asked": asked, "section": SECTION, "model": subject.title}
        here = in_memory.ways(subject, bench.matrix(), asked, bench.options.limit)
        yield from bench.race([*here, *in_duckdb.ways(subject, files)], bench.pace(), **given)
        there = [way for server in bench.servers() for way in in_postgres.ways(subject, server)]
        yield from bench.race(there, bench.pace(bench.options.server_rows), **given)


if __name__ == "__main__":
    alone.run(SECTION)
