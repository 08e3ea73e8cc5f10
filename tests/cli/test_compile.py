from __future__ import annotations

import json

import pyarrow as pa
import pytest
from pyarrow import parquet

from procgen.cli import main
from procgen.ir import codec
from procgen.ir.program import OutputName
from procgen.verify.cases import parse_cases
from tests.cli.conftest import snapshot, tree


def test_a_first_compile_writes_the_model_its_cases_and_a_migration_for_each_target(
    project, run, save
):
    before = set(snapshot(project))
    code, out, err = run("compile", save(tree()), "--name", "churn")
    assert (code, err) == (0, "")
    assert sorted(set(snapshot(project)) - before) == [
        "migrations/duckdb/0002_churn_v1.down.sql",
        "migrations/duckdb/0002_churn_v1.up.sql",
        "migrations/duckdb/0002_churn_v1.verify.sql",
        "migrations/postgres/0002_churn_v1.down.sql",
        "migrations/postgres/0002_churn_v1.up.sql",
        "migrations/postgres/0002_churn_v1.verify.sql",
        "models/churn_v1.cases.parquet",
        "models/churn_v1.json",
    ]
    assert out.startswith("churn v1   digest ")
    assert "  wrote migrations/duckdb/0002_churn_v1.{up,down,verify}.sql\n" in out
    assert out.endswith("procgen apply\n")


def test_the_same_model_again_writes_nothing_and_says_so(project, run, save):
    run("compile", save(tree()), "--name", "churn")
    before = snapshot(project)
    code, out, _ = run("compile", save(tree(), "again.skops"), "--name", "churn")
    assert code == 0
    assert "nothing was written" in out
    assert snapshot(project) == before


def test_a_different_model_gets_the_next_version(project, run, save):
    run("compile", save(tree(seed=0)), "--name", "churn")
    code, out, _ = run("compile", save(tree(seed=1)), "--name", "churn")
    assert code == 0
    assert out.startswith("churn v2 ")
    assert "differs from v1: other numbers" in out
    assert (project / "migrations/duckdb/0003_churn_v2.up.sql").exists()


def test_the_same_model_for_another_target_adds_only_its_migration(project, run, save):
    model = save(tree())
    run("compile", model, "--name", "churn", "--target", "duckdb")
    before = snapshot(project)
    code, out, _ = run("compile", model, "--name", "churn")
    assert code == 0
    assert out.startswith("churn v1 ")
    after = snapshot(project)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {
        "migrations/postgres/0002_churn_v1.down.sql",
        "migrations/postgres/0002_churn_v1.up.sql",
        "migrations/postgres/0002_churn_v1.verify.sql",
        "migrations/postgres/procgen.sum",
    }


def test_two_projects_get_identical_bytes(tmp_path, save, capsys):
    model = save(tree())
    for name in ("one", "two"):
        assert main(["init", str(tmp_path / name)]) == 0
        assert main(["compile", model, "--name", "churn", "-C", str(tmp_path / name)]) == 0
    assert capsys.readouterr().err == ""
    assert snapshot(tmp_path / "one") == snapshot(tmp_path / "two")


def test_json_tells_what_was_written(project, run, save):
    code, out, _ = run("compile", save(tree()), "--name", "churn", "--json")
    answer = json.loads(out)
    assert code == 0
    assert (answer["name"], answer["version"], answer["new"]) == ("churn", 1, True)
    assert answer["cases"] > 0
    for name in answer["written"]:
        assert (project / name).is_file()


def test_stdout_prints_the_up_script_and_writes_nothing(project, run, save):
    model = save(tree())
    before = snapshot(project)
    code, out, err = run("compile", model, "--name", "churn", "--stdout", "--target", "postgres")
    assert (code, err) == (0, "")
    assert snapshot(project) == before
    run("compile", model, "--name", "churn")
    written = (project / "migrations/postgres/0002_churn_v1.up.sql").read_text(encoding="utf-8")
    assert out.strip() in written


def test_stdout_needs_no_project(tmp_path, save, capsys):
    words = ["compile", save(tree()), "--name", "churn", "--stdout", "--target", "duckdb"]
    assert main([*words, "--schema", "scores", "-C", str(tmp_path)]) == 0
    assert "scores.churn_v1" in capsys.readouterr().out


def test_stdout_for_two_targets_asks_for_one(run, save):
    code, out, err = run("compile", save(tree()), "--name", "churn", "--stdout")
    assert (code, out) == (2, "")
    assert "--target" in err


def test_inputs_name_the_columns_of_a_model_that_knows_none(tmp_path, project, run, save):
    (tmp_path / "schema.json").write_text('{"age": "int64", "income": "float64"}')
    words = ("--name", "churn", "--inputs", tmp_path / "schema.json")
    code, _, err = run("compile", save(tree(names=None)), *words)
    assert (code, err) == (0, "")
    record = json.loads((project / "models/churn_v1.json").read_text(encoding="utf-8"))
    assert [(one["name"], one["dtype"]) for one in record["inputs"]] == [
        ("age", "int64"),
        ("income", "float64"),
    ]


def test_a_sample_gives_types_and_its_rows_are_cases(tmp_path, project, run, save):
    table = pa.table({"income": [2.5, None], "age": [31, 64], "other": ["x", "y"]})
    parquet.write_table(table, tmp_path / "rows.parquet")
    code, _, err = run(
        "compile", save(tree()), "--name", "churn", "--sample", tmp_path / "rows.parquet"
    )
    assert (code, err) == (0, "")
    record = json.loads((project / "models/churn_v1.json").read_text(encoding="utf-8"))
    assert [one["dtype"] for one in record["inputs"]] == ["int64", "float64"]
    program = codec.decode(json.dumps(record["program"]))
    path = project / "models/churn_v1.cases.parquet"
    cases = parse_cases(program, path.read_bytes(), str(path))
    assert {"age": 31, "income": 2.5} in cases.rows
    known = cases.rows.index({"age": 31, "income": 2.5})
    assert cases.answers[OutputName.PREDICT][known] == tree(names=None).predict([[31.0, 2.5]])[0]


def test_no_project_is_said_with_what_to_do(tmp_path, save, capsys):
    assert main(["compile", save(tree()), "--name", "churn", "-C", str(tmp_path)]) == 3
    err = capsys.readouterr().err
    assert "procgen.toml does not exist" in err
    assert "procgen init" in err


@pytest.mark.parametrize("spare", ["models/churn_v1.json", "migrations/duckdb/notes.txt"])
def test_a_file_in_the_way_leaves_everything_as_it_was(project, run, save, spare):
    (project / spare).write_text("mine")
    before = snapshot(project)
    code, _, err = run("compile", save(tree()), "--name", "churn")
    assert code == 3
    assert err.startswith("error: ")
    assert snapshot(project) == before
