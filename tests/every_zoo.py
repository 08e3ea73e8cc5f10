"""Every zoo's models under one kind of name, `family: model`, as the long runs take them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from procgen.frontends.reading import column_count, entry, known_names
from procgen.ir.types import DType
from tests import (
    catboost_zoo,
    encoders_zoo,
    lightgbm_zoo,
    models_of_models,
    models_zoo,
    other_libraries_zoo,
    preparing_zoo,
    xgboost_zoo,
)


class Case(NamedTuple):
    """A fitted model, and what must be said about its columns because it does not know."""

    model: Any
    inputs: Sequence[str] | None = None
    types: Mapping[str, DType] | None = None


FAMILIES: dict[str, dict[str, Callable[[], Case]]] = {}


def _sklearn(name: str) -> Case:
    model, types = models_zoo.fitted(name)
    return Case(model, None, types)


def _of_models(name: str) -> Case:
    model = models_of_models.fitted(name)
    return Case(model, models_of_models.columns_of(model))


def _xgboost(name: str) -> Case:
    model = xgboost_zoo.fitted(name)
    return Case(model, xgboost_zoo.inputs_of(model))


def _other(name: str) -> Case:
    model = other_libraries_zoo.fitted(name)
    if known_names(entry(model)) is not None:
        return Case(model)
    return Case(model, [f"x{place}" for place in range(column_count(entry(model)))])


def _add(family: str, names: Any, make: Callable[..., Case]) -> None:
    FAMILIES[family] = {name: lambda name=name: make(name) for name in names}


_add("scikit-learn", models_zoo.ZOO, _sklearn)
_add("models of models", models_of_models.MODELS, _of_models)
_add("LightGBM", lightgbm_zoo.ZOO, lambda name: Case(*lightgbm_zoo.fitted(name)))
_add("XGBoost", xgboost_zoo.ZOO, _xgboost)
_add("CatBoost", catboost_zoo.ZOO, lambda name: Case(catboost_zoo.fitted(name)))
_add("interpret, statsmodels, glum", other_libraries_zoo.ZOO, _other)
_add(
    "category_encoders, feature-engine",
    encoders_zoo.ZOO,
    lambda name: Case(encoders_zoo.fitted(name)),
)
_add("preprocessing", preparing_zoo.ZOO, lambda name: Case(preparing_zoo.fitted(name)))
