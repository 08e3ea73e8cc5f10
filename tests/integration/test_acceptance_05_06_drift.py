"""Checks 5 and 6: what somebody changed by hand is found and named; a new spelling is no drift."""

from __future__ import annotations

import json

import psycopg
import pytest

PYTHON = """\
DO $do$ BEGIN CREATE EXTENSION IF NOT EXISTS plpython3u; END $do$;
CREATE FUNCTION ml.f(x double precision) RETURNS double precision LANGUAGE plpython3u AS $procgen$
if x is None:
    return None
return x * 2
$procgen$;
"""
BODY = {
    "duckdb": (
        "DROP MACRO ml.churn; CREATE OR REPLACE MACRO ml.churn_v1(x DOUBLE) AS x * 12e0;"
        "CREATE MACRO ml.churn(x DOUBLE) AS ml.churn_v1(x);"
    ),
    "postgres": """CREATE OR REPLACE FUNCTION ml.churn_v1(x double precision)
        RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN x * 12;""",
}
DROP = {
    "duckdb": "DROP MACRO ml.churn_v2;",
    "postgres": "DROP FUNCTION ml.churn_v2(double precision);",
}
MINE = {
    "duckdb": "CREATE MACRO ml.mine(x) AS x;",
    "postgres": "CREATE FUNCTION ml.mine() RETURNS int LANGUAGE sql RETURN 1;",
}


def findings(team, *words):
    code, out, _ = team.on("drift", "--json", *words)
    return code, json.loads(out)


def test_05_a_replaced_body_is_named_with_both_texts(team):
    team.champion(2.0)
    assert team.ok("drift") == "no drift\n"
    team.execute(BODY[team.engine])
    code, (found,) = findings(team)
    assert (code, found["cause"], found["migration"]) == (1, "drifted", "0002_churn_v1")
    assert "body differs from 0002_churn_v1.up.sql" in found["details"]
    assert "2" in found["git"]
    assert "12" in found["database"]
    code, out, _ = team.on("drift")
    assert code == 1
    assert "ml.churn_v1" in out
    assert "procgen repair 0002" in out


def test_05_drift_stops_apply_and_rollback_unless_it_is_allowed(team):
    team.champion(2.0)
    team.compile(3.0)
    team.execute(BODY[team.engine])
    for command in (("apply",), ("rollback", "--to", "1")):
        code, _, err = team.on(*command)
        assert code == 3
        assert "ml.churn_v1" in err
        assert "--allow-drift" in err
    team.ok("apply", "--allow-drift")
    team.ok("rollback", "--to", "1", "--allow-drift")
    assert team.objects() == {}


def test_05_a_missing_and_an_unmanaged_routine_are_told_apart(team):
    team.champion(2.0)
    team.compile(3.0)
    team.ok("apply")
    team.execute(DROP[team.engine] + MINE[team.engine])
    code, found = findings(team)
    assert code == 1
    assert {one["cause"]: one["name"].partition("(")[0].rpartition(".")[2] for one in found} == {
        "missing": "churn_v2",
        "unmanaged": "mine",
    }


def test_05_an_unmanaged_routine_alone_is_no_drift(team):
    team.champion(2.0)
    team.execute(MINE[team.engine])
    code, (found,) = findings(team)
    assert (code, found["cause"]) == (0, "unmanaged")


def test_05_a_migration_without_a_file_is_unknown(team):
    team.champion(2.0)
    for path in team.folder.glob("0003_*"):
        path.unlink()
    code, (found,) = findings(team)
    assert (code, found["cause"], found["name"]) == (1, "unknown", "0003_churn_promote_v1")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("by_hand", "detail"),
    [
        ("ALTER FUNCTION {} VOLATILE", "volatility is volatile, was immutable"),
        ("ALTER FUNCTION {} COST 7", "cost is 7, was 100"),
        ("ALTER FUNCTION {} SET work_mem = '1MB'", "settings is work_mem=1MB, was none"),
        ("REVOKE ALL ON FUNCTION {} FROM PUBLIC", "EXECUTE revoked from PUBLIC, which 0002"),
        ("GRANT EXECUTE ON FUNCTION {} TO pg_monitor", "EXECUTE granted to pg_monitor, not in"),
        ("ALTER FUNCTION {} OWNER TO pg_monitor", "owner is pg_monitor, was postgres"),
    ],
)
def test_05_attributes_grants_and_owner_are_named(postgres15_team, by_hand, detail):
    team = postgres15_team
    team.champion(2.0)
    team.execute(by_hand.format("ml.churn_v1(double precision)"))
    code, (found,) = findings(team)
    assert code == 1
    assert any(one.startswith(detail) for one in found["details"]), found["details"]
    team.ok("repair", "2")
    assert team.ok("drift") == "no drift\n"


@pytest.mark.postgres
@pytest.mark.plpython
def test_05_one_more_space_in_a_python_body_is_found_with_its_line(postgres15_team):
    team = postgres15_team
    team.ok("apply")
    team.sql("python", PYTHON, "DROP FUNCTION ml.f(double precision);")
    team.ok("apply")
    indented = PYTHON.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
        "    return None", "     return None"
    )
    team.execute(indented)
    code, (found,) = findings(team)
    assert (code, found["cause"]) == (1, "drifted")


@pytest.mark.postgres
def test_05_files_are_believed_rather_than_history(postgres_team):
    team = postgres_team
    team.champion(2.0)
    team.execute(BODY["postgres"])
    with psycopg.connect(team.url) as forger:
        forger.execute(
            "UPDATE procgen.history SET objects = (SELECT jsonb_agg(o || jsonb_build_object("
            "'definition', encode(sha256(convert_to(pg_get_functiondef(p.oid), 'UTF8')), 'hex'),"
            "'body', encode(sha256(convert_to(pg_get_function_sqlbody(p.oid), 'UTF8')), 'hex')))"
            " FROM jsonb_array_elements(objects) o, pg_proc p WHERE p.proname = 'churn_v1')"
            " WHERE migration = '0002_churn_v1'"
        )
    assert findings(team) == (0, [])
    assert findings(team, "--against", "files")[0] == 1


@pytest.mark.duckdb
def test_06_a_macro_written_in_another_way_is_no_drift(duckdb_team):
    team = duckdb_team
    team.compile(2.0)
    team.ok("apply")
    team.execute(
        'CREATE OR REPLACE MACRO ml.churn_v1("x" DOUBLE) AS\n\n  ( x  *\n 2.0e0 ) -- the same\n;'
    )
    assert team.ok("drift") == "no drift\n"
    team.execute('CREATE OR REPLACE MACRO ml.churn_v1("x" DOUBLE) AS (x * 2.5e0);')
    assert team.on("drift")[0] == 1


@pytest.mark.duckdb
def test_06_what_another_duckdb_recorded_is_compared_with_a_replay(duckdb_team):
    team = duckdb_team
    team.champion(2.0, 3.0)
    team.execute(
        "UPDATE procgen.history SET engine = 'DuckDB 1.5.6', objects = CAST(regexp_replace("
        "CAST(objects AS VARCHAR), '\"(definition|body)\": ?\"[0-9a-f]', '\"\\1\":\"other', 'g')"
        " AS JSON);"
    )
    assert team.ok("drift") == "no drift\n"
    team.execute('CREATE OR REPLACE MACRO ml.churn_v1("x" DOUBLE) AS (x * 2.5e0);')
    code, (found,) = findings(team)
    assert (code, found["migration"]) == (1, "0002_churn_v1")
