"""SplineTransformer: each basis function as one polynomial a piece.

SciPy blends neighbouring functions instead (de Boor), which rounds otherwise, so a bound applies.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand, demand_all
from procgen.frontends.discretizing import chosen
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Bound, Feature, Frame, Scope
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Expr,
    Fill,
    Interval,
    Sum,
    number,
)
from procgen.ir.program import Requirement
from procgen.ir.types import DType


@TRANSFORMERS.reads(
    "sklearn.preprocessing.SplineTransformer",
    bound=Bound("polynomials, which are added up in an order of their own"),
)
def read_spline_transformer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The basis functions of each column, the last one left out without a bias."""
    _require_supported(step, len(frame.features))
    # The option came with scikit-learn 1.8; before it a missing value was an error.
    fills = getattr(step, "handle_missing", "error") == "zeros"
    # With it even inf is not looked for.
    demanded = frame if fills else demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    if step.extrapolation == "error":
        pairs = zip(frame.features, step.bsplines_, strict=True)
        inside = (_inside(feature, spline, fills=fills) for feature, spline in pairs)
        demanded = demand(demanded, inside)
    features = tuple(
        Feature(Fill(basis, number(0.0)) if fills else basis, DType.FLOAT64, f"{feature.name}_{k}")
        for feature, spline in zip(frame.features, step.bsplines_, strict=True)
        for k, basis in enumerate(_bases(step, to_number(feature), spline))
    )
    return replace(demanded, features=features, sparse=bool(step.sparse_output), exact=False)


def _require_supported(step: Any, columns: int) -> None:
    if step.extrapolation == "periodic":
        raise UnsupportedModelError(
            "SplineTransformer has extrapolation='periodic', and the remainder of a division is"
            " rounded otherwise in a database",
            hint="use extrapolation='constant', 'linear', 'continue' or 'error'",
        )
    if step.degree == 0 or (step.degree == 1 and step.extrapolation == "linear" and columns > 1):
        raise UnsupportedModelError(
            f"SplineTransformer has degree={step.degree} and extrapolation={step.extrapolation!r},"
            " for which scikit-learn takes other boundaries from the second column on",
            hint="use a higher degree",
        )


def _inside(feature: Feature, spline: Any, *, fills: bool) -> Requirement:
    low, high = _limits(spline)
    test, reason = Interval(low, high), "outside the knots"
    return Requirement(to_number(feature), test, accepts_missing=fills, reason=reason)


def _limits(spline: Any) -> tuple[float, float]:
    return float(spline.t[spline.k]), float(spline.t[-spline.k - 1])


def _bases(step: Any, value: Expr, spline: Any) -> Iterator[Expr]:
    count = spline.c.shape[1]
    knots = spline.t[spline.k : len(spline.t) - spline.k].tolist()
    edges = knots[1:-1]
    ends: list[float] = []
    if step.extrapolation in ("constant", "linear"):
        # The last knot itself is still inside.
        ends = [knots[0], math.nextafter(knots[-1], math.inf)]
    for k in range(count if step.include_bias else count - 1):
        pieces = [_piece(value, spline, start, k) for start in knots[:-1]]
        if ends:
            below, above = (_outside(step, value, spline, end, k) for end in (knots[0], knots[-1]))
            yield chosen(value, [ends[0], *edges, ends[1]], [below, *pieces, above])
        else:
            yield chosen(value, edges, pieces)


def _piece(value: Expr, spline: Any, start: float, k: int) -> Expr:
    """The polynomial from one knot to the next, in the distance from the first."""
    derivatives = [
        float(spline(start, nu=order)[k]) / math.factorial(order) for order in range(spline.k + 1)
    ]
    return _polynomial(Binary(BinaryOp.SUBTRACT, value, number(start)), derivatives)


def _outside(step: Any, value: Expr, spline: Any, end: float, k: int) -> Expr:
    at_end, slope = float(spline(end)[k]), float(spline(end, nu=1)[k])
    if step.extrapolation == "constant":
        return number(at_end)
    return _polynomial(Binary(BinaryOp.SUBTRACT, value, number(end)), [at_end, slope])


def _polynomial(distance: Expr, coefficients: Sequence[float]) -> Expr:
    terms: list[Expr] = [number(coefficients[0])]
    for power, coefficient in enumerate(coefficients[1:], start=1):
        if coefficient:
            raised = reduce(_times, [distance] * power)
            terms.append(_times(raised, number(coefficient)))
    return Sum(tuple(terms)) if len(terms) > 1 else terms[0]


def _times(left: Expr, right: Expr) -> Expr:
    return Binary(BinaryOp.MULTIPLY, left, right)
