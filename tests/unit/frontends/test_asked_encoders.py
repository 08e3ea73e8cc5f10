"""Encoders of category_encoders and feature-engine, read as tables of what they answer."""

from __future__ import annotations

import warnings

import category_encoders as ce
import pandas as pd
import pytest
from feature_engine import encoding, imputation
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeRegressor

from procgen.errors import UnsupportedModelError
from procgen.frontends import read_model
from procgen.frontends.registry import Feature, Frame, Scope, read_transformer
from procgen.ir.expressions import Case, Column, Constant, Match, Membership, number
from procgen.ir.program import Requirement
from procgen.ir.types import DType, Field
from tests.encoders_zoo import FRAME, SCORE

# category_encoders asks pandas for an option that pandas 3 is about to drop.
pytestmark = pytest.mark.filterwarnings("ignore:'future.no_silent_downcasting'")
TOWNS = pd.DataFrame({"age": [1.0, 2.0, 3.0, 4.0], "town": ["a", "b", "a", "c"]})
TOWN = Column("town")


def columns_of(step):
    features = (
        Feature(Column("age"), DType.FLOAT64, "age"),
        Feature(TOWN, DType.TEXT, "town"),
    )
    return read_transformer(step, Frame(features), Scope())


def test_columns_that_are_not_encoded_stay_and_names_are_kept() -> None:
    frame = columns_of(ce.OneHotEncoder(use_cat_names=True).fit(TOWNS))
    assert [feature.name for feature in frame.features] == ["age", "town_a", "town_b", "town_c"]
    assert frame.features[0].expr == Column("age")


def test_categories_that_become_what_an_unseen_one_does_are_listed_all_the_same() -> None:
    step = ce.WOEEncoder().fit(TOWNS, pd.Series([1, 0, 1, 0]))
    table = columns_of(step).features[1].expr
    assert isinstance(table, Match)
    assert [case.category for case in table.cases] == ["a", "b", "c"]
    assert table.cases[1].result == table.otherwise == number(0.0)


def test_a_table_of_one_category_lists_that_one() -> None:
    frame = columns_of(encoding.OneHotEncoder().fit(TOWNS))
    assert frame.features[1].expr == Match(
        TOWN, (Case("a", number(1.0)),), number(0.0), number(0.0)
    )


def test_what_the_encoder_refuses_is_demanded() -> None:
    step = ce.OrdinalEncoder(handle_unknown="error").fit(TOWNS)
    (demand,) = columns_of(step).requirements
    assert (demand.subject, demand.test) == (TOWN, Membership(("a", "b", "c")))
    (demand,) = columns_of(encoding.OneHotEncoder().fit(TOWNS)).requirements
    assert isinstance(demand, Requirement)
    assert demand.subject == TOWN
    assert not demand.accepts_missing


def test_rare_labels_stay_text() -> None:
    table = pd.DataFrame({"age": range(40), "town": ["a"] * 20 + ["b"] * 18 + ["c", "d"]})
    step = encoding.RareLabelEncoder(n_categories=2, missing_values="ignore").fit(table)
    town = columns_of(step).features[1]
    assert town.dtype is DType.TEXT
    assert town.expr == Match(
        TOWN,
        tuple(Case(name, Constant(name, DType.TEXT)) for name in "ab"),
        Constant("Rare", DType.TEXT),
        Constant(None, DType.TEXT),
    )


def test_the_type_of_a_column_is_known_behind_steps_that_leave_it() -> None:
    steps = [imputation.MeanMedianImputer(), encoding.MeanEncoder(), DecisionTreeRegressor()]
    program = read_model(make_pipeline(*steps).fit(FRAME, SCORE)).program
    assert Field("town", DType.TEXT) in program.inputs
    assert Field("age", DType.FLOAT64) in program.inputs


def test_columns_encoded_as_one_are_refused() -> None:
    step = ce.TargetEncoder(composite_cols=[("plan", "town")])
    model = make_pipeline(step, DecisionTreeRegressor()).fit(FRAME, SCORE)
    with pytest.raises(UnsupportedModelError, match="several columns as one"):
        read_model(model)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (ce.HashingEncoder(max_process=1), "hashes texts"),
        (encoding.StringSimilarityEncoder(), "difflib"),
        (imputation.RandomSampleImputer(variables=["age"]), "at random"),
    ],
)
def test_other_classes_are_refused_with_a_reason(step, reason) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = make_pipeline(step, ce.OrdinalEncoder(), DecisionTreeRegressor()).fit(FRAME, SCORE)
        with pytest.raises(UnsupportedModelError, match=reason):
            read_model(model)
