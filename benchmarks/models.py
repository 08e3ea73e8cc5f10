"""The fixed models that every benchmark measures, on 30 columns of made-up data."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import lightgbm as lgb
import numpy as np
import xgboost as xgb
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor

Matrix = NDArray[np.float64]
COLUMNS = tuple(f"f{number}" for number in range(30))
TRAINED_ON = 20_000


def data(rows: int = TRAINED_ON, seed: int = 0) -> tuple[Matrix, Matrix]:
    """Inputs of shape (rows, 30) and a target with interactions and noise, of shape (rows,)."""
    generator = np.random.default_rng(seed)
    table = generator.normal(size=(rows, len(COLUMNS)))
    signal = table[:, 0] * 2 + np.sin(table[:, 1] * 3) + table[:, 2] * table[:, 3]
    return table, signal + generator.normal(size=rows)


@dataclass(frozen=True, slots=True)
class Subject:
    """A fitted model and what it is called: `key` on the command line and in the database."""

    key: str
    title: str
    model: Any

    @property
    def is_classifier(self) -> bool:
        """Whether its score is the probability of the second class."""
        return hasattr(self.model, "predict_proba")

    def predict(self, table: Any) -> Matrix:
        """The scores as the library gives them, on one thread."""
        with warnings.catch_warnings():  # a DataFrame's names, which plain arrays do not have
            warnings.simplefilter("ignore", UserWarning)
            found = (
                self.model.predict_proba(table)[:, 1]
                if self.is_classifier
                else self.model.predict(table)
            )
        return np.asarray(found, dtype=np.float64)


def boosted_leaves(trees: int, leaves: int = 31, **more: Any) -> lgb.LGBMRegressor:
    """LightGBM, not fitted."""
    return lgb.LGBMRegressor(
        n_estimators=trees, num_leaves=leaves, n_jobs=1, verbose=-1, random_state=0, **more
    )


MAKERS: dict[str, tuple[str, Callable[[], Any]]] = {
    "linear": ("LinearRegression", LinearRegression),
    "logistic": ("LogisticRegression", LogisticRegression),
    "tree": (
        "DecisionTree depth 8",
        lambda: DecisionTreeRegressor(max_depth=8, random_state=0),
    ),
    "gb": (
        "GradientBoosting 200 x depth 3",
        lambda: GradientBoostingRegressor(
            n_estimators=200, max_depth=3, subsample=0.5, max_features=10, random_state=0
        ),
    ),
    "lgb100": ("LightGBM 100 x 31", lambda: boosted_leaves(100)),
    "lgb500": ("LightGBM 500 x 31", lambda: boosted_leaves(500)),
    "xgb": (
        "XGBoost 300 x depth 6",
        lambda: xgb.XGBRegressor(n_estimators=300, max_depth=6, n_jobs=1, random_state=0),
    ),
    "rf": (
        "RandomForest 100 x depth 10",
        lambda: RandomForestRegressor(
            n_estimators=100, max_depth=10, max_features=10, random_state=0, n_jobs=-1
        ),
    ),
    "lgb10": ("LightGBM 10 x 31", lambda: boosted_leaves(10)),
    "lgb1000": ("LightGBM 1,000 x 31", lambda: boosted_leaves(1000)),
    "huge": ("LightGBM 1,000 x 255", lambda: boosted_leaves(1000, 255, max_bin=31)),
}
STANDARD = ("linear", "logistic", "tree", "gb", "lgb100", "lgb500", "xgb", "rf")
QUICK = ("linear", "tree", "lgb100")


def subject(key: str, rows: int = TRAINED_ON) -> Subject:
    """Fit one model; the same key and rows give the same model."""
    title, make = MAKERS[key]
    model = make()
    table, target = data(rows)
    model.fit(table, target > 0 if hasattr(model, "predict_proba") else target)
    if isinstance(model, RandomForestRegressor):
        model.set_params(n_jobs=1)  # many may train, one predicts
    return Subject(key, title, model)


def titles(keys: Iterable[str]) -> tuple[str, ...]:
    """What models are called in tables."""
    return tuple(MAKERS[key][0] for key in keys)
