"""Searches, thresholds and RANSAC: one fitted model inside, whose scores are its owner's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from procgen.errors import UnfittedModelError
from procgen.frontends.labels import plain
from procgen.frontends.parts import Part
from procgen.frontends.registry import (
    ESTIMATORS,
    INNER_MODELS,
    Frame,
    Scope,
    Scores,
    inner_models,
    read_estimator,
)
from procgen.ir.expressions import (
    Branch,
    Comparison,
    Expr,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.program import Binding, OutputName

SEARCHES = (
    "sklearn.model_selection.GridSearchCV",
    "sklearn.model_selection.HalvingGridSearchCV",
    "sklearn.model_selection.HalvingRandomSearchCV",
    "sklearn.model_selection.RandomizedSearchCV",
)
FIXED = "sklearn.model_selection.FixedThresholdClassifier"
TUNED = "sklearn.model_selection.TunedThresholdClassifierCV"
FROZEN = "sklearn.frozen.FrozenEstimator"
SELF_TRAINING = "sklearn.semi_supervised.SelfTrainingClassifier"
RANSAC = "sklearn.linear_model.RANSACRegressor"


@INNER_MODELS.reads(*SEARCHES)
def found_model(model: Any) -> list[Any]:
    """The model that the search trained last.

    Raises:
        UnfittedModelError: it was told not to train one.
    """
    if not hasattr(model, "best_estimator_"):
        raise UnfittedModelError(
            f"this {type(model).__name__} has no best_estimator_", hint="search with refit=True"
        )
    return [model.best_estimator_]


@INNER_MODELS.reads(FIXED, TUNED)
def thresholded_model(model: Any) -> list[Any]:
    """The classifier whose score is compared with the threshold."""
    return [getattr(model, "estimator_", model.estimator)]  # a frozen one is not trained again


@INNER_MODELS.reads(SELF_TRAINING)
def self_trained_model(model: Any) -> list[Any]:
    """The classifier that was trained on its own labels at last."""
    return [model.estimator_]


@INNER_MODELS.reads(RANSAC)
def consensus_model(model: Any) -> list[Any]:
    """The regressor that was trained on the inliers."""
    return [model.estimator_]


@INNER_MODELS.reads(FROZEN)
def frozen_model(model: Any) -> list[Any]:
    """The model that fit() leaves alone."""
    return [model.estimator]


@ESTIMATORS.reads(*SEARCHES, FROZEN, RANSAC, SELF_TRAINING)
def read_one_inside(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The scores of the model inside."""
    (inner,) = inner_models(model)
    return read_estimator(inner, frame, scope)


@ESTIMATORS.reads(FIXED)
def read_fixed_threshold(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The label of a score that reaches the threshold."""
    method = _method(model, thresholded_model(model)[0])
    threshold = model.threshold
    if threshold == "auto":
        threshold = 0.5 if method == "predict_proba" else 0.0
    return _decided(model, method, (float(threshold), model.pos_label), frame, scope)


@ESTIMATORS.reads(TUNED)
def read_tuned_threshold(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The same, with the threshold that was found."""
    method = _method(model, thresholded_model(model)[0])
    positive = model._curve_scorer._get_pos_label()  # noqa: SLF001 - predict() asks it too
    return _decided(model, method, (float(model.best_threshold_), positive), frame, scope)


def _method(model: Any, inner: Any) -> str:
    asked = model.response_method
    if asked != "auto":
        return str(asked)
    return "predict_proba" if hasattr(inner, "predict_proba") else "decision_function"


def _decided(
    model: Any, method: str, rule: tuple[float, Any], frame: Frame, scope: Scope
) -> Scores:
    threshold, positive = rule
    (inner,) = thresholded_model(model)
    scores = read_estimator(inner, frame, scope)
    part = Part(inner, scores)
    first, second = part.labels
    # Without a label of its own the score is that of the second class.
    swapped = positive is not None and plain(positive) == first.value
    chosen, other = (first, second) if swapped else (second, first)
    # `score >= t` is not `score < t`; a NaN score reaches nothing.
    below = Threshold(Comparison.LT, threshold)
    score = _score(part, method, first=swapped)
    label = Branch(score, below, then=other, otherwise=chosen, missing=other)
    predict = scope.name(OutputName.PREDICT)
    bindings = tuple(binding for binding in scores.bindings if binding.name != predict)
    return replace(scores, bindings=(*bindings, Binding(predict, label)))


def _score(part: Part, method: str, *, first: bool) -> Expr:
    if method == "predict_proba":
        return part.shares[0 if first else 1]
    score = part.decisions[0]
    return Unary(UnaryOp.NEGATE, score) if first else score
