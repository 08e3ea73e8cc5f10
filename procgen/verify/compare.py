"""When a score counts as Python's: equal bits, or within the one bound that arithmetic gives.

    trees        every score has Python's bits; what passes through exp() is within 4 ULP
    linear       |got - want| <= k eps sum|coef_i x_i| + eps |intercept|, with k = 4 for up to 100
                 terms and what any order of n additions can lose, (n + log2 n + 4) / 2, for more;
                 what is computed from the margin follows the library's own link and decision
    steps        |got - want| <= n eps sum|leaf_i|, what two orders of adding n leaves can lose;
                 only where a user has asked for step functions (--lowering steps)

There is no other tolerance.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from procgen.ir.enclosure import enclose
from procgen.ir.expressions import Function
from procgen.ir.interpreter import Row, Value, add_trees, evaluate
from procgen.ir.program import OutputName, Program
from procgen.ir.spans import holds, knows_nothing
from procgen.ir.stumps import free_ensembles
from procgen.ir.trees import Ensemble
from procgen.ir.types import Scalar
from procgen.verify.bits import same_bits, ulps_apart
from procgen.verify.weights import (
    Leaves,
    Weights,
    functions_of,
    is_composite,
    number_of,
    sums_of_margin,
)

FLOAT32_FUNCTIONS = frozenset(
    {Function.EXP_FLOAT32, Function.EXPIT_FLOAT32, Function.SOFTMAX_FLOAT32}
)
"""What passes through these is within as many units in the last place of a float32."""
SAME_BITS = frozenset({Function.ARGMAX, Function.WEIGHTED_SUM_FLOAT32})
LINK_ULPS = 4
"""How far two C libraries may be apart after exp() and what is done with it."""

Scores = Mapping[OutputName, Value]
"""The scores of one row."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A score that is not Python's."""

    output: OutputName
    expected: Value
    got: Value


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of comparing one row.

    Attributes:
        differences: none where the row is right.
        undecided: whether labels differ because the margin lies within its bound of the decision.
        overflowed: whether margins differ because the terms of the sum leave the range of doubles.
        ulps: the largest distance of a score that must be equal or within 4 ULP.
        share: how much of the bound of its sum the margin used; 0 for models without one.
    """

    differences: tuple[Difference, ...] = ()
    undecided: bool = False
    overflowed: bool = False
    ulps: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares rows of scores for one Program; make it once, it reads the Program."""

    program: Program
    sums: tuple[Weights | Leaves, ...] = field(init=False)
    loose: frozenset[OutputName] = field(init=False)
    single: frozenset[OutputName] = field(init=False)
    composite: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sums", tuple(sums_of_margin(self.program)))
        functions = {o.name: functions_of(self.program, o.binding) for o in self.program.outputs}
        loose = {name for name, used in functions.items() if used - SAME_BITS}
        single = {name for name, used in functions.items() if used & FLOAT32_FUNCTIONS}
        object.__setattr__(self, "loose", frozenset(loose))
        object.__setattr__(self, "composite", is_composite(self.program, self.sums))
        object.__setattr__(self, "single", frozenset(single))

    @property
    def is_bounded(self) -> bool:
        """Whether the margin is a sum that is made in another order, by BLAS or as steps."""
        return bool(self.sums)

    @property
    def is_regrouped(self) -> bool:
        """Whether stumps are added in another order than the Program has them in."""
        return bool(free_ensembles(self.program))

    def compare(self, row: Row, got: Scores, want: Scores) -> Verdict:
        """Compare what was computed from the Program with what Python says, refused by neither."""
        if self.composite:
            return self._compare_enclosed(row, got, want, any_order=True)
        if not self.is_bounded:
            return self.compare_same_sums(row, got, want)
        return self._compare_bounded(row, got, want)

    def compare_same_sums(self, row: Row, got: Scores, want: Scores) -> Verdict:
        """Compare two ways to compute the same additions, where exp() may stand in the middle."""
        verdict = self.compare_links(got, want)
        if not verdict.differences or not (self.loose or self.composite):
            return verdict
        return self._compare_enclosed(row, got, want, any_order=self.is_regrouped)

    def _compare_enclosed(self, row: Row, got: Scores, want: Scores, *, any_order: bool) -> Verdict:
        if all(same_bits(got[output.name], want[output.name]) for output in self.program.outputs):
            return Verdict()
        enclosed = enclose(self.program, row, any_order=any_order)
        differences: list[Difference] = []
        undecided = overflowed = False
        for output in self.program.outputs:
            name, values = output.name, enclosed[output.binding]
            ours, theirs = got[name], want[name]
            if not (holds(values, ours) and holds(values, theirs)):
                differences.append(Difference(name, theirs, ours))
            elif not same_bits(ours, theirs):
                overflowed = overflowed or knows_nothing(values)
                undecided = undecided or (_is_label(ours) and not knows_nothing(values))
        return Verdict(tuple(differences), undecided=undecided, overflowed=overflowed)

    def compare_links(self, got: Scores, want: Scores) -> Verdict:
        """Compare two ways to compute the same additions: only exp() may differ."""
        differences: list[Difference] = []
        most = 0
        for output in self.program.outputs:
            name = output.name
            ulps = ulps_apart(got[name], want[name], single=name in self.single)
            within = ulps is not None and ulps <= LINK_ULPS
            if not (within if name in self.loose else same_bits(got[name], want[name])):
                differences.append(Difference(name, want[name], got[name]))
            most = max(most, ulps or 0)
        return Verdict(tuple(differences), ulps=most)

    def _compare_bounded(self, row: Row, got: Scores, want: Scores) -> Verdict:
        share = self._share(row, got[OutputName.MARGIN], want[OutputName.MARGIN])
        if share > 1:
            margins = (want[OutputName.MARGIN], got[OutputName.MARGIN])
            return Verdict((Difference(OutputName.MARGIN, *margins),), share=share)
        # The same link and decision must lead from either margin to the other scores.
        ours = self.compare_links(got, self.follow(row, got[OutputName.MARGIN]))
        theirs = self.compare_links(self.follow(row, want[OutputName.MARGIN]), want)
        labels = OutputName.PREDICT
        overflowed = math.isnan(share)
        return Verdict(
            ours.differences or theirs.differences,
            undecided=not overflowed and _is_label(got[labels]) and got[labels] != want[labels],
            overflowed=overflowed,
            ulps=max(ours.ulps, theirs.ulps),
            share=0.0 if overflowed else share,
        )

    def follow(self, row: Row, margin: Value) -> dict[OutputName, Value]:
        """Every output as the Program computes it from this margin."""
        source = self.program.output(OutputName.MARGIN)
        values: dict[str, Value] = {}
        for binding in self.program.bindings:
            if source is not None and binding.name == source.binding:
                values[binding.name] = margin
            elif isinstance(binding.value, Ensemble):
                if not binding.value.any_order:  # else only the margin is made of it (weights.py)
                    values[binding.name] = add_trees(binding.value, row, values)
            else:
                values[binding.name] = evaluate(binding.value, row, values)
        return {output.name: values[output.binding] for output in self.program.outputs}

    def _share(self, row: Row, got: Value, want: Value) -> float:
        gots = got if isinstance(got, tuple) else (got,)
        wants = want if isinstance(want, tuple) else (want,)
        if not len(gots) == len(wants) == len(self.sums):
            return math.inf
        pairs = zip(self.sums, gots, wants, strict=True)
        shares = [_share_of(weights, row, a, b) for weights, a, b in pairs]
        most = max((share for share in shares if not math.isnan(share)), default=0.0)
        return math.nan if most <= 1 and any(map(math.isnan, shares)) else most


def _share_of(weights: Weights | Leaves, row: Row, got: Scalar, want: Scalar) -> float:
    """The part of the bound that was used; over 1 is too far, NaN where the terms overflow."""
    if same_bits(got, want) or got == want:
        return 0.0
    bound = weights.bound(row, {})
    if not bound < math.inf:
        return math.nan  # the order of addition decides between a number, inf, -inf and NaN
    distance = abs(number_of(got) - number_of(want))
    return distance / bound if bound and not math.isnan(distance) else math.inf


def _is_label(value: Value) -> bool:
    items = value if isinstance(value, tuple) else (value,)
    return not any(isinstance(item, float) for item in items)


def row_scores(scores: Mapping[OutputName, Sequence[Value]], place: int) -> dict[OutputName, Value]:
    """The scores of one row."""
    return {name: values[place] for name, values in scores.items()}


def is_refused(scores: Scores) -> bool:
    """Whether every score of the row is missing."""
    return all(value is None for value in scores.values())
