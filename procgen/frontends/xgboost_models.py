"""XGBoost's Booster and its wrappers: float32 sums from the base margin, tree after tree.

A Booster answers what Booster.predict does: the link of the margin, also for classes. A wrapper
answers as its own predict does, with the trees up to `best_iteration` where it stopped early.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NoReturn

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends.demands import LARGEST_ROUNDING_TO_FLOAT32, demand, in_range
from procgen.frontends.labels import argmax_decision, to_number
from procgen.frontends.reading import COLUMNS
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.frontends.trees import scores_of
from procgen.frontends.wants import Want, wants
from procgen.frontends.xgboost_linear import LINEAR, demanding_numbers, weighted_sums
from procgen.frontends.xgboost_links import LINKS, PROBABILITIES, SHARES, WINNER, values_of
from procgen.frontends.xgboost_saved import CATEGORY, SavedModel, column_types, read_saved
from procgen.frontends.xgboost_trees import (
    ZERO,
    Hole,
    Inputs,
    read_tree,
    require_finite_sums,
    rounding_to,
)
from procgen.ir.expressions import (
    Branch,
    Call,
    Comparison,
    Constant,
    Element,
    Expr,
    Function,
    Membership,
    Reference,
    Threshold,
    Vector,
    number,
)
from procgen.ir.program import OutputName, Requirement
from procgen.ir.trees import Ensemble, collector_paused
from procgen.ir.types import DType, ListType, Type

BOOSTER = "xgboost.core.Booster"
CLASSIFIERS = ("xgboost.sklearn.XGBClassifier", "xgboost.sklearn.XGBRFClassifier")
REGRESSORS = (
    "xgboost.sklearn.XGBRanker",
    "xgboost.sklearn.XGBRegressor",
    "xgboost.sklearn.XGBRFRegressor",
)


@COLUMNS.reads(BOOSTER)
def read_columns(booster: Any) -> tuple[int, tuple[str, ...] | None]:
    """How many columns a Booster takes, and their names.

    Raises:
        UnfittedModelError: it has no columns yet.
    """
    try:
        count = int(booster.num_features())
    except ValueError as error:  # what the library raises is one
        raise UnfittedModelError("this Booster has not been trained", hint="train it") from error
    names = booster.feature_names
    return count, None if names is None else tuple(names)


@COLUMNS.reads(*CLASSIFIERS, *REGRESSORS)
def read_wrapper_columns(model: Any) -> tuple[int, tuple[str, ...] | None]:
    """The columns of the Booster inside."""
    columns: tuple[int, tuple[str, ...] | None] = read_columns(booster_of(model))
    return columns


@wants(BOOSTER, *CLASSIFIERS, *REGRESSORS)
def read_column_wants(model: Any, count: int) -> tuple[Want, ...]:  # noqa: ARG001 - a WantReader
    """The types of the columns of a DataFrame, as the model remembers them."""
    return tuple(map(Want, column_types(booster_of(model))))


def booster_of(model: Any) -> Any:
    """The Booster inside a wrapper, or the Booster itself.

    Raises:
        UnfittedModelError: there is none yet.
    """
    if not hasattr(model, "get_booster"):
        return model
    if not model.__sklearn_is_fitted__():
        raise UnfittedModelError(
            f"this {type(model).__name__} has not been trained", hint="call fit() first"
        )
    return model.get_booster()


@ESTIMATORS.reads(BOOSTER)
def read_booster(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A Booster: what Booster.predict answers, with every tree."""
    return _plain_scores(_Reading.of(model, frame), scope)


@ESTIMATORS.reads(*REGRESSORS)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A regressor or ranker: the link of the margin, one value or one for each output."""
    return _plain_scores(_Reading.of(model, frame), scope)


@ESTIMATORS.reads(*CLASSIFIERS)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A classifier; its labels are 0, 1, 2, ... and it decides on float32 probabilities."""
    if model.n_classes_ < 2:
        raise UnsupportedModelError(
            f"this {type(model).__name__} was trained on one class",
            hint="train it on rows of two classes or more",
        )
    reading = _Reading.of(model, frame)
    labels = tuple(Constant(label, DType.INT64) for label in range(model.n_classes_))
    margin, proba = Reference(scope.name("margin")), Reference(scope.name("proba"))
    count = reading.count
    if reading.objective == WINNER:
        shares: Expr = Call(Function.SOFTMAX_FLOAT32, margin)
        share = Element(shares, 1) if len(labels) == 2 else shares
        return reading.scores(scope, argmax_decision(margin, labels), labels, share)
    if count == 1:
        value = reading.link(margin)[0]
        has_proba = reading.objective in PROBABILITIES
        decided = _decided(proba if has_proba else value, labels)
        return reading.scores(scope, decided, labels, value if has_proba else None)
    values = reading.values(margin)
    if len(labels) > 2:
        return reading.scores(scope, argmax_decision(proba, labels), labels, values)
    chosen = (_decided(Element(proba, at), (number(0.0), number(1.0))) for at in range(count))
    return reading.scores(scope, Vector(tuple(chosen)), labels, values)


def _decided(value: Expr, labels: tuple[Constant, ...]) -> Expr:
    """The second label above one half."""
    half = Threshold(Comparison.LE, 0.5)
    return Branch(value, half, then=labels[0], otherwise=labels[1], missing=labels[0])


def _plain_scores(reading: _Reading, scope: Scope) -> Scores:
    margin = Reference(scope.name("margin"))
    count = reading.count
    if reading.objective == WINNER:
        numbers = tuple(number(place) for place in range(count))
        return reading.scores(scope, argmax_decision(margin, numbers))
    return reading.scores(scope, reading.values(margin))


@dataclass(frozen=True, slots=True)
class _Reading:
    """The trees or weighted sums of a model and what its objective does with them."""

    objective: str
    count: int
    sums: Ensemble | tuple[Expr, ...]
    frame: Frame

    @classmethod
    def of(cls, model: Any, frame: Frame) -> _Reading:
        saved = read_saved(booster_of(model))
        _require_supported(model, saved)
        is_booster = booster_of(model) is model
        if saved.kind == LINEAR:
            holes = _holes(model, frame)
            sums = weighted_sums(saved, frame, holes)
            return cls(saved.objective, len(sums), sums, demanding_numbers(frame, holes))
        inputs = Inputs(
            columns=frame.features,
            exprs=[
                feature.expr if known is not None else to_number(feature)
                for feature, known in zip(frame.features, saved.categories, strict=True)
            ],
            categories=saved.categories,
            holes=_holes(model, frame),
        )
        inplace = None if is_booster else saved.start
        with collector_paused():
            trees = tuple(
                read_tree(tree, inputs, inplace)
                for trees in saved.rounds[: _rounds(model)]
                for tree in trees
            )
        require_finite_sums(saved, trees)
        ensemble = Ensemble(tuple(inputs.exprs), trees, saved.start, accumulate=DType.FLOAT32)
        demanded = _demanding(frame, saved, finite=is_booster)
        return cls(saved.objective, len(saved.start), ensemble, demanded)

    def link(self, margin: Reference) -> tuple[Expr, ...]:
        """The values of the margin's outputs, one by one."""
        return LINKS[self.objective](margin, self.count)

    def values(self, margin: Reference) -> Expr:
        """What Booster.predict gives: one value, or a list."""
        if self.objective == SHARES:
            return Call(Function.SOFTMAX_FLOAT32, margin)
        if self.count > 1 and LINKS[self.objective] is values_of:
            return margin
        values = self.link(margin)
        return values[0] if len(values) == 1 else Vector(values)

    def scores(
        self,
        scope: Scope,
        decided: Expr,
        labels: tuple[Constant, ...] = (),
        proba: Expr | None = None,
    ) -> Scores:
        """Margin, probabilities where there are some, and prediction."""
        many = self.count > 1
        margin_type: Type = ListType(DType.FLOAT64) if many else DType.FLOAT64
        trees, margin = self._margin(scope)
        outputs: list[tuple[OutputName, Type, Expr]] = [(OutputName.MARGIN, margin_type, margin)]
        if proba is not None:
            kind = DType.FLOAT64 if _is_number(proba, many=many) else ListType(DType.FLOAT64)
            outputs.append((OutputName.PROBA, kind, proba))
        outputs.append((OutputName.PREDICT, self._decision_type(decided, labels), decided))
        classes = (labels,) if labels else ()
        return scores_of(trees, tuple(outputs), self.frame, scope, classes)

    def _margin(self, scope: Scope) -> tuple[Ensemble | None, Expr]:
        match self.sums:
            case Ensemble() as ensemble:
                trees = Reference(scope.name("trees"))
                return ensemble, trees if self.count > 1 else Element(trees, 0)
            case sums:
                return None, Vector(sums) if self.count > 1 else sums[0]

    def _decision_type(self, decided: Expr, labels: tuple[Constant, ...]) -> Type:
        many = self.count > 1
        if labels:
            return ListType(DType.FLOAT64) if isinstance(decided, Vector) else DType.INT64
        return ListType(DType.FLOAT64) if many and self.objective != WINNER else DType.FLOAT64


def _is_number(proba: Expr, *, many: bool) -> bool:
    return isinstance(proba, Element) or not many


def _rounds(model: Any) -> int | None:
    """How many boosting rounds predict uses; None is all of them."""
    if booster_of(model) is model:
        return None
    try:
        return int(model.best_iteration) + 1
    except AttributeError:  # documented: only defined after early stopping
        return None


def _require_supported(model: Any, saved: SavedModel) -> None:
    if saved.objective not in {*LINKS, SHARES, WINNER}:
        _refuse(
            f"no front-end reads the objective {saved.objective}",
            f"the objectives are {', '.join(sorted({*LINKS, SHARES, WINNER}))}",
        )
    missing = getattr(model, "missing", math.nan)
    if not isinstance(missing, int | float):
        _refuse(f"missing={missing!r} is not a number", "train with missing=nan")
    categorical = CATEGORY in (booster_of(model).feature_types or ())
    if categorical and math.isfinite(missing) and missing >= 0:
        _refuse(
            f"missing={missing!r} is also the code of a category",
            "train with missing=nan",
        )


def _refuse(problem: str, hint: str) -> NoReturn:
    raise UnsupportedModelError(problem, hint=hint)


def _holes(model: Any, frame: Frame) -> tuple[Hole, ...]:
    """Numbers that count as missing."""
    missing = getattr(model, "missing", math.nan)
    holes = () if math.isnan(missing) else (rounding_to(float(missing)),)
    return (*holes, ZERO) if frame.sparse else holes


def _demanding(frame: Frame, saved: SavedModel, *, finite: bool) -> Frame:
    """Demand known categories and, of what goes into a DMatrix, numbers that float32 can hold."""
    pairs = list(zip(frame.features, saved.categories, strict=True))
    known = [
        Requirement(feature.expr, Membership(categories), True, "an unseen category")  # noqa: FBT003
        for feature, categories in pairs
        if categories is not None
    ]
    if not finite:
        return demand(frame, known)
    numbers = (feature for feature, categories in pairs if categories is None)
    ranges = (in_range(f, LARGEST_ROUNDING_TO_FLOAT32, accepts_missing=True) for f in numbers)
    return demand(frame, (*known, *ranges))
