"""The certificate of a version: what an apply writes down, and what a later check holds it to."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression

from procgen.cli import main
from procgen.databases.opening import engine_of, open_database
from procgen.migrations.header import ModelVersion
from procgen.migrations.models import read_program
from procgen.verify.cases import Cases, print_cases
from procgen.verify.gate import cases_path, read_cases
from tests.models_in_projects import with_model

VERSION = ModelVersion("churn", 1)
X = pd.DataFrame(np.random.default_rng(0).normal(size=(80, 2)), columns=["age", "income"])


def forest():
    return RandomForestClassifier(5, max_depth=4, random_state=0).fit(X, X.sum(axis=1) > 0)


@pytest.fixture
def project(tmp_path):
    return with_model(tmp_path / "project", "duckdb", forest(), "churn")


@pytest.fixture
def run(capsys):
    def ran(project, *words):
        capsys.readouterr()
        code = main([*map(str, words), "-C", str(project.root)])
        return code, *capsys.readouterr()

    return ran


def keep_cases(project, wanted):
    """Leave only some of the stored cases."""
    program = read_program(project, VERSION)
    cases = read_cases(project, VERSION, program)
    rows = [row for place, row in enumerate(cases.rows) if wanted(place)]
    answers = {
        name: [value for place, value in enumerate(values) if wanted(place)]
        for name, values in cases.answers.items()
    }
    cases_path(project, VERSION).write_bytes(print_cases(program, Cases(rows, answers)))
    return len(rows)


def certificate(url):
    with open_database(url) as database, database.rehearsal():
        ((found,),) = database.fetch("SELECT CAST(certificate AS text) FROM procgen.models")
    return json.loads(found)


def test_it_says_what_was_tested_and_with_what(tmp_path, run, database_url):
    project = with_model(tmp_path / "project", engine_of(database_url), forest(), "churn")
    assert run(project, "apply", "--url", database_url)[0] == 0
    found = certificate(database_url)
    program = read_program(project, VERSION)
    assert found["rows"] == len(read_cases(project, VERSION, program).rows)
    assert (found["mismatches"], found["max_ulp"]) == (0, 0)
    coverage = found["coverage"]
    assert coverage["reached"] == coverage["reachable"] > 0
    assert coverage["reached_sides"] == coverage["reachable_sides"] > 0
    assert coverage["share"] == found["min_coverage"] == 1.0
    assert found["engine"].split()[0] in ("DuckDB", "PostgreSQL")
    assert "scikit-learn" in found["versions"]
    assert len(found["digest"]) == 64
    assert found["tested_at"].endswith("+00:00")


def test_status_shows_it(project, run, duckdb_url):
    run(project, "apply", "--url", duckdb_url)
    _, out, _ = run(project, "status", "--url", duckdb_url)
    (line,) = [line for line in out.splitlines() if "0002_churn_v1" in line]
    rows = certificate(duckdb_url)["rows"]
    assert line.endswith(f"certified {rows:,} rows, 0 mismatches, leaves 100 %")
    _, out, _ = run(project, "status", "--url", duckdb_url, "--json")
    entries = {entry["id"]: entry for entry in json.loads(out)}
    assert entries["0002_churn_v1"]["certificate"]["rows"] == rows
    assert entries["0001_init"]["certificate"] is None


def test_too_few_cases_are_refused_and_nothing_is_kept(project, run, duckdb_url):
    keep_cases(project, lambda place: place == 0)
    code, out, err = run(project, "apply", "--url", duckdb_url)
    assert (code, out) == (3, "")
    assert "reachable leaves" in err
    assert "100 % are demanded" in err
    assert "--min-coverage" in err
    with open_database(duckdb_url) as database, database.rehearsal():
        assert database.objects(["ml"]) == {}


def test_a_lower_floor_is_the_users_to_choose(project, run, duckdb_url):
    keep_cases(project, lambda place: place == 0)
    code, out, _ = run(project, "apply", "--url", duckdb_url, "--min-coverage", "1")
    assert code == 0
    assert "certified 1 rows, 0 mismatches, leaves " in out
    assert certificate(duckdb_url)["min_coverage"] == 0.01
    assert run(project, "test", "churn", "--url", duckdb_url)[0] == 1
    assert run(project, "test", "churn", "--url", duckdb_url, "--min-coverage", "1")[0] == 0


def test_verify_holds_a_version_to_its_certificate(project, run, duckdb_url):
    run(project, "apply", "--url", duckdb_url)
    assert run(project, "verify", "--url", duckdb_url)[0] == 0
    kept = keep_cases(project, lambda place: place % 2 == 0)
    code, out, _ = run(project, "verify", "--url", duckdb_url)
    assert code == 1
    assert f"this many rows: {certificate(duckdb_url)['rows']}, and it is {kept}" in out


def test_a_model_without_trees_has_no_leaves_to_reach(tmp_path, run, duckdb_url):
    model = LinearRegression().fit(X, X["age"] * 2 - X["income"])
    project = with_model(tmp_path / "line", "duckdb", model, "churn")
    code, out, _ = run(project, "apply", "--url", duckdb_url)
    assert code == 0
    assert "mismatches\n" in out
    assert certificate(duckdb_url)["coverage"]["reachable"] == 0
    _, out, _ = run(project, "test", "churn", "--url", duckdb_url)
    assert "no trees: there are no leaves to reach" in out
