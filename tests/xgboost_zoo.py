"""A small fitted XGBoost model of every objective, booster and option that is read, by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
import xgboost
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

ROWS = 240
RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(ROWS, 3))
SCORE = NUMBERS[:, 0] * 2 + NUMBERS[:, 1]
NUMBERS[RANDOM.random(NUMBERS.shape) < 0.1] = np.nan
FRAME = pd.DataFrame(NUMBERS, columns=["age", "fee", "size"])
BINARY = (SCORE > 0.3).astype(int)
THREE = np.digitize(SCORE, [-1, 1])
COUNTS = np.round(np.exp(SCORE / 3))
PAIR = np.column_stack([SCORE, -SCORE])
LABELS = np.column_stack([SCORE > 0, SCORE > 1]).astype(int)
CODES = np.column_stack(
    [NUMBERS[:, 0], RANDOM.integers(0, 40, ROWS), RANDOM.integers(0, 3, ROWS)]
).astype(float)
MIXED = pd.DataFrame(
    {
        "age": NUMBERS[:, 0],
        "plan": pd.Categorical(RANDOM.choice(["basic", "it's", "pro", "~ x"], ROWS)),
        "level": pd.Categorical(RANDOM.choice([3, 1, 7], ROWS)),
        "small": pd.Categorical(RANDOM.choice(np.array([3, 1, 7], dtype=np.int8), ROWS)),
        "visits": RANDOM.integers(0, 9, ROWS),
        "active": RANDOM.random(ROWS) < 0.5,
    }
)
MIXED.loc[::9, "plan"] = None
MIXED_SCORE = (
    MIXED.plan.isin(["basic", "pro"]) * 2.0
    + np.nan_to_num(MIXED.age)
    + (MIXED.level == 7)
    - (MIXED.small == 3)
    + MIXED.active
).to_numpy()
TEXTS = pd.DataFrame(
    {
        "town": RANDOM.choice(list("abcde"), ROWS),
        "kind": RANDOM.choice(list("xyz"), ROWS),
        "age": np.nan_to_num(NUMBERS[:, 0]),
        "fee": np.nan_to_num(NUMBERS[:, 1]),
    }
)
SMALL: dict[str, Any] = {"n_estimators": 5, "max_depth": 3, "n_jobs": 1}
CATEGORICAL: dict[str, Any] = {**SMALL, "enable_categorical": True}
WEIGHTS: dict[str, Any] = {
    "booster": "gblinear",
    "updater": "coord_descent",
    "n_estimators": 8,
    "n_jobs": 1,
}
NAMES = ["a", "b", "c"]
WIDE = pd.DataFrame(RANDOM.integers(-99, 99, (ROWS, 50))).add_prefix("c")

ZOO: dict[str, Callable[[], Any]] = {}


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    return ZOO[name]()


def inputs_of(model: Any) -> list[str] | None:
    """Names for the columns of a model that was trained without."""
    knows = hasattr(model, "feature_names_in_") or getattr(model, "feature_names", None)
    return None if knows else NAMES


def regressor(y: Any = SCORE, x: Any = FRAME, **options: Any) -> Any:
    return xgboost.XGBRegressor(**{**SMALL, **options}).fit(x, y)


def classifier(y: Any = BINARY, x: Any = FRAME, **options: Any) -> Any:
    return xgboost.XGBClassifier(**{**SMALL, **options}).fit(x, y)


def ranker(**options: Any) -> Any:
    groups = np.arange(ROWS) // 10
    return xgboost.XGBRanker(**SMALL, **options).fit(FRAME, THREE, qid=groups)


def early_stopped() -> Any:
    model = xgboost.XGBRegressor(n_estimators=60, max_depth=2, n_jobs=1, early_stopping_rounds=2)
    model.set_params(learning_rate=0.5)
    halves = (FRAME[:120], SCORE[:120]), (FRAME[120:], SCORE[120:])
    return model.fit(*halves[0], eval_set=[halves[1]], verbose=False)


def accelerated_failure_times() -> Any:
    rows = xgboost.DMatrix(FRAME)
    rows.set_float_info("label_lower_bound", np.exp(SCORE / 3))
    rows.set_float_info("label_upper_bound", np.exp(SCORE / 3) * 1.5)
    return xgboost.train({"objective": "survival:aft", "max_depth": 3, "nthread": 1}, rows, 4)


def with_missing(value: float) -> Any:
    frame = FRAME.copy()
    frame.iloc[::3, 0] = value
    frame.iloc[1::4, 2] = value
    return regressor(x=frame, missing=value)


def encoded(*, sparse: bool, **options: Any) -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=sparse), ["town", "kind"]),
        ("passthrough", ["age", "fee"]),
        sparse_threshold=1.0 if sparse else 0.0,
    )
    model = xgboost.XGBClassifier(**{**SMALL, **options})
    return make_pipeline(columns, model).fit(TEXTS, BINARY)


def coded() -> Any:
    columns = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["town", "kind"]),
        ("passthrough", ["fee"]),
    )
    model = xgboost.XGBClassifier(**CATEGORICAL, feature_types=["c", "c", "q"])
    return make_pipeline(columns, model).fit(TEXTS, BINARY)


def linear(y: Any = SCORE, x: Any = FRAME, **options: Any) -> Any:
    return xgboost.XGBRegressor(**WEIGHTS, **options).fit(x, y)


def linear_classifier(y: Any = BINARY, x: Any = FRAME, **options: Any) -> Any:
    return xgboost.XGBClassifier(**WEIGHTS, **options).fit(x, y)


def linear_ranker() -> Any:
    return xgboost.XGBRanker(**WEIGHTS).fit(FRAME, THREE, qid=np.arange(ROWS) // 10)


def linear_with_missing(value: float) -> Any:
    frame = FRAME.copy()
    frame.iloc[::3, 0] = value
    frame.iloc[1::4, 2] = value
    return linear(x=frame, missing=value)


def linear_encoded() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["town", "kind"]),
        (StandardScaler(), ["age", "fee"]),
        sparse_threshold=1.0,
    )
    return make_pipeline(columns, xgboost.XGBClassifier(**WEIGHTS)).fit(TEXTS, BINARY)


def linear_early_stopped() -> Any:
    model = xgboost.XGBRegressor(**{**WEIGHTS, "n_estimators": 40}, early_stopping_rounds=2)
    rows = [(FRAME[120:], SCORE[120:] * 0.1)]
    return model.fit(FRAME[:120], SCORE[:120], eval_set=rows, verbose=False)


def _skewed(objective: str) -> Callable[[], Any]:
    return lambda: regressor(COUNTS + 0.5, objective=objective)


ZOO |= {
    objective: _skewed(objective)
    for objective in (
        "count:poisson",
        "reg:absoluteerror",
        "reg:gamma",
        "reg:pseudohubererror",
        "reg:squaredlogerror",
        "reg:tweedie",
        "survival:cox",
    )
}
ZOO |= {
    "squared error": regressor,
    "squared error, array": lambda: regressor(x=NUMBERS),
    "logistic regression": lambda: regressor(BINARY * 0.5 + 0.2, objective="reg:logistic"),
    "quantiles": lambda: regressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]),
    "one quantile": lambda: regressor(objective="reg:quantileerror", quantile_alpha=0.3),
    "survival:aft": accelerated_failure_times,
    "rank:ndcg": ranker,
    "rank:pairwise": lambda: ranker(objective="rank:pairwise"),
    "two classes": classifier,
    "two classes, base score": lambda: classifier(base_score=0.2),
    "hinge": lambda: classifier(objective="binary:hinge"),
    "raw logit": lambda: classifier(objective="binary:logitraw"),
    "three classes": lambda: classifier(THREE),
    "softmax": lambda: classifier(THREE, objective="multi:softmax"),
    "softmax of two": lambda: classifier(objective="multi:softmax", num_class=2),
    "softprob of two": lambda: classifier(objective="multi:softprob", num_class=2),
    "two labels": lambda: classifier(LABELS),
    "two outputs": lambda: regressor(PAIR),
    "two outputs, poisson": lambda: regressor(np.exp(PAIR / 4), objective="count:poisson"),
    "vector leaves": lambda: regressor(PAIR, multi_strategy="multi_output_tree"),
    "dart": lambda: regressor(booster="dart", rate_drop=0.5),
    "dart, three classes": lambda: classifier(THREE, booster="dart", rate_drop=0.5),
    "dart, Booster": lambda: fitted("dart, three classes").get_booster(),
    "forest of two classes": lambda: xgboost.XGBRFClassifier(**SMALL).fit(FRAME, BINARY),
    "forest": lambda: xgboost.XGBRFRegressor(**SMALL).fit(FRAME, SCORE),
    "parallel trees": lambda: classifier(THREE, num_parallel_tree=3, subsample=0.5),
    "Booster": lambda: fitted("squared error").get_booster(),
    "Booster, array": lambda: classifier(THREE, NUMBERS).get_booster(),
    "Booster, softmax": lambda: fitted("softmax").get_booster(),
    "early stopping": early_stopped,
    "early stopping, Booster": lambda: fitted("early stopping").get_booster(),
    "missing -999": lambda: with_missing(-999.0),
    "missing 0": lambda: with_missing(0.0),
    "missing 0.1": lambda: with_missing(0.1),
    "missing inf": lambda: with_missing(np.inf),
    "categories one by one": lambda: regressor(MIXED_SCORE, MIXED, **CATEGORICAL),
    "categories in sets": lambda: regressor(MIXED_SCORE, MIXED, max_cat_to_onehot=1, **CATEGORICAL),
    "categories, missing -1": lambda: regressor(MIXED_SCORE, MIXED, missing=-1.0, **CATEGORICAL),
    "categories, Booster": lambda: fitted("categories in sets").get_booster(),
    "codes": lambda: regressor(
        CODES[:, 1] % 3 + CODES[:, 2], CODES, feature_types=["q", "c", "c"], **CATEGORICAL
    ),
    "codes, Booster": lambda: fitted("codes").get_booster(),
    "no trees": lambda: regressor(n_estimators=0),
    "no trees, two classes": lambda: classifier(n_estimators=0),
    "a constant": lambda: regressor(np.ones(ROWS)),
    "41 trees": lambda: regressor(n_estimators=41, max_depth=2),
    "450 trees": lambda: regressor(n_estimators=450, max_depth=2, learning_rate=0.1),
    "45 rounds of three classes": lambda: classifier(THREE, n_estimators=45, max_depth=2),
    "scaled": lambda: make_pipeline(
        SimpleImputer(), StandardScaler(), xgboost.XGBClassifier(**SMALL)
    ).fit(FRAME, THREE),
    "one-hot": lambda: encoded(sparse=False),
    "one-hot, sparse": lambda: encoded(sparse=True),
    "one-hot, missing 0": lambda: encoded(sparse=False, missing=0.0),
    "ordinal codes": coded,
}
ZOO |= {
    f"linear, {objective}": partial(linear, COUNTS + 0.5, objective=objective)
    for objective in ("count:poisson", "reg:gamma")
}
ZOO |= {
    "linear": linear,
    "linear, array": lambda: linear(x=NUMBERS),
    "linear, Booster": lambda: fitted("linear").get_booster(),
    "linear, logistic regression": lambda: linear(BINARY * 0.5 + 0.2, objective="reg:logistic"),
    "linear, quantiles": lambda: linear(
        objective="reg:quantileerror", quantile_alpha=[0.1, 0.5, 0.9]
    ),
    "linear, two outputs": lambda: linear(PAIR),
    "linear, ranker": linear_ranker,
    "linear, two classes": linear_classifier,
    "linear, hinge": lambda: linear_classifier(objective="binary:hinge"),
    "linear, three classes": lambda: linear_classifier(THREE),
    "linear, three classes, Booster": lambda: fitted("linear, three classes").get_booster(),
    "linear, softmax": lambda: linear_classifier(THREE, objective="multi:softmax"),
    "linear, softprob of two": lambda: linear_classifier(objective="multi:softprob", num_class=2),
    "linear, early stopping": linear_early_stopped,
    "linear, missing -999": lambda: linear_with_missing(-999.0),
    "linear, missing 0": lambda: linear_with_missing(0.0),
    "linear, missing inf": lambda: linear_with_missing(np.inf),
    "linear, integers": lambda: linear(MIXED_SCORE, MIXED[["age", "visits", "active"]]),
    "linear, weights of zero": lambda: linear(reg_alpha=5.0),
    "linear, large weights": lambda: linear(SCORE * 1e30),
    "linear, small weights": lambda: linear(SCORE * 1e-30),
    "linear, no rounds": lambda: xgboost.XGBRegressor(**{**WEIGHTS, "n_estimators": 0}).fit(
        FRAME, SCORE
    ),
    "linear, 50 columns": lambda: linear(x=WIDE),
    "linear, scaled": lambda: make_pipeline(
        SimpleImputer(), StandardScaler(), xgboost.XGBClassifier(**WEIGHTS)
    ).fit(FRAME, THREE),
    "linear, one-hot, sparse": linear_encoded,
}
