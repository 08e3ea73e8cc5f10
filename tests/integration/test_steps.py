"""Stumps as step functions score within the bound of a sum, and live as any other version."""

from __future__ import annotations

import json
import math

import catboost
import lightgbm
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
    StackingRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from procgen.backends import postgres_lowerings
from procgen.backends.lowering import Lowering
from procgen.cli import main
from procgen.compiler import compile_model
from procgen.databases.opening import engine_of
from procgen.ir.interpreter import interpret
from procgen.ir.program import OutputName
from procgen.verify import random_rows
from procgen.verify.compare import Judge
from procgen.verify.kernel_scores import kernel_scores
from procgen.verify.parity import verify
from tests.forced import forced

RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(RANDOM.normal(size=(300, 4)), columns=["age", "income", "debt", "tenure"])
HOLES = TABLE.mask(RANDOM.random(TABLE.shape) < 0.2)
ZEROS = HOLES.mask(RANDOM.random(TABLE.shape) < 0.2, 0.0)
CATEGORIES = TABLE.assign(debt=pd.Categorical(RANDOM.integers(0, 5, 300).astype(str)))
TARGET = (TABLE["age"] + TABLE["income"] ** 2).to_numpy()
LIGHTGBM = {"num_leaves": 2, "n_estimators": 25, "verbose": -1, "n_jobs": 1}
SKLEARN = {"max_depth": 1, "n_estimators": 20, "random_state": 0}
THREE = np.digitize(TARGET, [0.0, 1.5])

MODELS = {
    "LightGBM, regression": lambda: lightgbm.LGBMRegressor(**LIGHTGBM).fit(HOLES, TARGET),
    "LightGBM, binary": lambda: lightgbm.LGBMClassifier(**LIGHTGBM).fit(HOLES, TARGET > 1),
    "LightGBM, three classes": lambda: lightgbm.LGBMClassifier(**LIGHTGBM).fit(HOLES, THREE),
    "LightGBM, zero as missing": lambda: lightgbm.LGBMRegressor(
        **LIGHTGBM, zero_as_missing=True
    ).fit(ZEROS, TARGET),
    "LightGBM, categories": lambda: lightgbm.LGBMRegressor(
        **LIGHTGBM, min_data_per_group=5, cat_smooth=1
    ).fit(CATEGORIES, TARGET + 3 * (CATEGORIES["debt"] == "3").to_numpy()),
    "boosting, regression": lambda: GradientBoostingRegressor(**SKLEARN).fit(TABLE, TARGET),
    "boosting, binary": lambda: GradientBoostingClassifier(**SKLEARN).fit(TABLE, TARGET > 1),
    "boosting, three classes": lambda: GradientBoostingClassifier(**SKLEARN).fit(TABLE, THREE),
    "boosting, scaled": lambda: make_pipeline(
        SimpleImputer(add_indicator=True), StandardScaler(), GradientBoostingRegressor(**SKLEARN)
    ).fit(HOLES, TARGET),
    "histogram": lambda: HistGradientBoostingClassifier(
        max_depth=1, max_iter=20, random_state=0
    ).fit(HOLES, TARGET > 1),
    "forest, two targets": lambda: RandomForestRegressor(**SKLEARN).fit(
        TABLE, np.column_stack([TARGET, TARGET**2])
    ),
    "CatBoost, three classes": lambda: catboost.CatBoostClassifier(
        depth=1, iterations=20, verbose=0, thread_count=1, allow_writing_files=False
    ).fit(HOLES, THREE),
    "stack": lambda: StackingRegressor(
        [("one", GradientBoostingRegressor(**SKLEARN))],
        final_estimator=GradientBoostingRegressor(**SKLEARN),
        cv=2,
    ).fit(TABLE, TARGET),
    "votes": lambda: AdaBoostClassifier(n_estimators=20, random_state=0).fit(TABLE, TARGET > 1),
}
EDGES = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300, 5e-324]
COMPUTED_WITH = ("forest, two targets", "stack", "votes")
"""Models whose sums are divided or go on into other steps."""


def edges(model):
    """Rows that are missing, infinite or near zero in one place or in all."""
    columns = list(TABLE.columns)
    if isinstance(model, lightgbm.LGBMRegressor) and model.booster_.pandas_categorical:
        columns.remove("debt")
    whole = [dict.fromkeys(TABLE.columns, 0.5) | dict.fromkeys(columns, edge) for edge in EDGES]
    single = [{**whole[4], column: edge} for column in columns for edge in EDGES]
    text = {} if len(columns) == 4 else {"debt": "3"}
    return [row | text for row in (*whole, *single)]


@pytest.fixture(params=["duckdb", "postgres15"])
def url(request) -> str:
    return request.getfixturevalue(f"{request.param}_url")


@pytest.mark.duckdb
@pytest.mark.postgres
@pytest.mark.parametrize("name", MODELS)
def test_steps_score_within_the_bound_of_a_sum(name, url):
    model = MODELS[name]()
    artifact = compile_model(model, name="m", target=engine_of(url), lowering="steps")
    report = verify(artifact, model, url=url, rows=edges(model), probes=200, random=60)
    assert report.ok, report.describe()
    judge = Judge(artifact.program)
    assert (judge.is_bounded, judge.composite) == (name not in COMPUTED_WITH, name in COMPUTED_WITH)
    assert report.bound_used <= 1
    assert "-- Not exact, as was asked for" in artifact.up
    assert "-- Not exact" not in compile_model(model, name="m", target=engine_of(url)).up


@pytest.mark.duckdb
@pytest.mark.parametrize("lowering", [Lowering.NODES, Lowering.PASSES])
def test_steps_are_written_in_every_way_of_duckdb(lowering):
    model = MODELS["LightGBM, three classes"]()
    with forced(lowering):
        artifact = compile_model(model, name="m", target="duckdb", lowering="steps")
        report = verify(artifact, model, rows=edges(model), probes=100, random=30)
    assert report.ok, report.describe()
    assert ("m_v1_nodes" in artifact.up) == (lowering is Lowering.NODES)


@pytest.mark.postgres
def test_steps_are_halves_on_postgres_where_they_are_many(postgres15_url, monkeypatch):
    monkeypatch.setattr(postgres_lowerings, "usual", lambda *_: Lowering.ADAPTIVE)
    model = MODELS["LightGBM, regression"]()
    artifact = compile_model(model, name="m", target="postgres", lowering="steps")
    assert "m_v1_margin_one" in artifact.up
    report = verify(artifact, model, url=postgres15_url, rows=edges(model), probes=100, random=30)
    assert report.ok, report.describe()


@pytest.mark.duckdb
@pytest.mark.parametrize("name", ["LightGBM, binary", "boosting, scaled"])
def test_the_kernel_adds_the_same_steps_as_the_database(name):
    model = MODELS[name]()
    artifact = compile_model(model, name="m", target="duckdb", lowering="steps")
    rows = random_rows(artifact.lowered, 50)
    got, want = kernel_scores(artifact.program, rows), interpret(artifact.lowered, rows)
    assert got[OutputName.MARGIN] == want[OutputName.MARGIN]


@pytest.fixture(params=["duckdb_team", "postgres15_team"])
def team(request):
    """A team on either engine."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def saved(tmp_path) -> str:
    path = tmp_path / "churn.txt"
    MODELS["LightGBM, binary"]().booster_.save_model(str(path))
    return str(path)


@pytest.mark.duckdb
@pytest.mark.postgres
def test_a_version_of_steps_is_certified_promoted_tested_and_watched(team, saved, tmp_path):
    exact = team.write("compile", saved, "--name", "churn")
    assert "not exact" not in exact
    out = team.write("compile", saved, "--name", "churn", "--lowering", "steps", "--explain")
    assert "churn v2" in out
    assert "differs from v1: --language sql --lowering steps" in out
    assert "--lowering steps is not exact: within the bound of a sum" in out
    assert "taken: asked for; not exact: within the bound of a sum" in out
    team.write("promote", "churn", "v2")
    applied = team.ok("apply").splitlines()
    certified = [line for line in applied if "certified" in line]
    assert ["within the bound of a sum" in line for line in certified] == [False, True]
    bounded = [line.split()[1] for line in team.ok("verify").splitlines()]
    assert bounded == ["equal", "bounded"]
    html = tmp_path / "churn.html"
    tested = team.ok("test", "churn", "--mutate", "--html", html)
    assert "0 mismatches, within the bound of a sum" in tested
    assert "ULP apart" not in tested
    assert "within its bound of Python" in html.read_text()
    assert team.ok("drift") == "no drift\n"
    if team.engine == "postgres":
        assert team.run("export", "--layout", "pgtap", tmp_path / "tap")[0] == 0
        tap = (tmp_path / "tap" / "churn_v2.sql").read_text()
        assert "within its bounds" in tap
        assert "to the bit" not in tap
    team.write("retire", "churn", "v1")
    team.ok("apply")


def test_the_model_file_keeps_what_was_asked_for(duckdb_team, saved):
    team = duckdb_team
    team.write("compile", saved, "--name", "churn", "--lowering", "steps")
    model = json.loads((team.root / "models" / "churn_v1.json").read_text())
    assert (model["provenance"]["lowering"], model["provenance"]["exact"]) == ("steps", False)
    for again in ((), ("--lowering", "steps")):
        assert "nothing was written" in team.write("compile", saved, "--name", "churn", *again)
    _, out, _ = team.run("compile", saved, "--name", "churn", "--target", "postgres")
    assert "churn v1" in out
    assert "unchanged; new for this target" in out
    out = team.write("compile", saved, "--name", "churn", "--lowering", "expression")
    assert "churn v2" in out
    assert "differs from v1: --language sql --lowering expression" in out
    digests = {
        json.loads((team.root / "models" / f"churn_v{version}.json").read_text())["digest"]
        for version in (1, 2)
    }
    assert len(digests) == 2


def test_a_model_that_is_trained_again_is_exact_unless_steps_are_asked_for(duckdb_team, saved):
    team = duckdb_team
    team.write("compile", saved, "--name", "churn", "--lowering", "steps")
    deeper = lightgbm.LGBMClassifier(**LIGHTGBM | {"num_leaves": 4}).fit(HOLES, TARGET > 1)
    deeper.booster_.save_model(saved)
    code, _, err = team.run("compile", saved, "--name", "churn", "--lowering", "steps")
    assert (code, "tree 0 has 3 splits" in err) == (3, True)
    out = team.write("compile", saved, "--name", "churn")
    assert "churn v2" in out
    assert "not exact" not in out


def test_check_lists_steps_as_what_must_be_asked_for(saved, capsys):
    assert main(["check", saved]) == 0
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if "only when asked for; not exact" in line]
    assert [line.split()[0] for line in told] == ["steps"] * 3
    assert not any("taken" in line for line in told)
