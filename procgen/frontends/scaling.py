"""Scalers divide a dense column by its scale, and multiply a sparse one by 1/scale.

MinMaxScaler multiplies always. A column without a value in training becomes missing altogether.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Comparison,
    Constant,
    Expr,
    Threshold,
    number,
)
from procgen.ir.types import DType

MISSING = Constant(None, DType.FLOAT64)


@TRANSFORMERS.reads("sklearn.preprocessing.StandardScaler")
def read_standard_scaler(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`(x - mean) / scale`; a missing value stays missing, an infinite one is refused."""
    means = step.mean_ if step.with_mean else None
    return _shifted(frame, means, step.scale_ if step.with_std else None)


@TRANSFORMERS.reads("sklearn.preprocessing.RobustScaler")
def read_robust_scaler(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`(x - median) / range of the quartiles`."""
    centers = step.center_ if step.with_centering else None
    return _shifted(frame, centers, step.scale_ if step.with_scaling else None)


@TRANSFORMERS.reads("sklearn.preprocessing.MaxAbsScaler")
def read_max_abs_scaler(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x / largest`, clipped to -1 and 1 if asked for."""
    scaled = _shifted(frame, None, step.scale_)
    # The option came with scikit-learn 1.8; without it nothing is clipped.
    if not getattr(step, "clip", False):
        return scaled
    return mapped(scaled, lambda feature, _: clipped(feature.expr, -1.0, 1.0))


@TRANSFORMERS.reads("sklearn.preprocessing.MinMaxScaler")
def read_min_max_scaler(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x * scale + min`, clipped to the range if asked for."""
    low, high = (float(bound) for bound in step.feature_range)

    def scaled(feature: Feature, constants: tuple[float, float]) -> Expr:
        scale, least = constants
        if math.isnan(scale) or math.isnan(least):
            return MISSING
        product = Binary(BinaryOp.MULTIPLY, to_number(feature), number(scale))
        value = Binary(BinaryOp.ADD, product, number(least))
        return clipped(value, low, high) if step.clip else value

    pairs = zip(step.scale_.tolist(), step.min_.tolist(), strict=True)
    return mapped(demand_all(frame, LARGEST_DOUBLE, accepts_missing=True), scaled, pairs)


def mapped(
    frame: Frame, change: Callable[[Feature, Any], Expr], each: Iterable[Any] | None = None
) -> Frame:
    """Every feature as another double, made of it and of its own one of `each`."""
    pairs = zip(frame.features, each or [None] * len(frame.features), strict=True)
    features = tuple(
        Feature(change(feature, own), DType.FLOAT64, feature.name) for feature, own in pairs
    )
    return replace(frame, features=features)


def clipped(value: Expr, low: float, high: float) -> Expr:
    """`value` from `low` to `high`; a missing value stays missing."""
    below, under = Threshold(Comparison.LE, high), Threshold(Comparison.LT, low)
    inside = Branch(value, below, then=value, otherwise=number(high), missing=MISSING)
    return Branch(value, under, then=number(low), otherwise=inside, missing=MISSING)


def standardized(value: Expr, mean: float | None, scale: float | None, *, sparse: bool) -> Expr:
    """`(value - mean) / scale`, each step only where it has a constant."""
    if any(constant is not None and math.isnan(constant) for constant in (mean, scale)):
        # A column without a value in training: NaN is all that Python makes of it.
        return MISSING
    if mean is not None:
        value = Binary(BinaryOp.SUBTRACT, value, number(mean))
    if scale is None:
        return value
    if sparse:
        return Binary(BinaryOp.MULTIPLY, value, number(1.0 / scale))
    return Binary(BinaryOp.DIVIDE, value, number(scale))


def _shifted(frame: Frame, centers: Any, scales: Any) -> Frame:
    count = len(frame.features)
    means = [None] * count if centers is None else centers.tolist()
    widths = [None] * count if scales is None else scales.tolist()

    def scaled(feature: Feature, constants: tuple[float | None, float | None]) -> Expr:
        return standardized(to_number(feature), *constants, sparse=frame.sparse)

    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=True)
    return mapped(demanded, scaled, zip(means, widths, strict=True))
