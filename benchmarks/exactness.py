"""Rows that tell whether a score is right: ordinary ones, ones on thresholds, ones with gaps.

Python's own answer is the right one: its bits for trees, and for weighted sums any order in which
the same terms can be added (see README). A row that Python refuses must have no score.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.models import COLUMNS, Matrix, Subject, data
from procgen.ir.expressions import Column, Threshold
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble, Split

Answers = Sequence[float | None]
KINDS = ("random", "thresholds", "missing")
MISSING_SHARE = 0.1
EPSILON = np.finfo(float).eps
LINK_ULPS = 4
TINY = np.finfo(float).tiny


@dataclass(frozen=True, slots=True)
class Asked:
    """Rows, kind after kind, and between which numbers their scores must lie.

    Attributes:
        table: the rows; a gap is NaN.
        nulls: which of the gaps are NULL in a database, and not NaN.
        lowest: of the scores that are right; NaN where Python refuses the row.
        highest: the same number, where only one score is right.
    """

    table: Matrix
    nulls: NDArray[np.bool_]
    lowest: Matrix
    highest: Matrix

    @classmethod
    def of(cls, subject: Subject, program: Program, each: int = 1000) -> Asked:
        """So many rows of each kind for a model."""
        generator = np.random.default_rng(7)
        table = data(3 * each, seed=2)[0]
        _put_on_thresholds(table[each : 2 * each], thresholds(program), generator)
        gaps = generator.random((each, len(COLUMNS))) < MISSING_SHARE
        gaps[np.arange(each), generator.integers(0, len(COLUMNS), each)] = True
        table[2 * each :][gaps] = np.nan
        nulls = np.isnan(table) & (generator.random(table.shape) < 0.5)
        return cls(table, nulls, *right_scores(subject, table))

    def parts(self) -> Iterator[tuple[str, range]]:
        """Each kind and the rows that are of it."""
        each = len(self.table) // len(KINDS)
        for place, kind in enumerate(KINDS):
            yield kind, range(place * each, (place + 1) * each)

    def wrong(self, rows: range, answers: Answers) -> tuple[int, float]:
        """How many of these rows have a wrong score, and how far from the right one, as a share."""
        got = np.array([np.nan if one is None else one for one in answers], dtype=np.float64)
        if len(got) != len(rows):
            raise ValueError(f"{len(got)} scores of {len(rows)} rows")
        lowest, highest = (bound[rows.start : rows.stop] for bound in (self.lowest, self.highest))
        same_bits = got.view(np.int64) == lowest.view(np.int64)
        right = np.where(lowest == highest, same_bits, (got >= lowest) & (got <= highest))
        wrong = ~np.where(np.isnan(lowest), np.isnan(got), right)
        numbers = wrong & np.isfinite(got) & np.isfinite(lowest)
        apart = np.abs(got - lowest)[numbers] / np.maximum(np.abs(lowest[numbers]), TINY)
        return int(wrong.sum()), float(apart.max(initial=0.0))


def right_scores(subject: Subject, table: Matrix) -> tuple[Matrix, Matrix]:
    """Between which numbers a score is right; NaN where Python refuses a row."""
    lowest = np.full(len(table), np.nan)
    highest = np.full(len(table), np.nan)
    gaps = np.isnan(table).any(axis=1)
    for part in (~gaps, gaps):
        try:
            lowest[part], highest[part] = _bounds(subject, table[part])
        except ValueError:  # scikit-learn refuses missing values that a model was not made for
            continue
    return lowest, highest


def _bounds(subject: Subject, table: Matrix) -> tuple[Matrix, Matrix]:
    scores = subject.predict(table)
    weights = getattr(subject.model, "coef_", None)
    if weights is None:
        return scores, scores
    terms = table * np.ravel(weights)
    intercept = np.ravel(subject.model.intercept_)[0]
    bound = 4 * EPSILON * np.abs(terms).sum(axis=1) + EPSILON * abs(intercept)
    if not subject.is_classifier:
        return scores - bound, scores + bound
    margin = subject.model.decision_function(table)
    room = LINK_ULPS * np.spacing(scores)
    return _expit(margin - bound) - room, _expit(margin + bound) + room


def _expit(margin: Matrix) -> Matrix:
    return 1 / (1 + np.exp(-margin))


def thresholds(program: Program) -> dict[int, list[float]]:
    """By the place of an input, the numbers that the model's splits compare it with."""
    places = {field.name: place for place, field in enumerate(program.inputs)}
    found: dict[int, set[float]] = {}
    for name, value in _compared(program):
        found.setdefault(places[name], set()).add(value)
    return {place: sorted(values) for place, values in found.items()}


def _compared(program: Program) -> Iterator[tuple[str, float]]:
    for binding in program.bindings:
        if not isinstance(binding.value, Ensemble):
            continue
        features = binding.value.features
        for tree in binding.value.trees:
            for node in tree.nodes:
                match node:
                    case Split(feature, Threshold(_, value)) if isinstance(
                        column := features[feature], Column
                    ):
                        yield column.name, float(value)


def _put_on_thresholds(
    table: Matrix, found: dict[int, list[float]], generator: np.random.Generator
) -> None:
    """Half of the cells: on a threshold, or one double below or above it."""
    beside: tuple[Callable[[Any], Any], ...] = (
        lambda value: value,
        lambda value: np.nextafter(value, -np.inf),
        lambda value: np.nextafter(value, np.inf),
    )
    for place, values in found.items():
        chosen = generator.random(len(table)) < 0.5
        at = generator.choice(values, len(table))
        side = generator.integers(0, len(beside), len(table))
        moved = np.choose(side, [move(at) for move in beside])
        table[chosen, place] = moved[chosen]
