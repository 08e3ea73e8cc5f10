"""LightGBM's Booster and scikit-learn wrappers, as `predict` answers: up to the best iteration.

A Booster answers what its own `predict` does, so PREDICT of a binary one is a probability; the
label, and PROBA, are LGBMClassifier's. MARGIN is `predict(raw_score=True)`. A starting score that
was given in training (init_score) is not in a model, nor in what LightGBM itself predicts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from procgen.errors import UnfittedModelError, UnsupportedModelError
from procgen.frontends.labels import argmax_decision, labels
from procgen.frontends.lightgbm_columns import (
    BOOSTER,
    CLASSIFIER,
    RANKER,
    REGRESSOR,
    booster_of,
    levels_by_column,
    text_of,
)
from procgen.frontends.lightgbm_linear import linear_bindings, linear_sums
from procgen.frontends.lightgbm_links import Link, decide, link_of
from procgen.frontends.lightgbm_text import SavedTree, read_header, read_trees
from procgen.frontends.lightgbm_trees import TreeReader
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.ir.expressions import Constant, Element, Expr, Reference, Vector
from procgen.ir.program import Binding, Output, OutputName
from procgen.ir.types import DType, ListType, Type

NUMBERS = ListType(DType.FLOAT64)
Outputs = tuple[tuple[OutputName, Type, Expr], ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """The trees and the link of one model."""

    trees: tuple[SavedTree, ...]
    reader: TreeReader
    link: Link
    scope: Scope

    @property
    def margin(self) -> Reference:
        return Reference(self.scope.name("margin"))

    @property
    def kind(self) -> Type:
        """The type of a raw score."""
        return NUMBERS if self.link.is_list else DType.FLOAT64

    def scores(self, outputs: Outputs, classes: tuple[tuple[Constant, ...], ...] = ()) -> Scores:
        """The raw score and the other outputs."""
        trees = self.scope.name("trees")
        if any(tree.linear for tree in self.trees):
            found = linear_bindings(self.reader, self.trees, trees, self.scope.name("leaves"))
            sums = linear_sums(self.reader, self.trees, self.link.width, found[-1].name)
            margin: Expr = Vector(sums) if self.link.is_list else sums[0]
        else:
            found = (Binding(trees, self.reader.ensemble(self.trees, self.link.width)),)
            margin = Reference(trees) if self.link.is_list else Element(Reference(trees), 0)
        frame = self.reader.frame
        every = ((OutputName.MARGIN, self.kind, margin), *outputs)
        own = tuple(Binding(self.scope.name(name), expr) for name, _, expr in every)
        return Scores(
            requirements=frame.requirements,
            bindings=(*frame.bindings, *found, *own),
            outputs=tuple(Output(name, kind, self.scope.name(name)) for name, kind, _ in every),
            classes=classes,
        )


@ESTIMATORS.reads(BOOSTER, REGRESSOR, RANKER)
def read_booster(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The raw score, and what the objective makes of it."""
    read = _read(model, frame, scope)
    predict = (OutputName.PREDICT, read.kind, read.link.of(read.margin))
    return read.scores((predict,))


@ESTIMATORS.reads(CLASSIFIER)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """Labels and probabilities; raw scores alone where the objective is the user's own function."""
    if callable(model.objective_):
        return read_booster(model, frame, scope)  # type: ignore[no-any-return]
    classes = labels(model.classes_)
    if len(classes) < 2:
        raise UnsupportedModelError(
            f"this {type(model).__name__} was trained on one class",
            hint="train it on rows of two classes or more",
        )
    read = _read(model, frame, scope)
    if not read.link.is_list:
        return read.scores(_of_two(read, classes), (classes,))
    outputs = _of_many(read, classes)
    if len(classes) == 2:
        return replace(read.scores(outputs, (classes,)), shares=read.link.of(read.margin))
    return read.scores(outputs, (classes,))


def _of_two(read: _Read, classes: tuple[Constant, ...]) -> Outputs:
    if len(classes) != 2:
        raise UnsupportedModelError(
            f"the objective {read.link.name!r} gives one score for {len(classes)} classes",
            hint="train with objective='multiclass'",
        )
    return (
        (OutputName.PROBA, DType.FLOAT64, read.link.of(read.margin)),
        (OutputName.PREDICT, classes[0].dtype, decide(read.link, read.margin, classes)),
    )


def _of_many(read: _Read, classes: tuple[Constant, ...]) -> Outputs:
    shares = read.link.of(read.margin)
    if len(classes) == 2:
        return (
            (OutputName.PROBA, DType.FLOAT64, Element(shares, 1)),
            (OutputName.PREDICT, classes[0].dtype, argmax_decision(shares, classes)),
        )
    # The probabilities and not the margins decide: different margins may round to equal ones.
    proba = Reference(read.scope.name("proba"))
    return (
        (OutputName.PROBA, NUMBERS, shares),
        (OutputName.PREDICT, classes[0].dtype, argmax_decision(proba, classes)),
    )


def _read(model: Any, frame: Frame, scope: Scope) -> _Read:
    _require_plain_predict(model)
    booster = booster_of(model)
    text = text_of(booster, _iterations(booster))
    header, trees = read_header(text), read_trees(text)
    if len(trees) % header.width:
        raise UnfittedModelError("training stopped inside an iteration", hint="train it again")
    link = link_of(header, booster, len(trees) // header.width)
    levels = levels_by_column(header, [feature.dtype for feature in frame.features])
    return _Read(trees, TreeReader(frame, levels), link, scope)


def _iterations(booster: Any) -> int:
    """How many iterations `predict` uses; what is not positive means all of them."""
    return int(booster.best_iteration)


def _require_plain_predict(model: Any) -> None:
    """Refuse parameters of a wrapper that make `predict` stop before the last tree."""
    if hasattr(model, "get_params") and model.get_params().get("pred_early_stop"):
        raise UnsupportedModelError(
            "pred_early_stop=True leaves out trees once a score looks certain",
            hint="set pred_early_stop=False",
        )
