"""Naive Bayes: the margin is the joint log-likelihood of each class, whose softmax is the rest.

Python subtracts a logarithm before it exponentiates, so that a probability may differ by as many
units in the last place as the log-likelihood has in front of the point.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand, demand_all
from procgen.frontends.labels import argmax_decision, labels, to_number
from procgen.frontends.linear import grouped
from procgen.frontends.parts import Answer, bind, scored
from procgen.frontends.registry import ESTIMATORS, Bound, Frame, Scope, Scores
from procgen.frontends.trees import features_of
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Comparison,
    Element,
    Expr,
    Function,
    Interval,
    Reference,
    Sum,
    Threshold,
    Vector,
    number,
)
from procgen.ir.program import OutputName, Requirement
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType, ListType

LIKELIHOODS = Bound("sums of logarithms, which BLAS and NumPy add in orders of their own")


@ESTIMATORS.reads("sklearn.naive_bayes.GaussianNB", bound=LIKELIHOODS)
def read_gaussian(model: Any, frame: Frame, scope: Scope) -> Scores:
    """`log prior + (-0.5 sum(log(2 pi var)) - 0.5 sum((x - mean)^2 / var))`."""
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    values = features_of(frame)
    likelihoods = []
    for prior, means, variances in zip(model.class_prior_, model.theta_, model.var_, strict=True):
        squares = [
            _square_over(value, float(mean), float(variance))
            for value, mean, variance in zip(values, means, variances, strict=True)
        ]
        constant = float(-0.5 * np.sum(np.log(2.0 * np.pi * variances)))
        half = Binary(BinaryOp.MULTIPLY, Sum(tuple(squares)), number(0.5))
        rest = Binary(BinaryOp.SUBTRACT, number(constant), half)
        likelihoods.append(Binary(BinaryOp.ADD, rest, number(float(np.log(prior)))))
    return _scores(model, likelihoods, frame, scope)


def _square_over(value: Expr, mean: float, variance: float) -> Expr:
    distance = Binary(BinaryOp.SUBTRACT, value, number(mean))
    square = Binary(BinaryOp.MULTIPLY, distance, distance)
    return Binary(BinaryOp.DIVIDE, square, number(variance))


@ESTIMATORS.reads("sklearn.naive_bayes.MultinomialNB", bound=LIKELIHOODS)
def read_multinomial(model: Any, frame: Frame, scope: Scope) -> Scores:
    """`x @ log_prob + log prior`."""
    return _weighted(model, model.feature_log_prob_, model.class_log_prior_, frame, scope)


@ESTIMATORS.reads("sklearn.naive_bayes.ComplementNB", bound=LIKELIHOODS)
def read_complement(model: Any, frame: Frame, scope: Scope) -> Scores:
    """`x @ log_prob`; the prior counts only where there is one class."""
    prior = model.class_log_prior_
    if len(model.classes_) > 1:
        prior = np.zeros_like(prior)
    return _weighted(model, model.feature_log_prob_, prior, frame, scope)


@ESTIMATORS.reads("sklearn.naive_bayes.BernoulliNB", bound=LIKELIHOODS)
def read_bernoulli(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A weight for each column above the threshold, and a constant."""
    absent = np.log(1 - np.exp(model.feature_log_prob_))
    weights = model.feature_log_prob_ - absent
    constants = model.class_log_prior_ + absent.sum(axis=1)
    threshold = None if model.binarize is None else float(model.binarize)
    return _weighted(model, weights, constants, frame, scope, threshold=threshold)


def _weighted(
    model: Any,
    weights: np.ndarray,
    constants: np.ndarray,
    frame: Frame,
    scope: Scope,
    *,
    threshold: float | None = None,
) -> Scores:
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    values = features_of(frame)
    likelihoods = []
    for row, constant in zip(weights.tolist(), constants.tolist(), strict=True):
        terms = [_term(value, weight, threshold) for value, weight in zip(values, row, strict=True)]
        likelihoods.append(Sum((*grouped(terms), number(constant))))
    return _scores(model, likelihoods, frame, scope)


def _term(value: Expr, weight: float, threshold: float | None) -> Expr:
    if not math.isfinite(weight):
        raise UnsupportedModelError(
            f"a log-probability is {weight}", hint="train it with a larger alpha"
        )
    if threshold is None:
        return Binary(BinaryOp.MULTIPLY, value, number(weight))
    present = Threshold(Comparison.LE, threshold)
    return Branch(value, present, number(0.0), number(weight), missing=number(0.0))


@ESTIMATORS.reads("sklearn.naive_bayes.CategoricalNB", bound=LIKELIHOODS)
def read_categorical(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A table a column, read with the whole part of its value; other categories are refused."""
    tables = [np.asarray(table) for table in model.feature_log_prob_]
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    frame = demand(
        frame,
        (
            Requirement(
                to_number(feature),
                Interval(math.nextafter(-1.0, 0.0), math.nextafter(float(table.shape[1]), 0.0)),
                accepts_missing=False,
                reason="not a category",
            )
            for feature, table in zip(frame.features, tables, strict=True)
        ),
    )
    outputs = tuple(range(len(model.classes_)))
    trees = tuple(Tree(_steps(place, table), outputs) for place, table in enumerate(tables))
    ensemble = Ensemble(features_of(frame), trees, (0.0,) * len(outputs))
    listed, frame = bind(frame, scope, "tables", ensemble)
    likelihoods = [
        Binary(BinaryOp.ADD, Element(listed, place), number(prior))
        for place, prior in enumerate(model.class_log_prior_.tolist())
    ]
    return _scores(model, likelihoods, frame, scope)


def _steps(place: int, table: np.ndarray) -> tuple[Node, ...]:
    """A tree that finds the category below 1, then below 2, and so on."""
    columns = [tuple(column) for column in table.T.tolist()]
    nodes: list[Node] = []
    for category, column in enumerate(columns[:-1]):
        here = len(nodes)
        test = Threshold(Comparison.LT, float(category + 1))
        nodes.append(Split(place, test, False, here + 1, here + 2))  # noqa: FBT003
        nodes.append(Leaf(column))
    return (*nodes, Leaf(columns[-1]))


def _scores(model: Any, likelihoods: Sequence[Expr], frame: Frame, scope: Scope) -> Scores:
    classes = labels(model.classes_)
    margin = Reference(scope.name(OutputName.MARGIN))
    numbers = ListType(DType.FLOAT64)
    shares = Call(Function.SOFTMAX_OF_LOGS, margin)
    proba: Answer = (OutputName.PROBA, numbers, shares)
    if len(classes) == 2:
        proba = (OutputName.PROBA, DType.FLOAT64, Element(shares, 1))
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, numbers, Vector(tuple(likelihoods))),
        proba,
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )
    return scored(frame, scope, answers, classes=(classes,), exact=False, shares=shares)
