"""IsolationForest: the depths are one sum of trees, and the label is decided on that sum.

Scikit-learn looks for neither NaN nor inf here, so no row is refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from procgen.frontends.bagging import moved, seen_columns
from procgen.frontends.parts import bind, scored
from procgen.frontends.registry import ESTIMATORS, Bound, Frame, Scope, Scores
from procgen.frontends.trees import features_of, tree_nodes
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Constant,
    Element,
    Expr,
    Function,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.search import last_passing
from procgen.ir.trees import Ensemble, Tree, collector_paused
from procgen.ir.types import DType

OUTLIER, INLIER = (Constant(value, DType.INT64) for value in (-1, 1))


@ESTIMATORS.reads(
    "sklearn.ensemble.IsolationForest",
    bound=Bound("2 to a power, which two C libraries round apart"),
)
def read_isolation_forest(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The margin is decision_function(): `-(2 ** -(depth / mean depth)) - offset`."""
    scale = _scale(model)
    listed, frame = bind(frame, scope, "depths", _depths(model, frame))
    depth = Element(listed, 0)
    power: Expr = number(-1.0)
    if scale:
        power = Unary(UnaryOp.NEGATE, Binary(BinaryOp.DIVIDE, depth, number(scale)))
    score = Unary(UnaryOp.NEGATE, Call(Function.EXP2, power))
    margin = Binary(BinaryOp.SUBTRACT, score, number(float(model.offset_)))
    answers = (
        (OutputName.MARGIN, DType.FLOAT64, margin),
        (OutputName.PREDICT, DType.INT64, _label(depth, _rule(scale, float(model.offset_)))),
    )
    return scored(frame, scope, answers)


def _scale(model: Any) -> float:
    """The depth that gives a score of one half; 0 where each tree was grown on one row."""
    from sklearn.ensemble._iforest import _average_path_length  # noqa: PLC0415 - it is optional

    # The constants of the formula are private to this function.
    return float(len(model.estimators_) * _average_path_length([model._max_samples])[0])  # noqa: SLF001


def _depths(model: Any, frame: Frame) -> Ensemble:
    paths = zip(
        model._decision_path_lengths,  # noqa: SLF001 - nothing public holds them
        model._average_path_length_per_tree,  # noqa: SLF001
        strict=True,
    )
    with collector_paused():
        trees = tuple(
            Tree(moved(tree_nodes(grown.tree_, (path + rest - 1.0)[:, np.newaxis]), columns))
            for (grown, columns), (path, rest) in zip(seen_columns(model), paths, strict=True)
        )
    return Ensemble(features_of(frame), trees, (0.0,))


def _rule(scale: float, offset: float) -> Callable[[float], bool]:
    """Whether a sum of depths is an outlier's, in NumPy's arithmetic."""

    def is_outlier(depth: float) -> bool:
        depths = np.array([depth])
        ratio = np.divide(depths, scale) if scale else np.ones(1)
        return bool((-(2 ** (-ratio)) - offset)[0] < 0)

    return is_outlier


def _label(depth: Expr, is_outlier: Callable[[float], bool]) -> Expr:
    """Short paths are outliers; the score rises with the depth, so one depth divides them."""
    with np.errstate(all="ignore"):
        largest = last_passing(is_outlier, 1.0)
    if largest is None:
        return INLIER
    return Branch(depth, Threshold(Comparison.LE, largest), OUTLIER, INLIER, missing=INLIER)
