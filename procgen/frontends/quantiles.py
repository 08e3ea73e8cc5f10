"""QuantileTransformer: the mean of two interpolations, written as one line for each piece.

From one quantile to the next, both interpolate between the same two points. On a quantile itself
they give the last and the first place where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.discretizing import chosen
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Bound, Feature, Frame, Scope
from procgen.frontends.scaling import MISSING, clipped, mapped
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Constant,
    Expr,
    Function,
    Threshold,
    Unary,
    UnaryOp,
    number,
)

NEAR_END = 1e-7
"""scikit-learn's BOUNDS_THRESHOLD."""
LOWEST = NEAR_END - math.ulp(1.0)
HIGHEST = 1 - LOWEST
"""The shares whose normal variables are the ends of what is given."""


@TRANSFORMERS.reads(
    "sklearn.preprocessing.QuantileTransformer",
    bound=Bound("a function of SciPy that databases lack", "output_distribution='normal'"),
)
def read_quantile_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Each column as its share of the training rows, or as the normal variable of that share."""
    if frame.sparse:
        raise UnsupportedModelError(
            "QuantileTransformer is given a sparse matrix, whose zeros it leaves alone",
            hint="give it dense columns",
        )
    references = step.references_.tolist()
    normal = step.output_distribution == "normal"

    def placed(feature: Feature, quantiles: list[float]) -> Expr:
        return _placed(to_number(feature), quantiles, references, normal=normal)

    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=True)
    made = mapped(demanded, placed, step.quantiles_.T.tolist())
    # SciPy's normal quantile wavers by a unit in the last place: beside a threshold the rows that
    # pass are not all on one side of it.
    return replace(made, exact=frame.exact and not normal)


def _placed(
    value: Expr, quantiles: Sequence[float], references: Sequence[float], *, normal: bool
) -> Expr:
    if any(map(math.isnan, quantiles)):
        return MISSING
    edges, options = _pieces(value, quantiles, references)
    if not normal:
        return chosen(value, edges, options)
    # The normal variable is clipped; a share that is clipped beforehand gives the same.
    ends = (2, len(options) - 3)
    shares = [
        _inside(option) if place in ends or isinstance(option, Constant) else option
        for place, option in enumerate(options)
    ]
    return Call(Function.NORMAL_QUANTILE, _ended(chosen(value, edges, shares), value, quantiles))


def _inside(share: Expr) -> Expr:
    match share:
        case Constant(float() as constant, _):
            return number(min(max(constant, LOWEST), HIGHEST))
        case _:
            return clipped(share, LOWEST, HIGHEST)


def _ended(share: Expr, value: Expr, quantiles: Sequence[float]) -> Expr:
    """The ends begin a little inside the range of the training rows; both at once is the lower."""
    above = Binary(BinaryOp.ADD, value, number(NEAR_END))
    below = Binary(BinaryOp.SUBTRACT, value, number(NEAR_END))
    high = Threshold(Comparison.LE, quantiles[-1])
    low = Threshold(Comparison.LT, quantiles[0])
    ended = Branch(above, high, share, number(HIGHEST), MISSING)
    return Branch(below, low, number(LOWEST), ended, MISSING)


def _pieces(
    value: Expr, quantiles: Sequence[float], references: Sequence[float]
) -> tuple[list[float], list[Expr]]:
    """Where the pieces meet, and each of them: below, on and above every quantile."""
    edges: list[float] = []
    options: list[Expr] = [number(0.0)]
    groups = list(_groups(quantiles))
    for place, (first, last) in enumerate(groups):
        quantile = quantiles[first]
        edges += (quantile, math.nextafter(quantile, math.inf))
        if place == 0:
            options.append(number(0.0))
        elif place == len(groups) - 1:
            options.append(number(1.0))
        else:
            options.append(number(0.5 * (references[last] + references[first])))
        if place < len(groups) - 1:
            ends = (last, last + 1)
            points = [(quantiles[end], references[end]) for end in ends]
            options.append(_line(value, *points))
    return edges, [*options, number(1.0)]


def _groups(quantiles: Sequence[float]) -> Iterator[tuple[int, int]]:
    """The first and the last place of each quantile."""
    first = 0
    for place in range(1, len(quantiles) + 1):
        if place == len(quantiles) or quantiles[place] != quantiles[first]:
            yield first, place - 1
            first = place


def _line(value: Expr, left: tuple[float, float], right: tuple[float, float]) -> Expr:
    slope = (right[1] - left[1]) / (right[0] - left[0])
    forward = _interpolated(value, slope, *left)
    mirrored = Unary(UnaryOp.NEGATE, value)
    backward = _interpolated(mirrored, slope, -right[0], -right[1])
    return Binary(BinaryOp.MULTIPLY, Binary(BinaryOp.SUBTRACT, forward, backward), number(0.5))


def _interpolated(value: Expr, slope: float, start: float, at_start: float) -> Expr:
    rise = Binary(BinaryOp.MULTIPLY, Binary(BinaryOp.SUBTRACT, value, number(start)), number(slope))
    return Binary(BinaryOp.ADD, rise, number(at_start))
