"""Isotonic regression: `slope * (x - x0) + y0` between two thresholds, as numpy.interp computes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.parts import regressor
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Comparison,
    Expr,
    Interval,
    Threshold,
    number,
)
from procgen.ir.program import Requirement


@ESTIMATORS.reads("sklearn.isotonic.IsotonicRegression")
def read_isotonic_regression(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A function of one column; what lies outside the thresholds is clipped, NaN or refused."""
    value = to_number(frame.features[0])
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    inside = isotonic(model, value)
    first, last = float(model.X_min_), float(model.X_max_)
    if len(model.X_thresholds_) > 1 and model.out_of_bounds == "raise":
        demand = Requirement(value, Interval(first, last), False, "outside the thresholds")  # noqa: FBT003
        frame = replace(frame, requirements=(*frame.requirements, demand))
    elif len(model.X_thresholds_) > 1 and model.out_of_bounds == "nan":
        nothing = number(math.nan)
        below = Branch(value, Threshold(Comparison.LT, first), nothing, inside, nothing)
        inside = Branch(value, Threshold(Comparison.LE, last), below, nothing, nothing)
    return regressor(frame, scope, [inside], exact=True)


def isotonic(model: Any, value: Expr) -> Expr:
    """The fitted function of `value`, constant outside its thresholds.

    Raises:
        UnsupportedModelError: it was trained on float32 columns, and rounds to float32 inside.
    """
    if model.X_thresholds_.dtype != np.float64:
        raise UnsupportedModelError(
            f"this IsotonicRegression was trained on {model.X_thresholds_.dtype} and rounds to it",
            hint="train it on float64",
        )
    xs, ys = model.X_thresholds_.tolist(), model.y_thresholds_.tolist()
    slopes = (np.diff(model.y_thresholds_) / np.diff(model.X_thresholds_)).tolist()
    lines = [_line(value, *line) for line in zip(slopes, xs[:-1], ys[:-1], strict=True)]
    return _between(value, xs, [number(ys[0]), *lines, number(ys[-1])])


def _line(value: Expr, slope: float, start: float, height: float) -> Expr:
    if slope == 0:
        return number(height)
    from_start = Binary(BinaryOp.SUBTRACT, value, number(start))
    rise = Binary(BinaryOp.MULTIPLY, from_start, number(slope))
    return Binary(BinaryOp.ADD, rise, number(height))


def _between(value: Expr, xs: list[float], pieces: list[Expr]) -> Expr:
    """The piece for `xs[i - 1] <= value < xs[i]`, by halving; as deep as the logarithm of all."""
    if not xs:
        return pieces[0]
    middle = len(xs) // 2
    below = _between(value, xs[:middle], pieces[: middle + 1])
    above = _between(value, xs[middle + 1 :], pieces[middle + 1 :])
    if below == above:
        return below
    test = Threshold(Comparison.LT, xs[middle])
    return Branch(value, test, below, above, missing=number(math.nan))
