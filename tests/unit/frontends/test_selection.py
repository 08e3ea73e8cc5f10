from __future__ import annotations

import numpy as np
import pytest
from sklearn import feature_selection as selection
from sklearn.linear_model import Lasso, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from procgen.frontends import python_answers, read_model
from procgen.frontends.registry import class_name
from procgen.frontends.selection import ELIMINATORS, SELECTORS
from procgen.ir.interpreter import interpret
from tests.unit.frontends.numeric_columns import HOLED, X, Y, assert_equal, rows_of
from tests.unit.frontends.transformer_parity import read_columns
from tests.unit.frontends.tree_parity import case_name, names

MODEL = LogisticRegression()
STEPS = [
    selection.SelectKBest(k=2),
    selection.SelectKBest(selection.mutual_info_classif, k=1),
    selection.SelectPercentile(percentile=40),
    selection.SelectFpr(alpha=0.9),
    selection.SelectFdr(alpha=0.9),
    selection.SelectFwe(alpha=0.9),
    selection.GenericUnivariateSelect(mode="k_best", param=1),
    selection.SelectFromModel(MODEL),
    selection.SelectFromModel(Lasso(1e-3), threshold=1e-9),
    selection.RFE(MODEL, n_features_to_select=2),
    selection.RFECV(MODEL, cv=2),
    selection.SequentialFeatureSelector(MODEL, n_features_to_select=2, cv=2),
    selection.VarianceThreshold(1e-4),
]


@pytest.mark.parametrize("step", STEPS, ids=case_name)
def test_selected_columns_equal_sklearn(step) -> None:
    step.fit(X, Y)
    _, refused = assert_equal(step)
    assert refused == (0 if isinstance(step, selection.VarianceThreshold) else 12)


def test_every_selector_is_tried_here() -> None:
    assert {class_name(step) for step in STEPS} == {*SELECTORS, *ELIMINATORS}


def test_missing_values_pass_where_the_model_inside_accepts_them() -> None:
    step = selection.SelectFromModel(DecisionTreeClassifier(max_depth=3, random_state=0))
    assert assert_equal(step.fit(HOLED, Y), HOLED)[1] == 0


def test_a_selector_that_gives_data_frames_does_not_look_at_what_it_drops() -> None:
    step = selection.SelectKBest(k=1).set_output(transform="pandas").fit(X, Y)
    assert read_columns(step).requirements == ()


@pytest.mark.parametrize("model", [selection.RFE(MODEL), selection.RFECV(MODEL, cv=2)])
def test_eliminators_predict_with_the_model_inside(model) -> None:
    model = make_pipeline(StandardScaler(), model).fit(X, Y)
    source = read_model(model, names(3))
    rows = rows_of(X)[:20]
    want = python_answers(model, source.program.inputs, rows)
    assert interpret(source.program, rows)["predict"] == want["predict"]


def test_a_tree_sees_the_selected_columns() -> None:
    model = make_pipeline(
        selection.SelectKBest(selection.f_regression, k=1),
        DecisionTreeRegressor(max_depth=3, random_state=0),
    ).fit(X, X[:, 1] + np.arange(60))
    source = read_model(model, names(3))
    rows = rows_of(X)
    want = python_answers(model, source.program.inputs, rows)
    assert interpret(source.program, rows) == want
    assert source.exact
