from __future__ import annotations

import json

import pytest

from procgen.databases.opening import open_database
from tests.cli.conftest import snapshot, tree

CALL = "SELECT ml.churn_v1('1.5'::float8, '2.5'::float8)"


def score(url):
    with open_database(url) as database, database.rehearsal():
        return database.fetch(CALL)[0][0]


def test_a_model_goes_all_the_way(run, save, database_url):
    run("compile", save(tree()), "--name", "churn")
    code, out, err = run("apply", "--url", database_url)
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines() if line.startswith("  000")] == [
        "0001_init",
        "0002_churn_v1",
    ]
    assert "created ml.churn_v1, ml.churn_v1_margin" in out
    assert out.endswith("  committed\n")
    assert score(database_url) == tree(names=None).predict([[1.5, 2.5]])[0]


def test_apply_certifies_the_cases_in_the_database(run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    _, out, _ = run("apply", "--url", duckdb_url)
    assert "0 mismatches" in out


def test_apply_again_has_nothing_to_do(run, duckdb_url):
    run("apply", "--url", duckdb_url)
    assert run("apply", "--url", duckdb_url) == (0, "nothing is pending\n", "")


def test_a_dry_run_runs_nothing(run, duckdb_url):
    code, out, _ = run("apply", "--url", duckdb_url, "--dry-run")
    assert code == 0
    assert out == "  0001_init   pending\nnothing was run\n"
    assert run("status", "--url", duckdb_url)[0] == 1


def test_apply_to_a_migration_leaves_the_later_ones(run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", duckdb_url, "--to", "0001")
    code, out, _ = run("status", "--url", duckdb_url)
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines()] == [
        ["0001_init", "applied"],
        ["0002_churn_v1", "pending"],
    ]


def test_status_is_code_0_once_all_is_applied(run, database_url):
    run("apply", "--url", database_url)
    code, out, err = run("status", "--url", database_url)
    assert (code, err) == (0, "")
    assert out.split()[:2] == ["0001_init", "applied"]


def test_status_as_json(run, duckdb_url):
    run("apply", "--url", duckdb_url)
    _, out, _ = run("status", "--url", duckdb_url, "--json")
    (entry,) = json.loads(out)
    assert (entry["id"], entry["state"]) == ("0001_init", "applied")
    assert entry["applied_at"]
    assert entry["applied_by"]


def test_rollback_removes_the_routines_and_names_them(run, save, database_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", database_url)
    code, out, err = run("rollback", "--url", database_url, "--steps", "1")
    assert (code, err) == (0, "")
    assert "0002_churn_v1   removed ml.churn_v1, ml.churn_v1_margin" in out
    assert run("status", "--url", database_url)[0] == 1
    assert run("apply", "--url", database_url)[0] == 0
    assert score(database_url) == tree(names=None).predict([[1.5, 2.5]])[0]


def test_rollback_to_a_migration_keeps_it(run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", duckdb_url)
    code, out, _ = run("rollback", "--url", duckdb_url, "--to", "0001_init", "--json")
    assert code == 0
    assert [step["id"] for step in json.loads(out)["migrations"]] == ["0002_churn_v1"]


def test_an_edited_migration_is_refused_and_named(project, run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", duckdb_url)
    path = project / "migrations/duckdb/0002_churn_v1.up.sql"
    path.write_text(path.read_text(encoding="utf-8") + "-- more\n", encoding="utf-8")
    code, _, err = run("apply", "--url", duckdb_url)
    assert code == 3
    assert "0002_churn_v1.up.sql" in err
    assert run("status", "--url", duckdb_url)[0] == 1


def test_cases_that_the_database_does_not_answer_undo_the_batch(project, run, save, duckdb_url):
    run("compile", save(tree(seed=0)), "--name", "churn")
    run("compile", save(tree(seed=1)), "--name", "churn")
    models = project / "models"
    (models / "churn_v1.cases.parquet").replace(models / "churn_v2.cases.parquet")
    run("apply", "--url", duckdb_url, "--to", "1")
    code, out, err = run("apply", "--url", duckdb_url)
    assert (code, out) == (3, "")
    assert err.startswith("error: ")
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "cannot be read"),
        ("mysql://host/database", "mysql"),
        ("postgresql:///none?host=/nowhere", "cannot be opened"),
    ],
)
def test_a_database_that_cannot_be_opened_is_code_3(run, url, said):
    code, out, err = run("apply", "--url", url)
    assert (code, out) == (3, "")
    assert said in err
    assert "Traceback" not in err


def test_an_environment_that_is_not_there_names_those_that_are(run):
    code, _, err = run("status", "--env", "prod")
    assert code == 3
    assert "duckdb, postgres" in err


def test_a_variable_that_is_not_set_is_named(run, monkeypatch):
    monkeypatch.delenv("PROCGEN_POSTGRES_URL", raising=False)
    code, _, err = run("status", "--env", "postgres")
    assert code == 3
    assert "PROCGEN_POSTGRES_URL" in err


def test_the_default_database_stands_in_the_project(project, run):
    assert run("apply")[0] == 0
    assert "ml_models.duckdb" in snapshot(project)
