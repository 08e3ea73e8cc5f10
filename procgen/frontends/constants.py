"""DummyClassifier and DummyRegressor: the same answer for every row, even a row of NULLs."""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.labels import labels, plain
from procgen.frontends.parts import Answer, from_shares, regressor, scored
from procgen.frontends.registry import ESTIMATORS, Frame, Scope, Scores
from procgen.ir.expressions import Constant, Expr, Vector, number
from procgen.ir.program import OutputName
from procgen.ir.types import DType, ListType

RANDOM = ("stratified", "uniform")


@ESTIMATORS.reads("sklearn.dummy.DummyRegressor")
def read_dummy_regressor(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The constants that were found or given."""
    values = [number(value) for value in np.ravel(model.constant_).tolist()]
    return regressor(frame, scope, values, exact=True)


@ESTIMATORS.reads("sklearn.dummy.DummyClassifier")
def read_dummy_classifier(model: Any, frame: Frame, scope: Scope) -> Scores:
    """The label and the probabilities that were found or given."""
    if model._strategy in RANDOM:  # noqa: SLF001 - what `fit` went by, whatever was set since
        raise UnsupportedModelError(
            f"DummyClassifier with strategy={model._strategy!r} answers at random",  # noqa: SLF001
            hint="train it with 'prior', 'most_frequent' or 'constant'",
        )
    if model.n_outputs_ == 1:
        classes, shares, _ = _output(model, model.classes_, model.class_prior_, model.constant)
        return from_shares(frame, scope, shares, classes, exact=True)
    given = [None] * model.n_outputs_ if model.constant is None else np.ravel(model.constant)
    columns = zip(model.classes_, model.class_prior_, given, strict=True)
    outputs = [_output(model, *column) for column in columns]
    kinds = {label.dtype for own, _, _ in outputs for label in own}
    if len(kinds) > 1:
        raise UnsupportedModelError(
            "the outputs of DummyClassifier have labels of different types",
            hint="train one model for each output",
        )
    listed = Vector(tuple(share for _, shares, _ in outputs for share in shares))
    chosen = Vector(tuple(label for _, _, label in outputs))
    answers: tuple[Answer, ...] = (
        (OutputName.MARGIN, ListType(DType.FLOAT64), listed),
        (OutputName.PROBA, ListType(DType.FLOAT64), listed),
        (OutputName.PREDICT, ListType(kinds.pop()), chosen),
    )
    return scored(frame, scope, answers, classes=tuple(own for own, _, _ in outputs))


def _output(
    model: Any, classes_: np.ndarray, prior: np.ndarray, given: Any
) -> tuple[tuple[Constant, ...], list[Expr], Constant]:
    """The labels of one output, their probabilities, and the one that is predicted."""
    classes = labels(np.asarray(classes_))
    if model._strategy == "prior":  # noqa: SLF001
        shares: list[Expr] = [number(share) for share in np.asarray(prior).tolist()]
        return classes, shares, classes[int(np.argmax(prior))]
    chosen = int(np.argmax(prior))
    if model._strategy == "constant":  # noqa: SLF001
        value = plain(np.ravel(given)[0]) if np.ndim(given) else plain(given)
        chosen = [label.value for label in classes].index(value)
    shares = [number(float(place == chosen)) for place in range(len(classes))]
    return classes, shares, classes[chosen]
