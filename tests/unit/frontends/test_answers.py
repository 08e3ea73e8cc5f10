"""Python's answers: in our types, with None exactly where the library refuses a row."""

from __future__ import annotations

import math
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from procgen.errors import InputsError
from procgen.frontends import python_answers
from procgen.frontends.answers import RAW_SCORES
from procgen.frontends.registry import ESTIMATORS
from procgen.ir.program import OutputName
from procgen.ir.types import DType, Field

RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(60, 2))
FRAME = pd.DataFrame(X, columns=["a", "b"])
SIGN = np.where(X[:, 0] > 0, "up", "down")
THREE = np.digitize(X[:, 0], [-0.5, 0.5])
FIELDS = (Field("a", DType.FLOAT64), Field("b", DType.FLOAT64))
ROWS = FRAME.to_dict("records")
PREDICT, PROBA, MARGIN = OutputName.PREDICT, OutputName.PROBA, OutputName.MARGIN


class Counting:
    """A model and how often it was asked."""

    def __init__(self, model):
        self.model = model
        self.calls = 0

    def __getattr__(self, name):
        return getattr(self.model, name)

    def predict(self, table):
        self.calls += 1
        return self.model.predict(table)


def test_binary_classifier_answers_a_scalar_of_each_output():
    model = LogisticRegression().fit(FRAME, SIGN)
    answers = python_answers(model, FIELDS, ROWS)
    assert answers[PREDICT] == model.predict(FRAME).tolist()
    assert answers[PROBA] == model.predict_proba(FRAME)[:, 1].tolist()
    assert answers[MARGIN] == model.decision_function(FRAME).tolist()
    assert {type(value) for value in answers[PREDICT]} == {str}


@pytest.mark.parametrize("target", [THREE, SIGN], ids=["three classes", "two classes"])
@pytest.mark.parametrize("kind", [DecisionTreeClassifier, RandomForestClassifier])
def test_margin_of_trees_and_forests_lists_the_fractions_of_all_classes(kind, target):
    model = kind(max_depth=2).fit(FRAME, target)
    fractions = model.predict_proba(FRAME)
    answers = python_answers(model, FIELDS, ROWS)
    assert answers[MARGIN] == [tuple(row) for row in fractions.tolist()]
    scalar = fractions[:, 1].tolist()
    assert answers[PROBA] == (scalar if fractions.shape[1] == 2 else answers[MARGIN])


def test_multi_output_classifier_answers_one_flat_list():
    model = RandomForestClassifier(2).fit(FRAME, np.column_stack([THREE, X[:, 1] > 0]))
    answers = python_answers(model, FIELDS, ROWS)
    flat = np.hstack(model.predict_proba(FRAME))
    assert flat.shape[1] == 5
    assert answers[PROBA] == answers[MARGIN] == [tuple(row) for row in flat.tolist()]
    assert answers[PREDICT] == [tuple(row) for row in model.predict(FRAME).tolist()]


def test_multi_output_regressor_answers_tuples():
    model = RandomForestRegressor(2).fit(FRAME, X)
    answers = python_answers(model, FIELDS, ROWS)
    assert answers[PREDICT] == answers[MARGIN] == [tuple(r) for r in model.predict(FRAME).tolist()]
    assert PROBA not in answers


@pytest.mark.parametrize("kind", [GradientBoostingClassifier, HistGradientBoostingClassifier])
def test_margin_of_boosting_is_the_decision_function(kind):
    model = kind(max_depth=2).fit(FRAME, SIGN)
    want = model.decision_function(FRAME).tolist()
    assert python_answers(model, FIELDS, ROWS)[MARGIN] == want


@pytest.mark.parametrize(
    "kind", [PoissonRegressor(), HistGradientBoostingRegressor(loss="poisson")]
)
@pytest.mark.parametrize("steps", [0, 1, 2])
def test_margin_of_a_regressor_with_a_link_is_before_the_link(kind, steps):
    scalers = [(f"scale{step}", StandardScaler()) for step in range(steps)]
    model = Pipeline([*scalers, ("model", kind)]).fit(FRAME, np.exp(X[:, 0]))
    answers = python_answers(model, FIELDS, ROWS)
    assert answers[PREDICT] == model.predict(FRAME).tolist()
    assert np.exp(answers[MARGIN]).tolist() == answers[PREDICT]


def test_every_class_with_a_raw_score_of_its_own_is_one_that_is_read():
    assert RAW_SCORES.keys() <= ESTIMATORS.readers.keys()


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_refused_row_is_none_in_every_output(value):
    model = LogisticRegression().fit(FRAME, SIGN)
    answers = python_answers(model, FIELDS, [ROWS[0], {"a": value, "b": 0.0}, ROWS[1]])
    for values in answers.values():
        assert [found is None for found in values] == [False, True, False]


def test_all_rows_may_be_refused():
    model = LogisticRegression().fit(FRAME, SIGN)
    assert python_answers(model, FIELDS, [{"a": None, "b": 0.0}])[PREDICT] == [None]


def test_no_rows_have_no_answers():
    model = LogisticRegression().fit(FRAME, SIGN)
    assert python_answers(model, FIELDS, []) == {PREDICT: [], PROBA: [], MARGIN: []}


def test_one_bad_row_of_many_takes_few_calls():
    model = Counting(Ridge().fit(FRAME, X[:, 0]))
    rows = [dict(ROWS[i % 60]) for i in range(10_000)]
    rows[7_777]["b"] = math.inf
    answers = python_answers(model, FIELDS, rows)
    assert [i for i, value in enumerate(answers[PREDICT]) if value is None] == [7_777]
    assert model.calls < 50


def test_many_rows_refused_for_one_reason_take_few_calls():
    model = Counting(Ridge().fit(FRAME, X[:, 0]))
    rows = [dict(ROWS[i % 60]) for i in range(10_000)]
    for row in rows[::3]:
        row["a"] = None
    refused = [value is None for value in python_answers(model, FIELDS, rows)[PREDICT]]
    assert refused == [i % 3 == 0 for i in range(10_000)]
    assert model.calls < 50


def test_refusal_after_a_step_is_found_row_by_row():
    model = Pipeline([("scale", StandardScaler()), ("tree", DecisionTreeClassifier())])
    model.fit(FRAME * 1e-30, SIGN)
    rows = [{"a": 1e-30, "b": 0.0}, {"a": 1e10, "b": 0.0}, {"a": 1e6, "b": 0.0}]
    assert [v is None for v in python_answers(model, FIELDS, rows)[PREDICT]] == [False, True, False]


def test_model_trained_on_an_array_is_asked_with_an_array():
    model = Ridge().fit(X, X[:, 0])
    assert python_answers(model, FIELDS, ROWS)[PREDICT] == model.predict(X).tolist()


def test_pandas_is_not_needed(monkeypatch):
    model = Ridge().fit(FRAME, X[:, 0])
    want = model.predict(FRAME).tolist()
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert python_answers(model, FIELDS, ROWS)[PREDICT] == want


@pytest.mark.parametrize("names", [("a",), ("b", "a"), ("a", "c")])
def test_other_columns_than_the_model_s_are_an_error(names):
    model = Ridge().fit(FRAME, X[:, 0])
    with pytest.raises(InputsError, match="was trained on other columns"):
        python_answers(model, tuple(Field(name, DType.FLOAT64) for name in names), [])


MIXED = (
    Field("city", DType.TEXT),
    Field("size", DType.INT64),
    Field("paid", DType.BOOL),
    Field("cost", DType.FLOAT64),
)


def encoded(table, missing=math.nan):
    fill = SimpleImputer(missing_values=missing, strategy="constant", fill_value="?")
    text = Pipeline([("fill", fill), ("code", OneHotEncoder())])
    columns = ColumnTransformer(
        [
            ("text", text, ["city"]),
            ("whole", SimpleImputer(), ["size"]),
            ("flag", OrdinalEncoder(), ["paid"]),
            ("rest", "passthrough", ["cost"]),
        ]
    )
    return Pipeline(
        [("columns", columns), ("model", RandomForestClassifier(3, random_state=0))]
    ).fit(table, [0, 1, 0, 1])


@pytest.mark.parametrize("marker", [None, math.nan])
def test_missing_text_is_what_the_pipeline_was_trained_with(marker):
    table = pd.DataFrame(
        {
            "city": pd.Series(["Oslo", marker, "Rome", "Oslo"], dtype=object),
            "size": [1, 2, 3, 4],
            "paid": [True, False, True, False],
            "cost": [0.5, 1.5, 2.5, 3.5],
        }
    )
    model = encoded(table, marker)
    full = {"city": "Rome", "size": 3, "paid": True, "cost": 2.5}
    rows = [
        full,
        {**full, "city": None},
        {**full, "size": None},
        {**full, "paid": None},
        {**full, "city": "Bonn"},
        {**full, "cost": math.inf},
    ]
    answers = python_answers(model, MIXED, rows)[PREDICT]
    assert [value is None for value in answers] == [False, False, False, True, True, True]
    lookup = table.iloc[[2, 1]].assign(size=3, paid=True, cost=2.5)
    assert answers[:2] == model.predict(lookup).tolist()


def test_integers_keep_all_their_digits_beside_rows_where_they_are_missing():
    big = 2**53 + 1
    table = pd.DataFrame({"n": [big, 5, 6, 7]})
    model = Pipeline([("code", OneHotEncoder(handle_unknown="ignore")), ("model", Ridge())])
    model.fit(table, [100.0, 0.0, 0.0, 0.0])
    rows = [{"n": big}, {"n": None}, {"n": big - 1}]
    hit, missing, beside = python_answers(model, (Field("n", DType.INT64),), rows)[PREDICT]
    assert hit == model.predict(table)[0]
    assert missing == beside != hit
