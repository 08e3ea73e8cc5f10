"""What scikit-learn's input checks demand of each column, without what can be proved beforehand."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from dataclasses import replace

from procgen.frontends.labels import to_number
from procgen.frontends.registry import Feature, Frame
from procgen.ir.expressions import Constant, Expr, Fill, Interval, Match, Present
from procgen.ir.interpreter import LARGEST_FLOAT32
from procgen.ir.program import Requirement

LARGEST_DOUBLE = sys.float_info.max
LARGEST_ROUNDING_TO_FLOAT32 = math.nextafter(LARGEST_FLOAT32, 0.0)
"""The largest double that `float32()` does not turn into inf."""


def demand_all(frame: Frame, bound: float, *, accepts_missing: bool) -> Frame:
    """Demand of every feature that it is a number from `-bound` to `bound`."""
    return demand(
        frame,
        (in_range(feature, bound, accepts_missing=accepts_missing) for feature in frame.features),
    )


def demand(frame: Frame, wanted: Iterable[Requirement | None]) -> Frame:
    """Add requirements that the frame does not have yet; None is nothing to demand."""
    added = [requirement for requirement in wanted if requirement is not None]
    return replace(frame, requirements=tuple(dict.fromkeys((*frame.requirements, *added))))


def in_range(feature: Feature, bound: float, *, accepts_missing: bool) -> Requirement | None:
    """The demand that a feature lies from `-bound` to `bound`, or None if it always does."""
    if not feature.dtype.is_float:
        return None if accepts_missing else present(feature)
    subject = to_number(feature)
    if _always_in_range(subject, bound, accepts_missing=accepts_missing):
        return None
    limit = "not finite" if bound == LARGEST_DOUBLE else "too large for a float32"
    reason = limit if accepts_missing else f"missing or {limit}"
    return Requirement(subject, Interval(-bound, bound), accepts_missing, reason)


def present(feature: Feature) -> Requirement | None:
    """The demand that a feature is not missing, or None if it never is."""
    if isinstance(feature.expr, Fill):
        return None
    return Requirement(feature.expr, Present(), accepts_missing=False, reason="missing")


def _always_in_range(expr: Expr, bound: float, *, accepts_missing: bool) -> bool:
    match expr:
        case Constant() as constant:
            results = [constant]
        case Match(_, cases, otherwise, missing):
            results = [*(case.result for case in cases), otherwise, missing]
        case _:
            return False
    return all(_in_range(result, bound, accepts_missing=accepts_missing) for result in results)


def _in_range(constant: Constant, bound: float, *, accepts_missing: bool) -> bool:
    match constant:
        case Constant(None, _):
            return accepts_missing
        case Constant(bool() | int() | float() as value, _):
            return -bound <= value <= bound
        case _:
            return False
