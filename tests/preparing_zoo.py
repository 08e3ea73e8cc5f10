"""Every transformer, fitted before a linear model and before a tree, by name."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import numpy as np
import pandas as pd
from sklearn import (
    cluster,
    decomposition,
    discriminant_analysis,
    feature_selection,
    impute,
    neighbors,
    preprocessing,
    random_projection,
)
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import TfidfTransformer
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
    "selections": FeatureUnion(
        [
            ("share", feature_selection.SelectPercentile(feature_selection.f_regression)),
            ("false positives", feature_selection.SelectFpr(feature_selection.f_regression)),
            ("discoveries", feature_selection.SelectFdr(feature_selection.f_regression)),
            ("family", feature_selection.SelectFwe(feature_selection.f_regression)),
            ("any", feature_selection.GenericUnivariateSelect(feature_selection.f_regression)),
            ("model", feature_selection.SelectFromModel(Ridge())),
            ("elimination", feature_selection.RFE(Ridge(), n_features_to_select=2)),
            ("folds", feature_selection.RFECV(Ridge(), cv=3)),
            ("one by one", feature_selection.SequentialFeatureSelector(Ridge(), cv=2)),
            ("variance", feature_selection.VarianceThreshold()),
        ]
    ),
    "pooled": make_pipeline(
        preprocessing.StandardScaler(), cluster.FeatureAgglomeration(n_clusters=2)
    ),
    "pooled all": cluster.FeatureAgglomeration(n_clusters=1),
    "weighed": TfidfTransformer(norm=None),
    "largest": preprocessing.Normalizer("max"),
}
BOUNDED = {
    "box-cox": preprocessing.PowerTransformer("box-cox"),
    "normal": quantiles("normal"),
    "normalized": preprocessing.Normalizer(),
    "pca": decomposition.PCA(2),
    "whitened": make_pipeline(preprocessing.StandardScaler(), decomposition.PCA(2, whiten=True)),
    "by batches": decomposition.IncrementalPCA(2),
    "independent": decomposition.FastICA(2, random_state=0),
    "independent, not whitened": make_pipeline(
        preprocessing.StandardScaler(), decomposition.FastICA(whiten=False, random_state=0)
    ),
    "factors": decomposition.FactorAnalysis(2, random_state=0),
    "gaussian projection": random_projection.GaussianRandomProjection(2, random_state=0),
    "sparse projection": random_projection.SparseRandomProjection(2, density=0.5, random_state=0),
    "weighed and dampened": make_pipeline(
        preprocessing.Binarizer(threshold=6.5), TfidfTransformer(norm=None, sublinear_tf=True)
    ),
    "term weights": TfidfTransformer(),
    "absolute term weights": TfidfTransformer(norm="l1", use_idf=False, sublinear_tf=True),
    "svd": decomposition.TruncatedSVD(2, random_state=0),
    "splines": preprocessing.SplineTransformer(4, degree=2, extrapolation="linear"),
    "log of product": make_pipeline(preprocessing.PolynomialFeatures(2), function(np.log1p)),
}
STEPS = {**EXACT, **BOUNDED}


SUPERVISED = {
    "discriminants": discriminant_analysis.LinearDiscriminantAnalysis(),
    "discriminants by eigenvectors": discriminant_analysis.LinearDiscriminantAnalysis(
        solver="eigen", shrinkage="auto", n_components=1
    ),
    "neighbourhood": neighbors.NeighborhoodComponentsAnalysis(2, random_state=0, max_iter=5),
}
CLASSES = np.digitize(TARGET, np.quantile(TARGET, [0.3, 0.7]))
PREPARED = {**STEPS, **SUPERVISED}
KINDS = ("linear", "tree")


def prepared(name: str, kind: str) -> Any:
    """A pipeline of the step and a model of this kind."""
    estimator = Ridge() if kind == "linear" else DecisionTreeRegressor(max_depth=4, random_state=0)
    return make_pipeline(PREPARED[name], estimator).fit(
        FRAME, CLASSES if name in SUPERVISED else TARGET
    )


def target_encoded(classes: int) -> Any:
    """Text and whole numbers encoded by the shares of the classes."""
    labels = np.random.default_rng(0).integers(0, classes, 200)
    return make_pipeline(preprocessing.TargetEncoder(), LogisticRegression()).fit(PLANS, labels)


ZOO: dict[str, Callable[[], Any]] = {
    f"{name}, {kind}": partial(prepared, name, kind) for name in PREPARED for kind in KINDS
}
ZOO |= {f"target of {classes} classes": partial(target_encoded, classes) for classes in (2, 3)}


@cache
def fitted(name: str) -> Any:
    """Train the model of this name; once in a process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ZOO[name]()
