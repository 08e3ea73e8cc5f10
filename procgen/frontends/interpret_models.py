"""interpret's boosting machines: a table a term, looked up by bins and added in the terms' order.

The first bin of a table is for missing values and the last one for categories never seen. A number
goes into the bin above a cut that it is equal to. Numbers in a column of categories are compared as
the texts that interpret makes of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.interpret_terms import Axis, Table, tree_of
from procgen.frontends.labels import argmax_decision, binary_decision, labels, to_number
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import ESTIMATORS, Feature, Frame, Scope, Scores
from procgen.frontends.trees import scores_of
from procgen.frontends.wants import Want, wants
from procgen.ir.bounds import largest_sum
from procgen.ir.expressions import (
    Call,
    Case,
    Constant,
    Element,
    Expr,
    Function,
    Match,
    Reference,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, collector_paused
from procgen.ir.types import DType, ListType, Scalar, Type

CLASSIFIERS = (
    "interpret.glassbox.DPExplainableBoostingClassifier",
    "interpret.glassbox.ExplainableBoostingClassifier",
)
REGRESSORS = (
    "interpret.glassbox.DPExplainableBoostingRegressor",
    "interpret.glassbox.ExplainableBoostingRegressor",
)
MADE_UP = re.compile(r"feature_\d{4,}")
"""The names that interpret gives to columns without one."""
WHOLE = re.compile(r"-?\d+")
LARGEST_WHOLE = 2**53
"""Beyond it a column with a missing value, which Python holds in doubles, would change a number."""
STEEPEST = 700.0
"""Up to here exp() of a score and of its negative are both ordinary numbers."""
SHARES = {"mlogit": Function.SOFTMAX, "vlogit": Function.EXPIT_EACH}


@COLUMNS.reads(*CLASSIFIERS, *REGRESSORS)
def read_columns(model: Any) -> tuple[int, tuple[str, ...] | None]:
    """The columns in training order; names that interpret made up are none."""
    _require_fitted(model)
    names = tuple(map(str, model.feature_names_in_))
    return len(names), None if all(map(MADE_UP.fullmatch, names)) else names


@wants(*CLASSIFIERS, *REGRESSORS)
def read_column_wants(model: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - a WantReader
    """Numbers, or what the texts of the categories look like."""
    return tuple(
        Want(None if kind in ("continuous", "ignore") else _look(levels[0]))
        for kind, levels in zip(model.feature_types_in_, model.bins_, strict=True)
    )


def _look(categories: dict[str, int]) -> DType:
    for dtype in (DType.INT64, DType.FLOAT64):
        if categories and None not in (_value(text, dtype) for text in categories):
            return dtype
    return DType.TEXT


@QUESTIONS.reads(*REGRESSORS)
def read_regressor_questions(model: Any) -> dict[OutputName, Question]:  # noqa: ARG001 - as others
    """The score before the link has no public name."""
    return {
        OutputName.PREDICT: lambda model, table: model.predict(table),
        OutputName.MARGIN: lambda model, table: model._predict_score(table),  # noqa: SLF001
    }


@ESTIMATORS.reads(*REGRESSORS)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The sum of the terms, or exp() of it."""
    ensemble = read_terms(model, frame)
    margin = Reference(scope.name("margin"))
    match model.link_:
        case "identity":
            prediction: Expr = margin
        case "log":
            prediction = Call(Function.EXP, margin)
        case _:
            raise _unknown_link(model)
    outputs: tuple[tuple[OutputName, Type, Expr], ...] = (
        (OutputName.MARGIN, DType.FLOAT64, Element(Reference(scope.name("trees")), 0)),
        (OutputName.PREDICT, DType.FLOAT64, prediction),
    )
    return scores_of(ensemble, outputs, frame, scope)


@ESTIMATORS.reads(*CLASSIFIERS)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """One score for two classes, decided at zero; a score a class for more."""
    _require_fitted(model)
    classes = labels(model.classes_)
    if len(classes) < 2:
        raise UnsupportedModelError(
            f"this {type(model).__name__} was trained on one class",
            hint="train it on rows of two classes or more",
        )
    ensemble = read_terms(model, frame)
    if model.link_ == "logit":
        outputs = _binary(ensemble, classes, scope)
    elif model.link_ in SHARES:
        outputs = _multiclass(SHARES[model.link_], classes, scope)
    else:
        raise _unknown_link(model)
    return scores_of(ensemble, outputs, frame, scope, (classes,))


Outputs = tuple[tuple[OutputName, Type, Expr], ...]


def _binary(ensemble: Ensemble, classes: tuple[Constant, ...], scope: Scope) -> Outputs:
    if largest_sum(ensemble, 0) > STEEPEST:
        raise UnsupportedModelError(
            f"its scores reach beyond {STEEPEST:g}, where probabilities become zeros",
            hint="train it with a smaller learning_rate or fewer max_rounds",
        )
    margin = Reference(scope.name("margin"))
    return (
        (OutputName.MARGIN, DType.FLOAT64, Element(Reference(scope.name("trees")), 0)),
        (OutputName.PROBA, DType.FLOAT64, Call(Function.EXPIT, margin)),
        (OutputName.PREDICT, classes[0].dtype, binary_decision(margin, classes, at_zero=0)),
    )


def _multiclass(function: Function, classes: tuple[Constant, ...], scope: Scope) -> Outputs:
    margin = Reference(scope.name("margin"))
    numbers, shares = ListType(DType.FLOAT64), Call(function, margin)
    kind, proba = (DType.FLOAT64, Element(shares, 1)) if len(classes) == 2 else (numbers, shares)
    return (
        (OutputName.MARGIN, numbers, Reference(scope.name("trees"))),
        (OutputName.PROBA, kind, proba),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(margin, classes)),
    )


def _unknown_link(model: Any) -> UnsupportedModelError:
    return UnsupportedModelError(
        f"this {type(model).__name__} has the link {model.link_}, which no front-end reads",
        hint="train it with an objective whose link is identity, log, logit, mlogit or vlogit",
    )


def _require_fitted(model: Any) -> None:
    if not hasattr(model, "has_fitted_"):
        raise UnfittedModelError(
            f"this {type(model).__name__} has not been trained", hint="call fit() first"
        )


def read_terms(model: Any, frame: Frame) -> Ensemble:
    """The intercept, and a tree for each term in the order in which interpret adds them.

    Raises:
        UnsupportedModelError: a score is not finite, or categories cannot be of a column's type.
    """
    _require_fitted(model)
    base = tuple(np.atleast_1d(np.asarray(model.intercept_, dtype=np.float64)).tolist())
    columns = _Columns(model, frame, {})
    with collector_paused():
        trees = tuple(tree_of(table) for table in _tables(model, columns, len(base)))
    scores = (value for table in model.term_scores_ for value in np.ravel(table))
    if not all(map(math.isfinite, (*base, *scores))):
        raise UnsupportedModelError(
            f"a score of this {type(model).__name__} is not finite",
            hint="train it again: its predictions would be no numbers in Python either",
        )
    return Ensemble(tuple(columns.places), trees, base)


def _tables(model: Any, columns: _Columns, width: int) -> Iterator[Table]:
    for features, scores in zip(model.term_features_, model.term_scores_, strict=True):
        values = np.asarray(scores, dtype=np.float64)
        shape = values.shape[: len(features)]
        axes = tuple(
            columns.axis(feature, len(features), bins)
            for feature, bins in zip(features, shape, strict=True)
        )
        yield Table(axes, values.reshape(*shape, width))


@dataclass(frozen=True, slots=True)
class _Columns:
    """The columns as the trees test them, each with its place among them."""

    model: Any
    frame: Frame
    places: dict[Expr, int]

    def axis(self, index: int, order: int, bins: int) -> Axis:
        """One feature of a term of so many features; finer bins are for terms of fewer."""
        feature, levels = self.frame.features[index], self.model.bins_[index]
        level = levels[min(len(levels), order) - 1]
        if isinstance(level, dict):
            expr: Expr = _category(feature, level, bins - 1)
            starts: Iterable[float] = range(1, bins)
        else:
            expr = to_number(feature)
            starts = (-math.inf, *np.asarray(level, dtype=np.float64).tolist())
        return Axis(self.places.setdefault(expr, len(self.places)), tuple(map(float, starts)))


def _category(feature: Feature, categories: dict[str, int], unseen: int) -> Expr:
    """The bin of a category."""
    values = ((_value(text, feature.dtype), place) for text, place in categories.items())
    cases = tuple(Case(value, number(place)) for value, place in values if value is not None)
    if feature.dtype in (DType.INT64, DType.FLOAT64):
        _require_small(feature, [case.category for case in cases])
    return Match(feature.expr, cases, otherwise=number(unseen), missing=number(0))


def _require_small(feature: Feature, values: Sequence[Scalar]) -> None:
    if any(isinstance(value, int) and abs(value) > LARGEST_WHOLE for value in values):
        raise UnsupportedModelError(
            f"a category of {feature.name!r} is a whole number beyond {LARGEST_WHOLE}",
            hint="declare the column as text",
        )


def _value(text: str, dtype: DType) -> Scalar:
    """The one value of a type of which interpret makes this text; None if there is none.

    Raises:
        UnsupportedModelError: a type whose texts are rounded.
    """
    match dtype:
        case DType.TEXT:
            return text
        case DType.BOOL:
            return {"0": False, "1": True}.get(text)
        case DType.INT64:
            fits = WHOLE.fullmatch(text) and abs(int(text)) < 2**63
            return int(text) if fits and str(int(text)) == text else None
        case DType.FLOAT64:
            return _double(text)
        case _:
            raise UnsupportedModelError(
                f"categories cannot be of type {dtype}", hint="declare the column as float64"
            )


def _double(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if _spelled(value) == text else None


def _spelled(value: float) -> str:
    """The text that interpret makes of a number."""
    text = str(np.array([value]).astype(np.str_)[0])
    return text[:-2] if text.endswith(".0") else text
