"""A small fitted CatBoost model of every class, loss and option that changes a score, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import catboost
import numpy as np
import pandas as pd
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from procgen.frontends import remember_categories

ROWS = 300
SMALL = {
    "iterations": 12,
    "depth": 3,
    "learning_rate": 0.3,
    "verbose": False,
    "allow_writing_files": False,
    "thread_count": 1,
}
PLANS = ["basic", "pro", 'O\'Hara "x" \\ $$ %s :y', "ünï😀", ""]
CITIES = [f"city {number}" for number in range(25)]

Row = dict[str, Any]


@cache
def numbers() -> pd.DataFrame:
    """Three numeric columns, a tenth of it missing."""
    random = np.random.default_rng(0)
    table = random.normal(size=(ROWS, 3)).round(2) * [1.0, 100.0, 1e-3]
    table[random.random(table.shape) < 0.1] = np.nan
    return pd.DataFrame(table, columns=["a", 'b"b', "c c"])


@cache
def score() -> np.ndarray:
    """What the numeric columns say."""
    filled = numbers().fillna(0.5).to_numpy() / [1.0, 100.0, 1e-3]
    return filled[:, 0] + filled[:, 1] * filled[:, 2]


@cache
def mixed() -> pd.DataFrame:
    """A numeric column with holes, and text, integer and boolean categories."""
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "amount": numbers()["a"],
            "plan": random.choice(PLANS, ROWS),
            "city": random.choice(CITIES, ROWS),
            "level": random.integers(-2, 5, ROWS),
            "active": random.random(ROWS) < 0.5,
        }
    )


CATEGORICAL = ["plan", "city", "level", "active"]


@cache
def mixed_score() -> np.ndarray:
    """What the mixed columns say."""
    frame = mixed()
    city = frame["city"].str.slice(5).astype(int) % 7
    words = frame["plan"].isin(["pro", ""]) * 2.0 + (city > 3) * (frame["level"] > 1)
    return (words + frame["amount"].fillna(1.0) + frame["active"] * (city == 2)).to_numpy()


@cache
def parity() -> np.ndarray:
    """What no column says alone."""
    frame = mixed()
    word = frame["plan"].isin(["pro", "basic"])
    return (word ^ (frame["level"] > 1) ^ (frame["amount"].fillna(0) > 0)).to_numpy(float)


COMBINED = {"max_ctr_complexity": 4, "iterations": 8}


def regressor(loss: str = "RMSE", target: Any = None, **options: Any) -> Any:
    model = catboost.CatBoostRegressor(loss_function=loss, **{**SMALL, **options})
    return model.fit(numbers(), score() if target is None else target)


def classifier(target: Any, **options: Any) -> Any:
    return catboost.CatBoostClassifier(**{**SMALL, **options}).fit(numbers(), target)


def positive() -> np.ndarray:
    return np.exp(np.clip(score(), -3, 3) / 3)


def three() -> np.ndarray:
    return np.array(["low", "mi'd", "high"], dtype=object)[np.digitize(score(), [-0.5, 0.5])]


def two_targets() -> np.ndarray:
    return np.column_stack([score(), numbers()["a"].fillna(0.0)])


def several_labels() -> np.ndarray:
    return (np.column_stack([score(), -score(), numbers()["a"].fillna(0.0)]) > 0.3).astype(int)


def shares() -> np.ndarray:
    return 1 / (1 + np.exp(-score()))


def ranker() -> Any:
    model = catboost.CatBoostRanker(loss_function="YetiRank", **SMALL)
    groups = np.repeat(np.arange(ROWS // 10), 10)
    return model.fit(numbers(), np.digitize(score(), [-1, 0, 1]), group_id=groups)


def base() -> Any:
    return catboost.CatBoost({"loss_function": "Logloss", **SMALL}).fit(numbers(), score() > 0)


def with_threshold() -> Any:
    model = classifier(score() > 0)
    model.set_probability_threshold(0.7)
    return model


def scaled(model: Any, scale: float, bias: float | list[float]) -> Any:
    model.set_scale_and_bias(scale, bias)
    return model


def unfilled(nan_mode: str) -> Any:
    return regressor(nan_mode=nan_mode)


def pipeline() -> Any:
    model = make_pipeline(StandardScaler(), catboost.CatBoostClassifier(**SMALL))
    return model.fit(numbers().fillna(0.0), three())


def categorical(kind: type, target: Any, **options: Any) -> Any:
    model = kind(**{**SMALL, **options}).fit(mixed(), target, cat_features=CATEGORICAL)
    remember_categories(model, mixed())
    return model


ZOO: dict[str, Callable[[], Any]] = {
    "regressor": regressor,
    "mae": lambda: regressor("MAE"),
    "quantile": lambda: regressor("Quantile:alpha=0.3"),
    "quantiles": lambda: regressor("MultiQuantile:alpha=0.2,0.5,0.9"),
    "poisson": lambda: regressor("Poisson", positive()),
    "tweedie": lambda: regressor("Tweedie:variance_power=1.5", positive()),
    "uncertainty": lambda: regressor("RMSEWithUncertainty"),
    "two targets": lambda: regressor("MultiRMSE", two_targets()),
    "two targets, scaled": lambda: scaled(regressor("MultiRMSE", two_targets()), 0.3, [0.1, -0.2]),
    "scaled": lambda: scaled(regressor(), 0.3, 0.1),
    "only scaled": lambda: scaled(regressor(), 3.3, 0.0),
    "largest when missing": lambda: unfilled("Max"),
    "by depth": lambda: regressor(grow_policy="Depthwise"),
    "by loss": lambda: regressor(grow_policy="Lossguide", max_leaves=7, depth=6),
    "one leaf": lambda: regressor(min_data_in_leaf=ROWS, grow_policy="Depthwise"),
    "deep": lambda: regressor(depth=9, iterations=2),
    "binary": lambda: classifier(score() > 0),
    "binary text": lambda: classifier(np.where(score() > 0, "yes", 'n"o')),
    "binary floats": lambda: classifier(np.where(score() > 0, 1.5, -2.0)),
    "threshold": with_threshold,
    "balanced": lambda: classifier(score() > 1, auto_class_weights="Balanced"),
    "cross entropy": lambda: classifier(shares(), loss_function="CrossEntropy"),
    "multiclass": lambda: classifier(three()),
    "multiclass by loss": lambda: classifier(three(), grow_policy="Lossguide"),
    "multiclass of two": lambda: classifier(score() > 0, loss_function="MultiClass"),
    "one against all": lambda: classifier(three(), loss_function="MultiClassOneVsAll"),
    "several labels": lambda: classifier(several_labels(), loss_function="MultiLogloss"),
    "several shares": lambda: classifier(
        np.column_stack([shares(), 1 - shares()]), loss_function="MultiCrossEntropy"
    ),
    "ranker": ranker,
    "base": base,
    "pipeline": pipeline,
    "one-hot": lambda: categorical(catboost.CatBoostRegressor, mixed_score(), one_hot_max_size=100),
    "statistics": lambda: categorical(
        catboost.CatBoostClassifier, mixed_score() > 1, max_ctr_complexity=1
    ),
    "statistics of three classes": lambda: categorical(
        catboost.CatBoostClassifier, np.digitize(mixed_score(), [0.5, 1.5]), iterations=4
    ),
    "combinations": lambda: categorical(
        catboost.CatBoostRegressor, parity(), depth=4, one_hot_max_size=2, **COMBINED
    ),
    "combinations of three": lambda: categorical(
        catboost.CatBoostRegressor,
        parity(),
        depth=4,
        one_hot_max_size=5,
        simple_ctr=["Counter"],
        combinations_ctr=["Borders", "Counter"],
        **COMBINED,
    ),
    **{
        f"{kind.lower()} statistics": partial(
            categorical,
            catboost.CatBoostRegressor,
            mixed_score(),
            simple_ctr=[kind],
            combinations_ctr=[kind],
            **COMBINED,
        )
        for kind in ("Buckets", "BinarizedTargetMeanValue", "Borders:TargetBorderCount=3")
    },
}


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    return ZOO[name]()
