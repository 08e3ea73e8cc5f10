"""The charts of a report: how far scores lie apart, and how they spread in Python and here."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from procgen.ir.interpreter import Value
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType, Scalar
from procgen.verify.bits import ulps_apart
from procgen.verify.coverage import Coverage
from procgen.verify.outcome import PathResult, SuiteReport
from procgen.verify.plots import bars, cells, distribution, pairs

STEPS = (0, 1, 2, 4, 16, 256, 65_536)
LABELS = ("0", "1", "2", "3-4", "5-16", "17-256", "to 65,536", "more", "other")
CLASSES = 6
"""Charts of one list output, and labels of one chart."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing and what it shows."""

    caption: str
    drawing: Markup


def ulp_chart(report: SuiteReport, path: PathResult, engine: str) -> Chart:
    """How many scores lie how far apart, in units of the last place, of all outputs."""
    counts = [0] * len(LABELS)
    for name, want in report.cases.answers.items():
        for ours, theirs in zip(path.got[name], want, strict=True):
            if theirs is not None:
                counts[_step(ours, theirs)] += 1
    caption = f"{path.name} on {engine}"
    return Chart(
        f"distance, {caption}", bars(LABELS, counts, f"Distance from Python's scores, {caption}")
    )


def _step(ours: Value, theirs: Value) -> int:
    apart = None if ours is None else ulps_apart(ours, theirs)
    if apart is None:
        return len(LABELS) - 1
    return sum(apart > step for step in STEPS)


def score_charts(report: SuiteReport, path: PathResult) -> Iterator[Chart]:
    """For each output how often each score is given, by Python and by the database."""
    for output in report.program.outputs:
        want, got = report.cases.answers[output.name], path.got[output.name]
        match output.type:
            case ListType(item):
                width = max((len(value) for value in want if isinstance(value, tuple)), default=0)
                for place in range(min(width, CLASSES)):
                    caption = f"{output.name}, {_class_name(report, place)}"
                    yield _chart(caption, item, _items(want, place), _items(got, place))
            case dtype:
                yield _chart(output.name.value, dtype, _scalars(want), _scalars(got))


def _chart(caption: str, dtype: DType, want: list[Scalar], got: list[Scalar]) -> Chart:
    if dtype.is_float:
        return Chart(caption, distribution(_floats(want), _floats(got), f"Spread of {caption}"))
    ours, theirs = Counter(map(str, want)), Counter(map(str, got))
    labels = [label for label, _ in (ours + theirs).most_common(CLASSES)]
    python, database = [ours[label] for label in labels], [theirs[label] for label in labels]
    return Chart(caption, pairs(labels, python, database, f"Spread of {caption}"))


def _class_name(report: SuiteReport, place: int) -> str:
    classes = report.record.classes or []
    plain = place < len(classes) and not isinstance(classes[place], list)
    return f"class {classes[place]}" if plain else f"number {place}"


def _items(values: Sequence[Value], place: int) -> list[Scalar]:
    return [v[place] for v in values if isinstance(v, tuple) and place < len(v)]


def _scalars(values: Sequence[Value]) -> list[Scalar]:
    return [value for value in values if value is not None and not isinstance(value, tuple)]


def _floats(values: Sequence[Scalar]) -> list[float]:
    return [value for value in values if isinstance(value, float) and math.isfinite(value)]


def tree_chart(program: Program, coverage: Coverage) -> Chart | None:
    """A square for each tree; one with a leaf that no case reaches stands out."""
    missed = Counter((leaf.binding, leaf.tree) for leaf in coverage.missed)
    shares, titles = [], []
    for binding in program.bindings:
        if not isinstance(binding.value, Ensemble):
            continue
        for number, tree in enumerate(binding.value.trees):
            leaves = (len(tree.nodes) + 1) // 2
            left = missed[binding.name, number]
            shares.append(1 - left / leaves)
            titles.append(f"tree {number}: {leaves - left:,} of {leaves:,} leaves")
    if not shares:
        return None
    return Chart(f"{len(shares):,} trees", cells(shares, titles, "Leaves reached, tree by tree"))
