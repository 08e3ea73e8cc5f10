"""TfidfTransformer weighs counts that are columns already; texts themselves are not read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import to_number
from procgen.frontends.normalizing import normalized
from procgen.frontends.registry import TRANSFORMERS, Bound, Feature, Frame, Scope
from procgen.frontends.scaling import mapped
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Expr,
    Function,
    Membership,
    number,
)

ZERO = Membership((0.0,))


@TRANSFORMERS.reads(
    "sklearn.feature_extraction.text.TfidfTransformer",
    bound=Bound("a norm is a sum of columns", "norm='l1' or 'l2'"),
)
def read_term_weights(step: Any, frame: Frame, scope: Scope) -> Frame:  # noqa: ARG001
    """Counts or `1 + log(count)`, times the weight of the column, over the norm of the row."""
    weights = step.idf_.tolist() if hasattr(step, "idf_") else None

    def weighed(feature: Feature, weight: float | None) -> Expr:
        value = to_number(feature)
        if step.sublinear_tf:
            value = _dampened(value)
        elif not frame.sparse:
            # -0.0 is left out of a sparse table as 0.0 is, and comes back as 0.0.
            value = Binary(BinaryOp.ADD, value, number(0.0))
        if weight is None:
            return value
        return Binary(BinaryOp.MULTIPLY, value, number(weight))

    demanded = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    # transform() makes its table sparse before anything else.
    weighted = replace(mapped(demanded, weighed, weights), sparse=True)
    if step.norm is None:
        return weighted
    finite = demand_all(weighted, LARGEST_DOUBLE, accepts_missing=False)
    return normalized(finite, step.norm, "TfidfTransformer")


def _dampened(count: Expr) -> Expr:
    """A count of 0 is not stored in a sparse table, and stays 0.

    Its logarithm is never asked for: PostgreSQL's range checks would refuse the row for it.
    """
    positive = Branch(count, ZERO, number(1.0), count, count)
    logarithm = Binary(BinaryOp.ADD, Call(Function.LOG, positive), number(1.0))
    return Branch(count, ZERO, number(0.0), logarithm, number(0.0))
