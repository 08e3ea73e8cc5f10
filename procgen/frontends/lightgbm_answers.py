"""What LightGBM answers, in the shapes of our outputs; it never refuses a row."""

from __future__ import annotations

from typing import Any

import numpy as np

from procgen.errors import UnsupportedModelError
from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.categories import Categories
from procgen.frontends.lightgbm_columns import CLASSIFIER, EVERY_CLASS, header_of, levels_by_column
from procgen.frontends.lightgbm_text import Header
from procgen.frontends.registry import class_name
from procgen.ir.program import OutputName
from procgen.ir.types import DType


@QUESTIONS.reads(*EVERY_CLASS)
def questions(model: Any) -> dict[OutputName, Question]:
    """What to ask a Booster or a wrapper; one with an objective of the user's has no classes."""
    found: dict[OutputName, Question] = {
        OutputName.PREDICT: lambda model, table: model.predict(as_trained(model, table)),
        OutputName.MARGIN: lambda model, table: model.predict(
            as_trained(model, table), raw_score=True
        ),
    }
    if class_name(model) == CLASSIFIER and not callable(model.objective_):
        found[OutputName.PROBA] = _probabilities
    return found


def _probabilities(model: Any, table: Any) -> Any:
    shares = model.predict_proba(as_trained(model, table))
    return shares[:, 1] if shares.shape[1] == 2 else shares


def as_trained(model: Any, table: Any) -> Any:
    """The table with categories where pandas had them in training, and else with doubles.

    LightGBM reads an array of integers as float32, but the same integers of a DataFrame as doubles.
    """
    header = header_of(model)
    if not header.levels:
        return table if hasattr(table, "columns") else np.asarray(table, dtype=np.float64)
    import pandas as pd  # noqa: PLC0415 - it is optional

    frame = pd.DataFrame(table).reset_index(drop=True)
    levels = _levels(header, [column for _, column in frame.items()])
    columns = {
        name: pd.Series(pd.Categorical(column, [level for level, _ in levels[place].codes]))
        if place in levels
        else column.astype(float)
        for place, (name, column) in enumerate(frame.items())
    }
    return pd.DataFrame(columns)


def _levels(header: Header, columns: list[Any]) -> dict[int, Categories]:
    """The levels by column; objects that are missing throughout are text, if that can be."""
    try:
        return levels_by_column(header, [_type_of(column, DType.TEXT) for column in columns])
    except UnsupportedModelError:
        return levels_by_column(header, [_type_of(column, None) for column in columns])


def _type_of(column: Any, without_values: DType | None) -> DType | None:
    """Text, or not known: an object column is text unless it is of truth values with gaps."""
    if column.dtype != object:
        return None
    if column.isna().all():
        return without_values
    return None if any(isinstance(value, bool) for value in column) else DType.TEXT
