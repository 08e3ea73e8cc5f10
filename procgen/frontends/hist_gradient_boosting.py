"""scikit-learn HistGradientBoosting: doubles as they are, NaN and inf accepted, sets of categories.

An unseen category goes where a missing value goes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.boosting import boosted_classifier, boosted_regressor
from procgen.frontends.encoding import read_ordinal_encoder, read_wants
from procgen.frontends.labels import labels
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.frontends.trees import features_of
from procgen.frontends.wants import ANYTHING, Want, wants
from procgen.ir.expressions import Comparison, Membership, Threshold
from procgen.ir.trees import Ensemble, Leaf, Node, Split, Tree, collector_paused

CLASSIFIER = "sklearn.ensemble.HistGradientBoostingClassifier"
REGRESSOR = "sklearn.ensemble.HistGradientBoostingRegressor"
BITS_OF_A_WORD = 32


@wants(CLASSIFIER, REGRESSOR)
def read_column_wants(model: Any, count: int) -> tuple[Want, ...]:
    """Categorical columns of the types of their categories, the others any number."""
    wanted = [ANYTHING] * count
    categorical = _categorical(model, count)
    if categorical:
        for index, want in zip(categorical, read_wants(_encoder(model), count), strict=True):
            wanted[index] = want
    return tuple(wanted)


@ESTIMATORS.reads(CLASSIFIER)
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A boosted classifier; with two classes a margin of 0.0 gives the first."""
    classes = labels(model.classes_)
    if len(classes) < 2:
        raise UnsupportedModelError(
            f"this {type(model).__name__} was trained on one class",
            hint="train it on rows of two classes or more",
        )
    coded = _encode(model, frame, scope)
    return boosted_classifier(
        _read_ensemble(model, coded),
        classes,
        model._loss,  # noqa: SLF001 - nothing public names the link
        (coded, scope),
        at_zero=0,
    )


@ESTIMATORS.reads(REGRESSOR)
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A boosted regressor; Poisson and Gamma losses have the link exp."""
    coded = _encode(model, frame, scope)
    return boosted_regressor(_read_ensemble(model, coded), model._loss, coded, scope)  # noqa: SLF001


def _categorical(model: Any, count: int) -> list[int]:
    """The positions of the categorical columns."""
    if model._preprocessor is None:  # noqa: SLF001 - is_categorical_ does not say who encodes
        return []
    return [index for index in range(count) if model.is_categorical_[index]]


def _encoder(model: Any) -> Any:
    return model._preprocessor.named_transformers_["encoder"]  # noqa: SLF001


def _encode(model: Any, frame: Frame, scope: Scope) -> Frame:
    """The frame with categories replaced by their codes, in place; an unseen one is missing."""
    places = _categorical(model, len(frame.features))
    if not places:
        return frame
    chosen = replace(frame, features=tuple(frame.features[place] for place in places))
    encoded: Frame = read_ordinal_encoder(_encoder(model), chosen, scope)
    features = list(frame.features)
    for place, feature in zip(places, encoded.features, strict=True):
        features[place] = feature
    return replace(encoded, features=tuple(features))


def _read_ensemble(model: Any, frame: Frame) -> Ensemble:
    count = len(frame.features)
    categorical = _categorical(model, count)
    # The encoder puts the categorical columns first, and the trees count columns in that order.
    numeric = [index for index in range(count) if index not in set(categorical)]
    order = [*categorical, *numeric]
    with collector_paused():
        trees = tuple(
            Tree(_nodes(predictor, order), (output,))
            for iteration in model._predictors  # noqa: SLF001 - nothing public holds the trees
            for output, predictor in enumerate(iteration)
        )
    # The base is added to zeros, so that -0.0 becomes 0.0.
    base = (0.0 + model._baseline_prediction[0]).tolist()  # noqa: SLF001
    return Ensemble(features_of(frame), trees, tuple(base))


def _nodes(predictor: Any, order: list[int]) -> tuple[Node, ...]:
    """The nodes of one tree; they are stored in preorder."""
    nodes = predictor.nodes
    sets = [_members(bitset) for bitset in predictor.raw_left_cat_bitsets]
    columns = [
        nodes[name].tolist()
        for name in (
            "is_leaf",
            "value",
            "feature_idx",
            "num_threshold",
            "is_categorical",
            "bitset_idx",
            "missing_go_to_left",
            "left",
            "right",
        )
    ]
    return tuple(
        Leaf((value,))
        if is_leaf
        else Split(
            order[feature],
            sets[bitset] if is_categorical else Threshold(Comparison.LE, threshold),
            bool(to_left),
            left,
            right,
        )
        for (
            is_leaf,
            value,
            feature,
            threshold,
            is_categorical,
            bitset,
            to_left,
            left,
            right,
        ) in zip(*columns, strict=True)
    )


def _members(bitset: np.ndarray) -> Membership:
    """The category codes in a bitset of 32-bit words."""
    return Membership(
        tuple(
            float(BITS_OF_A_WORD * position + bit)
            for position, word in enumerate(bitset.tolist())
            for bit in range(BITS_OF_A_WORD)
            if word >> bit & 1
        )
    )
