"""StandardScaler divides a dense column by its scale, and multiplies a sparse one by 1/scale."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.ir.expressions import Binary, BinaryOp, Constant, Expr, number
from procgen.ir.types import DType


@TRANSFORMERS.reads("sklearn.preprocessing.StandardScaler")
def read_standard_scaler(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`(x - mean) / scale`; a missing value stays missing, an infinite one is refused."""
    count = len(frame.features)
    means = step.mean_.tolist() if step.with_mean else [None] * count
    scales = step.scale_.tolist() if step.with_std else [None] * count
    features = tuple(
        Feature(
            _standardized(to_number(feature), mean, scale, sparse=frame.sparse),
            DType.FLOAT64,
            feature.name,
        )
        for feature, mean, scale in zip(frame.features, means, scales, strict=True)
    )
    return replace(demand_all(frame, LARGEST_DOUBLE, accepts_missing=True), features=features)


def _standardized(value: Expr, mean: float | None, scale: float | None, *, sparse: bool) -> Expr:
    if any(constant is not None and math.isnan(constant) for constant in (mean, scale)):
        # A column without a value in training: NaN is all that Python makes of it.
        return Constant(None, DType.FLOAT64)
    if mean is not None:
        value = Binary(BinaryOp.SUBTRACT, value, number(mean))
    if scale is None:
        return value
    if sparse:
        return Binary(BinaryOp.MULTIPLY, value, number(1.0 / scale))
    return Binary(BinaryOp.DIVIDE, value, number(scale))
