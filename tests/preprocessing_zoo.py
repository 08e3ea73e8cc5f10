"""A small pipeline of every transformer, before a linear model and before a tree, by name."""

from __future__ import annotations

import functools
import warnings
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn import decomposition, feature_selection, impute, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.tree import DecisionTreeRegressor

RANDOM = np.random.default_rng(3)
FRAME = pd.DataFrame(
    {
        "a": np.exp(RANDOM.normal(size=200)),
        "b": RANDOM.exponential(size=200) * 50 + 0.5,
        "c": RANDOM.normal(size=200) * 0.5 + 7,
    }
)
TARGET = FRAME["a"] * 3 + FRAME["b"] / 20 + RANDOM.normal(size=200)
PLANS = pd.DataFrame(
    {"plan": RANDOM.choice(["a", "b'c", "ü"], 200), "size": RANDOM.integers(0, 5, 200)}
)


def function(func: Any, **arguments: Any) -> Any:
    return preprocessing.FunctionTransformer(func, **arguments)


def bins(encode: str) -> Any:
    return preprocessing.KBinsDiscretizer(4, encode=encode, strategy="uniform")


def quantiles(distribution: str) -> Any:
    return preprocessing.QuantileTransformer(n_quantiles=12, output_distribution=distribution)


EXACT = {
    "min-max": preprocessing.MinMaxScaler(clip=True),
    "max-abs": preprocessing.MaxAbsScaler(),
    "robust": preprocessing.RobustScaler(),
    "log1p": function(np.log1p),
    "log": function(np.log),
    "sqrt": function(np.sqrt),
    "expm1": make_pipeline(preprocessing.MinMaxScaler(), function(np.expm1)),
    "square": function(np.square),
    "reciprocal": function(np.reciprocal),
    "sign": function(np.sign),
    "clip": function(functools.partial(np.clip, a_min=1, a_max=7)),
    "union": FeatureUnion([("a", preprocessing.StandardScaler()), ("b", function(np.abs))]),
    "nested": ColumnTransformer(
        [("a", ColumnTransformer([("b", function(np.log10), [1])]), ["a", "b"])],
        remainder="passthrough",
    ),
    "bins one-hot": bins("onehot"),
    "bins ordinal": bins("ordinal"),
    "binarizer": preprocessing.Binarizer(threshold=6.5),
    "indicator": FeatureUnion(
        [("a", impute.MissingIndicator(features="all")), ("b", impute.SimpleImputer())]
    ),
    "polynomials": preprocessing.PolynomialFeatures(2),
    "interactions": make_pipeline(
        preprocessing.StandardScaler(),
        preprocessing.PolynomialFeatures(3, interaction_only=True, include_bias=False),
    ),
    "yeo-johnson": preprocessing.PowerTransformer(),
    "quantiles": quantiles("uniform"),
    "selected": feature_selection.SelectKBest(feature_selection.f_regression, k=2),
    "largest": preprocessing.Normalizer("max"),
}
BOUNDED = {
    "box-cox": preprocessing.PowerTransformer("box-cox"),
    "normal": quantiles("normal"),
    "normalized": preprocessing.Normalizer(),
    "pca": decomposition.PCA(2),
    "whitened": make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(2, whiten=True)),
    "svd": decomposition.TruncatedSVD(2, random_state=0),
    "splines": preprocessing.SplineTransformer(4, degree=2, extrapolation="linear"),
    "log of product": make_pipeline(preprocessing.PolynomialFeatures(2), function(np.log1p)),
}
STEPS = {**EXACT, **BOUNDED}


@cache
def fitted(name: str, kind: str) -> Any:
    """Train the transformer of this name before a model of this kind; once in a process."""
    estimator = Ridge() if kind == "linear" else DecisionTreeRegressor(max_depth=4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(STEPS[name], estimator).fit(FRAME, TARGET)


@cache
def target_encoded(classes: int) -> Any:
    """Text encoded by the target's means, before a logistic regression."""
    labels = np.random.default_rng(0).integers(0, classes, 200)
    return make_pipeline(preprocessing.TargetEncoder(), LogisticRegression()).fit(PLANS, labels)
