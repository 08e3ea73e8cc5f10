from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression

from procgen.errors import UnsupportedModelError
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from tests.unit.frontends.tree_parity import assert_equal, case_name, probe_rows, read

RANDOM = np.random.default_rng(0)
X = np.round(RANDOM.normal(size=(300, 4)), 2)
SCORE = X[:, 0] * 2 - X[:, 1] + X[:, 2] * X[:, 3] + RANDOM.normal(size=300) * 0.3
BINARY = SCORE > 0
TEXT = np.array(["low", "mid", "high", "top"])[np.digitize(SCORE, [-1.0, 1.0, 2.5])]
SMALL = {"n_estimators": 15, "max_depth": 3, "random_state": 0}

MODELS = [
    (GradientBoostingClassifier(**SMALL), BINARY),
    (GradientBoostingClassifier(loss="exponential", **SMALL), BINARY.astype(int)),
    (GradientBoostingClassifier(subsample=0.5, max_features=2, **SMALL), TEXT),
    (GradientBoostingClassifier(init="zero", **SMALL), np.where(BINARY, "yes", "no")),
    (GradientBoostingClassifier(init="zero", max_leaf_nodes=5, **SMALL), TEXT),
    (GradientBoostingClassifier(init=DummyClassifier(strategy="uniform"), **SMALL), TEXT),
    (GradientBoostingClassifier(init=DummyClassifier(strategy="most_frequent"), **SMALL), BINARY),
    (GradientBoostingClassifier(n_iter_no_change=2, tol=0.1, **SMALL), TEXT),
    (GradientBoostingRegressor(**SMALL), SCORE),
    (GradientBoostingRegressor(loss="absolute_error", **SMALL), SCORE),
    (GradientBoostingRegressor(loss="huber", alpha=0.8, **SMALL), SCORE),
    (GradientBoostingRegressor(loss="quantile", alpha=0.3, **SMALL), SCORE),
    (GradientBoostingRegressor(init="zero", learning_rate=0.3, **SMALL), SCORE),
    (GradientBoostingRegressor(init=DummyRegressor(strategy="median"), **SMALL), SCORE),
]


@pytest.mark.parametrize(("model", "y"), MODELS, ids=case_name)
def test_margins_and_labels_equal_sklearn_bit_for_bit(model, y) -> None:
    model.fit(X, y)
    program = read(model)
    has_link = hasattr(model, "predict_proba")
    scored, refused = assert_equal(model, program, probe_rows(program, X), has_link=has_link)
    assert scored > 40
    assert refused > 0


def test_a_missing_value_is_refused_although_the_trees_inside_accept_it() -> None:
    model = GradientBoostingRegressor(**SMALL).fit(X, SCORE)
    assert model.estimators_[0, 0]._support_missing_values(X)
    row = dict.fromkeys(("x0", "x1", "x2", "x3"), 0.0) | {"x2": None}
    assert interpret(read(model), [row])[OutputName.PREDICT] == [None]


def test_a_margin_of_zero_gives_the_second_class() -> None:
    model = GradientBoostingClassifier(n_estimators=1, init="zero", max_depth=1)
    model.fit([[0.0], [0.0], [0.0], [0.0]], ["a", "b", "a", "b"])
    program = read(model)
    assert interpret(program, [{"x0": 0.0}])[OutputName.MARGIN] == [0.0]
    assert interpret(program, [{"x0": 0.0}])[OutputName.PREDICT] == ["b"]
    assert_equal(model, program, [{"x0": 0.0}])


@pytest.mark.parametrize(
    "start", [LinearRegression(), DummyClassifier(strategy="stratified")], ids=case_name
)
def test_a_start_that_differs_from_row_to_row_is_refused_by_name(start) -> None:
    if isinstance(start, LinearRegression):
        model = GradientBoostingRegressor(init=start, **SMALL).fit(X, SCORE)
    else:
        model = GradientBoostingClassifier(init=start, **SMALL).fit(X, BINARY)
    with pytest.raises(UnsupportedModelError, match=type(start).__name__):
        read(model)
