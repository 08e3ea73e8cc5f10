"""Models with options drawn at random, to be fitted on small tables that are random too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from hypothesis import strategies as st
from sklearn import ensemble, impute, linear_model, preprocessing, tree
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline

NUMBERS = ["size", "weight"]
CATEGORIES = ["town", "level", "member"]
TOWNS = np.array(["a", "A", "b'c", "ü", ""], dtype=object)
ASCII = {"ü": "~"}
"""XGBoost stores categories outside ASCII cut off, and such a model is refused."""


@dataclass(frozen=True)
class Drawn:
    """A model that is not fitted yet, and its training rows."""

    model: Any
    X: pd.DataFrame
    y: np.ndarray


def tables(*, holes: bool = True, count: int = 60) -> st.SearchStrategy[pd.DataFrame]:
    """Numbers, text, whole numbers and truth values; from a seed, because that is fast."""
    return st.integers(0, 2**32 - 1).map(lambda seed: _table(seed, holes=holes, count=count))


def _table(seed: int, *, holes: bool, count: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": random.normal(size=count).round(1),
            "weight": random.choice([0.0, -0.0, 1e-40, 0.1, 7.0, 1e6, -3.25], count),
            "town": pd.Series(random.choice(TOWNS, count), dtype=object),
            "level": random.integers(-2, 4, count),
            "member": random.random(count) < 0.4,
        }
    )
    if holes:
        for name in ("size", "weight", "town"):
            table[name] = table[name].mask(random.random(count) < 0.15)
    return table


def _score(X: pd.DataFrame) -> np.ndarray:
    text = X["town"].isin(["a", "ü"]).to_numpy(dtype=float)
    return np.nan_to_num(X["size"].to_numpy()) + 2 * text + X["level"].to_numpy() / 2


def _classes(X: pd.DataFrame, count: int) -> np.ndarray:
    score = _score(X)
    cuts = np.quantile(score, np.arange(1, count) / count)
    return np.digitize(score, cuts)


def _options(**choices: Any) -> st.SearchStrategy[dict[str, Any]]:
    """Each option one of its values."""
    drawn = {name: st.sampled_from(values) for name, values in choices.items()}
    return st.fixed_dictionaries(drawn)


def _last(*, accepts_missing: bool) -> st.SearchStrategy[Any]:
    shallow = {"max_depth": 4, "random_state": 0}
    models = [
        tree.DecisionTreeRegressor(**shallow),
        ensemble.HistGradientBoostingRegressor(max_iter=3, min_samples_leaf=3),
    ]
    if not accepts_missing:
        models += [linear_model.Ridge(), ensemble.RandomForestRegressor(3, **shallow)]
    return st.sampled_from(models)


@st.composite
def one_hot(draw: Any) -> Drawn:
    options = draw(
        _options(
            handle_unknown=["error", "ignore", "infrequent_if_exist", "warn"],
            drop=[None, "first", "if_binary"],
            min_frequency=[None, 5, 0.2],
            max_categories=[None, 2, 3],
            sparse_output=[True, False],
            dtype=[np.float64, np.int64, bool],
        )
    )
    X = draw(tables())[CATEGORIES]
    last = draw(_last(accepts_missing=False))
    if options["sparse_output"] and "Hist" in type(last).__name__:
        options["sparse_output"] = False
    return Drawn(make_pipeline(preprocessing.OneHotEncoder(**options), last), X, _score(_whole(X)))


def _whole(X: pd.DataFrame) -> pd.DataFrame:
    return X if "size" in X else X.assign(size=0.0)


@st.composite
def ordinal(draw: Any) -> Drawn:
    options = draw(
        _options(
            encoded_missing_value=[np.nan, -2, 2.5],
            min_frequency=[None, 5, 0.2],
            max_categories=[None, 2, 3],
            dtype=[np.float64, np.int64],
        )
    )
    if draw(st.booleans()):
        unknown = draw(st.sampled_from([-1, 77, np.nan]))
        options |= {"handle_unknown": "use_encoded_value", "unknown_value": unknown}
    X = draw(tables())[CATEGORIES]
    last = draw(_last(accepts_missing=True))
    return Drawn(make_pipeline(preprocessing.OrdinalEncoder(**options), last), X, _score(_whole(X)))


@st.composite
def bins(draw: Any) -> Drawn:
    options = draw(
        _options(
            n_bins=[2, 3, 6],
            encode=["onehot", "onehot-dense", "ordinal"],
            strategy=["uniform", "quantile", "kmeans"],
            quantile_method=["linear", "averaged_inverted_cdf"],
        )
    )
    X = draw(tables(holes=False))
    last = draw(st.sampled_from([linear_model.Ridge(), tree.DecisionTreeRegressor(max_depth=4)]))
    step = preprocessing.KBinsDiscretizer(**options, random_state=0)
    return Drawn(make_pipeline(step, last), X[NUMBERS], _score(X))


@st.composite
def imputer(draw: Any) -> Drawn:
    numbers = impute.SimpleImputer(
        **draw(
            _options(
                strategy=["mean", "median", "most_frequent", "constant"],
                fill_value=[None, 0, -1.5],
                add_indicator=[True, False],
                keep_empty_features=[True, False],
                missing_values=[np.nan, 7.0, -3.25],
            )
        )
    )
    texts = impute.SimpleImputer(
        **draw(_options(strategy=["most_frequent", "constant"], fill_value=["none", "a"]))
    )
    X = draw(tables(holes=numbers.missing_values != numbers.missing_values))
    columns = ColumnTransformer(
        [
            ("numbers", numbers, NUMBERS),
            ("texts", make_pipeline(texts, preprocessing.OneHotEncoder()), ["town"]),
        ],
        remainder=draw(st.sampled_from(["drop", "passthrough"])),
        sparse_threshold=0,
    )
    return Drawn(make_pipeline(columns, draw(_last(accepts_missing=False))), X, _score(X))


@st.composite
def histogram(draw: Any) -> Drawn:
    options = draw(
        _options(
            max_leaf_nodes=[None, 3, 8],
            max_depth=[None, 2],
            max_bins=[3, 16, 255],
            l2_regularization=[0.0, 1.0],
            min_samples_leaf=[1, 5],
            max_features=[1.0, 0.5],
            interaction_cst=[None, "no_interactions"],
            early_stopping=[True, False],
            categorical_features=["from_dtype", ["level"], ["town", "level"]],
        )
    )
    X = draw(tables()).astype({"town": "category"})
    common = {"max_iter": 4, "random_state": 0}
    if draw(st.booleans()):
        loss = draw(st.sampled_from(["squared_error", "absolute_error", "poisson", "gamma"]))
        model = ensemble.HistGradientBoostingRegressor(loss=loss, **common, **options)
        return Drawn(model, X, np.exp(_score(X) / 4))
    weight = draw(st.sampled_from([None, "balanced"]))
    model = ensemble.HistGradientBoostingClassifier(class_weight=weight, **common, **options)
    return Drawn(model, X, _classes(X, draw(st.sampled_from([2, 3]))))


def _boosted(
    draw: Any, objectives: dict[str, list[str]], make: Callable[[str, str], Any], X: pd.DataFrame
) -> Drawn:
    kind = draw(st.sampled_from(list(objectives)))
    objective = draw(st.sampled_from(objectives[kind]))
    y = {
        "number": lambda: _score(X),
        "rate": lambda: np.exp(_score(X) / 4),
        "pair": lambda: _classes(X, 2),
        "triple": lambda: _classes(X, 3),
    }[kind]()
    return Drawn(make(kind, objective), X, y)


LIGHTGBM_OBJECTIVES = {
    "number": ["regression", "regression_l1", "huber", "fair", "quantile", "mape"],
    "rate": ["poisson", "gamma", "tweedie"],
    "pair": ["binary"],
    "triple": ["multiclass", "multiclassova"],
}


@st.composite
def lightgbm_models(draw: Any) -> Drawn:
    options = draw(
        _options(
            boosting_type=["gbdt", "dart", "rf"],
            num_leaves=[2, 7],
            max_bin=[3, 255],
            zero_as_missing=[True, False],
            use_missing=[True, False],
            max_cat_to_onehot=[1, 4],
            extra_trees=[True, False],
            reg_lambda=[0.0, 1.0],
            linear_tree=[True, False],
            min_child_samples=[1, 5],
            boost_from_average=[True, False],
            monotone_constraints=[None, [1, 0, 0, 0, 0]],
        )
    )
    if options["monotone_constraints"] is None:
        del options["monotone_constraints"]
    if options["boosting_type"] == "rf":
        options |= {"subsample": 0.7, "subsample_freq": 1}
    if options["boosting_type"] == "rf" or options["zero_as_missing"]:
        options["linear_tree"] = False
    X = draw(tables()).astype({"town": "category"})

    def make(kind: str, objective: str) -> Any:
        cls = lightgbm.LGBMRegressor if kind in ("number", "rate") else lightgbm.LGBMClassifier
        if objective in ("regression_l1", "quantile", "mape"):
            options["linear_tree"] = False
            options.pop("monotone_constraints", None)
        return cls(**options, objective=objective, n_estimators=4, n_jobs=1, verbose=-1)

    return _boosted(draw, LIGHTGBM_OBJECTIVES, make, X)


XGBOOST_OBJECTIVES = {
    "number": ["reg:squarederror", "reg:absoluteerror", "reg:pseudohubererror"],
    "rate": ["count:poisson", "reg:gamma", "reg:tweedie"],
    "pair": ["binary:logistic", "binary:hinge", "binary:logitraw"],
    "triple": ["multi:softprob", "multi:softmax"],
}


@st.composite
def xgboost_models(draw: Any) -> Drawn:
    options = draw(
        _options(
            booster=["gbtree", "dart"],
            tree_method=["hist", "approx", "exact"],
            grow_policy=["depthwise", "lossguide"],
            max_depth=[1, 4],
            max_leaves=[0, 5],
            num_parallel_tree=[1, 3],
            subsample=[1.0, 0.6],
            base_score=[None, 0.3],
            max_cat_to_onehot=[1, 8],
            rate_drop=[0.0, 0.5],
            missing=[np.nan, 7.0],
        )
    )
    if options["booster"] != "dart":
        del options["rate_drop"]
    X = draw(tables())
    named = X.replace({"town": ASCII}).astype({"town": "category"})
    categorical = options["tree_method"] != "exact"
    if categorical:
        options["missing"] = np.nan  # another value may be the code of a category
    else:
        options["grow_policy"], options["max_leaves"] = "depthwise", 0
        named["town"] = named["town"].cat.codes.astype(float)

    def make(kind: str, objective: str) -> Any:
        cls = xgboost.XGBRegressor if kind in ("number", "rate") else xgboost.XGBClassifier
        return cls(
            **options,
            objective=objective,
            enable_categorical=categorical,
            n_estimators=3,
            n_jobs=1,
        )

    drawn = _boosted(draw, XGBOOST_OBJECTIVES, make, X)
    return Drawn(drawn.model, named, drawn.y)


MATRIX: dict[str, Callable[[], st.SearchStrategy[Drawn]]] = {
    "one-hot encoder": one_hot,
    "ordinal encoder": ordinal,
    "bins": bins,
    "imputer": imputer,
    "histogram boosting": histogram,
    "LightGBM": lightgbm_models,
    "XGBoost": xgboost_models,
}
