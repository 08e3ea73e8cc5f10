from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline, make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from procgen.errors import UnfittedModelError
from procgen.frontends import python_answers, read_model
from procgen.ir.interpreter import interpret
from procgen.ir.types import DType
from tests.unit.frontends.numeric_columns import X, Y, rows_of
from tests.unit.frontends.tree_parity import names


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_samplers_change_nothing_when_a_pipeline_predicts(place) -> None:
    steps = [("scale", StandardScaler()), ("impute", SimpleImputer())]
    steps.insert({"first": 0, "middle": 1, "last": 2}[place], ("under", RandomUnderSampler()))
    model = Pipeline([*steps, ("tree", DecisionTreeClassifier(max_depth=4))]).fit(X, Y)
    source = read_model(model, names(3))
    rows = rows_of(X)
    assert interpret(source.program, rows) == python_answers(model, source.program.inputs, rows)
    assert source.exact
    assert "imblearn.pipeline.Pipeline" in source.class_names


def test_types_of_the_columns_are_found_behind_a_sampler() -> None:
    frame = pd.DataFrame({"plan": np.array(["a", "b"] * 30, dtype=object), "age": X[:, 0]})
    columns = ColumnTransformer([("hot", OneHotEncoder(), ["plan"])], remainder="passthrough")
    model = make_pipeline(RandomOverSampler(random_state=0), columns, LogisticRegression())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source = read_model(model.fit(frame, Y))
    assert [field.dtype for field in source.program.inputs] == [DType.TEXT, DType.FLOAT64]


def test_an_untrained_pipeline_is_refused() -> None:
    with pytest.raises(UnfittedModelError):
        read_model(make_pipeline(StandardScaler(), LogisticRegression()), names(2))
