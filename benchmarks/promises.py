"""Targets as a table: what was promised, what was measured, and the verdict."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.layout import Cell, Kind, Sheet
from benchmarks.models import MAKERS
from benchmarks.results import Results
from benchmarks.targets import TARGETS, Measure, Target, Verdict


def targets(results: Results) -> Sheet:
    """What was promised, and what was measured."""
    rows = tuple(tuple(_target(target, results)) for target in TARGETS)
    lead = "A ratio is processor seconds of what it is compared with over our own."
    columns = ("what", "model", "promised", "measured", "verdict")
    return Sheet("targets", "Targets", lead, columns, rows, is_text=True)


def _target(target: Target, results: Results) -> Iterator[Cell]:
    value, verdict = target.value(results.figures), target.verdict(results.figures)
    sign = "at least" if target.measure is Measure.RATIO else "at most"
    kinds = {Verdict.REACHED: Kind.GOOD, Verdict.MISSED: Kind.BAD, Verdict.OPEN: Kind.FAINT}
    ways = (" and " if target.every else " or ").join(target.ways)
    yield Cell(f"{target.section}, {target.engine}: {ways}")
    yield Cell(MAKERS[target.models[0]][0] if len(target.models) == 1 else "the worst of all")
    yield Cell(f"{sign} {_spelled(target.measure, target.bound)}")
    yield Cell("" if value is None else _spelled(target.measure, value))
    yield Cell(verdict.value, kinds[verdict])


def _spelled(measure: Measure, value: float) -> str:
    match measure:
        case Measure.RATIO:
            return f"{value:.2f} x as fast"
        case Measure.TIMES:
            return f"{value:.2f} x the cost"
        case Measure.MEMORY:
            return f"{value / 2**20:,.0f} MB"
        case Measure.CPU:
            return duration(value)


def duration(seconds: float) -> str:
    """Seconds, with the unit that suits."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.2f} {unit}"
    return f"{seconds * 1e6:.2f} us"


def verdicts(results: Results) -> dict[Verdict, int]:
    """How many targets came out how."""
    found = [target.verdict(results.figures) for target in TARGETS]
    return {verdict: found.count(verdict) for verdict in Verdict}
