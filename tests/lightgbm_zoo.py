"""A small LightGBM model of every objective and option that is read, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import lightgbm as lgb
import numpy as np
import pandas as pd
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from procgen.ir.types import DType

ROWS = 240
NAMES = ["a", "b", "c", "d"]
PLANS = ["basic", 'O\'Hara "x" \\ $$ %s', "pro", "ünï😀"]
DOUBLES = dict.fromkeys(NAMES, DType.FLOAT64)
SMALL = {
    "verbose": -1,
    "num_threads": 1,
    "num_leaves": 6,
    "min_data_in_leaf": 5,
    "max_cat_to_onehot": 1,
    "min_data_per_group": 5,
    "cat_smooth": 1,
    "linear_lambda": 0.01,
}
WRAPPED = {
    "n_estimators": 4,
    "verbose": -1,
    "n_jobs": 1,
    "num_leaves": 6,
    "min_child_samples": 5,
    "max_cat_to_onehot": 1,
    "min_data_per_group": 5,
}
FOREST = {"boosting": "rf", "bagging_freq": 1, "bagging_fraction": 0.6}


class Fitted(NamedTuple):
    """A model, with the names or types that it does not know."""

    model: Any
    inputs: Any = None
    types: dict[str, DType] | None = None


ZOO: dict[str, Callable[[], Fitted]] = {}


@cache
def fitted(name: str) -> Fitted:
    """Train the model of this name; once in a process."""
    return ZOO[name]()


@cache
def numbers() -> np.ndarray:
    """A column that is often zero, one with gaps, categories and one with few values."""
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, 4))
    X[::3, 0] = 0.0
    X[::7, 1] = np.nan
    X[:, 2] = random.integers(0, 40, ROWS)
    X[:, 3] = X[:, 3].round(1)
    return X


@cache
def signal() -> np.ndarray:
    X = numbers()
    noise = np.random.default_rng(1).normal(size=ROWS) / 10
    return 2 * X[:, 0] + np.where(X[:, 2] % 3 == 1, 3.0, 0.0) + X[:, 3] + noise


def target_of(objective: Any) -> np.ndarray:
    match objective:
        case "binary" | "cross_entropy" | "cross_entropy_lambda":
            return (signal() > 0).astype(float)
        case "multiclass" | "multiclassova" | "lambdarank" | "rank_xendcg":
            return np.digitize(signal(), [-1, 1])
        case _:
            return np.abs(signal()) + 1


def booster(objective: Any = "regression", rounds: int = 4, **params: Any) -> lgb.Booster:
    """A Booster of four columns, the third of them categorical."""
    if objective in ("multiclass", "multiclassova"):
        params["num_class"] = 3
    group = [ROWS // 2] * 2 if objective in ("lambdarank", "rank_xendcg") else None
    data = lgb.Dataset(numbers(), target_of(objective), group=group, categorical_feature=[2])
    return lgb.train(SMALL | {"objective": objective} | params, data, rounds)


def add(name: str, make: Callable[[], Any], inputs: Any = None, types: Any = None) -> None:
    ZOO[name] = lambda: Fitted(make(), inputs, types)


OBJECTIVES = (
    *("regression", "regression_l1", "huber", "fair", "poisson", "quantile", "mape", "gamma"),
    *("tweedie", "binary", "cross_entropy", "cross_entropy_lambda", "multiclass"),
    *("multiclassova", "lambdarank", "rank_xendcg"),
)
for _name in OBJECTIVES:
    add(_name, lambda o=_name: booster(o), DOUBLES)
for _name in ("regression", "regression_l1", "huber", "fair", "quantile", "mape", "poisson"):
    add(f"{_name} reg_sqrt", lambda o=_name: booster(o, reg_sqrt=True), NAMES)
for _name in ("regression", "poisson", "binary", "multiclass", "multiclassova"):
    add(f"{_name} rf", lambda o=_name: booster(o, **FOREST), NAMES)
    add(
        f"{_name} dart",
        lambda o=_name: booster(o, boosting="dart", drop_rate=0.5, skip_drop=0.0),
        NAMES,
    )
    add(f"{_name} linear", lambda o=_name: booster(o, linear_tree=True), DOUBLES)
add("linear rf", lambda: booster(linear_tree=True, **FOREST), NAMES)
for _name, _params in {
    "zero_as_missing": {"zero_as_missing": True},
    "no missing": {"use_missing": False},
    "zero_as_missing, no missing": {"zero_as_missing": True, "use_missing": False},
    "one leaf": {"min_data_in_leaf": ROWS},
    "sigmoid": {"objective": "binary", "sigmoid": 0.37},
    "sigmoid of each": {"objective": "multiclassova", "sigmoid": 2.5},
    "extra trees": {"extra_trees": True, "rounds": 30},
    "monotone": {"monotone_constraints": [1, 0, 0, 1]},
}.items():
    add(_name, lambda p=_params: booster(**p), DOUBLES)
add(
    "zero_as_missing, other types",
    lambda: booster(zero_as_missing=True, rounds=20),
    {"a": DType.INT64, "b": DType.FLOAT32, "c": DType.INT64, "d": DType.BOOL},
)
add(
    "linear, other types",
    lambda: booster(linear_tree=True),
    {"a": DType.FLOAT32, "b": DType.INT64, "c": DType.FLOAT32, "d": DType.BOOL},
)


def squares(scores: np.ndarray, data: lgb.Dataset) -> tuple[np.ndarray, np.ndarray]:
    return scores - data.get_label(), np.ones_like(scores)


add("custom objective", lambda: booster(squares), NAMES)


@cache
def stopped_early() -> lgb.Booster:
    X, y = numbers(), signal() + np.random.default_rng(2).normal(size=ROWS)
    data = lgb.Dataset(X[:160], y[:160], categorical_feature=[2])
    model = lgb.train(
        SMALL | {"objective": "regression", "learning_rate": 0.8},
        data,
        40,
        valid_sets=[lgb.Dataset(X[160:], y[160:], reference=data)],
        callbacks=[lgb.early_stopping(5, verbose=False)],
        keep_training_booster=True,  # else the trees after the best are dropped
    )
    assert 0 < model.best_iteration < model.num_trees()
    return model


def part(model: lgb.Booster, start: int, count: int) -> lgb.Booster:
    text = model.model_to_string(start_iteration=start, num_iteration=count)
    return lgb.Booster(model_str=text)


add("early stopping", stopped_early, NAMES)
add("num_iteration", lambda: part(booster(rounds=8), 0, 3), NAMES)
add("start_iteration", lambda: part(booster(rounds=8), 2, 3), NAMES)


@cache
def people() -> pd.DataFrame:
    """Categories of every type that pandas and a database share, with gaps."""
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "mean radius": random.normal(size=ROWS),
            "plan": pd.Categorical(random.choice(PLANS, ROWS), categories=PLANS[::-1]),
            "children": random.integers(0, 3, ROWS),
            "zip": pd.Categorical(random.choice([700, 3, -10], ROWS)),
            "member": pd.Categorical(random.choice([True, False], ROWS)),
            "rate": pd.Categorical(random.choice([1.5, -2.25, 0.1], ROWS)),
            "debt": random.choice([-7, 5, 2**40], ROWS),
        }
    )
    for name, every in (("plan", 9), ("zip", 8), ("rate", 11)):
        frame.loc[::every, name] = None
    return frame


@cache
def ordered_people() -> pd.DataFrame:
    sizes = np.random.default_rng(4).choice(["low", "mid", "high"], ROWS)
    levels = ["low", "mid", "high"]
    return people().assign(size=pd.Categorical(sizes, categories=levels, ordered=True))


@cache
def wishes() -> pd.Series:
    frame = people()
    wish = frame["mean radius"] + 2.0 * (frame["plan"] == "pro") + 1.0 * (frame["zip"] == 3)
    return wish + (frame["member"] == True) + 2.0 * (frame["rate"] == 0.1)  # noqa: E712


def classifier(labels: Any, **params: Any) -> lgb.LGBMClassifier:
    return lgb.LGBMClassifier(**WRAPPED | params).fit(people(), labels(wishes()))


def grade(wish: pd.Series) -> np.ndarray:
    return np.digitize(wish, [1, 3]) * 10


def halves(wish: pd.Series) -> np.ndarray:
    return np.where(wish > 1, "yes", "no")


def gradient(target: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scores - target, np.ones_like(scores)


add("regressor", lambda: lgb.LGBMRegressor(**WRAPPED).fit(people(), wishes()))
add("names with spaces", lambda: fitted("regressor").model, list(people().columns))
add("classifier of text", lambda: classifier(halves))
add("classifier of truth", lambda: classifier(lambda wish: wish > 1))
add("classifier of three", lambda: classifier(grade))
add("classifier one against all", lambda: classifier(grade, objective="multiclassova"))
add("classifier of two by softmax", lambda: classifier(halves, objective="multiclass", num_class=2))
add("classifier cross_entropy", lambda: classifier(halves, objective="cross_entropy"))
add("classifier regression", lambda: classifier(halves, objective="regression"))
add("classifier of the user's own", lambda: classifier(halves, objective=gradient))
add("classifier rf", lambda: classifier(halves, **FOREST))
add("classifier of three rf", lambda: classifier(grade, **FOREST))
add(
    "ranker",
    lambda: lgb.LGBMRanker(**WRAPPED).fit(
        people(), np.digitize(wishes(), [1, 3]), group=[ROWS // 2] * 2
    ),
)
add(
    "ordered categories",
    lambda: lgb.LGBMRegressor(**WRAPPED).fit(
        ordered_people().assign(cars=people()["children"]), wishes()
    ),
    types={"plan": DType.TEXT, "size": DType.TEXT},
)


@cache
def table() -> pd.DataFrame:
    return pd.DataFrame(numbers(), columns=NAMES)


def piped(step: Any, model: Any, target: Any, **fit: Any) -> Any:
    return make_pipeline(step, model).fit(table(), target, **fit)


add(
    "pipeline of scaled numbers",
    lambda: piped(StandardScaler(), lgb.LGBMClassifier(**WRAPPED), signal() > 0),
)
add(
    "pipeline of filled categories",
    lambda: piped(
        SimpleImputer(),
        lgb.LGBMRegressor(**WRAPPED),
        signal(),
        lgbmregressor__categorical_feature=[2],
    ),
)
add(
    "pipeline of encoded categories",
    lambda: make_pipeline(
        OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1),
        lgb.LGBMRegressor(**WRAPPED),
    ).fit(table().round(0), signal(), lgbmregressor__categorical_feature=[1, 2]),
)
