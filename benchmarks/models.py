"""The fixed models that every benchmark measures, on 30 columns of made-up data."""

from __future__ import annotations

from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

COLUMNS = tuple(f"f{number}" for number in range(30))


def data(rows: int = 20_000, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Inputs of shape (rows, 30) and a target with interactions and noise, of shape (rows,)."""
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(rows, len(COLUMNS)))
    signal = table[:, 0] * 2 + np.sin(table[:, 1] * 3) + table[:, 2] * table[:, 3]
    return table, signal + generator.normal(size=rows)


def large_ensembles() -> dict[str, Any]:
    """Forests of 100 trees of depth 10, and 500 boosted trees of 31 leaves."""
    table, target = data()
    forest = {"n_estimators": 100, "max_depth": 10, "random_state": 0, "n_jobs": -1}
    boosted = HistGradientBoostingRegressor(
        max_iter=500, max_leaf_nodes=31, early_stopping=False, random_state=0
    )
    return {
        "RandomForestRegressor 100 x depth 10": RandomForestRegressor(**forest).fit(table, target),
        "RandomForestClassifier 100 x depth 10": RandomForestClassifier(**forest).fit(
            table, target > 0
        ),
        "HistGradientBoosting 500 x 31 leaves": boosted.fit(table, target),
    }


def small_models() -> dict[str, Any]:
    """What plain SQL serves best: a weighted sum, a link of one, and one tree of depth 8."""
    table, target = data()
    return {
        "LinearRegression": LinearRegression().fit(table, target),
        "LogisticRegression": LogisticRegression().fit(table, target > 0),
        "DecisionTreeRegressor depth 8": DecisionTreeRegressor(max_depth=8, random_state=0).fit(
            table, target
        ),
    }


def scored_models() -> dict[str, Any]:
    """What batch scoring is measured on, from one tree to a forest; each predicts on one thread."""
    table, target = data()
    leaves = {"num_leaves": 31, "n_jobs": 1, "verbose": -1, "random_state": 0}
    boosted = GradientBoostingRegressor(
        n_estimators=200, max_depth=3, subsample=0.5, max_features=10, random_state=0
    )
    forest = RandomForestRegressor(
        n_estimators=100, max_depth=10, max_features=10, random_state=0, n_jobs=1
    )
    return {
        "LinearRegression": LinearRegression().fit(table, target),
        "DecisionTree depth 8": DecisionTreeRegressor(max_depth=8, random_state=0).fit(
            table, target
        ),
        "GradientBoosting 200 x depth 3": boosted.fit(table, target),
        "LightGBM 100 x 31": lgb.LGBMRegressor(n_estimators=100, **leaves).fit(table, target),
        "LightGBM 500 x 31": lgb.LGBMRegressor(n_estimators=500, **leaves).fit(table, target),
        "XGBoost 300 x depth 6": xgb.XGBRegressor(
            n_estimators=300, max_depth=6, n_jobs=1, random_state=0
        ).fit(table, target),
        "RandomForest 100 x depth 10": forest.fit(table, target),
    }
