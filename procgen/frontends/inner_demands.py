"""What models around other models demand of their scores, and whether bits survive the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.registry import Feature, Frame, Scores
from procgen.ir.bounds import Bounds, has_references, without_references
from procgen.ir.expressions import Call, Expr, Function, Interval, Present, Reference
from procgen.ir.program import OutputName, Requirement
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType
from procgen.ir.walk import descend

SAME_BITS = frozenset(
    {
        Function.ARGMAX,
        Function.NORMALIZE,
        Function.SQRT,
        Function.WEIGHTED_MEDIAN,
        Function.WEIGHTED_SUM_FLOAT32,
    }
)
"""Functions whose value is the same in every library."""


def meta_feature(value: Expr, name: str) -> Feature:
    """A score of a model inside as a column for another."""
    return Feature(value, DType.FLOAT64, name)


def demand_finite(frame: Frame, values: Iterable[Expr]) -> Frame:
    """Demand that scores of models inside are finite; `on_columns` must follow."""
    features = tuple(meta_feature(value, "a score inside") for value in values)
    demanded = demand_all(replace(frame, features=features), LARGEST_DOUBLE, accepts_missing=False)
    return replace(frame, requirements=demanded.requirements)


def on_columns(scores: Scores) -> Scores:
    """Demands on scores of models inside, as demands on the columns that they are computed from.

    A score that is always in range demands nothing.

    Raises:
        UnsupportedModelError: the demand mixes trees with sums that may leave the range.
    """
    bindings = {binding.name: binding.value for binding in scores.bindings}
    bounds = Bounds(bindings)
    kept: dict[Requirement, None] = {}
    for requirement in scores.requirements:
        for moved in _moved(requirement, bounds):
            kept[moved] = None
    return judged(replace(scores, requirements=tuple(kept)))


def _moved(requirement: Requirement, bounds: Bounds) -> tuple[Requirement, ...]:
    if not has_references(requirement.subject):
        return (requirement,)
    size = bounds.of(requirement.subject)
    match requirement.test:
        case Interval(low, high) if -size >= low and size <= high:
            return ()
        case Present():
            return ()
        case _:
            subject = without_references(requirement.subject, bounds.bindings)
    if has_references(subject):
        raise UnsupportedModelError(
            "a model inside it adds trees to a weighted sum, and another one demands that the "
            "result is finite",
            hint="put the linear model and the trees beside each other",
        )
    return (replace(requirement, subject=subject),)


def judged(scores: Scores) -> Scores:
    """The scores, which are not exact if their margin passes through a function of the C library.

    Two libraries round exp() apart; a sum or a test of what they give would spread the difference.
    """
    if not scores.exact:
        return scores
    soft: set[str] = set()
    for binding in scores.bindings:
        value = binding.value
        parts = value.features if isinstance(value, Ensemble) else (value,)
        if any(_is_soft(inner, soft) for part in parts for inner in descend(part)):
            soft.add(binding.name)
    margins = {output.binding for output in scores.outputs if output.name is OutputName.MARGIN}
    return replace(scores, exact=not margins & soft)


def _is_soft(part: Expr, soft: set[str]) -> bool:
    match part:
        case Reference(name):
            return name in soft
        case Call(function, _):
            return function not in SAME_BITS
        case _:
            return False
