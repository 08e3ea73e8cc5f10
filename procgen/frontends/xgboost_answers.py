"""How XGBoost's models are asked about rows: Boosters by DMatrix, wrappers as they are used."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from procgen.frontends.answers import QUESTIONS, Question
from procgen.frontends.refusals import PREDICTIONS
from procgen.frontends.xgboost_links import PROBABILITIES, SHARES, WINNER
from procgen.frontends.xgboost_models import (
    BOOSTER,
    CLASSIFIERS,
    REGRESSORS,
    booster_of,
)
from procgen.frontends.xgboost_saved import CATEGORY, index_types, kept_categories
from procgen.ir.interpreter import is_missing
from procgen.ir.program import OutputName
from procgen.ir.types import Scalar


@QUESTIONS.reads(BOOSTER)
def booster_questions(booster: Any) -> dict[OutputName, Question]:
    """What Booster.predict gives, with and without the link."""
    shape = _shaper(booster)
    return {
        OutputName.PREDICT: lambda model, table: model.predict(_matrix(model, shape(table))),
        OutputName.MARGIN: lambda model, table: model.predict(
            _matrix(model, shape(table)), output_margin=True
        ),
    }


@QUESTIONS.reads(*REGRESSORS)
def regressor_questions(model: Any) -> dict[OutputName, Question]:
    """The wrapper's predict, with and without the link."""
    shape = _shaper(booster_of(model))
    return {
        OutputName.PREDICT: lambda model, table: model.predict(shape(table)),
        OutputName.MARGIN: lambda model, table: model.predict(shape(table), output_margin=True),
    }


@QUESTIONS.reads(*CLASSIFIERS)
def classifier_questions(model: Any) -> dict[OutputName, Question]:
    """The wrapper's labels, margins, and probabilities where its values are some."""
    questions: dict[OutputName, Question] = regressor_questions(model)
    shape = _shaper(booster_of(model))
    if _objective(model) in (*PROBABILITIES, SHARES, WINNER):
        questions[OutputName.PROBA] = lambda model, table: _probabilities(model, shape(table))
    return questions


@PREDICTIONS.reads(BOOSTER, *CLASSIFIERS, *REGRESSORS)
def _ask_prediction(model: Any, table: Any) -> Any:
    questions = booster_questions if booster_of(model) is model else regressor_questions
    return questions(model)[OutputName.PREDICT](model, table)


def _probabilities(model: Any, table: Any) -> Any:
    shares = model.predict_proba(table)
    # A list for each class, or for each label of a model with several: then both have columns.
    single = model.predict(table[:1], output_margin=True).ndim == 1
    return shares[:, 1] if single or _is_pair(model) else shares


def _is_pair(model: Any) -> bool:
    return _objective(model) == WINNER and model.n_classes_ == 2


def _objective(model: Any) -> str:
    # The wrapper's own attribute may be a function.
    settings = json.loads(booster_of(model).save_config())
    return str(settings["learner"]["objective"]["name"])


@lru_cache(maxsize=4)
def _categories_of(booster: Any) -> tuple[tuple[tuple[Scalar, ...] | None, str | None], ...]:
    return tuple(zip(kept_categories(booster), index_types(booster), strict=True))


def _shaper(booster: Any) -> Callable[[Any], Any]:
    """Turns a table into what the model was trained on: numbers, and categories where it was."""
    categories = _categories_of(booster)

    def shape(table: Any) -> Any:
        if not hasattr(table, "columns"):
            return table if _is_sparse(table) else np.asarray(table, dtype=np.float64)
        import pandas as pd  # noqa: PLC0415 - a table with columns is of pandas

        columns = {
            name: _column(table[name], known, kind)
            for name, (known, kind) in zip(table.columns, categories, strict=True)
        }
        return pd.DataFrame(columns, index=table.index)

    return shape


def _is_sparse(table: Any) -> bool:
    return hasattr(table, "tocsr")


def _column(series: Any, known: tuple[Scalar, ...] | None, index_type: str | None) -> Any:
    """One column as in training.

    Raises:
        ValueError: an unseen category. XGBoost 3.2 itself says so only of one that sorts after all
            others; any other it takes for the next known one.
    """
    if known is None:
        # An integer is read as a double, as it is where a row has none.
        return series.astype(np.float64)
    import pandas as pd  # noqa: PLC0415 - a table with columns is of pandas

    convert = str if isinstance(known[0], str) else int
    values = [None if is_missing(value) else convert(value) for value in series.tolist()]
    for value in values:
        if value is not None and value not in known:
            raise ValueError(f"the category {value!r} of {series.name!r} was not in training")
    index = pd.Index(known, dtype=index_type)
    return pd.Series(pd.Categorical(values, categories=index), index=series.index)


def _matrix(booster: Any, table: Any) -> Any:
    import xgboost  # noqa: PLC0415 - it is optional

    types = booster.feature_types or ()
    if hasattr(table, "columns"):
        return xgboost.DMatrix(table, enable_categorical=CATEGORY in types)
    if CATEGORY not in types:
        return xgboost.DMatrix(table)
    return xgboost.DMatrix(table, feature_types=list(types), enable_categorical=True)
