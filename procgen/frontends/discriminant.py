"""Linear and quadratic discriminant analysis: a weighted sum, or squares of weighted sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import argmax_decision, labels
from procgen.frontends.linear import grouped
from procgen.frontends.linear_classifiers import (
    classification,
    one_vs_rest,
    read_decision,
    softmax,
)
from procgen.frontends.parts import Answer, bind, scored
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.frontends.trees import features_of
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Element,
    Expr,
    Function,
    Sum,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType


@ESTIMATORS.reads("sklearn.discriminant_analysis.LinearDiscriminantAnalysis", bound=WEIGHTED_SUMS)
def read_linear(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The logistic function of the margin, or the softmax of more than one."""
    decision = read_decision(model, frame, scope)
    return classification(decision, frame, one_vs_rest if decision.is_binary else softmax)


@ESTIMATORS.reads(
    "sklearn.discriminant_analysis.QuadraticDiscriminantAnalysis", bound=WEIGHTED_SUMS
)
def read_quadratic(model: Any, frame: Frame, scope: Scope) -> Scores:
    """`-0.5 (sum(((x - mean) @ R)^2) + sum(log s)) + log prior` for each class."""
    classes = labels(model.classes_)
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    scores: list[Expr] = []
    for place in range(len(classes)):
        score, frame = _score(model, place, frame, scope)
        scores.append(score)
    listed, frame = bind(frame, scope, "scores", Vector(tuple(scores)))
    return two_or_more(listed, classes, frame, scope)


def two_or_more(listed: Expr, classes: Any, frame: Frame, scope: Scope) -> Scores:
    """Scores of one value a class; with two, decision_function() is the second minus the first."""
    numbers = ListType(DType.FLOAT64)
    shares = Call(Function.SOFTMAX_OF_LOGS, listed)
    label = argmax_decision(listed, classes)
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, numbers, listed),
        (OutputName.PROBA, numbers, shares),
        (OutputName.PREDICT, classes[0].dtype, label),
    )
    if len(classes) == 2:
        gap = Binary(BinaryOp.SUBTRACT, Element(listed, 1), Element(listed, 0))
        answers = (
            (OutputName.MARGIN, DType.FLOAT64, gap),
            (OutputName.PROBA, DType.FLOAT64, Element(shares, 1)),
            (OutputName.PREDICT, classes[0].dtype, label),
        )
    return scored(frame, scope, answers, classes=(classes,), exact=False, shares=shares)


def _score(model: Any, place: int, frame: Frame, scope: Scope) -> tuple[Expr, Frame]:
    means, spreads = model.means_[place].tolist(), model.scalings_[place]
    turn = model.rotations_[place] * spreads ** (-0.5)
    centred = [
        Binary(BinaryOp.SUBTRACT, value, number(mean))
        for value, mean in zip(features_of(frame), means, strict=True)
    ]
    squares: list[Expr] = []
    for number_, weights in enumerate(turn.T.tolist(), start=1):
        terms: list[Expr] = [
            Binary(BinaryOp.MULTIPLY, value, number(weight))
            for value, weight in zip(centred, weights, strict=True)
        ]
        name = f"axis_{place}_{number_}"
        axis, frame = bind(frame, scope, name, Sum(tuple(grouped(terms))))
        squares.append(Binary(BinaryOp.MULTIPLY, axis, axis))
    spread = number(float(np.sum(np.log(spreads))))
    norm = Binary(BinaryOp.ADD, Sum(tuple(squares)), spread)
    half = Binary(BinaryOp.MULTIPLY, norm, number(-0.5))
    prior = number(float(np.log(model.priors_[place])))
    return Binary(BinaryOp.ADD, half, prior), frame
