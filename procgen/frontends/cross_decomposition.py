"""Partial least squares: `(x - mean) @ coef + intercept`, bounded as every weighted sum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.linear import dense, weighted_sum
from procgen.frontends.parts import regressor
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import Binary, BinaryOp, number
from procgen.ir.types import DType


@ESTIMATORS.reads(
    "sklearn.cross_decomposition.CCA",
    "sklearn.cross_decomposition.PLSCanonical",
    "sklearn.cross_decomposition.PLSRegression",
    bound=WEIGHTED_SUMS,
)
def read_partial_least_squares(model: Any, frame: Frame, scope: Scope) -> Scores:
    """One value a target."""
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    means = model._x_mean.tolist()  # noqa: SLF001 - predict() subtracts it, and nothing public does
    centred = tuple(
        replace(
            feature,
            expr=Binary(BinaryOp.SUBTRACT, to_number(feature), number(mean)),
            dtype=DType.FLOAT64,
        )
        for feature, mean in zip(frame.features, means, strict=True)
    )
    shifted = replace(frame, features=centred)
    rows = zip(dense(model.coef_).tolist(), dense(model.intercept_).ravel().tolist(), strict=True)
    sums = [weighted_sum(weights, intercept, shifted) for weights, intercept in rows]
    return regressor(frame, scope, sums, exact=False)
