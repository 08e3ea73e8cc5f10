"""scikit-learn forests: leaves are added in the order of `estimators_`, then divided by the count.

With `n_jobs` above 1 scikit-learn adds the trees in the order in which its threads end, so its own
answers may then differ in the last bit from run to run; one job is the order that is compiled.
"""

from __future__ import annotations

from typing import Any

from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.frontends.trees import (
    class_fractions,
    classifier_scores,
    demand_tree_input,
    features_of,
    output_classes,
    regression_values,
    regressor_scores,
    tree_nodes,
)
from procgen.ir.trees import Ensemble, Tree, collector_paused


@ESTIMATORS.reads(
    "imblearn.ensemble.BalancedRandomForestClassifier",
    "sklearn.ensemble.ExtraTreesClassifier",
    "sklearn.ensemble.RandomForestClassifier",
)
def read_forest_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A forest of classification trees: class fractions are averaged, not votes."""
    classes = output_classes(model)
    outputs = tuple(range(sum(map(len, classes))))
    with collector_paused():
        trees = tuple(
            Tree(tree_nodes(grown.tree_, class_fractions(grown.tree_, classes)), outputs)
            for grown in model.estimators_
        )
    demanded = demand_tree_input(model.estimators_[0], frame)
    return classifier_scores(_average(trees, frame), classes, demanded, scope)


@ESTIMATORS.reads("sklearn.ensemble.RandomForestRegressor", "sklearn.ensemble.ExtraTreesRegressor")
def read_forest_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A forest of regression trees: values are averaged."""
    outputs = tuple(range(model.n_outputs_))
    with collector_paused():
        trees = tuple(
            Tree(tree_nodes(grown.tree_, regression_values(grown.tree_)), outputs)
            for grown in model.estimators_
        )
    demanded = demand_tree_input(model.estimators_[0], frame)
    return regressor_scores(_average(trees, frame), demanded, scope)


def _average(trees: tuple[Tree, ...], frame: Frame) -> Ensemble:
    base = (0.0,) * len(trees[0].outputs)
    return Ensemble(features_of(frame), trees, base, divisor=float(len(trees)))
