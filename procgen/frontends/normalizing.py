"""Normalizer divides a row by its norm; of the norms only the largest value is not a sum."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Bound, Feature, Frame, Scope
from procgen.frontends.scaling import mapped
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Expr,
    Function,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    number,
)

SMALLEST_NORM = 10 * sys.float_info.epsilon
"""What is smaller is taken for 0, and the row is left as it is; of a sparse row only 0 is."""
MOST_COLUMNS = 64
"""The norm stands in the SQL once for each column, and has a term for each."""
MOST_COMPARED = 12
"""A larger of two is written with each of them twice."""


@TRANSFORMERS.reads(
    "sklearn.preprocessing.Normalizer",
    bound=Bound("a norm is a sum of columns", "norm='l1' or 'l2'"),
)
def read_normalizer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Every column over the norm of the row."""
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    return normalized(demanded, step.norm, "Normalizer")


def normalized(frame: Frame, kind: str, step: str) -> Frame:
    """Every column, which is finite, over the norm of the row.

    Raises:
        UnsupportedModelError: naming `step`: too many columns for the norm to stand in each.
    """
    values = [to_number(feature) for feature in frame.features]
    most = MOST_COMPARED if kind == "max" else MOST_COLUMNS
    if len(values) > most:
        raise UnsupportedModelError(
            f"{step} with norm={kind!r} has {len(values)} columns, and each needs a norm"
            " of all of them in the SQL",
            hint=f"normalize before the pipeline, or give it at most {most} columns",
        )
    norm = _norm(kind, values)
    test = (
        Threshold(Comparison.LE, 0.0) if frame.sparse else Threshold(Comparison.LT, SMALLEST_NORM)
    )
    divisor = Branch(norm, test, then=number(1.0), otherwise=norm, missing=norm)

    def share(feature: Feature, _: object) -> Expr:
        return Binary(BinaryOp.DIVIDE, to_number(feature), divisor)

    return replace(mapped(frame, share), exact=frame.exact and kind == "max")


def _norm(kind: str, values: Sequence[Expr]) -> Expr:
    match kind:
        case "l1":
            return Sum(tuple(Unary(UnaryOp.ABSOLUTE, value) for value in values))
        case "l2":
            squares = tuple(Binary(BinaryOp.MULTIPLY, value, value) for value in values)
            return Call(Function.SQRT, Sum(squares))
        case _:
            return _largest([Unary(UnaryOp.ABSOLUTE, value) for value in values])


def _largest(values: Sequence[Expr]) -> Expr:
    """The largest value: `a - b` is 0 or below exactly where a is not above b."""
    if len(values) == 1:
        return values[0]
    middle = len(values) // 2
    first, second = _largest(values[:middle]), _largest(values[middle:])
    difference = Binary(BinaryOp.SUBTRACT, first, second)
    return Branch(difference, Threshold(Comparison.LE, 0.0), second, first, first)
