"""SGDOneClassSVM: inliers have a margin from 0 upwards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.frontends.labels import require_finite
from procgen.frontends.linear import dense, weighted_sum
from procgen.frontends.parts import Answer, scored
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import Branch, Comparison, Constant, Reference, Threshold
from procgen.ir.program import OutputName
from procgen.ir.types import DType


@ESTIMATORS.reads("sklearn.linear_model.SGDOneClassSVM", bound=WEIGHTED_SUMS)
def read_one_class(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The label of `x @ coef - offset`: 1 or -1; NaN is an outlier."""
    (offset,) = dense(model.offset_).ravel().tolist()
    total = weighted_sum(dense(model.coef_).ravel().tolist(), -offset, frame)
    outlier, inlier = (Constant(value, DType.INT64) for value in (-1, 1))
    margin = Reference(scope.name(OutputName.MARGIN))
    below = Threshold(Comparison.LT, 0.0)
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, DType.FLOAT64, total),
        (OutputName.PREDICT, DType.INT64, Branch(margin, below, outlier, inlier, outlier)),
    )
    demanded = replace(frame, requirements=frame.requirements + require_finite(frame))
    return scored(demanded, scope, answers, exact=False)
