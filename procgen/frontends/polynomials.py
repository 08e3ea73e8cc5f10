"""PolynomialFeatures: products in the order in which NumPy makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.ir.expressions import Binary, BinaryOp, Expr, number
from procgen.ir.types import DType


@TRANSFORMERS.reads("sklearn.preprocessing.PolynomialFeatures")
def read_polynomial_features(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Every product of columns up to the degree."""
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    features = tuple(_product(frame, powers) for powers in step.powers_.tolist())
    return replace(demanded, features=features)


def _product(frame: Frame, powers: Sequence[int]) -> Feature:
    factors = [
        feature for feature, power in zip(frame.features, powers, strict=True) for _ in range(power)
    ]
    if not factors:
        return Feature(number(1.0), DType.FLOAT64, "1")
    # A dense term is the term without its first column, times that column: the last two meet first.
    # The loops over a sparse matrix go from the first column on.
    order = factors if frame.sparse else factors[::-1]
    name = " ".join(feature.name for feature in factors)
    return Feature(reduce(_times, map(to_number, order)), DType.FLOAT64, name)


def _times(left: Expr, right: Expr) -> Expr:
    return Binary(BinaryOp.MULTIPLY, left, right)
