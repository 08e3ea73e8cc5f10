"""scikit-learn trees: features are rounded to float32, thresholds stay doubles, `<=` goes left.

NaN goes where the node says, also in a tree that never saw one while training.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.demands import LARGEST_ROUNDING_TO_FLOAT32, demand_all
from procgen.frontends.labels import argmax_decision, labels, to_number
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.ir.expressions import Comparison, Constant, Element, Expr, Reference, Threshold, Vector
from procgen.ir.program import Binding, Output, OutputName
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree
from procgen.ir.types import DType, ListType, Type

Classes = tuple[tuple[Constant, ...], ...]

# Adding a leaf to 0.0 would turn a leaf of -0.0 into 0.0; a single tree answers its leaf as it is.
NOTHING_ADDED = -0.0


@ESTIMATORS.reads("sklearn.tree.DecisionTreeClassifier", "sklearn.tree.ExtraTreeClassifier")
def read_tree_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A classifier's tree: its leaves hold class fractions."""
    classes = output_classes(model)
    leaves = class_fractions(model.tree_, classes)
    outputs = tuple(range(sum(map(len, classes))))
    tree = Tree(tree_nodes(model.tree_, leaves), outputs)
    ensemble = Ensemble(features_of(frame), (tree,), (NOTHING_ADDED,) * len(outputs))
    return classifier_scores(ensemble, classes, demand_tree_input(model, frame), scope)


@ESTIMATORS.reads("sklearn.tree.DecisionTreeRegressor", "sklearn.tree.ExtraTreeRegressor")
def read_tree_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A regressor's tree: one value for each output."""
    outputs = tuple(range(model.n_outputs_))
    tree = Tree(tree_nodes(model.tree_, regression_values(model.tree_)), outputs)
    ensemble = Ensemble(features_of(frame), (tree,), (NOTHING_ADDED,) * len(outputs))
    return regressor_scores(ensemble, demand_tree_input(model, frame), scope)


def features_of(frame: Frame) -> tuple[Expr, ...]:
    """Every feature of the frame, as a number."""
    return tuple(to_number(feature) for feature in frame.features)


def demand_tree_input(tree_model: Any, frame: Frame) -> Frame:
    """Demand what a tree does of a row: float32 numbers, none missing unless its class allows it.

    NaN is a matter of the estimator's options and not of its training rows; in a sparse matrix it
    is refused whatever they are.
    """
    # The private method is the one that every release asks; the tags behind it have changed.
    row = np.zeros((1, len(frame.features)), dtype=np.float32)
    accepts_missing = bool(tree_model._support_missing_values(row)) and not frame.sparse  # noqa: SLF001
    return demand_all(frame, LARGEST_ROUNDING_TO_FLOAT32, accepts_missing=accepts_missing)


def output_classes(model: Any) -> Classes:
    """The labels of each output in `classes_` order.

    Raises:
        UnsupportedModelError: outputs with labels of different types.
    """
    lists = [model.classes_] if model.n_outputs_ == 1 else model.classes_
    classes = tuple(labels(np.asarray(one)) for one in lists)
    dtypes = {label.dtype for label in chain.from_iterable(classes)}
    if len(dtypes) > 1:
        names = " and ".join(sorted(dtypes))
        raise UnsupportedModelError(
            f"the outputs of {type(model).__name__} have labels of the types {names}",
            hint="train one model for each output",
        )
    return classes


def class_fractions(tree: Any, classes: Classes) -> np.ndarray:
    """For each node, the class fractions of output after output.

    `tree.value` pads every output to the largest number of classes.
    """
    parts = [tree.value[:, output, : len(own)] for output, own in enumerate(classes)]
    return np.concatenate(parts, axis=1)


def regression_values(tree: Any) -> np.ndarray:
    """For each node, one value for each output."""
    return np.asarray(tree.value[:, :, 0])


def tree_nodes(tree: Any, values: np.ndarray) -> tuple[Node, ...]:
    """A `sklearn.tree._tree.Tree` in preorder; row n of `values` is what node n would add.

    Trees grown with max_leaf_nodes are numbered as they were split, best first.
    """
    left, right = tree.children_left, tree.children_right
    order = np.array(preorder(left.tolist(), right.tolist()))
    place = np.argsort(order)
    at_leaf = left[order] < 0
    leaves = map(Leaf, map(tuple, values[order[at_leaf]].tolist()))
    op, precision = Comparison.LE, DType.FLOAT32
    columns = (
        at_leaf,
        tree.feature[order],
        tree.threshold[order],
        tree.missing_go_to_left[order].astype(bool),
        place[left[order]],
        place[right[order]],
    )
    return tuple(
        next(leaves)
        if is_leaf
        else Split(feature, Threshold(op, threshold, precision), to_left, then, otherwise)
        for is_leaf, feature, threshold, to_left, then, otherwise in zip(
            *(column.tolist() for column in columns), strict=True
        )
    )


def preorder(left: list[int], right: list[int]) -> list[int]:
    """The nodes of a tree, each before its left branch and that before its right branch."""
    order: list[int] = []
    waiting = [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting.append(right[node])
            waiting.append(left[node])
    return order


def classifier_scores(ensemble: Ensemble, classes: Classes, frame: Frame, scope: Scope) -> Scores:
    """Scores of class fractions: the label is the argmax of the averages, also of two classes."""
    trees, margin = Reference(scope.name("trees")), Reference(scope.name("margin"))
    single = len(classes) == 1
    binary = single and len(classes[0]) == 2
    decisions = _decisions(margin, classes)
    label_type, fractions_type = classes[0][0].dtype, ListType(DType.FLOAT64)
    outputs: tuple[tuple[OutputName, Type, Expr], ...] = (
        (OutputName.MARGIN, fractions_type, trees),
        (
            OutputName.PROBA,
            DType.FLOAT64 if binary else fractions_type,
            Element(trees, 1) if binary else margin,
        ),
        (
            OutputName.PREDICT,
            label_type if single else ListType(label_type),
            decisions[0] if single else Vector(decisions),
        ),
    )
    return scores_of(ensemble, outputs, frame, scope, classes)


def _decisions(margin: Reference, classes: Classes) -> tuple[Expr, ...]:
    if len(classes) == 1:
        return (argmax_decision(margin, classes[0]),)
    decisions = []
    start = 0
    for own in classes:
        fractions = Vector(tuple(Element(margin, start + index) for index in range(len(own))))
        decisions.append(argmax_decision(fractions, own))
        start += len(own)
    return tuple(decisions)


def regressor_scores(ensemble: Ensemble, frame: Frame, scope: Scope) -> Scores:
    """Scores of one value, or of a list of values where there are several outputs."""
    trees, margin = Reference(scope.name("trees")), Reference(scope.name("margin"))
    single = len(ensemble.base_score) == 1
    dtype = DType.FLOAT64 if single else ListType(DType.FLOAT64)
    outputs: tuple[tuple[OutputName, Type, Expr], ...] = (
        (OutputName.MARGIN, dtype, Element(trees, 0) if single else trees),
        (OutputName.PREDICT, dtype, margin),
    )
    return scores_of(ensemble, outputs, frame, scope)


def scores_of(
    ensemble: Ensemble | None,
    outputs: tuple[tuple[OutputName, Type, Expr], ...],
    frame: Frame,
    scope: Scope,
    classes: Classes = (),
) -> Scores:
    """Bind the ensemble, if there is one, as `trees`, and then each output under its own name."""
    trees = () if ensemble is None else (Binding(scope.name("trees"), ensemble),)
    return Scores(
        requirements=frame.requirements,
        bindings=(
            *frame.bindings,
            *trees,
            *(Binding(scope.name(name), expr) for name, _, expr in outputs),
        ),
        outputs=tuple(Output(name, dtype, scope.name(name)) for name, dtype, _ in outputs),
        classes=classes,
    )
