from __future__ import annotations

import pytest
from sklearn.decomposition import PCA, IncrementalPCA, TruncatedSVD
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

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
]


@pytest.mark.parametrize("step", PROJECTIONS, ids=case_name)
def test_projections_are_within_a_few_epsilons_of_the_largest_term(step) -> None:
    step.fit(X)
    size = abs(X).max() if not getattr(step, "whiten", False) else 1e6
    assert largest_difference(step, read_columns(step), rows_of(X)[:20], scale=size) < 8


@pytest.mark.parametrize("step", PROJECTIONS, ids=case_name)
@pytest.mark.parametrize("estimator", [Ridge(), DecisionTreeRegressor(max_depth=3)])
def test_no_model_of_a_projection_is_said_to_be_exact(step, estimator) -> None:
    model = make_pipeline(step, estimator).fit(X, Y)
    assert not read_model(model, names(3)).exact
