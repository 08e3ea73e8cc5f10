"""Voting: averages over the models in their order; hard votes are counts, the lowest class first.

For a table of one row and eight voters or more, NumPy adds in another order than for any longer
table; the order of the longer table is the one that is compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import argmax_decision, labels
from procgen.frontends.parts import (
    Part,
    all_exact,
    from_shares,
    read_parts,
    regressor,
    scored,
)
from procgen.frontends.registry import (
    ESTIMATORS,
    INNER_MODELS,
    Frame,
    Scope,
    Scores,
    class_name,
)
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Case,
    Expr,
    Match,
    Reference,
    Sum,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType

CLASSIFIER = "sklearn.ensemble.VotingClassifier"
REGRESSOR = "sklearn.ensemble.VotingRegressor"


@INNER_MODELS.reads(CLASSIFIER, REGRESSOR)
def voters(model: Any) -> list[Any]:
    """The voters."""
    return list(model.estimators_)


@ESTIMATORS.reads(CLASSIFIER)
def read_voting_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Votes or average probabilities; the voters know positions of labels instead of labels."""
    classes = labels(model.classes_)
    parts, frame = read_parts(model.estimators_, frame, scope)
    weights = _weights(model, parts)
    if model.voting == "hard":
        return _hard(parts, weights, len(classes), (model, frame, scope))
    averages = [
        average([part.shares[index] for part in parts], weights) for index in range(len(classes))
    ]
    return from_shares(frame, scope, averages, classes, exact=all_exact(parts))


@ESTIMATORS.reads(REGRESSOR)
def read_voting_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The average prediction."""
    parts, frame = read_parts(model.estimators_, frame, scope)
    mean = average([part.prediction for part in parts], _weights(model, parts))
    return regressor(frame, scope, [mean], exact=all_exact(parts))


def average(values: Sequence[Expr], weights: Sequence[float] | None) -> Expr:
    """`(v0 + v1 + ...) / n`, or `(v0 * w0 + v1 * w1 + ...) / sum(w)`, as numpy.average adds."""
    if weights is None:
        return Binary(BinaryOp.DIVIDE, Sum(tuple(values)), number(len(values)))
    weighted = tuple(
        Binary(BinaryOp.MULTIPLY, value, number(weight))
        for value, weight in zip(values, weights, strict=True)
    )
    rows = np.zeros((2, len(weights)))
    _, total = np.average(rows, axis=1, weights=weights, returned=True)
    return Binary(BinaryOp.DIVIDE, Sum(weighted), number(total[0]))


def _weights(model: Any, parts: Sequence[Part]) -> list[float] | None:
    if all(class_name(part.model).startswith("xgboost.") for part in parts):
        raise UnsupportedModelError(
            f"{type(model).__name__} of XGBoost models only averages in float32",
            hint="add a voter of another library",
        )
    weights = model._weights_not_none  # noqa: SLF001 - the voters that were dropped have none
    return None if weights is None else [float(weight) for weight in weights]


def _hard(
    parts: Sequence[Part],
    weights: list[float] | None,
    count: int,
    place: tuple[Any, Frame, Scope],
) -> Scores:
    model, frame, scope = place
    if any(weight < 0 for weight in weights or ()):
        raise UnsupportedModelError(
            "VotingClassifier has a negative weight", hint="train with weights from 0 upwards"
        )
    classes = labels(model.classes_)
    votes = tuple(_votes(parts, weights or [1.0] * len(parts), index) for index in range(count))
    margin = Reference(scope.name(OutputName.MARGIN))
    answers = (
        (OutputName.MARGIN, ListType(DType.FLOAT64), Vector(votes)),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )
    return scored(frame, scope, answers, classes=(classes,), exact=all_exact(parts))


def _votes(parts: Sequence[Part], weights: list[float], index: int) -> Expr:
    nothing = number(0.0)
    return Sum(
        tuple(
            Match(
                part.reference(OutputName.PREDICT),
                (Case(index, number(weight)),),
                nothing,
                nothing,
            )
            for part, weight in zip(parts, weights, strict=True)
        )
    )
