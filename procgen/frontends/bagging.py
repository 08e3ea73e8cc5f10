"""Bagging: each model sees its own columns; probabilities or predictions are averaged in order.

With `n_jobs` above 1 scikit-learn adds groups of models first; one job is the order compiled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import labels
from procgen.frontends.parts import (
    Part,
    all_exact,
    from_shares,
    predictions,
    read_part,
    regressor,
)
from procgen.frontends.registry import (
    ESTIMATORS,
    INNER_MODELS,
    Frame,
    Scope,
    Scores,
    class_name,
)
from procgen.frontends.trees import (
    class_fractions,
    classifier_scores,
    demand_tree_input,
    features_of,
    regression_values,
    regressor_scores,
    tree_nodes,
)
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Case,
    Constant,
    Expr,
    Match,
    Sum,
    Vector,
    number,
)
from procgen.ir.program import OutputName
from procgen.ir.trees import Ensemble, Node, Split, Tree, collector_paused
from procgen.ir.types import DType, ListType, Type

CLASSIFIER = "sklearn.ensemble.BaggingClassifier"
BALANCED = (
    "imblearn.ensemble.BalancedBaggingClassifier",
    "imblearn.ensemble.EasyEnsembleClassifier",
)
"""Baggings of pipelines, each with a sampler of its own."""
REGRESSOR = "sklearn.ensemble.BaggingRegressor"
TREE_CLASSIFIERS = ("sklearn.tree.DecisionTreeClassifier", "sklearn.tree.ExtraTreeClassifier")
TREE_REGRESSORS = ("sklearn.tree.DecisionTreeRegressor", "sklearn.tree.ExtraTreeRegressor")


@INNER_MODELS.reads(CLASSIFIER, *BALANCED, REGRESSOR)
def bagged_models(model: Any) -> list[Any]:
    """One of the models: they are of one class."""
    return list(model.estimators_[:1])


@ESTIMATORS.reads(CLASSIFIER, *BALANCED)
def read_bagging_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The argmax of average probabilities, or of votes where the models have none."""
    classes = labels(model.classes_)
    if all_trees(model.estimators_, TREE_CLASSIFIERS):
        trees, frame = _classification_trees(model, len(classes), frame)
        return classifier_scores(trees, (classes,), frame, scope)
    parts, frame = _read_parts(model, frame, scope)
    averages = [_average(_shares(parts, index), len(parts)) for index in range(len(classes))]
    decision = _decision(parts, len(classes))
    exact = all_exact(parts)
    return from_shares(frame, scope, averages, classes, exact=exact, decision=decision)


@ESTIMATORS.reads(REGRESSOR)
def read_bagging_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The average prediction."""
    if all_trees(model.estimators_, TREE_REGRESSORS):
        trees, frame = _regression_trees(model, frame)
        return regressor_scores(trees, frame, scope)
    parts, frame = _read_parts(model, frame, scope)
    columns = zip(*(predictions(part) for part in parts), strict=True)
    means = [_average([number(0.0), *column], len(parts)) for column in columns]
    return regressor(frame, scope, means, exact=all_exact(parts))


def all_trees(models: Sequence[Any], names: tuple[str, ...]) -> bool:
    """Whether every model is a tree of these classes, with one output."""
    return all(class_name(model) in names for model in models)


def seen_columns(model: Any) -> Iterator[tuple[Any, list[int]]]:
    """Each model inside with the positions of the columns that it was given."""
    for inner, columns in zip(model.estimators_, model.estimators_features_, strict=True):
        yield inner, np.asarray(columns).tolist()


def part_of(frame: Frame, columns: Sequence[int]) -> Frame:
    """The frame with some of its columns only."""
    return replace(frame, features=tuple(frame.features[place] for place in columns))


def demand_of_trees(model: Any, frame: Frame) -> Frame:
    """What every tree demands of its own columns."""
    for tree, columns in seen_columns(model):
        demanded = demand_tree_input(tree, part_of(frame, columns))
        frame = replace(frame, requirements=demanded.requirements)
    return frame


def moved(nodes: Sequence[Node], columns: Sequence[int]) -> tuple[Node, ...]:
    """Nodes that count columns among `columns`, counting them among all."""
    return tuple(
        replace(node, feature=columns[node.feature]) if isinstance(node, Split) else node
        for node in nodes
    )


def _classification_trees(model: Any, count: int, frame: Frame) -> tuple[Ensemble, Frame]:
    with collector_paused():
        trees = []
        for grown, columns in seen_columns(model):
            own = labels(grown.classes_)  # positions of labels, and not all need be there
            leaves = class_fractions(grown.tree_, (own,))
            nodes = moved(tree_nodes(grown.tree_, leaves), columns)
            trees.append(Tree(nodes, tuple(int(label.value or 0) for label in own)))
    base = (0.0,) * count
    ensemble = Ensemble(features_of(frame), tuple(trees), base, divisor=float(len(trees)))
    return ensemble, demand_of_trees(model, frame)


def _regression_trees(model: Any, frame: Frame) -> tuple[Ensemble, Frame]:
    outputs = tuple(range(model.estimators_[0].n_outputs_))
    with collector_paused():
        trees = tuple(
            Tree(moved(tree_nodes(grown.tree_, regression_values(grown.tree_)), columns), outputs)
            for grown, columns in seen_columns(model)
        )
    base = (0.0,) * len(outputs)
    ensemble = Ensemble(features_of(frame), trees, base, divisor=float(len(trees)))
    return ensemble, demand_of_trees(model, frame)


def _read_parts(model: Any, frame: Frame, scope: Scope) -> tuple[list[Part], Frame]:
    parts: list[Part] = []
    for place, (inner, columns) in enumerate(seen_columns(model), start=1):
        part, carried = read_part(inner, part_of(frame, columns), scope.inside(f"model_{place}"))
        frame = replace(frame, requirements=carried.requirements, bindings=carried.bindings)
        parts.append(part)
    return parts, frame


def _shares(parts: Sequence[Part], index: int) -> list[Expr]:
    """What each model adds to one class; models that never saw it add nothing."""
    return [share for part in parts for share in _share(part, index)]


def _share(part: Part, index: int) -> tuple[Expr, ...]:
    if not part.has("predict_proba"):
        vote = (Case(index, number(1.0)),)
        subject = part.reference(OutputName.PREDICT)
        return (Match(subject, vote, number(0.0), number(0.0)),)
    for place, label in enumerate(part.labels):
        if label == Constant(index, DType.INT64):
            return (part.shares[place],)
    return ()


def _average(values: Sequence[Expr], count: int) -> Expr:
    return Binary(BinaryOp.DIVIDE, Sum(tuple(values) or (number(0.0),)), number(count))


def _decision(parts: Sequence[Part], count: int) -> tuple[Type, Expr] | None:
    if not all(part.has("decision_function") for part in parts):
        return None
    if any(len(part.labels) != count for part in parts):
        raise UnsupportedModelError(
            "a model of this BaggingClassifier did not see every class, and decision_function() "
            "fails in Python",
            hint="train with more rows of each class",
        )
    columns = zip(*(part.decisions for part in parts), strict=True)
    means = tuple(_average([number(0.0), *column], len(parts)) for column in columns)
    if len(means) == 1:
        return DType.FLOAT64, means[0]
    return ListType(DType.FLOAT64), Vector(means)
