"""scikit-learn GradientBoosting: `(base + rate * leaf) + rate * leaf ...`, stage by stage.

The product `learning_rate * leaf` is rounded before it is added, so it is computed here once.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.boosting import boosted_classifier, boosted_regressor
from procgen.frontends.demands import LARGEST_ROUNDING_TO_FLOAT32, demand_all
from procgen.frontends.labels import labels
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores, class_name
from procgen.frontends.trees import features_of, regression_values, tree_nodes
from procgen.ir.trees import Ensemble, Tree, collector_paused

CONSTANT_STARTS = ("sklearn.dummy.DummyClassifier", "sklearn.dummy.DummyRegressor")


@ESTIMATORS.reads("sklearn.ensemble.GradientBoostingClassifier")
def read_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A boosted classifier; with two classes a margin of 0.0 gives the second."""
    place = (_demand_input(frame), scope)
    classes = labels(model.classes_)
    return boosted_classifier(_stages(model, frame), classes, model._loss, place, at_zero=1)  # noqa: SLF001


@ESTIMATORS.reads("sklearn.ensemble.GradientBoostingRegressor")
def read_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """A boosted regressor; no loss that it offers has a link other than the identity."""
    return boosted_regressor(_stages(model, frame), model._loss, _demand_input(frame), scope)  # noqa: SLF001


def _demand_input(frame: Frame) -> Frame:
    # Unlike the trees inside it, the ensemble never accepts a missing value.
    return demand_all(frame, LARGEST_ROUNDING_TO_FLOAT32, accepts_missing=False)


def _stages(model: Any, frame: Frame) -> Ensemble:
    rate = float(model.learning_rate)
    with collector_paused():
        trees = tuple(
            Tree(tree_nodes(grown.tree_, rate * regression_values(grown.tree_)), (output,))
            for stage in model.estimators_.tolist()
            for output, grown in enumerate(stage)
        )
    return Ensemble(features_of(frame), trees, _start(model, len(frame.features)))


def _start(model: Any, width: int) -> tuple[float, ...]:
    """The raw scores before the first stage; they are the same for every row."""
    start = model.init_
    if not isinstance(start, str):
        name = class_name(start)
        if name not in CONSTANT_STARTS or start.strategy == "stratified":
            raise UnsupportedModelError(
                f"{type(model).__name__} starts from init={name}",
                hint="train with init=None, init='zero' or a DummyClassifier or DummyRegressor"
                " that is not stratified",
            )
    row = np.zeros((1, width), dtype=np.float32)
    raw = model._raw_predict_init(row)  # noqa: SLF001 - logit and clipping are private to the loss
    return tuple(raw[0].tolist())
