"""Default cases reach every leaf and side of every kind of model, and no mutant gets away."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    BaggingRegressor,
    HistGradientBoostingRegressor,
    IsolationForest,
    StackingRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer
from sklearn.tree import DecisionTreeRegressor

from procgen.backends import dialect_named
from procgen.databases.opening import engine_of, open_database
from procgen.frontends import read_model
from procgen.passes import lower
from procgen.verify.cases import Cases
from procgen.verify.coverage import measure
from procgen.verify.expected import expected_answers
from procgen.verify.mutation import mutate
from procgen.verify.suites import suite_rows
from tests import models_zoo
from tests.every_zoo import FAMILIES

SPLITS = 6
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
OTHERS = ("ebm binary", "ebm of numbers")
OF_MODELS = ("adaboost pair", "voting regressor")
MODELS = [
    *(("scikit-learn", name) for name in SKLEARN),
    *(("LightGBM", name) for name in LIGHTGBM),
    *(("XGBoost", name) for name in XGBOOST),
    *(("CatBoost", name) for name in CATBOOST),
    *(("interpret, statsmodels, glum", name) for name in OTHERS),
    *(("models of models", name) for name in OF_MODELS),
]
SMALL = ("bagged trees", "isolation forest", "a stack", "categories", "scores of trees", "bins")
SOME = [MODELS[place] for place in (0, 3, 9, 12, 15, 20)]


def read(family, name):
    """The model, and its Program."""
    case = FAMILIES[family][name]()
    return case.model, read_model(case.model, case.inputs, case.types).program


def small(name):
    """Kinds of models whose examples elsewhere are large."""
    table = models_zoo.numbers()
    target = models_zoo.real()
    options = {"random_state": 0}
    match name:
        case "bagged trees":
            tree = DecisionTreeRegressor(max_depth=3)
            model = BaggingRegressor(tree, n_estimators=4, max_features=3, **options)
        case "isolation forest":
            model = IsolationForest(n_estimators=4, max_samples=12, **options)
        case "a stack":
            trees = [("t", DecisionTreeRegressor(max_depth=2, **options)), ("r", Ridge())]
            model = StackingRegressor(trees, Ridge(), cv=3)
        case "categories":
            table = table.assign(plan=np.array(["a", "b", "c d"])[np.arange(len(table)) % 3])
            table["plan"] = table["plan"].astype("category")
            model = HistGradientBoostingRegressor(max_iter=3, max_leaf_nodes=6, **options)
            target = target + 3 * (table["plan"] == "b")
        case "scores of trees":
            model = TransformedTargetRegressor(DecisionTreeRegressor(max_depth=3, **options))
        case _:
            bins = KBinsDiscretizer(4, encode="ordinal", quantile_method="averaged_inverted_cdf")
            model = make_pipeline(bins, DecisionTreeRegressor(max_depth=4, **options))
    fitted = model.fit(table) if name == "isolation forest" else model.fit(table, target)
    return fitted, read_model(fitted).program


def cases_of(model, program, engine):
    lowered = lower(program, dialect_named(engine).target)
    rows = suite_rows(lowered)
    return lowered, Cases(rows, expected_answers(program, model, rows))


@pytest.mark.parametrize("name", SMALL)
def test_small_ones_of_large_kinds_are_covered_as_well(name):
    require_that_nothing_gets_away(*small(name))


@pytest.mark.parametrize(("family", "name"), MODELS)
def test_every_leaf_and_side_is_reached_and_every_mutant_is_killed(family, name):
    require_that_nothing_gets_away(*read(family, name))


def require_that_nothing_gets_away(model, program):
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
@pytest.mark.parametrize(("family", "name"), SOME)
def test_every_mutant_is_killed_in_postgresql(family, name, postgres15_url):
    model, program = read(family, name)
    _, cases = cases_of(model, program, engine_of(postgres15_url))
    with open_database(postgres15_url) as database:
        report = mutate(database, program, cases, limit=SPLITS)
    assert [one for one in report.survived if one.proof is None] == []
    assert report.killed > 0


def test_there_are_models_of_thirty_kinds():
    assert len(MODELS) + len(SMALL) >= 30
