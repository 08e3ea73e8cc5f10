"""The exported tests run under pg_prove, and notice what procgen's own suite notices."""

from __future__ import annotations

import subprocess

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sqlalchemy import make_url

from procgen.cli import main
from procgen.databases.opening import open_database
from procgen.migrations.writing import write_files
from procgen.verify.pgtap import pgtap_files
from tests.models_in_projects import apply_unasked, rewrite, with_model

X = pd.DataFrame(
    np.random.default_rng(0).normal(size=(80, 3)).round(2), columns=["age", "in'come", 'a"b\\$$']
)
LABELS = np.array(["no", "it's", "\\N"])[(X.iloc[:, 0] > 0).astype(int) + (X.iloc[:, 1] > 0.5)]
PLACES = pd.DataFrame({"city": ["", "tab\there", "new\nline", "\\.", "\U0001f600", "it's"] * 4})

MODELS = {
    "boosting": lambda: GradientBoostingClassifier(n_estimators=3, max_depth=2).fit(
        X, LABELS == "no"
    ),
    "forest": lambda: RandomForestClassifier(4, max_depth=4, random_state=0).fit(X, LABELS),
    "logistic": lambda: LogisticRegression().fit(X, LABELS),
    "places": lambda: make_pipeline(
        OneHotEncoder(handle_unknown="ignore"), LogisticRegression()
    ).fit(PLACES, [0, 1, 1, 0, 1, 0] * 4),
}


def prove(url, folder):
    found = make_url(url)
    words = ["pg_prove", "--verbose", "--dbname", found.database, "--username", found.username]
    words += ["--host", found.query["host"], *map(str, sorted(folder.glob("*.sql")))]
    return subprocess.run(words, capture_output=True, check=False, text=True, timeout=120)


@pytest.mark.postgres
@pytest.mark.parametrize("name", MODELS)
def test_every_test_passes_where_the_version_is_applied(tmp_path, postgres15_url, name):
    project = with_model(tmp_path / "project", "postgres", MODELS[name](), "churn")
    apply_unasked(project, postgres15_url)
    write_files(pgtap_files(project, tmp_path / "tests"))
    done = prove(postgres15_url, tmp_path / "tests")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Result: PASS" in done.stdout
    assert "ml.churn_v1_margin answers" in done.stdout
    assert "ml.churn answers" in done.stdout


@pytest.mark.postgres
def test_another_leaf_fails_and_the_row_is_shown(tmp_path, postgres15_url):
    project = with_model(tmp_path / "project", "postgres", MODELS["boosting"](), "churn")
    rewrite(project, postgres15_url, "churn_v1", '"age" > ', '"age" >= ')
    write_files(pgtap_files(project, tmp_path / "tests"))
    apply_unasked(project, postgres15_url)
    done = prove(postgres15_url, tmp_path / "tests")
    assert done.returncode == 1
    assert "Unexpected records" in done.stdout
    assert "Failed test" in done.stdout


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        ("DROP FUNCTION ml.churn_margin(float8, float8, float8);", "Function ml.churn_margin"),
        ("ALTER FUNCTION ml.churn_v1(float8, float8, float8) VOLATILE;", "IMMUTABLE"),
        (
            "ALTER FUNCTION ml.churn_v1(float8, float8, float8) SECURITY DEFINER;",
            "not be security definer",
        ),
        (
            "REVOKE ALL ON FUNCTION ml.churn_v1(float8, float8, float8) FROM PUBLIC;",
            "should be granted",
        ),
    ],
)
def test_what_is_not_a_score_is_tested_too(tmp_path, postgres15_url, change, noticed):
    project = with_model(tmp_path / "project", "postgres", MODELS["boosting"](), "churn")
    apply_unasked(project, postgres15_url)
    with open_database(postgres15_url) as database, database.transaction():
        database.run_script(change, source="by hand")
    write_files(pgtap_files(project, tmp_path / "tests"))
    done = prove(postgres15_url, tmp_path / "tests")
    assert done.returncode != 0
    assert noticed in done.stdout


def test_the_command_writes_a_file_for_each_version(tmp_path, capsys):
    project = with_model(tmp_path / "project", "postgres", MODELS["logistic"](), "churn")
    words = ["export", "--layout", "pgtap", str(tmp_path / "tests"), "-C", str(project.root)]
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("pgtap: 1 files in ")
    assert [path.name for path in (tmp_path / "tests").iterdir()] == ["churn_v1.sql"]
    assert main([*words, "--target", "duckdb"]) == 2
