"""PCA and its kin: weighted sums of columns, which BLAS adds in its own order, so a bound holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.linear import grouped
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.ir.expressions import Binary, BinaryOp, Expr, Sum, number
from procgen.ir.types import DType


@TRANSFORMERS.reads("sklearn.decomposition.PCA", "sklearn.decomposition.IncrementalPCA")
def read_pca(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x @ components - mean @ components`, over the deviations if whitened."""
    components = np.asarray(step.components_, dtype=np.float64)
    means = np.zeros(components.shape[1]) if step.mean_ is None else np.asarray(step.mean_)
    offsets = (means.reshape(1, -1) @ components.T).ravel()
    scales = np.ones(len(components))
    if step.whiten:
        deviations = np.sqrt(step.explained_variance_)
        scales = np.maximum(deviations, np.finfo(deviations.dtype).eps)
    columns = zip(components.tolist(), offsets.tolist(), scales.tolist(), strict=True)
    projected = [
        _scaled(Binary(BinaryOp.SUBTRACT, _sum(weights, frame), number(offset)), scale)
        for weights, offset, scale in columns
    ]
    return _projected(projected, "pca", frame)


@TRANSFORMERS.reads("sklearn.decomposition.TruncatedSVD")
def read_truncated_svd(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x @ components`."""
    components = np.asarray(step.components_, dtype=np.float64).tolist()
    return _projected([_sum(weights, frame) for weights in components], "svd", frame)


def _sum(weights: Sequence[float], frame: Frame) -> Expr:
    terms: list[Expr] = [
        Binary(BinaryOp.MULTIPLY, to_number(feature), number(weight))
        for feature, weight in zip(frame.features, weights, strict=True)
        if weight
    ]
    return Sum(tuple(grouped(terms) or [number(0.0)]))


def _scaled(value: Expr, scale: float) -> Expr:
    return value if scale == 1.0 else Binary(BinaryOp.DIVIDE, value, number(scale))


def _projected(values: Sequence[Expr], name: str, frame: Frame) -> Frame:
    features = tuple(
        Feature(value, DType.FLOAT64, f"{name}{place}") for place, value in enumerate(values)
    )
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    return replace(demanded, features=features, sparse=False, exact=False)
