"""Scores of a boosted ensemble: raw sums as the margin, then the link of the loss."""

from __future__ import annotations

from typing import Any, Literal

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import argmax_decision, binary_decision
from procgen.frontends.registry import Frame, Scope, Scores
from procgen.frontends.trees import scores_of
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Call,
    Constant,
    Element,
    Expr,
    Function,
    Reference,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType


def boosted_classifier(
    ensemble: Ensemble,
    classes: tuple[Constant, ...],
    loss: Any,
    place: tuple[Frame, Scope],
    *,
    at_zero: Literal[0, 1],
) -> Scores:
    """A margin for two classes, or one for each of more.

    Args:
        ensemble: one output for two classes, else one for each class.
        classes: the labels.
        loss: the fitted model's loss, which knows its link.
        place: the frame, with all that the model demands, and the scope.
        at_zero: the class that a binary margin of 0.0 gives.
    """
    frame, scope = place
    trees, margin = Reference(scope.name("trees")), Reference(scope.name("margin"))
    label_type = classes[0].dtype
    if len(classes) == 2:
        outputs = (
            (OutputName.MARGIN, DType.FLOAT64, Element(trees, 0)),
            (OutputName.PROBA, DType.FLOAT64, inverse_link(loss, margin)),
            (OutputName.PREDICT, label_type, binary_decision(margin, classes, at_zero=at_zero)),
        )
        return scores_of(ensemble, outputs, frame, scope, (classes,))
    vector = ListType(DType.FLOAT64)
    lists = (
        (OutputName.MARGIN, vector, trees),
        (OutputName.PROBA, vector, inverse_link(loss, margin)),
        (OutputName.PREDICT, label_type, argmax_decision(margin, classes)),
    )
    return scores_of(ensemble, lists, frame, scope, (classes,))


def boosted_regressor(ensemble: Ensemble, loss: Any, frame: Frame, scope: Scope) -> Scores:
    """The raw sum as the margin, and its inverse link as the prediction."""
    trees, margin = Reference(scope.name("trees")), Reference(scope.name("margin"))
    outputs = (
        (OutputName.MARGIN, DType.FLOAT64, Element(trees, 0)),
        (OutputName.PREDICT, DType.FLOAT64, inverse_link(loss, margin)),
    )
    return scores_of(ensemble, outputs, frame, scope)


def inverse_link(loss: Any, margin: Expr) -> Expr:
    """From raw scores to what the loss predicts.

    Raises:
        UnsupportedModelError: a loss of the user's own, with a link of its own.
    """
    link = type(loss.link).__name__
    match link:
        case "IdentityLink":
            return margin
        case "LogLink":
            return Call(Function.EXP, margin)
        case "LogitLink":
            return Call(Function.EXPIT, margin)
        case "HalfLogitLink":
            return Call(Function.EXPIT, Binary(BinaryOp.MULTIPLY, margin, number(2.0)))
        case "MultinomialLogit":
            return Call(Function.SOFTMAX, margin)
        case _:
            raise UnsupportedModelError(
                f"the loss {type(loss).__name__} has the link {link}, which no front-end reads",
                hint="train with a loss that scikit-learn offers by name",
            )
