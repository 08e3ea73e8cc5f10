"""Binarizer and KBinsDiscretizer: comparisons with constants, in the order that each defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.scaling import MISSING, mapped
from procgen.ir.expressions import Branch, Comparison, Expr, Threshold, number
from procgen.ir.types import DType


@TRANSFORMERS.reads("sklearn.preprocessing.Binarizer")
def read_binarizer(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """1.0 above the threshold, else 0.0."""
    below = Threshold(Comparison.LE, float(step.threshold))

    def flag(feature: Feature, _: object) -> Expr:
        return Branch(to_number(feature), below, number(0.0), number(1.0), MISSING)

    return mapped(demand_all(frame, LARGEST_DOUBLE, accepts_missing=False), flag)


@TRANSFORMERS.reads("sklearn.preprocessing.KBinsDiscretizer")
def read_bins(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """The number of a bin, or a column of 1.0 and 0.0 for each bin; an edge is in the upper bin."""
    if step.dtype is not None and np.dtype(step.dtype) != np.float64:
        raise UnsupportedModelError(
            f"KBinsDiscretizer has dtype={np.dtype(step.dtype)}, which rounds before it compares",
            hint="train with dtype=None",
        )
    edges = [inner[1:-1].tolist() for inner in step.bin_edges_]
    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    if step.encode == "ordinal":
        binned = mapped(demanded, lambda feature, own: bin_number(to_number(feature), own), edges)
        return replace(binned, sparse=False)
    features = tuple(
        hot
        for feature, inner in zip(frame.features, edges, strict=True)
        for hot in _one_hot(feature, inner)
    )
    return replace(demanded, features=features, sparse=step.encode == "onehot")


def bin_number(value: Expr, edges: Sequence[float]) -> Expr:
    """How many of the edges are not above the value, found by halves."""
    return chosen(value, edges, [number(float(bin_)) for bin_ in range(len(edges) + 1)])


def chosen(value: Expr, edges: Sequence[float], options: Sequence[Expr]) -> Expr:
    """The option of the piece that the value lies in; an edge belongs to the piece above it.

    Args:
        value: what is compared.
        edges: where the pieces meet, in order; those between equal options are left out.
        options: one more than there are edges.
    """
    same = [place for place in range(len(edges)) if options[place] == options[place + 1]]
    if same:
        kept = [place for place in range(len(edges)) if place not in same]
        edges = [edges[place] for place in kept]
        options = [*(options[place] for place in kept), options[-1]]
    return _halved(value, edges, options)


def _halved(value: Expr, edges: Sequence[float], options: Sequence[Expr]) -> Expr:
    if not edges:
        return options[0]
    middle = len(edges) // 2
    below = _halved(value, edges[:middle], options[: middle + 1])
    above = _halved(value, edges[middle + 1 :], options[middle + 1 :])
    return Branch(value, Threshold(Comparison.LT, edges[middle]), below, above, MISSING)


def _one_hot(feature: Feature, edges: Sequence[float]) -> Iterator[Feature]:
    value, count = to_number(feature), len(edges) + 1
    for bin_ in range(count):
        flag = chosen(value, edges, [number(float(other == bin_)) for other in range(count)])
        yield Feature(flag, DType.FLOAT64, f"{feature.name}_{bin_}")
