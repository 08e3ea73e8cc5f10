"""Checks 20 and 21: bytes that are the same each time, and two branches that add one number."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from procgen.databases.drift import find_drift
from procgen.databases.opening import open_database
from procgen.migrations.init import init_project
from tests.integration.teams import Team

LONG = {
    "duckdb": "CREATE MACRO ml.long(x DOUBLE) AS x + {};\n",
    "postgres": (
        "CREATE FUNCTION ml.long(x double precision) RETURNS double precision LANGUAGE plpgsql "
        "IMMUTABLE SET search_path = pg_catalog AS $procgen$\nBEGIN\n    RETURN x;\n{}END\n"
        "$procgen$;\n"
    ),
}
DROP = {"duckdb": "DROP MACRO ml.long;", "postgres": "DROP FUNCTION ml.long(double precision);"}


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    name = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "init.defaultBranch=main"]
    return subprocess.run(
        ["git", *name, *words], cwd=folder, capture_output=True, check=False, text=True
    )


def test_20_a_long_body_is_applied_and_compared_in_no_time(team):
    team.ok("apply")
    if team.engine == "duckdb":
        filler = "[" + ", ".join(["1.25e0"] * 50_000) + "][1]"
    else:
        filler = "    -- a branch that is never taken\n" * 150_000
    team.sql("long", LONG[team.engine].format(filler), DROP[team.engine])
    started = time.monotonic()
    team.ok("apply")
    assert time.monotonic() - started < 30  # benchmarks measure it; this finds a quadratic step
    with open_database(team.url, read_only=True) as database:
        started = time.monotonic()
        assert find_drift(team.project, database) == ()
    assert time.monotonic() - started < 5


def test_20_writing_the_same_twice_gives_the_same_bytes(team, tmp_path):
    for factor in (2.0, 3.0):
        team.write("promote", "churn", f"v{team.compile(factor)}")
    team.write("retire", "churn", "v1")
    other = Team(tmp_path / "other", team.url, team.console)
    init_project(other.root)
    for factor in (2.0, 3.0):
        other.write("promote", "churn", f"v{other.compile(factor)}")
    other.write("retire", "churn", "v1")
    assert files_of(other.folder) == files_of(team.folder)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_21_two_branches_that_add_one_number_meet_in_git(duckdb_team):
    team = duckdb_team
    team.compile(2.0)
    git(team.root, "init")
    git(team.root, "add", ".")
    git(team.root, "commit", "-m", "base")
    for branch in ("one", "two"):
        git(team.root, "checkout", "-b", branch, "main")
        team.sql(branch, "SELECT 1;")
        git(team.root, "add", ".")
        git(team.root, "commit", "-m", branch)
    merged = git(team.root, "merge", "one")
    assert merged.returncode == 1
    assert "CONFLICT (content): Merge conflict in migrations/duckdb/procgen.sum" in merged.stdout
    git(team.root, "checkout", "--theirs", "migrations/duckdb/procgen.sum")
    code, out, _ = team.run("check-migrations", "--target", "duckdb")
    assert code == 3
    assert "several migrations numbered 0003: 0003_one and 0003_two" in out
    assert "0003_two.up.sql is not in procgen.sum" in out
    code, _, err = team.on("apply")
    assert (code, "0003_one and 0003_two" in err) == (3, True)
    for part in ("up", "down"):
        path = team.folder / f"0003_two.{part}.sql"
        path.rename(team.folder / f"0004_two.{part}.sql")
    assert team.run("check-migrations", "--target", "duckdb", "--write-sums")[0] == 0
    team.ok("apply")


def test_21_a_promotion_over_another_champion_is_found(duckdb_team):
    team = duckdb_team
    for factor in (2.0, 3.0):
        team.compile(factor)
    team.write("promote", "churn", "v1")
    team.write("promote", "churn", "v2")
    team.edit("0005_churn_promote_v2.up.sql", "replaces churn 1", "replaces churn 7")
    code, out, _ = team.run("check-migrations", "--target", "duckdb")
    assert code == 3
    assert "0005_churn_promote_v2.up.sql takes churn from churn 7" in out


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("-- procgen:model churn 1\n", "", "does not say which model it creates"),
        ('MACRO "ml"."churn_v1"', 'MACRO "ml"."other"', "which the script does not make"),
        ("-- procgen:requires 0001_init", "-- procgen:requires 0009_init", "not before it"),
    ],
)
def test_21_a_header_that_does_not_fit_its_script_is_found(duckdb_team, old, new, said):
    duckdb_team.compile(2.0)
    duckdb_team.edit("0002_churn_v1.up.sql", old, new)
    code, out, _ = duckdb_team.run("check-migrations", "--target", "duckdb")
    assert (code, said in out) == (3, True)
