"""Check 22: other tools get the same SQL; what they leave is what an apply leaves."""

from __future__ import annotations

import ast
import re
import subprocess
from itertools import pairwise

import pytest

from procgen.migrations.exporting import LAYOUTS


@pytest.fixture
def busy(postgres15_team):
    """A team with every kind of migration, one of them by hand."""
    team = postgres15_team
    for factor in (2.0, 3.0):
        team.write("promote", "churn", f"v{team.compile(factor)}")
    team.write("retire", "churn", "v1")
    team.sql("own", "CREATE TABLE ml.own (x text);\n", "DROP TABLE ml.own;\n")
    return team


def export(team, layout, folder):
    out = team.write("export", "--layout", layout, folder)
    assert "Run it with: " in out
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
        for path in folder.rglob("*")
        if path.is_file()
    }


def psql(programs, url, text):
    words = [programs(url) / "psql", "-X", "-1", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
    done = subprocess.run(words, input=text, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.postgres
@pytest.mark.parametrize("layout", ["dbmate", "golang-migrate", "flyway", "yoyo"])
def test_22_what_another_tool_runs_leaves_the_same_objects(
    busy, programs, postgres15_server, tmp_path, layout
):
    files = export(busy, layout, tmp_path / "out")
    ups, downs = scripts(layout, files)
    assert len(ups) == len(downs) == 7
    busy.ok("apply")
    applied = busy.objects()
    with postgres15_server.database() as url:
        for text in ups:
            psql(programs, url, text)
        busy.url, mine = url, busy.url
        assert busy.objects() == applied
        busy.ok("baseline", "0007")
        assert busy.ok("drift") == "no drift\n"
        busy.execute("DELETE FROM procgen.history; DELETE FROM procgen.models;")
        for text in reversed(downs):
            psql(programs, url, text)
        assert busy.objects() == {}
        busy.url = mine


def scripts(layout, files):
    """The scripts of an export as the tool would run them, in the order of names."""
    names = sorted(name for name in files if name.endswith(".sql"))
    if layout == "dbmate":
        parts = [
            re.split(r"^-- migrate:(?:up|down)\n", files[n], flags=re.MULTILINE) for n in names
        ]
        return [part[1] for part in parts], [part[2] for part in parts]
    marks = {"golang-migrate": ".down.", "flyway": "/U", "yoyo": ".rollback."}
    downs = [name for name in names if marks[layout] in name]
    ups = [name for name in names if name not in downs]
    return [files[name] for name in ups], [files[name] for name in downs]


@pytest.mark.postgres
@pytest.mark.parametrize("layout", LAYOUTS)
def test_22_an_export_says_what_it_loses_and_is_the_same_each_time(busy, tmp_path, layout):
    files = export(busy, layout, tmp_path / "out")
    assert "no drift" in files["PROCGEN.md"]
    assert LAYOUTS[layout].command in files["PROCGEN.md"]
    assert export(busy, layout, tmp_path / "out") == files
    again = busy.write("export", "--layout", layout, tmp_path / "out")
    assert ": 0 files in " in again


@pytest.mark.postgres
def test_22_alembic_gets_one_chain_of_revisions(busy, tmp_path):
    files = export(busy, "alembic", tmp_path / "out")
    chain = []
    for name in sorted(name for name in files if name.endswith(".py")):
        body = ast.parse(files[name]).body
        values = {
            node.targets[0].id: node.value.value
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        }
        chain.append((values["revision"], values["down_revision"]))
    assert chain[0] == ("procgen_0001", None)
    assert all(one[1] == before[0] for before, one in pairwise(chain))


@pytest.mark.postgres
def test_22_sqitch_gets_a_plan_and_three_scripts_for_each_change(busy, tmp_path):
    files = export(busy, "sqitch", tmp_path / "out")
    plan = [line for line in files["sqitch.plan"].splitlines() if line[:1].isdigit()]
    assert plan[0] == "0001_init 1970-01-01T00:00:00Z procgen <procgen@localhost> # sql"
    assert plan[2].startswith("0003_churn_promote_v1 [0002_churn_v1] 1970-")
    for line in plan:
        name = line.partition(" ")[0]
        for part in ("deploy", "revert", "verify"):
            text = files[f"{part}/{name}.sql"]
            assert text.startswith(f"-- {part} procgen:{name}\nBEGIN;\n")


@pytest.mark.duckdb
def test_22_a_tool_that_cannot_reach_duckdb_is_refused(duckdb_team, tmp_path):
    duckdb_team.compile(2.0)
    words = ("export", "--layout", "dbmate", "--target", "duckdb", tmp_path / "out")
    code, _, err = duckdb_team.run(*words)
    assert (code, "dbmate does not reach duckdb" in err) == (3, True)
    assert duckdb_team.run("export", "--layout", "rails", tmp_path)[0] == 2
