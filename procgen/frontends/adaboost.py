"""AdaBoost: weighted votes for a classifier, the weighted median for a regressor.

Votes of trees become leaves that hold the weights, so that boosted stumps are one sum of trees.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.bagging import TREE_CLASSIFIERS, all_trees
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.labels import argmax_decision, binary_decision, labels
from procgen.frontends.parts import (
    Answer,
    Part,
    all_exact,
    bind,
    read_parts,
    regressor,
    scored,
    softmax_of,
)
from procgen.frontends.registry import ESTIMATORS, INNER_MODELS, Frame, Scope, Scores
from procgen.frontends.trees import class_fractions, demand_tree_input, features_of, tree_nodes
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Case,
    Constant,
    Element,
    Expr,
    Function,
    Match,
    Reference,
    Sum,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Tree, collector_paused
from procgen.ir.types import DType, ListType

CLASSIFIER = "sklearn.ensemble.AdaBoostClassifier"
UNDERSAMPLED = "imblearn.ensemble.RUSBoostClassifier"
REGRESSOR = "sklearn.ensemble.AdaBoostRegressor"
Classes = tuple[Constant, ...]


@INNER_MODELS.reads(CLASSIFIER, UNDERSAMPLED, REGRESSOR)
def boosted_models(model: Any) -> list[Any]:
    """One of the models: they are of one class."""
    return list(model.estimators_[:1])


@ESTIMATORS.reads(CLASSIFIER, UNDERSAMPLED)
def read_adaboost_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """`sum(votes) / sum(weights)`, each vote against a class being minus a share of the weight."""
    classes = labels(model.classes_)
    if len(classes) < 2:
        raise UnsupportedModelError(
            "this AdaBoostClassifier was trained on one class", hint="train it on two or more"
        )
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    exact = True
    if all_trees(model.estimators_, TREE_CLASSIFIERS):
        votes = _trees(model, classes, frame)
        frame = demand_tree_input(model.estimators_[0], frame)
        listed, frame = bind(frame, scope, "votes", votes)
        averages: list[Expr] = [Element(listed, index) for index in range(len(votes.base_score))]
    else:
        parts, frame = read_parts(model.estimators_, frame, scope)
        exact = all_exact(parts)
        averages = [_average(model, parts, label, len(classes)) for label in _voted(classes)]
    return scored(frame, scope, **_answers(averages, classes, scope), exact=exact)


def _voted(classes: Classes) -> Classes:
    """The classes whose votes are added up: with two, the first has the second's negated."""
    return classes[1:] if len(classes) == 2 else classes


def _total(model: Any) -> float:
    return float(np.asarray(model.estimator_weights_).sum())


def _weights(model: Any, count: int) -> list[tuple[float, float]]:
    """For each model, what it adds to the class that it predicts, and to the others."""
    used = model.estimator_weights_[: len(model.estimators_)]
    return [(float(weight), float(-1 / (count - 1) * weight)) for weight in used]


def _trees(model: Any, classes: Classes, frame: Frame) -> Ensemble:
    voted = _voted(classes)
    outputs = tuple(range(len(voted)))
    trees = []
    with collector_paused():
        for grown, (gain, loss) in zip(
            model.estimators_, _weights(model, len(classes)), strict=True
        ):
            own = labels(grown.classes_)
            chosen = np.argmax(class_fractions(grown.tree_, (own,)), axis=1)
            table = np.array([[gain if label == one else loss for one in voted] for label in own])
            trees.append(Tree(tree_nodes(grown.tree_, table[chosen]), outputs))
    return Ensemble(features_of(frame), tuple(trees), (0.0,) * len(voted), divisor=_total(model))


def _average(model: Any, parts: tuple[Part, ...], label: Constant, count: int) -> Expr:
    votes = tuple(
        Match(
            part.reference(OutputName.PREDICT),
            (Case(label.value, number(gain)),),
            number(loss),
            number(loss),
        )
        for part, (gain, loss) in zip(parts, _weights(model, count), strict=True)
    )
    return Binary(BinaryOp.DIVIDE, Sum((number(0.0), *votes)), number(_total(model)))


def _answers(averages: list[Expr], classes: Classes, scope: Scope) -> dict[str, Any]:
    margin = Reference(scope.name(OutputName.MARGIN))
    numbers = ListType(DType.FLOAT64)
    if len(classes) == 2:
        # The first class has exactly the opposite: `-p0 + p1` is `p1 + p1`.
        half = Binary(BinaryOp.DIVIDE, margin, number(2.0))
        softmax = softmax_of((Unary(UnaryOp.NEGATE, half), half))
        value: Expr = Binary(BinaryOp.MULTIPLY, averages[0], number(2.0))
        answers: tuple[Answer, ...] = (
            (OutputName.MARGIN, DType.FLOAT64, value),
            (OutputName.PROBA, DType.FLOAT64, Element(softmax, 1)),
            (
                OutputName.PREDICT,
                classes[0].dtype,
                binary_decision(margin, classes, at_zero=0),
            ),
        )
        return {"answers": answers, "classes": (classes,), "shares": softmax}
    scaled = [
        Binary(BinaryOp.DIVIDE, Element(margin, index), number(len(classes) - 1))
        for index in range(len(classes))
    ]
    answers = (
        (OutputName.MARGIN, numbers, Vector(tuple(averages))),
        (OutputName.PROBA, numbers, softmax_of(scaled)),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )
    return {"answers": answers, "classes": (classes,)}


@ESTIMATORS.reads(REGRESSOR)
def read_adaboost_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The prediction at which half of the weight is reached, from below."""
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    parts, frame = read_parts(model.estimators_, frame, scope)
    weights = [float(weight) for weight in model.estimator_weights_[: len(parts)]]
    if any(not 0 <= weight <= sys.float_info.max for weight in weights):
        raise UnsupportedModelError("AdaBoostRegressor has a weight that is not a positive number")
    listed = Vector((*(part.prediction for part in parts), *map(number, weights)))
    median = Call(Function.WEIGHTED_MEDIAN, listed)
    return regressor(frame, scope, [median], exact=all_exact(parts))
