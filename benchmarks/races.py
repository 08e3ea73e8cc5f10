"""The one loop that measures ways against each other, round by round."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, field
from typing import Any

from benchmarks.clocks import Cost, cost_of, limited, one_core
from benchmarks.exactness import Answers, Asked
from benchmarks.ways import Figure, Ready, Role, Way, nothing, reason

FEWER = 20
"""Of the fewest rows so many parts are scored as well: the difference is what a row costs."""
MORE = 4
"""And so many times the fewest, where that does not take too long."""
SHARED = 10
"""The least seconds of a round: so many times those that a statement takes once."""
COARSE = 0.02
"""Seconds below which a difference may be that of two ticks of a clock."""
ONCE = 3
"""A round of so many times the seconds that it may have is not repeated."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much to measure: slow ways get fewer rows, down to `fewest`, and then one round."""

    rows: int
    fewest: int
    rounds: int
    seconds: float = 0.4
    limit: float = 8.0

    def rows_of(self, of_a_row: float, once: float) -> int:
        """Rows that score in `seconds`, or in so many times what a statement costs `once`.

        Fewer would be charged with planning that a whole table shares.
        """
        shared = SHARED * once if once > COARSE else 0.0
        seconds = min(max(self.seconds, shared), self.limit / 2)
        if of_a_row * self.rows <= seconds:
            return self.rows
        return max(self.fewest, min(self.rows, int(seconds / of_a_row)))

    def allows(self, rows: int, of_a_row: float, once: float) -> bool:
        """Whether so many rows leave a round well within its limit."""
        return rows * of_a_row + once <= self.limit / 2


@dataclass(slots=True)
class Runner:
    """A way in a race: how many rows it gets, and what its rounds cost.

    `of_a_row` and `once` are seconds, as far as the first rounds tell; a slow way has no others.
    """

    way: Way
    ready: Ready
    rows: int = 0
    of_a_row: float = 0.0
    once: float = 0.0
    is_slow: bool = False
    costs: list[Cost] = field(default_factory=list)
    wrong: dict[str, int] | None = None
    apart: float | None = None
    note: str | None = None
    failed: str | None = None

    def run(self, rows: int, pace: Pace) -> Cost:
        """One round."""
        self.ready.arrange(rows)
        processes = self.ready.processes
        core = one_core(processes) if self.ready.by_turns else nullcontext()
        with limited(pace.limit, self.ready.stop, processes), core:
            return cost_of(lambda: self.ready.score(rows), processes)

    def warm(self, asked: Asked | None, pace: Pace) -> None:
        """Answer what is asked, and find out how many rows a round may have."""
        if asked is not None and self.ready.answers is not None:
            with limited(pace.limit, self.ready.stop, self.ready.processes):
                self._ask(asked, self.ready.answers)
        fewest = min(pace.fewest, pace.rows)
        few = fewest // FEWER
        before, found = self.run(few, pace).cpu if few else 0.0, self.run(fewest, pace)
        more = min(MORE * fewest, pace.rows)
        if more > fewest and found.cpu < min(ONCE * pace.seconds, pace.limit / MORE):
            # Some ways go on faster than they begin: PostgreSQL's loop, or a kernel in its cache.
            # And the first run may have prepared what the next ones find.
            few, before = fewest, min(found.cpu, self.run(fewest, pace).cpu)
            fewest, found = more, self.run(more, pace)
        self.of_a_row = max((found.cpu - before) / (fewest - few), found.cpu / fewest / SHARED)
        self.once = max(0.0, found.cpu - self.of_a_row * fewest)
        self.rows = pace.rows_of(self.of_a_row, self.once)
        self.is_slow = self.rows <= fewest and found.cpu > ONCE * pace.seconds
        if self.is_slow:
            self.rows = fewest
            self.costs.append(found)

    def _ask(self, asked: Asked, answers: Callable[[range], Answers]) -> None:
        """Count wrong scores; where a kind of rows is refused with an error, all of them are."""
        found: dict[str, int] = {}
        for kind, rows in asked.parts():
            try:
                found[kind], apart = asked.wrong(rows, answers(rows))
                self.apart = max(apart, self.apart or 0.0)
            except Exception as error:
                if not found:  # it does not even score ordinary rows
                    raise
                found[kind], self.note = len(rows), reason(error)
        self.wrong = found

    def round(self, pace: Pace) -> None:
        """One more round, unless the way is so slow that its first was enough."""
        if self.failed is None and not self.is_slow:
            self.costs.append(self.run(self.rows, pace))

    def median(self, what: str) -> float:
        """Seconds of a row."""
        return statistics.median(getattr(cost, what) for cost in self.costs) / self.rows


def race(
    ways: Iterable[Way],
    pace: Pace,
    *,
    asked: Asked | None = None,
    done: Callable[[str], object] = nothing,
    **labels: Any,
) -> Iterator[Figure]:
    """Measure ways in interleaved rounds, so that a noisy machine is noisy for all.

    A way that fails has the reason in its figure, and the others go on.

    Args:
        ways: those that are compared stand in one race.
        pace: how much.
        asked: rows that show wrong scores.
        done: called with the name of each step that begins.
        labels: section, model and unit of the figures.
    """
    with ExitStack() as stack:
        runners = []
        for way in ways:
            done(f"{way.name} on {way.engine}")
            runners.append(_warmed(way, stack, pace, asked))
        _level(runners, pace)
        for number in range(pace.rounds):
            done(f"round {number + 1}")
            for runner in runners:
                _attempt(runner, runner.round, pace)
        yield from _figures(runners, labels)


def _warmed(way: Way, stack: ExitStack, pace: Pace, asked: Asked | None) -> Runner:
    runner = Runner(way, Ready(lambda _: None))
    try:
        # A whole project is compiled, certified and applied for a procedure.
        with limited(pace.limit * (1 if way.role is Role.RIVAL else 4), None):
            runner.ready = way.prepare(stack)
    except Exception as error:  # noqa: BLE001 - a rival fails as it likes, and the table says how
        runner.failed = reason(error)
    if runner.failed is None:
        _attempt(runner, lambda pace: runner.warm(asked, pace), pace)
    return runner


def _level(runners: Sequence[Runner], pace: Pace) -> None:
    """Give the ways of an engine the same rows, wherever a round allows it.

    A frame of a fifth of the rows costs less for each of them, since caches hold more of it: then a
    ratio would compare two different pieces of work.
    """
    most: dict[str, int] = {}
    for runner in runners:
        engine = runner.way.engine
        most[engine] = max(runner.rows, most.get(engine, 0))
    for runner in runners:
        rows = most[runner.way.engine]
        if not runner.is_slow and pace.allows(rows, runner.of_a_row, runner.once):
            runner.rows = rows


def _attempt(runner: Runner, step: Callable[[Pace], object], pace: Pace) -> None:
    try:
        step(pace)
    except Exception as error:  # noqa: BLE001 - the same
        runner.failed = reason(error)


def _figures(runners: Sequence[Runner], labels: dict[str, Any]) -> Iterator[Figure]:
    measured = {(r.way.engine, r.way.name): r for r in runners if r.failed is None and r.costs}
    for runner in runners:
        way = runner.way
        common = {
            **labels,
            "engine": way.engine,
            "way": way.name,
            "role": str(way.role),
            "against": way.against,
            "wrong": runner.wrong,
            "apart": runner.apart,
            "note": runner.note,
            "failed": runner.failed,
            "load": os.getloadavg()[0],
        }
        if (way.engine, way.name) not in measured:
            yield Figure(**common)
            continue
        base = measured.get((way.engine, way.against or ""))
        yield Figure(
            **common,
            cpu=runner.median("cpu"),
            wall=runner.median("wall"),
            ratio=base.median("cpu") / runner.median("cpu") if base else None,
            wall_ratio=base.median("wall") / runner.median("wall") if base else None,
            units=runner.rows,
            rounds=len(runner.costs),
            memory=max(cost.memory for cost in runner.costs),
        )
