"""What readers share: labels in their own type, decisions as the library breaks ties, numbers."""

from __future__ import annotations

import math
import sys
from typing import Any, Literal

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.registry import Feature, Frame
from procgen.ir.expressions import (
    Branch,
    Call,
    Choose,
    Comparison,
    Constant,
    Expr,
    Function,
    Interval,
    Match,
    Present,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.program import Requirement
from procgen.ir.types import DType, Scalar

FINITE = Interval(-sys.float_info.max, sys.float_info.max)
LABEL_TYPES: dict[type, DType] = {
    str: DType.TEXT,
    bool: DType.BOOL,
    int: DType.INT64,
    float: DType.FLOAT64,
}
INT64_RANGE = range(-(2**63), 2**63)


def labels(classes: np.ndarray) -> tuple[Constant, ...]:
    """The labels of one output in `classes_` order, each in its own type.

    Raises:
        UnsupportedModelError: labels that are not text, integers, booleans or floats of one type.
    """
    values = [plain(label) for label in classes]
    kinds = {type(value) for value in values}
    if len(kinds) != 1 or not kinds <= LABEL_TYPES.keys():
        names = ", ".join(sorted(kind.__name__ for kind in kinds)) or "nothing"
        raise UnsupportedModelError(
            f"the class labels are {names}",
            hint="train with labels that are all text, all integers, all booleans or all floats",
        )
    for value in values:
        if type(value) is int and value not in INT64_RANGE:
            raise UnsupportedModelError(
                f"the class label {value} does not fit in 64 bits",
                hint="train with smaller labels, or with text",
            )
    dtype = LABEL_TYPES[kinds.pop()]
    return tuple(Constant(value, dtype) for value in values)


def plain(value: Any) -> Any:
    """A NumPy scalar as the Python value it holds; anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def binary_decision(margin: Expr, classes: tuple[Constant, ...], *, at_zero: Literal[0, 1]) -> Expr:
    """The label of a binary margin: `at_zero` is the index of the class that 0.0 itself gives.

    A NaN margin, such as inf - inf, fails both `> 0` and `>= 0`, so Python answers the first class.
    """
    first, second = classes
    op = Comparison.LT if at_zero else Comparison.LE
    return Branch(margin, Threshold(op, 0.0), then=first, otherwise=second, missing=first)


def argmax_decision(margin: Expr, classes: tuple[Constant, ...]) -> Expr:
    """The label of the largest value, the first among equals."""
    return Choose(Call(Function.ARGMAX, margin), classes)


def to_number(feature: Feature) -> Expr:
    """A feature as a double.

    Raises:
        UnsupportedModelError: the feature is text.
    """
    match feature.dtype:
        case DType.FLOAT64:
            return feature.expr
        case DType.TEXT:
            raise UnsupportedModelError(
                f"the column {feature.name!r} is text where the model needs a number",
                hint="encode it in a step of the pipeline, or declare another type for it",
            )
        case _:
            return Unary(UnaryOp.TO_FLOAT64, feature.expr)


def require_finite(frame: Frame) -> tuple[Requirement, ...]:
    """What scikit-learn's input check demands: no feature missing, none infinite.

    Features that cannot be either, and demands that the frame already makes, are left out.
    """
    demands = [_finite(feature) for feature in frame.features if not _always_finite(feature.expr)]
    return tuple(dict.fromkeys(demand for demand in demands if demand not in frame.requirements))


def _finite(feature: Feature) -> Requirement:
    if feature.dtype.is_float:
        reason = "missing or not finite"
        return Requirement(to_number(feature), FINITE, accepts_missing=False, reason=reason)
    return Requirement(feature.expr, Present(), accepts_missing=False, reason="missing")


def _always_finite(expr: Expr) -> bool:
    match expr:
        case Constant(value, _):
            return _is_finite(value)
        case Match(_, cases, otherwise, missing):
            results = [case.result for case in cases]
            return all(_is_finite(result.value) for result in (*results, otherwise, missing))
        case _:
            return False


def _is_finite(value: Scalar) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
