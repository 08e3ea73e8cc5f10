"""`procgen test` on files and databases, as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from xml.etree import ElementTree as ET

import pytest

from procgen.databases.opening import engine_of, open_database
from procgen.migrations.project import load_project
from tests.cli.conftest import snapshot, tree
from tests.models_in_projects import apply_unasked, rewrite


@pytest.fixture
def promoted(run, save):
    """The files of a version that is champion."""
    run("compile", save(tree()), "--name", "churn")
    run("promote", "churn", "v1")


@pytest.fixture
def applied(promoted, run, duckdb_url):  # noqa: ARG001 - for what it writes
    """The same in a database; its URL."""
    assert run("apply", "--url", duckdb_url)[0] == 0
    return duckdb_url


@pytest.mark.usefixtures("promoted")
def test_the_routines_and_the_facade_answer_every_case(run, database_url):
    assert run("apply", "--url", database_url)[0] == 0
    code, out, err = run("test", "churn", "--url", database_url)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("churn v1   digest ")
    assert lines[1].split()[0] == "ml.churn_v1"
    assert lines[2].split()[0] == "ml.churn"
    names = ("churn_v1", "churn") if database_url.startswith("duckdb") else ()
    rows = [f"ml.{name}_rows" for name in names]
    assert [line.split()[0] for line in lines[3:-2]] == rows
    assert "0 mismatches, at most 0 ULP apart" in lines[1]
    assert "reachable leaves (100 %)" in lines[-2]
    assert lines[-1] == "passed"


def test_nothing_is_left_in_the_database(run, applied):
    with open_database(applied) as database, database.rehearsal():
        before = database.objects(["ml"])
    run("test", "churn", "--url", applied)
    with open_database(applied) as database, database.rehearsal():
        assert database.objects(["ml"]) == before
        assert database.fetch("SELECT count(*) FROM procgen.history") == [(3,)]


def test_neither_the_model_nor_its_library_is_needed(run, save, project, duckdb_url, tmp_path):
    path = save(tree())
    run("compile", path, "--name", "churn")
    run("apply", "--url", duckdb_url)
    (tmp_path / "model.skops").unlink()
    code = (
        "import sys; from procgen.cli import main; "
        f"code = main(['test', 'churn', '--url', {duckdb_url!r}, '-C', {str(project)!r}]); "
        "sys.exit(code or 7 * ('sklearn' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def break_routine(project, url):
    """The version with `<` for `<=` at its root, applied without being asked."""
    loaded = load_project(project)
    engine = engine_of(url)
    (path,) = loaded.folder(engine).glob("*_churn_v1.up.sql")
    text = path.read_text(encoding="utf-8")
    before, mark, after = text.partition("/* tree 0 */")
    first = (before + mark + after)[: text.index("<=", len(before)) + 2]
    rewrite(loaded, url, "churn_v1", first, first[:-1])
    apply_unasked(loaded, url)


@pytest.fixture
def broken(project, run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    break_routine(project, duckdb_url)
    return duckdb_url


def test_a_wrong_score_is_a_row_and_code_1(project, run, save, database_url, tmp_path):
    run("compile", save(tree()), "--name", "churn")
    break_routine(project, database_url)
    words = ("test", "churn", "--url", database_url, "--json", tmp_path / "report.json")
    code, out, _ = run(*words)
    assert code == 1
    assert out.splitlines()[-1] == "failed"
    assert "tree 0 went " in out
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert not report["ok"]
    finding = report["databases"][0]["paths"][0]["findings"][0]
    assert finding["tree"].startswith("tree 0 went ")
    assert finding["ulps"] > 0
    assert finding["expected"] != finding["got"]
    assert set(finding["inputs"]) == {"age", "income"}


def test_verify_finds_it_too(run, broken):
    code, out, _ = run("verify", "--url", broken)
    assert code == 1
    assert "0002_churn_v1   differs" in out
    assert "should be" in out


def test_junit_has_a_test_case_for_each_way(run, applied, tmp_path):
    path = tmp_path / "out" / "report.xml"
    assert run("test", "churn", "--url", applied, "--junit", path)[0] == 0
    (suite,) = ET.parse(path).getroot().findall("testsuite")
    names = [case.get("name") for case in suite.findall("testcase")]
    rows = ["ml.churn_v1_rows", "ml.churn_rows"]
    assert names == ["ml.churn_v1", "ml.churn", *rows, "coverage"]
    assert suite.get("failures") == "0"


def test_junit_of_a_wrong_score_has_the_row(run, broken, tmp_path):
    path = tmp_path / "report.xml"
    assert run("test", "churn", "--url", broken, "--junit", path)[0] == 1
    failures = ET.parse(path).getroot().findall(".//failure")
    assert "mismatches" in failures[0].get("message")
    assert "inputs age=" in failures[0].text


def test_json_on_stdout_is_all_there_is(run, applied):
    code, out, _ = run("test", "churn", "--url", applied, "--json", "-")
    assert code == 0
    report = json.loads(out)
    assert report["ok"]
    assert report["coverage"]["share"] == 1.0
    ways = [path["way"] for path in report["databases"][0]["paths"]]
    assert ways == ["version", "facade", "rows", "rows"]


def test_html_is_one_file(run, applied, tmp_path):
    path = tmp_path / "report.html"
    assert run("test", "churn", "--url", applied, "--html", path)[0] == 0
    text = path.read_text(encoding="utf-8")
    assert text.lstrip().startswith("<!doctype html>")
    assert "equal to Python" in text


def test_several_databases_are_one_report(run, save, duckdb_url, postgres15_url):
    run("compile", save(tree()), "--name", "churn")
    for url in (duckdb_url, postgres15_url):
        run("apply", "--url", url)
    code, out, _ = run("test", "churn", "--url", duckdb_url, "--url", postgres15_url)
    assert code == 0
    assert "DuckDB 2." in out
    assert "PostgreSQL 15." in out


def test_mutants_are_noticed(run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", duckdb_url)
    code, out, _ = run("test", "churn", "--url", duckdb_url, "--mutate")
    assert code == 0, out
    assert "observable changes noticed" in out


def test_the_champion_is_meant_and_else_the_newest(run, save, duckdb_url):
    for seed in (0, 1):
        run("compile", save(tree(seed=seed)), "--name", "churn")
    run("apply", "--url", duckdb_url)
    assert run("test", "churn", "--url", duckdb_url)[1].startswith("churn v2 ")
    run("promote", "churn", "v1")
    run("apply", "--url", duckdb_url)
    assert run("test", "churn", "--url", duckdb_url)[1].startswith("churn v1 ")
    assert run("test", "churn", "--version", "v2", "--url", duckdb_url)[1].startswith("churn v2 ")


def test_a_version_that_is_not_applied_is_code_3(run, save, duckdb_url):
    run("compile", save(tree()), "--name", "churn")
    run("apply", "--url", duckdb_url, "--to", "1")
    code, out, err = run("test", "churn", "--url", duckdb_url)
    assert (code, out) == (3, "")
    assert "churn is not applied to this database, which has no version of it" in err


def test_a_version_that_cannot_be_read_is_code_2(run, applied):
    assert run("test", "churn", "--version", "third", "--url", applied)[0] == 2


def test_missing_cases_are_code_3_and_named(run, applied, project):
    (project / "models" / "churn_v1.cases.parquet").unlink()
    code, _, err = run("test", "churn", "--url", applied)
    assert code == 3
    assert "churn_v1.cases.parquet does not exist" in err


def test_the_files_are_only_read(run, applied, project):
    before = snapshot(project)
    run("test", "churn", "--url", applied)
    assert snapshot(project) == before
