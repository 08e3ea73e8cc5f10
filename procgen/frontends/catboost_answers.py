"""What CatBoost answers, in the shapes of our outputs, but with exp() of full precision.

CatBoost's own exp() interpolates a table: softmax, Poisson, Tweedie and RMSEWithUncertainty come
out up to 30 ULP beside what its raw scores mean, and 0 below -708. These links are applied here to
its raw scores, which are exact; sigmoids are taken as they come.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.catboost_models import (
    BASE,
    CLASSIFIER,
    ONE_VS_ALL,
    RANKER,
    REGRESSOR,
    SEVERAL_LABELS,
    loss_name,
)
from procgen.frontends.registry import class_name
from procgen.ir.program import OutputName


@QUESTIONS.reads(BASE, CLASSIFIER, RANKER, REGRESSOR)
def questions(model: Any) -> dict[OutputName, Question]:
    """What to ask a model of its own class."""
    found: dict[OutputName, Question] = {OutputName.PREDICT: _predictions}
    if class_name(model) == CLASSIFIER:
        found[OutputName.PROBA] = _probabilities
    found[OutputName.MARGIN] = _raw_scores
    return found


def _raw_scores(model: Any, table: Any) -> Any:
    if class_name(model) == RANKER:
        return model.predict(as_trained(model, table))
    return model.predict(as_trained(model, table), prediction_type="RawFormulaVal")


def _predictions(model: Any, table: Any) -> Any:
    if class_name(model) == REGRESSOR:
        match model._get_default_prediction_type():  # noqa: SLF001 - what predict() asks
            case "Exponent":
                return np.exp(_raw_scores(model, table))
            case "RMSEWithUncertainty":
                raw = _raw_scores(model, table)
                return np.column_stack([raw[:, 0], np.exp(2.0 * raw[:, 1])])
            case _:
                return _raw_scores(model, table)
    predicted = model.predict(as_trained(model, table))
    # A classifier of more than two classes answers a matrix of one column.
    is_column = predicted.ndim == 2 and predicted.shape[1] == 1
    return predicted[:, 0] if is_column else predicted


def _probabilities(model: Any, table: Any) -> Any:
    raw = _raw_scores(model, table)
    loss = loss_name(model)
    if raw.ndim == 1 or loss == ONE_VS_ALL or loss in SEVERAL_LABELS:
        shares = model.predict_proba(as_trained(model, table))
    else:
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
    binary = shares.shape[1] == 2 and loss not in SEVERAL_LABELS
    return shares[:, 1] if binary else shares


def as_trained(model: Any, table: Any) -> Any:
    """The table with integer categories as integers, where a missing one has made them floats."""
    columns = [at for at in model.get_cat_feature_indices() if _column(table, at).dtype.kind == "f"]
    if not columns:
        return table
    table = table.copy() if hasattr(table, "iloc") else table.astype(object)
    for at in columns:
        whole = [value if value != value else int(value) for value in _column(table, at)]  # noqa: PLR0124
        if hasattr(table, "iloc"):
            table[table.columns[at]] = np.array(whole, dtype=object)
        else:
            table[:, at] = whole
    return table


def _column(table: Any, at: int) -> Any:
    return table.iloc[:, at] if hasattr(table, "iloc") else table[:, at]
