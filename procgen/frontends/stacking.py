"""Stacking: scores of the first models feed the last one, with the columns if they are passed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.inner_demands import meta_feature, on_columns
from procgen.frontends.labels import labels, to_number
from procgen.frontends.parts import Part, all_exact, bind, predictions, read_parts, relabelled
from procgen.frontends.registry import (
    ESTIMATORS,
    INNER_MODELS,
    Feature,
    Frame,
    Scope,
    Scores,
    class_name,
    read_estimator,
)
from procgen.ir.expressions import Expr
from procgen.ir.types import DType

CLASSIFIER = "sklearn.ensemble.StackingClassifier"
REGRESSOR = "sklearn.ensemble.StackingRegressor"


@INNER_MODELS.reads(CLASSIFIER, REGRESSOR)
def stacked_models(model: Any) -> list[Any]:
    """The first models, then the last one."""
    return [*model.estimators_, model.final_estimator_]


@ESTIMATORS.reads(CLASSIFIER)
def read_stacking_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The last model's scores; it knows positions of labels instead of labels."""
    if isinstance(model.classes_, list):
        raise UnsupportedModelError(
            "this StackingClassifier has several outputs", hint="train one model for each output"
        )
    return relabelled(_read_last(model, frame, scope), scope, labels(model.classes_))


@ESTIMATORS.reads(REGRESSOR)
def read_stacking_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The last model's scores."""
    return _read_last(model, frame, scope)


def _read_last(model: Any, frame: Frame, scope: Scope) -> Scores:
    parts, carried = read_parts(model.estimators_, frame, scope)
    features: list[Feature] = []
    for place, (part, method) in enumerate(zip(parts, model.stack_method_, strict=True), start=1):
        for number, value in enumerate(_answers(part, method), start=1):
            name = f"score_{place}_{number}"
            reference, carried = bind(carried, scope, name, value)
            features.append(meta_feature(reference, name))
    if model.passthrough:
        features += _passed_on(frame)
    meta = replace(carried, features=tuple(features), sparse=False)
    scores = read_estimator(model.final_estimator_, meta, scope)
    if not (model.passthrough or scores.exact) and all(map(_answers_in_float32, parts)):
        raise UnsupportedModelError(
            f"{type(model).__name__} of XGBoost models only: scikit-learn computes its last model, "
            f"{type(model.final_estimator_).__name__}, in float32",
            hint="add a first model of another library, or set passthrough=True",
        )
    return on_columns(replace(scores, exact=scores.exact and all_exact(parts)))


def _answers_in_float32(part: Part) -> bool:
    return class_name(part.model).startswith("xgboost.")


def _answers(part: Part, method: str) -> tuple[Expr, ...]:
    match method:
        case "predict_proba":
            shares = part.shares
            return shares[1:] if len(shares) == 2 else shares
        case "decision_function":
            return part.decisions
        case "predict":
            return predictions(part)
        case _:
            raise UnsupportedModelError(f"a StackingClassifier with stack_method={method!r}")


def _passed_on(frame: Frame) -> Iterator[Feature]:
    for feature in frame.features:
        yield replace(feature, expr=to_number(feature), dtype=DType.FLOAT64)
