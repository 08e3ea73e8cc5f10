"""Every transformer, before a linear model and before a tree, in every database as in Python."""

from __future__ import annotations

import functools
import warnings
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn import decomposition, feature_selection, impute, preprocessing
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.tree import DecisionTreeRegressor

from procgen.compiler import compile_source
from procgen.databases.opening import engine_of
from procgen.frontends import read_model
from procgen.verify import verify

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


def function(func, **arguments):
    return preprocessing.FunctionTransformer(func, **arguments)


def bins(encode):
    return preprocessing.KBinsDiscretizer(4, encode=encode, strategy="uniform")


def quantiles(distribution):
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
def read(name, kind):
    estimator = Ridge() if kind == "linear" else DecisionTreeRegressor(max_depth=4, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(STEPS[name], estimator).fit(FRAME, TARGET)
        return model, read_model(model)


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("kind", ["linear", "tree"])
def test_a_database_scores_what_a_transformer_made(name, kind, shared_database_url) -> None:
    model, source = read(name, kind)
    assert source.exact == (kind == "tree" and name in EXACT)
    artifact = compile_source(source, name="prepared", target=engine_of(shared_database_url))
    report = verify(artifact, model, url=shared_database_url, probes=250, random=60)
    assert report.ok, report.describe()
    assert report.refused + report.out_of_range < report.rows - 10


@pytest.mark.parametrize("target", ["binary", "multiclass"])
def test_a_database_scores_target_encoded_text(target, shared_database_url) -> None:
    classes = 2 if target == "binary" else 3
    labels = np.random.default_rng(0).integers(0, classes, 200)
    model = make_pipeline(preprocessing.TargetEncoder(), LogisticRegression()).fit(PLANS, labels)
    source = read_model(model)
    artifact = compile_source(source, name="prepared", target=engine_of(shared_database_url))
    report = verify(artifact, model, url=shared_database_url, random=60)
    assert report.ok, report.describe()
