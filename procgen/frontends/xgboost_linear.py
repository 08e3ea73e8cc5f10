"""XGBoost's gblinear: float32 products added to the bias and the base score, column by column.

These are the bits of the library where it multiplies and adds in two steps, as its builds for
x86-64 do. A build that fuses the two into one instruction rounds otherwise; verify() then names the
rows. The library predicts with this booster on the CPU, whatever trained it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_ROUNDING_TO_FLOAT32, demand, in_range
from procgen.frontends.labels import to_number
from procgen.frontends.registry import Feature, Frame
from procgen.frontends.xgboost_saved import SavedModel
from procgen.frontends.xgboost_trees import LARGEST_MARGIN, Hole, without
from procgen.ir.expressions import Call, Expr, Fill, Function, Vector, number
from procgen.ir.float32 import to_float32

LINEAR = "gblinear"


def weighted_sums(saved: SavedModel, frame: Frame, holes: Sequence[Hole]) -> tuple[Expr, ...]:
    """The margin of each output.

    Raises:
        UnsupportedModelError: a weight is not finite, or the bias leaves no room for a sum.
    """
    values = tuple(_value(feature, holes) for feature in frame.features)
    return tuple(_sum(saved, values, output) for output in range(len(saved.start)))


def demanding_numbers(frame: Frame, holes: Sequence[Hole]) -> Frame:
    """Demand numbers that float32 can hold: the wrappers predict by way of a DMatrix as well.

    With an infinite `missing` the library lets every number in.
    """
    if any(math.isinf(hole.value) for hole in holes):
        return frame
    bound = LARGEST_ROUNDING_TO_FLOAT32
    return demand(frame, (in_range(f, bound, accepts_missing=True) for f in frame.features))


def _value(feature: Feature, holes: Sequence[Hole]) -> Expr:
    """The number that is weighted: a missing one adds nothing, as a zero does."""
    value = to_number(feature)
    for hole in holes:
        if hole.value:
            value = without(value, hole)
    return Fill(value, number(0.0))


def _sum(saved: SavedModel, values: tuple[Expr, ...], output: int) -> Expr:
    if not saved.weights:  # a model of no rounds is saved without
        return number(saved.start[output])
    *weights, bias = (to_float32(row[output]) for row in saved.weights)
    start = to_float32(bias + saved.start[output])
    if not (all(map(math.isfinite, weights)) and abs(start) <= LARGEST_MARGIN / 2):
        raise UnsupportedModelError(
            f"a weight of this gblinear is not finite, or its bias ({start!r}) is too large",
            hint="scale the columns and the target and train again",
        )
    pairs: list[Expr] = []
    for value, weight in zip(values, weights, strict=True):
        pairs += (value, number(weight))
    return Call(Function.WEIGHTED_SUM_FLOAT32, Vector((number(start), *pairs)))
