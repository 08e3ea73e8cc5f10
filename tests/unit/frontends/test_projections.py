from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA, FactorAnalysis, FastICA, IncrementalPCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import Ridge
from sklearn.neighbors import NeighborhoodComponentsAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.random_projection import GaussianRandomProjection, SparseRandomProjection
from sklearn.tree import DecisionTreeRegressor

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from tests.unit.frontends.numeric_columns import X, Y, largest_difference, rows_of
from tests.unit.frontends.transformer_parity import read_columns
from tests.unit.frontends.tree_parity import case_name, names

PROJECTIONS = [
    PCA(),
    PCA(2, whiten=True),
    PCA(1, svd_solver="covariance_eigh"),
    IncrementalPCA(2),
    TruncatedSVD(2, random_state=0),
    FastICA(2, random_state=0),
    FastICA(2, whiten="arbitrary-variance", fun="cube", random_state=0),
    FastICA(whiten=False, random_state=0, tol=0.1),
    FactorAnalysis(1),
    FactorAnalysis(2, rotation="varimax"),
    FactorAnalysis(2, svd_method="lapack", noise_variance_init=[1.0, 2.0, 3.0]),
    GaussianRandomProjection(2, random_state=0),
    SparseRandomProjection(2, density=0.7, random_state=0),
    SparseRandomProjection(2, dense_output=True, density=1.0, random_state=0),
]
SUPERVISED = [
    LinearDiscriminantAnalysis(),
    LinearDiscriminantAnalysis(n_components=1),
    LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.2),
    NeighborhoodComponentsAnalysis(2, max_iter=3, random_state=0),
    NeighborhoodComponentsAnalysis(init="identity", max_iter=3),
]
CLASSES = np.digitize(Y, np.quantile(Y, [0.3, 0.7]))


def scale_of(step):
    """The largest term of a sum, as a multiple of the largest input."""
    makes_larger = getattr(step, "whiten", False) or isinstance(step, FactorAnalysis)
    return 1e6 if makes_larger or step in SUPERVISED else abs(X).max()


@pytest.mark.parametrize("step", PROJECTIONS, ids=case_name)
def test_projections_are_within_a_few_epsilons_of_the_largest_term(step) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # few rows need not converge
        step.fit(X)
    program = read_columns(step)
    assert largest_difference(step, program, rows_of(X)[:20], scale=scale_of(step)) < 8


@pytest.mark.parametrize("step", SUPERVISED, ids=case_name)
def test_projections_that_learn_from_classes_are_too(step) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        step.fit(X, CLASSES)
    program = read_columns(step)
    assert largest_difference(step, program, rows_of(X)[:20], scale=scale_of(step)) < 8


def test_discriminants_by_least_squares_are_no_columns() -> None:
    step = LinearDiscriminantAnalysis(solver="lsqr").fit(X, CLASSES)
    with pytest.raises(UnsupportedModelError, match=r"lsqr.*train it with solver='svd'"):
        read_columns(step)


def test_many_factors_are_refused() -> None:
    step = FactorAnalysis(33).fit(np.random.default_rng(0).normal(size=(60, 40)))
    with pytest.raises(UnsupportedModelError, match="FactorAnalysis with 33 factors"):
        read_columns(step)


def test_scores_of_a_model_in_the_middle_of_a_pipeline_are_not_read() -> None:
    with pytest.raises(UnsupportedModelError, match="PLSRegression gives scores, and its columns"):
        read_columns(PLSRegression(1).fit(X, Y))


@pytest.mark.parametrize("step", PROJECTIONS[:5], ids=case_name)
@pytest.mark.parametrize("estimator", [Ridge(), DecisionTreeRegressor(max_depth=3)])
def test_no_model_of_a_projection_is_said_to_be_exact(step, estimator) -> None:
    model = make_pipeline(step, estimator).fit(X, Y)
    assert not read_model(model, names(3)).exact
