"""Checks 15 and 16: roles with few rights, and the script for administrators."""

from __future__ import annotations

import json
import subprocess

import duckdb
import psycopg
import pytest

HISTORY = """
SELECT event, migration, kind, up_sha256, down_sha256, verify_sha256, down_sql,
    objects::text, engine, tool, git_commit FROM procgen.history ORDER BY seq
"""
MODELS = """
SELECT name, version, digest, state, classes::text, inputs::text, provenance::text, migration
FROM procgen.models ORDER BY 1, 2
"""


@pytest.fixture
def roles(postgres15_team):
    """A deployer that owns the schemas, and an auditor that may read what procgen keeps."""
    name = postgres15_team.url.split("@/")[1].split("?")[0]
    deployer, auditor = f"deployer_{name}", f"auditor_{name}"
    with psycopg.connect(postgres15_team.url, autocommit=True) as connection:
        for role in (deployer, auditor):
            connection.execute(f"CREATE ROLE {role} LOGIN")
        for schema in ("procgen", "ml"):
            connection.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {deployer}")
            connection.execute(f"GRANT USAGE ON SCHEMA {schema} TO {auditor}")
        yield deployer, auditor
        for role in (deployer, auditor):
            connection.execute(f"DROP OWNED BY {role}")
            connection.execute(f"DROP ROLE {role}")


@pytest.mark.postgres
def test_15_a_deployer_without_create_and_a_reader_are_enough(postgres15_team, roles):
    team = postgres15_team
    deployer, auditor = roles
    root_url = team.url
    team.url = root_url.replace("postgres@", f"{deployer}@")
    team.champion(2.0, 3.0)
    team.ok("drift", "--against", "files")
    with psycopg.connect(root_url, autocommit=True) as connection:
        assert connection.execute(
            "SELECT has_database_privilege(%s, current_database(), 'create')", [deployer]
        ).fetchone() == (False,)
        connection.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA procgen TO {auditor}")
        connection.execute(
            "CREATE OR REPLACE FUNCTION ml.churn_v2(x double precision) RETURNS double precision "
            "LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN x * 7"
        )
    team.url = root_url.replace("postgres@", f"{auditor}@")
    assert team.on("status")[0] == 0
    assert "churn = v2" in team.ok("history")
    code, out, _ = team.on("drift", "--json")
    (found,) = json.loads(out)
    assert (code, found["cause"], found["name"]) == (
        1,
        "drifted",
        "function ml.churn_v2(double precision)",
    )
    code, _, err = team.on("repair", "0004")
    assert code == 3
    assert "permission denied" in err or "must be owner" in err
    team.url = root_url.replace("postgres@", f"{deployer}@")
    team.ok("repair", "0004")
    assert team.value("ml.churn(1)") == 3.0


@pytest.mark.postgres
def test_16_the_script_for_psql_leaves_what_apply_leaves(
    postgres_team, request, programs, dump, tmp_path
):
    team = postgres_team
    team.compile(2.0)
    team.write("promote", "churn", "v1")
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    team.write("retire", "churn", "v1")
    server = "postgres15_server" if "/15" in team.url else "postgres18_server"
    with request.getfixturevalue(server).database() as by_script:
        for words in (("--to", "3"), ("--from", "3")):
            path = tmp_path / "batch.sql"
            path.write_text(team.write("sql", *words), encoding="utf-8")
            run_psql(programs(team.url), by_script, path)
        team.ok("apply")
        here = team.fetch(HISTORY), team.fetch(MODELS), dump(team.url)
        team.url, applied = by_script, team.url
        assert (team.fetch(HISTORY), team.fetch(MODELS), dump(by_script)) == here
        assert team.ok("drift") == "no drift\n"
        assert team.on("status")[0] == 0
        team.ok("verify")
        again = run_psql(programs(by_script), by_script, path, check=False)
        assert "applied already" in again.stderr
        team.url = applied


def run_psql(programs, url, path, *, check=True):
    words = [programs / "psql", "-X", "-1", "-f", path, url]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert not check or (done.returncode, "ERROR" in done.stderr) == (0, False), done.stderr
    return done


@pytest.mark.duckdb
def test_16_the_script_for_duckdb_leaves_what_apply_leaves(duckdb_team, tmp_path):
    team = duckdb_team
    for factor in (2.0, 3.0):
        team.write("promote", "churn", f"v{team.compile(factor)}")
    team.write("retire", "churn", "v1")
    script = team.write("sql")
    team.ok("apply")
    here = team.fetch(HISTORY), team.fetch(MODELS), team.objects()
    path = tmp_path / "by_script.duckdb"
    connection = duckdb.connect(str(path))
    connection.execute(script)
    with pytest.raises(duckdb.Error):
        connection.execute(script)
    connection.close()
    team.url = f"duckdb:///{path}"
    there = team.fetch(HISTORY), team.fetch(MODELS), team.objects()
    assert [row[:7] for row in there[0]] == [row[:7] for row in here[0]]
    assert [json.loads(row[7]) for row in there[0]] == [json.loads(row[7]) for row in here[0]]
    assert [row[8:] for row in there[0]] == [row[8:] for row in here[0]]
    assert there[1:] == here[1:]
    assert team.ok("drift") == "no drift\n"
    team.ok("verify")
