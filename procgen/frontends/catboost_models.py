"""CatBoost: numbers are rounded to float32 and `> border` gives 1; NaN and inf are never refused.

A classifier's labels are decided on raw scores, with a border if it was given another probability
threshold. CatBoost's own exp() is an approximation: see `catboost_answers`.
"""

from __future__ import annotations

import math
from typing import Any

from procgen.errors import UnsupportedModelError
from procgen.frontends.catboost_categories import Categories
from procgen.frontends.catboost_documents import (
    Document,
    document_of,
    known_texts,
    require_trained,
)
from procgen.frontends.catboost_splits import read_ensemble
from procgen.frontends.demands import demand, present
from procgen.frontends.labels import argmax_decision, labels
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.frontends.trees import scores_of
from procgen.frontends.wants import ANYTHING, Want, wants
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
    Reference,
    Threshold,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType, ListType, Type

BASE = "catboost.core.CatBoost"
CLASSIFIER = "catboost.core.CatBoostClassifier"
RANKER = "catboost.core.CatBoostRanker"
REGRESSOR = "catboost.core.CatBoostRegressor"
SEVERAL_LABELS = frozenset({"MultiLogloss", "MultiCrossEntropy"})
ONE_VS_ALL = "MultiClassOneVsAll"
FLOATS = ListType(DType.FLOAT64)
NO_OR_YES = (Constant(0, DType.INT64), Constant(1, DType.INT64))

Wanted = tuple[tuple[OutputName, Type, Expr], ...]


@COLUMNS.reads(BASE, CLASSIFIER, RANKER, REGRESSOR)
def read_columns(model: Any) -> tuple[int, tuple[str, ...] | None]:
    """The number of columns, and their names; CatBoost numbers those of an array 0, 1, 2, ..."""
    require_trained(model)
    names = tuple(model.feature_names_)
    return len(names), None if names == tuple(map(str, range(len(names)))) else names


@wants(BASE, CLASSIFIER, RANKER, REGRESSOR)
def read_column_wants(model: Any, count: int) -> tuple[Want, ...]:
    """Categorical columns are texts unless another type is declared, the others any number."""
    categorical = frozenset(model.get_cat_feature_indices())
    return tuple(Want(DType.TEXT) if at in categorical else ANYTHING for at in range(count))


@ESTIMATORS.reads(BASE, RANKER)
def read_raw(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A model that predicts raw scores, whatever its loss."""
    ensemble, margin, frame = _read(model, frame, scope)
    return _regression(ensemble, margin, "RawFormulaVal", frame, scope)


@ESTIMATORS.reads(REGRESSOR)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A regressor; Poisson and Tweedie predict exp of the raw score."""
    ensemble, margin, frame = _read(model, frame, scope)
    kind = model._get_default_prediction_type()  # noqa: SLF001 - what predict() asks
    return _regression(ensemble, margin, kind, frame, scope)


@ESTIMATORS.reads(CLASSIFIER)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A classifier: of two classes by a border, of more by the largest score, or of many labels."""
    ensemble, margin, frame = _read(model, frame, scope)
    loss = loss_name(model)
    if loss in SEVERAL_LABELS:
        return _several_labels(model, ensemble, margin, frame, scope)
    classes = labels(model.classes_)
    width = len(ensemble.base_score)
    if len(classes) != max(2, width):
        raise UnsupportedModelError(
            f"this {type(model).__name__} has {len(classes)} classes and {width} raw scores",
            hint="train it with a classification loss that CatBoost offers by name",
        )
    score = Reference(scope.name("margin"))
    if width == 1:
        outputs: Wanted = (
            (OutputName.MARGIN, DType.FLOAT64, margin),
            (OutputName.PROBA, DType.FLOAT64, Call(Function.EXPIT, score)),
            (OutputName.PREDICT, classes[0].dtype, above(score, raw_border(model), classes)),
        )
        return scores_of(ensemble, outputs, frame, scope, (classes,))
    link = Function.EXPIT_EACH if loss == ONE_VS_ALL else Function.SOFTMAX
    shares: Expr = Call(link, score)
    second: tuple[Type, Expr] = (DType.FLOAT64, Element(shares, 1))
    lists: Wanted = (
        (OutputName.MARGIN, FLOATS, margin),
        (OutputName.PROBA, *((FLOATS, shares) if width > 2 else second)),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(score, classes)),
    )
    return scores_of(ensemble, lists, frame, scope, (classes,))


def _several_labels(
    model: Any, ensemble: Ensemble, margin: Expr, frame: Frame, scope: Scope
) -> Scores:
    """One decision a label, 0 or 1, whatever `classes_` calls the labels."""
    width = len(ensemble.base_score)
    score = Reference(scope.name("margin"))
    border = raw_border(model)
    decisions = tuple(above(Element(score, at), border, NO_OR_YES) for at in range(width))
    outputs: Wanted = (
        (OutputName.MARGIN, FLOATS, margin),
        (OutputName.PROBA, FLOATS, Call(Function.EXPIT_EACH, score)),
        (OutputName.PREDICT, ListType(DType.INT64), Vector(decisions)),
    )
    return scores_of(ensemble, outputs, frame, scope, (NO_OR_YES,) * width)


def _regression(ensemble: Ensemble, margin: Expr, kind: str, frame: Frame, scope: Scope) -> Scores:
    score = Reference(scope.name("margin"))
    dtype: Type = DType.FLOAT64 if len(ensemble.base_score) == 1 else FLOATS
    match kind:
        case "RawFormulaVal":
            prediction: Expr = score
        case "Exponent":
            prediction = Call(Function.EXP, score)
        case "RMSEWithUncertainty":
            deviation = Binary(BinaryOp.MULTIPLY, Element(score, 1), number(2))
            prediction = Vector((Element(score, 0), Call(Function.EXP, deviation)))
        case _:
            raise UnsupportedModelError(
                f"this CatBoost model predicts {kind}, which no front-end reads",
                hint="use the class CatBoost, whose predictions are raw scores",
            )
    outputs: Wanted = (
        (OutputName.MARGIN, dtype, margin),
        (OutputName.PREDICT, dtype, prediction),
    )
    return scores_of(ensemble, outputs, frame, scope)


def above(score: Expr, border: float, classes: tuple[Constant, ...]) -> Expr:
    """The second class where the score is above the border, else the first."""
    first, second = classes
    test = Threshold(Comparison.LE, border)
    return Branch(score, test, then=first, otherwise=second, missing=first)


def loss_name(model: Any) -> str:
    """The loss that the model was trained with; empty where it does not say."""
    return str(model._object._get_loss_function_name())  # noqa: SLF001 - what predict() asks


def raw_border(model: Any) -> float:
    """The raw score that the probability threshold stands for, computed as CatBoost does."""
    threshold = float(model.get_probability_threshold())
    if not 0.0 < threshold < 1.0:
        return -math.inf if threshold <= 0.0 else math.inf
    return 0.0 - math.log(1.0 / threshold - 1.0)


def _read(model: Any, frame: Frame, scope: Scope) -> tuple[Ensemble, Expr, Frame]:
    """The trees, the raw score, and the frame with what CatBoost demands of a row."""
    document = document_of(model)
    if document.class_places != tuple(range(len(document.class_places))):
        raise UnsupportedModelError(
            f"this {type(model).__name__} was trained without rows of some of its classes",
            hint="train it without classes_count, or on rows of every class",
        )
    for cat in document.cats:
        _require_category(frame, cat.column)
    ensemble = read_ensemble(Categories(document, frame, known_texts(model)))
    wanted = (present(frame.features[cat.column]) for cat in document.cats)
    return ensemble, _margin(document, ensemble, scope), demand(frame, wanted)


def _require_category(frame: Frame, column: int) -> None:
    feature = frame.features[column]
    if feature.dtype.is_float:
        raise UnsupportedModelError(
            f"the column {feature.name!r} is {feature.dtype}, and CatBoost takes no float for a"
            " category",
            hint="declare it as text, int64 or bool",
        )


def _margin(document: Document, ensemble: Ensemble, scope: Scope) -> Expr:
    """Scale times the sum, plus the bias; a scale of 1 and a bias of 0 are left out there too."""
    trees = Reference(scope.name("trees"))
    width = len(ensemble.base_score)
    bias = document.bias
    if not any(bias):
        bias = (0.0,) * width
    if len(bias) != width:
        raise UnsupportedModelError(
            f"this CatBoost model has {len(bias)} biases for {width} raw scores",
            hint="give it one for each with set_scale_and_bias",
        )
    if document.scale == 1.0 and not any(bias):
        return Element(trees, 0) if width == 1 else trees
    scores = tuple(_scaled(Element(trees, at), document, bias[at]) for at in range(width))
    return scores[0] if width == 1 else Vector(scores)


def _scaled(total: Expr, document: Document, bias: float) -> Expr:
    if document.scale != 1.0:
        total = Binary(BinaryOp.MULTIPLY, total, number(document.scale))
    return Binary(BinaryOp.ADD, total, number(bias)) if any(document.bias) else total
