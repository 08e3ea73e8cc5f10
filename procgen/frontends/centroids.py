"""The nearest of some points: KMeans, and NearestCentroid, whose classes may have priors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_DOUBLE, demand_all
from procgen.frontends.discriminant import two_or_more
from procgen.frontends.labels import argmax_decision, labels
from procgen.frontends.multiclass import minus_squares, nearness
from procgen.frontends.parts import Answer, bind, scored
from procgen.frontends.refusals import PREDICTIONS
from procgen.frontends.registry import ESTIMATORS, WEIGHTED_SUMS, Frame, Scope, Scores
from procgen.frontends.trees import features_of
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Constant,
    Expr,
    Reference,
    Sum,
    Unary,
    UnaryOp,
    Vector,
    number,
)
from procgen.ir.program import Binding, OutputName
from procgen.ir.types import DType, ListType

CENTROID = "sklearn.neighbors.NearestCentroid"


@ESTIMATORS.reads("sklearn.cluster.KMeans", "sklearn.cluster.MiniBatchKMeans", bound=WEIGHTED_SUMS)
def read_kmeans(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The number of the nearest centre; the margin is `2 x c - c c` of each."""
    centres = np.asarray(model.cluster_centers_, dtype=np.float64)
    numbers_ = tuple(Constant(place, DType.INT64) for place in range(len(centres)))
    return _nearest(centres, numbers_, frame, scope)


@ESTIMATORS.reads(CENTROID, bound=WEIGHTED_SUMS)
def read_nearest_centroid(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Probabilities come from scaled distances and priors; with equal priors, labels do not."""
    classes = labels(model.classes_)
    equal = bool(np.isclose(model.class_prior_, 1 / len(classes)).all())
    if model.metric != "euclidean":
        if equal and model.metric == "manhattan":
            return _nearest_by_steps(model.centroids_, classes, frame, scope)
        raise UnsupportedModelError(
            f"NearestCentroid with priors and metric={model.metric!r}",
            hint="train it with equal priors, or with the euclidean metric",
        )
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    values, frame = _scaled(model, frame)
    listed, frame = bind(frame, scope, "scores", _with_priors(model, values))
    scores = two_or_more(listed, classes, frame, scope)
    if not equal:
        return scores
    squares = minus_squares(features_of(frame))
    distances = Vector(
        tuple(nearness(features_of(frame), point, squares) for point in model.centroids_.tolist())
    )
    label = Binding(scope.name(OutputName.PREDICT), argmax_decision(distances, classes))
    kept = tuple(binding for binding in scores.bindings if binding.name != label.name)
    return replace(scores, bindings=(*kept, label))


@PREDICTIONS.reads(CENTROID)
def every_answer(model: Any, table: Any) -> Any:
    """Scaling may overflow where the plain distance does not: then there is no probability."""
    if hasattr(model, "decision_function"):
        model.decision_function(table)
    return model.predict(table)


def _nearest(
    points: np.ndarray, classes: tuple[Constant, ...], frame: Frame, scope: Scope
) -> Scores:
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    values = features_of(frame)
    margins = tuple(nearness(values, point) for point in points.tolist())
    return _of_margins(margins, classes, frame, scope)


def _nearest_by_steps(
    points: np.ndarray, classes: tuple[Constant, ...], frame: Frame, scope: Scope
) -> Scores:
    """The least sum of absolute differences."""
    frame = demand_all(frame, LARGEST_DOUBLE, accepts_missing=False)
    values = features_of(frame)
    margins = tuple(
        Unary(UnaryOp.NEGATE, Sum(tuple(_steps(values, point)))) for point in points.tolist()
    )
    return _of_margins(margins, classes, frame, scope)


def _steps(values: Sequence[Expr], point: Sequence[float]) -> list[Expr]:
    return [
        Unary(UnaryOp.ABSOLUTE, Binary(BinaryOp.SUBTRACT, value, number(place)))
        for value, place in zip(values, point, strict=True)
    ]


def _of_margins(
    margins: tuple[Expr, ...], classes: tuple[Constant, ...], frame: Frame, scope: Scope
) -> Scores:
    margin = Reference(scope.name(OutputName.MARGIN))
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, ListType(DType.FLOAT64), Vector(margins)),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )
    return scored(frame, scope, answers, classes=(classes,), exact=False)


def _scaled(model: Any, frame: Frame) -> tuple[list[Expr], Frame]:
    """Each column over its spread inside the classes; scikit-learn checks the result again."""
    values = [
        Binary(BinaryOp.DIVIDE, value, number(width))
        for value, width in zip(features_of(frame), _spread(model).tolist(), strict=True)
    ]
    features = (
        replace(feature, expr=value, dtype=DType.FLOAT64)
        for feature, value in zip(frame.features, values, strict=True)
    )
    checked = replace(frame, features=tuple(features))
    demanded = demand_all(checked, LARGEST_DOUBLE, accepts_missing=False)
    return list(values), replace(frame, requirements=demanded.requirements)


def _spread(model: Any) -> np.ndarray:
    found = model.within_class_std_dev_
    return np.where(found != 0, found, 1.0)


def _with_priors(model: Any, values: list[Expr]) -> Expr:
    """`-|x/s - c/s|^2 + 2 log prior`, the square taken apart as `xx - 2xc + cc`."""
    squares = minus_squares(values)
    scores: list[Expr] = []
    for point, prior in zip(model.centroids_ / _spread(model), model.class_prior_, strict=True):
        places = point.tolist()
        products = tuple(
            Binary(BinaryOp.MULTIPLY, value, number(2.0 * place))
            for value, place in zip(values, places, strict=True)
        )
        own = number(-sum(place * place for place in places))
        scores.append(Sum((*squares, *products, own, number(float(2.0 * np.log(prior))))))
    return Vector(tuple(scores))
