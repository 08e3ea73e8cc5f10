"""FeatureAgglomeration's columns are means of others, added in column order as bincount() does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.ir.expressions import Binary, BinaryOp, Expr, number
from procgen.ir.types import DType

MOST_POOLED = 100
"""Additions stand one inside another, or they would count as a sum in any order."""


@TRANSFORMERS.reads("sklearn.cluster.FeatureAgglomeration")
def read_agglomeration(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The mean of each cluster of columns."""
    if step.pooling_func != np.mean:
        raise UnsupportedModelError(
            f"FeatureAgglomeration pools with {step.pooling_func!r}",
            hint="train it with pooling_func=numpy.mean",
        )
    if frame.sparse:
        raise UnsupportedModelError(
            "FeatureAgglomeration of a sparse matrix, whose columns NumPy adds in another order",
            hint="make the columns before it dense",
        )
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    clusters: dict[int, list[Expr]] = {label: [] for label in range(step.n_clusters_)}
    for feature, label in zip(frame.features, step.labels_.tolist(), strict=True):
        clusters[label].append(to_number(feature))
    features = tuple(
        Feature(_mean(members), DType.FLOAT64, f"cluster{label}")
        for label, members in clusters.items()
    )
    return replace(demanded, features=features)


def _mean(members: Sequence[Expr]) -> Expr:
    if len(members) > MOST_POOLED:
        raise UnsupportedModelError(
            f"FeatureAgglomeration makes one column of {len(members)}, and {MOST_POOLED} are added"
            " at most",
            hint="train it with more clusters",
        )
    total: Expr = number(0.0)
    for member in members:
        total = Binary(BinaryOp.ADD, total, member)
    return Binary(BinaryOp.DIVIDE, total, number(float(len(members))))
