"""Default cases reach every leaf and side of every kind of model, and no mutant gets away."""

from __future__ import annotations

import pytest

from procgen.backends import dialect_named
from procgen.databases.opening import engine_of, open_database
from procgen.frontends import read_model
from procgen.passes import lower
from procgen.verify.cases import Cases
from procgen.verify.coverage import measure
from procgen.verify.expected import expected_answers
from procgen.verify.mutation import mutate
from procgen.verify.suites import suite_rows
from tests import (
    catboost_zoo,
    lightgbm_zoo,
    models_of_models,
    models_zoo,
    other_libraries_zoo,
    xgboost_zoo,
)

SPLITS = 12
"""All mutants of models up to this many splits; of larger ones those of about so many."""
SKLEARN = (
    "DecisionTreeClassifier-two-outputs",
    "DecisionTreeRegressor-missing",
    "ExtraTreeRegressor-three-targets",
    "RandomForestClassifier-text",
    "RandomForestRegressor",
    "ExtraTreesClassifier-bool",
    "GradientBoostingClassifier-text",
    "GradientBoostingRegressor-huber",
    "HistGradientBoostingClassifier-bool",
    "HistGradientBoosting-categories",
    "HistGradientBoosting-numbers-as-categories",
    "Pipeline-tree-error",
    "Pipeline-forest-ignore",
    "Pipeline-boosting-infrequent",
    "Pipeline-scaled-histogram",
    "LogisticRegression-text",
    "Ridge",
)
LIGHTGBM = ("regression", "binary", "zero_as_missing", "no missing", "classifier of text")
XGBOOST = ("squared error", "three classes", "dart", "missing -999", "categories in sets", "codes")
CATBOOST = ("regressor", "multiclass", "binary text", "deep")
OTHERS = ("ebm binary", "ebm regression")
OF_MODELS = (
    "bagged regression trees",
    "isolation forest",
    "adaboost pair",
    "adaboost regressor linear",
)
MODELS = [
    *((models_zoo, name) for name in SKLEARN),
    *((lightgbm_zoo, name) for name in LIGHTGBM),
    *((xgboost_zoo, name) for name in XGBOOST),
    *((catboost_zoo, name) for name in CATBOOST),
    *((other_libraries_zoo, name) for name in OTHERS),
    *((models_of_models, name) for name in OF_MODELS),
]
SOME = [MODELS[place] for place in (0, 3, 9, 11, 15, 17, 22, 28)]


def read(zoo, name):
    """The model, and its Program."""
    if zoo in (models_zoo, lightgbm_zoo):
        model, *inputs, types = zoo.fitted(name)
        return model, read_model(model, inputs[0] if inputs else None, types).program
    model = zoo.fitted(name)
    columns = getattr(zoo, "inputs_of", getattr(zoo, "columns_of", lambda _: None))
    return model, read_model(model, columns(model)).program


def cases_of(model, program, engine):
    lowered = lower(program, dialect_named(engine).target)
    rows = suite_rows(lowered)
    return lowered, Cases(rows, expected_answers(program, model, rows))


@pytest.mark.parametrize(("zoo", "name"), MODELS)
def test_every_leaf_and_side_is_reached_and_every_mutant_is_killed(zoo, name):
    model, program = read(zoo, name)
    lowered, cases = cases_of(model, program, "duckdb")
    coverage = measure(lowered, cases.rows)
    assert coverage.missed == ()
    assert coverage.missed_sides == ()
    assert coverage.share == coverage.share_of_sides == 1.0
    with open_database("duckdb:///:memory:") as database:
        report = mutate(database, program, cases, limit=SPLITS)
    assert [one for one in report.survived if one.proof is None] == []
    assert report.score == 1.0
    assert report.killed > 0


@pytest.mark.postgres
@pytest.mark.parametrize(("zoo", "name"), SOME)
def test_every_mutant_is_killed_in_postgresql(zoo, name, postgres15_url):
    model, program = read(zoo, name)
    _, cases = cases_of(model, program, engine_of(postgres15_url))
    with open_database(postgres15_url) as database:
        report = mutate(database, program, cases, limit=SPLITS)
    assert [one for one in report.survived if one.proof is None] == []
    assert report.killed > 0


def test_there_are_models_of_thirty_kinds():
    assert len(MODELS) >= 30
