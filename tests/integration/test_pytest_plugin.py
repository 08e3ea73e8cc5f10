"""`pytest --procgen-url URL`, as another project's test run has it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.tree import DecisionTreeRegressor

from tests.models_in_projects import apply_unasked, rewrite, with_model

ROOT = Path(__file__).parents[2]
X = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["age", "income"])


def model():
    return DecisionTreeRegressor(max_depth=3, random_state=0).fit(X, X.sum(axis=1))


def run_pytest(folder, *words):
    """A run of its own, with the plugin as a checkout has it: by name, not by its entry point."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    command += ["-p", "procgen.verify.pytest_plugin", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, check=False, text=True
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_own.py").write_text("def test_own(): pass\n", encoding="utf-8")
    return tmp_path


def test_each_way_to_call_a_version_is_a_test(folder, postgres15_url):
    project = with_model(folder / "scoring", "postgres", model(), "churn")
    apply_unasked(project, postgres15_url)
    words = ["--procgen-url", postgres15_url, "--procgen-project", "scoring", "-v", "tests"]
    done = run_pytest(folder, *words)
    assert done.returncode == 0, done.stdout
    for name in ("ml.churn_v1", "ml.churn", "coverage"):
        assert f"scoring/procgen.toml::churn_v1::{name} PASSED" in done.stdout
    assert "tests/test_own.py::test_own PASSED" in done.stdout
    assert "4 passed" in done.stdout


def test_a_wrong_score_is_shown_without_a_traceback(folder, duckdb_url):
    project = with_model(folder, "duckdb", model(), "churn")
    rewrite(project, duckdb_url, "churn_v1", "<=", "<")
    apply_unasked(project, duckdb_url)
    done = run_pytest(folder, "--procgen-url", duckdb_url)
    assert done.returncode == 1
    assert "ml.churn_v1 on DuckDB 2." in done.stdout
    assert "should be" in done.stdout
    assert "inputs age=" in done.stdout
    assert "Traceback" not in done.stdout
    assert "runtest" not in done.stdout
    assert "2 failed, 2 passed" in done.stdout


def test_tests_are_selected_by_name(folder, duckdb_url):
    project = with_model(folder, "duckdb", model(), "churn")
    apply_unasked(project, duckdb_url)
    done = run_pytest(folder, "--procgen-url", duckdb_url, "-k", "coverage")
    assert done.returncode == 0
    assert "1 passed" in done.stdout


def test_without_the_option_nothing_is_collected(folder):
    with_model(folder, "duckdb", model(), "churn")
    done = run_pytest(folder)
    assert "1 passed" in done.stdout


def test_a_folder_without_a_project_is_a_usage_error(folder, duckdb_url):
    done = run_pytest(folder, "--procgen-url", duckdb_url)
    assert done.returncode == 4
    assert "procgen.toml does not exist; name its folder with --procgen-project" in done.stderr


def test_a_database_that_is_not_there_is_an_error_of_collecting(folder):
    with_model(folder, "postgres", model(), "churn")
    done = run_pytest(folder, "--procgen-url", "postgresql:///none?host=/nowhere")
    assert done.returncode == 2
    assert "cannot be opened" in done.stdout
