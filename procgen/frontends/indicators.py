"""MissingIndicator: whether a value is missing, as 1.0 and 0.0."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand, in_range, present
from procgen.frontends.imputation import fills_null, indicator
from procgen.frontends.registry import TRANSFORMERS, Feature, Frame, Scope
from procgen.frontends.wants import Want, wants
from procgen.ir.expressions import Membership, number
from procgen.ir.program import Requirement
from procgen.ir.types import DType

MISSING_INDICATOR = "sklearn.impute.MissingIndicator"


@wants(MISSING_INDICATOR)
def read_wants(step: Any, count: int) -> tuple[Want, ...]:
    """None where that is what it looks for."""
    return (Want(None, none_is_missing=step.missing_values is None),) * count


@TRANSFORMERS.reads(MISSING_INDICATOR)
def read_missing_indicator(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """A column for each feature, or for each that was missing in training."""
    demanded = demand(frame, (_demanded(step, feature) for feature in frame.features))
    kept = step.features_.tolist()
    if step.features == "missing-only" and step.error_on_new:
        others = (f for place, f in enumerate(frame.features) if place not in kept)
        demanded = demand(demanded, (_never_missing(step, feature) for feature in others))
    features = tuple(
        Feature(
            indicator(step, frame.features[place], number(1.0), number(0.0)),
            DType.FLOAT64,
            f"missing_{frame.features[place].name}",
        )
        for place in kept
    )
    # With "auto" the result is as sparse as the input.
    sparse = frame.sparse if step.sparse == "auto" else bool(step.sparse)
    return replace(demanded, features=features, sparse=sparse)


def _demanded(step: Any, feature: Feature) -> Requirement | None:
    if not feature.dtype.is_float:
        return None if fills_null(step) else present(feature)
    return in_range(feature, LARGEST_DOUBLE, accepts_missing=fills_null(step))


def _never_missing(step: Any, feature: Feature) -> Requirement | None:
    if fills_null(step):
        return present(feature)
    flag = indicator(step, feature, number(1.0), number(0.0))
    reason = "missing where no training row was"
    return Requirement(flag, Membership((0.0,)), accepts_missing=False, reason=reason)
