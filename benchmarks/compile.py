"""From a fitted model to every script: seconds, size of the SQL, and memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from benchmarks import alone, rivals
from benchmarks.bench import Bench
from benchmarks.compiled import compiled
from benchmarks.models import STANDARD, Subject
from benchmarks.ways import Figure, Ready, Role, Way

SECTION = "compile"
LARGE = ("huge",)
LONGEST = 20.0
"""Seconds, twice those that the largest model may take, even where other steps have fewer."""
TARGETS = (("duckdb", "sql"), ("postgres", "sql"), ("postgres", "plpython"))


def results(bench: Bench) -> Iterator[Figure]:
    """Each model for each database, and by the rivals."""
    usual = bench.options.models
    for key in (*usual, *(LARGE if usual == STANDARD else ())):
        subject = bench.subject(key)
        sizes: dict[tuple[str, str], int] = {}
        limit = max(LONGEST, bench.options.limit)
        pace = bench.pace(rows=1, fewest=1, rounds=min(2, bench.options.rounds), limit=limit)
        for figure in bench.race(
            ways(subject, sizes), pace, section=SECTION, model=subject.title, unit="model"
        ):
            yield replace(figure, size=sizes.get((figure.engine, figure.way)))


def ways(subject: Subject, sizes: dict[tuple[str, str], int]) -> Iterator[Way]:
    """Ways to get the text, which leave its size."""

    def way(engine: str, name: str, role: Role, text: Callable[[], str]) -> Way:
        def write(_: int) -> None:
            sizes[engine, name] = len(text().encode())

        def ready(_: ExitStack) -> Ready:
            return Ready(write)

        return Way(name, engine, role, None, ready)

    for target, language in TARGETS:
        name = "SQL" if language == "sql" else "PL/Python"
        # The artifact that other sections use is kept; here each is made anew.
        again = partial(compiled.__wrapped__, subject, target, language)
        yield way(target, name, Role.OURS, lambda again=again: again().up)
    for target in ("duckdb", "postgres"):
        for name, query in rivals.sql_ways(subject, target):
            yield way(target, name, Role.RIVAL, lambda query=query: query()("rows"))


if __name__ == "__main__":
    alone.run(SECTION)
