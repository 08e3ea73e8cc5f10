"""One-vs-rest, one-vs-one and output codes: many binary models, and how their scores are settled.

A binary model is asked for decision_function(), else for P(1); the class of the lowest index wins
among equal scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.inner_demands import demand_finite, on_columns
from procgen.frontends.labels import argmax_decision, labels, plain
from procgen.frontends.parts import Answer, Part, all_exact, bind, one_minus, read_parts, scored
from procgen.frontends.registry import ESTIMATORS, INNER_MODELS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Case,
    Comparison,
    Constant,
    Element,
    Expr,
    Match,
    Reference,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType

ONE_VS_REST = "sklearn.multiclass.OneVsRestClassifier"
ONE_VS_ONE = "sklearn.multiclass.OneVsOneClassifier"
OUTPUT_CODE = "sklearn.multiclass.OutputCodeClassifier"
NUMBERS = ListType(DType.FLOAT64)


@INNER_MODELS.reads(ONE_VS_REST, ONE_VS_ONE, OUTPUT_CODE)
def binary_models(model: Any) -> list[Any]:
    """The binary models that were trained; one of them answers the same for every row."""
    return [inner for inner in model.estimators_ if type(inner).__name__ != "_ConstantPredictor"]


@ESTIMATORS.reads("sklearn.multiclass._ConstantPredictor")
def read_constant(model: Any, frame: Frame, scope: Scope) -> Scores:
    """What stands for a label that all rows or no rows of the training data had."""
    value = float(plain(np.asarray(model.y_).ravel()[0]))
    zero, one = Constant(0, DType.INT64), Constant(1, DType.INT64)
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, DType.FLOAT64, number(value)),
        (OutputName.PROBA, DType.FLOAT64, number(value)),
        (OutputName.PREDICT, DType.INT64, one if value else zero),
    )
    return scored(frame, scope, answers, classes=((zero, one),))


@ESTIMATORS.reads(ONE_VS_REST)
def read_one_vs_rest(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A binary model a class, or a label of an indicator matrix."""
    parts, frame = read_parts(model.estimators_, frame, scope)
    if model.multilabel_:
        return _multilabel(parts, frame, scope)
    classes = labels(model.classes_)
    if len(parts) == 1:
        return _one_binary(parts[0], classes, frame, scope)
    margin = Reference(scope.name(OutputName.MARGIN))
    answers: list[Answer] = [
        (OutputName.MARGIN, NUMBERS, Vector(tuple(_score(part) for part in parts)))
    ]
    if all(part.has("predict_proba") for part in parts):
        listed, frame = _normalized([part.shares[1] for part in parts], frame, scope)
        answers.append((OutputName.PROBA, NUMBERS, listed))
    answers.append((OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)))
    return scored(frame, scope, answers, classes=(classes,), exact=all_exact(parts))


def _score(part: Part) -> Expr:
    return part.prediction if not part.scores.classes else part.positive_score()


def _limit(part: Part) -> float:
    """What a binary score must exceed."""
    asks_margin = bool(part.scores.classes) and part.has("decision_function")
    return 0.0 if asks_margin else 0.5


def _above(score: Expr, limit: float, below: Constant, above: Constant) -> Expr:
    return Branch(score, Threshold(Comparison.LE, limit), below, above, missing=below)


def _one_binary(part: Part, classes: tuple[Constant, ...], frame: Frame, scope: Scope) -> Scores:
    margin = Reference(scope.name(OutputName.MARGIN))
    answers: list[Answer] = [(OutputName.MARGIN, DType.FLOAT64, _score(part))]
    shares: Expr | None = None
    if part.has("predict_proba"):
        upper, frame = bind(frame, scope, "upper", part.shares[1])
        shares, frame = _normalized([one_minus(upper), upper], frame, scope)
        answers.append((OutputName.PROBA, DType.FLOAT64, Element(shares, 1)))
    label = _above(margin, _limit(part), *classes)
    answers.append((OutputName.PREDICT, classes[0].dtype, label))
    exact = part.scores.exact
    return scored(frame, scope, answers, classes=(classes,), exact=exact, shares=shares)


def _multilabel(parts: Sequence[Part], frame: Frame, scope: Scope) -> Scores:
    zero, one = Constant(0, DType.INT64), Constant(1, DType.INT64)
    margin = Reference(scope.name(OutputName.MARGIN))
    answers: list[Answer] = [
        (OutputName.MARGIN, NUMBERS, Vector(tuple(_score(part) for part in parts)))
    ]
    if all(part.has("predict_proba") for part in parts):
        shares = Vector(tuple(part.shares[1] for part in parts))
        answers.append((OutputName.PROBA, NUMBERS, shares))
    limit = _limit(parts[0])
    decided = tuple(_above(Element(margin, i), limit, zero, one) for i in range(len(parts)))
    answers.append((OutputName.PREDICT, ListType(DType.INT64), Vector(decided)))
    classes = ((zero, one),) * len(parts)
    return scored(frame, scope, answers, classes=classes, exact=all_exact(parts))


def _normalized(shares: Sequence[Expr], frame: Frame, scope: Scope) -> tuple[Reference, Frame]:
    """Each over the sum of all; where the sum is 0 they stay 0, unlike in a logistic regression."""
    raw, frame = bind(frame, scope, "raw_shares", Vector(tuple(shares)))
    parts = tuple(Element(raw, index) for index in range(len(shares)))
    total, frame = bind(frame, scope, "total", Sum(parts))
    nothing = Threshold(Comparison.LE, 0.0)
    divided = (
        Branch(total, nothing, part, Binary(BinaryOp.DIVIDE, part, total), missing=part)
        for part in parts
    )
    return bind(frame, scope, "normalized", Vector(tuple(divided)))


@ESTIMATORS.reads(ONE_VS_ONE)
def read_one_vs_one(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Votes of every pair, plus confidences squeezed below one vote to break ties."""
    if model.pairwise_indices_ is not None:
        raise UnsupportedModelError(
            "this OneVsOneClassifier was trained on a precomputed kernel",
            hint="train it on the columns themselves",
        )
    classes = labels(model.classes_)
    parts, frame = read_parts(model.estimators_, frame, scope)
    pairs = list(zip(combinations(range(len(classes)), 2), parts, strict=True))
    scores: list[Expr] = []
    for index in range(len(classes)):
        value, frame = _votes(index, pairs, frame, scope)
        scores.append(value)
    margin = Reference(scope.name(OutputName.MARGIN))
    exact = all_exact(parts)
    if len(classes) == 2:
        label = _above(margin, _limit(parts[0]), *classes)
        answers: list[Answer] = [(OutputName.MARGIN, DType.FLOAT64, scores[1])]
    else:
        label = argmax_decision(margin, classes)
        answers = [(OutputName.MARGIN, NUMBERS, Vector(tuple(scores)))]
    answers.append((OutputName.PREDICT, classes[0].dtype, label))
    return scored(frame, scope, answers, classes=(classes,), exact=exact)


def _votes(
    index: int, pairs: Sequence[tuple[tuple[int, int], Part]], frame: Frame, scope: Scope
) -> tuple[Expr, Frame]:
    votes: list[Expr] = []
    confidences: list[Expr] = [number(0.0)]
    for (low, high), part in pairs:
        if index in (low, high):
            won = Case(int(index == high), number(1.0))
            predicted = part.reference(OutputName.PREDICT)
            votes.append(Match(predicted, (won,), number(0.0), number(0.0)))
            score = _score(part)
            confidences.append(score if index == high else Unary(UnaryOp.NEGATE, score))
    total, frame = bind(frame, scope, f"confidence_{index}", Sum(tuple(confidences)))
    size = Binary(BinaryOp.ADD, Unary(UnaryOp.ABSOLUTE, total), number(1.0))
    scale = Binary(BinaryOp.MULTIPLY, size, number(3.0))
    squeezed = Binary(BinaryOp.DIVIDE, total, scale)
    return Binary(BinaryOp.ADD, Sum(tuple(votes)), squeezed), frame


@ESTIMATORS.reads(OUTPUT_CODE, bound=WEIGHTED_SUMS)
def read_output_code(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The class whose code is nearest: `2 s c - c c - s s` is largest."""
    classes = labels(model.classes_)
    parts, frame = read_parts(model.estimators_, frame, scope)
    scores: list[Expr] = []
    for place, part in enumerate(parts, start=1):
        score, frame = bind(frame, scope, f"score_{place}", _score(part))
        scores.append(score)
    frame = demand_finite(frame, scores)
    squares = minus_squares(scores)
    codes = np.asarray(model.code_book_).tolist()
    value = Vector(tuple(nearness(scores, code, squares) for code in codes))
    margin = Reference(scope.name(OutputName.MARGIN))
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, NUMBERS, value),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )
    return on_columns(scored(frame, scope, answers, classes=(classes,), exact=False))


def nearness(values: Sequence[Expr], point: Sequence[float], squares: Sequence[Expr] = ()) -> Expr:
    """`2 x p - p p`, which is largest for the nearest point.

    The same `squares` of every point change no order, but scikit-learn subtracts them, and rounds.
    """
    products = tuple(
        Binary(BinaryOp.MULTIPLY, value, number(2.0 * place))
        for value, place in zip(values, point, strict=True)
    )
    return Sum((*squares, *products, number(-sum(place * place for place in point))))


def minus_squares(values: Sequence[Expr]) -> tuple[Expr, ...]:
    """`-x x` of each value."""
    return tuple(Unary(UnaryOp.NEGATE, Binary(BinaryOp.MULTIPLY, x, x)) for x in values)
