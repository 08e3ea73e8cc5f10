"""PCA and its kin: weighted sums of columns, which BLAS adds in its own order, so a bound holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.linear import dense, grouped
from procgen.frontends.registry import TRANSFORMERS, WEIGHTED_SUMS, Feature, Frame, Scope
from procgen.ir.expressions import Binary, BinaryOp, Expr, Sum, number
from procgen.ir.types import DType

MOST_FACTORS = 32
"""Each factor of FactorAnalysis holds all the others' sums in the SQL."""


@TRANSFORMERS.reads(
    "sklearn.decomposition.PCA", "sklearn.decomposition.IncrementalPCA", bound=WEIGHTED_SUMS
)
def read_pca(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x @ components - mean @ components`, over the deviations if whitened."""
    components = dense(step.components_)
    means = np.zeros(components.shape[1]) if step.mean_ is None else np.asarray(step.mean_)
    offsets = (means.reshape(1, -1) @ components.T).ravel()
    scales = np.ones(len(components))
    if step.whiten:
        deviations = np.sqrt(step.explained_variance_)
        scales = np.maximum(deviations, np.finfo(deviations.dtype).eps)
    columns = zip(components.tolist(), offsets.tolist(), scales.tolist(), strict=True)
    values = numbers_of(frame)
    projected = [
        _divided(Binary(BinaryOp.SUBTRACT, _sum(weights, values), number(offset)), scale)
        for weights, offset, scale in columns
    ]
    return _projected(projected, "pca", frame)


@TRANSFORMERS.reads(
    "sklearn.decomposition.TruncatedSVD",
    "sklearn.neighbors.NeighborhoodComponentsAnalysis",
    "sklearn.random_projection.GaussianRandomProjection",
    "sklearn.random_projection.SparseRandomProjection",
    bound=WEIGHTED_SUMS,
)
def read_components(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`x @ components`."""
    return _projected(_sums(dense(step.components_), numbers_of(frame)), "component", frame)


@TRANSFORMERS.reads("sklearn.decomposition.FastICA", bound=WEIGHTED_SUMS)
def read_ica(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`(x - mean) @ components`; without whitening nothing is subtracted."""
    values = numbers_of(frame)
    if step.whiten:
        values = _centred(values, step.mean_.tolist())
    return _projected(_sums(dense(step.components_), values), "ica", frame)


@TRANSFORMERS.reads("sklearn.decomposition.FactorAnalysis", bound=WEIGHTED_SUMS)
def read_factors(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`((x - mean) @ weights) @ covariance`, as transform() makes both from the components."""
    from scipy import linalg  # noqa: PLC0415 - NumPy's inverse has other bits

    components = dense(step.components_)
    if len(components) > MOST_FACTORS:
        raise UnsupportedModelError(
            f"FactorAnalysis with {len(components)} factors, each of which needs all the others",
            hint=f"train it with n_components={MOST_FACTORS} at most, or use PCA",
        )
    weights = components / step.noise_variance_
    covariance = linalg.inv(np.eye(len(components)) + weights @ components.T)
    inner = _sums(weights, _centred(numbers_of(frame), step.mean_.tolist()))
    return _projected(_sums(covariance.T, inner), "factor", frame)


@TRANSFORMERS.reads("sklearn.discriminant_analysis.LinearDiscriminantAnalysis", bound=WEIGHTED_SUMS)
def read_discriminants(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """`(x - mean) @ scalings`; the eigen solver subtracts nothing, and least squares has none."""
    if step.solver == "lsqr":
        raise UnsupportedModelError(
            "LinearDiscriminantAnalysis with solver='lsqr' makes no columns",
            hint="train it with solver='svd' or 'eigen'",
        )
    values = numbers_of(frame)
    if step.solver == "svd":
        values = _centred(values, step.xbar_.tolist())
    weights = dense(step.scalings_).T[: step._max_components]  # noqa: SLF001 - as transform() does
    return _projected(_sums(weights, values), "discriminant", frame)


def numbers_of(frame: Frame) -> list[Expr]:
    """Every column as a double."""
    return [to_number(feature) for feature in frame.features]


def _centred(values: Sequence[Expr], means: Sequence[float]) -> list[Expr]:
    return [
        Binary(BinaryOp.SUBTRACT, value, number(mean))
        for value, mean in zip(values, means, strict=True)
    ]


def _sums(components: np.ndarray, values: Sequence[Expr]) -> list[Expr]:
    """One sum for each row of weights."""
    return [_sum(weights, values) for weights in components.tolist()]


def _sum(weights: Sequence[float], values: Sequence[Expr]) -> Expr:
    terms: list[Expr] = [
        Binary(BinaryOp.MULTIPLY, value, number(weight))
        for value, weight in zip(values, weights, strict=True)
        if weight
    ]
    return Sum(tuple(grouped(terms) or [number(0.0)]))


def _divided(value: Expr, scale: float) -> Expr:
    return value if scale == 1.0 else Binary(BinaryOp.DIVIDE, value, number(scale))


def _projected(values: Sequence[Expr], name: str, frame: Frame) -> Frame:
    features = tuple(
        Feature(value, DType.FLOAT64, f"{name}{place}") for place, value in enumerate(values)
    )
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    return replace(demanded, features=features, sparse=False, exact=False)
