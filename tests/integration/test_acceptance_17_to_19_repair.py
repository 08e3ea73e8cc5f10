"""Checks 17 to 19: repairs, texts that arrive byte for byte, and errors that say where."""

from __future__ import annotations

import duckdb
import pytest

from procgen.migrations.header import body_hashes
from tests.integration.teams import exported

DRIFTED = {
    "duckdb": (
        "DROP MACRO ml.churn; CREATE OR REPLACE MACRO ml.churn_v1(x DOUBLE) AS x * 12e0;"
        "CREATE MACRO ml.churn(x DOUBLE) AS ml.churn_v1(x);"
    ),
    "postgres": """CREATE OR REPLACE FUNCTION ml.churn_v1(x double precision)
        RETURNS double precision LANGUAGE sql VOLATILE RETURN x * 12;
        GRANT EXECUTE ON FUNCTION ml.churn_v1(double precision) TO pg_monitor;""",
}
DROPPED = {
    "duckdb": "DROP MACRO ml.churn_v2;",
    "postgres": "DROP FUNCTION ml.churn_v2(double precision);",
}


def test_17_repair_puts_git_s_version_back(team):
    team.champion(2.0)
    team.compile(3.0)
    team.ok("apply")
    before = team.objects()
    team.execute(DRIFTED[team.engine] + DROPPED[team.engine])
    assert team.value("ml.churn(1)") == 12.0
    for number in ("0002", "0004"):
        assert "repaired" in team.ok("repair", number)
    assert team.objects() == before
    assert team.value("ml.churn(1)") == 2.0
    assert team.ok("drift") == "no drift\n"
    assert team.events()[-1] == ("repair", "0004_churn_v2")
    assert team.ok("repair", "0002") == "nothing is to be repaired\n"
    team.ok("rollback", "--to", "1")
    assert team.objects() == {}


@pytest.mark.duckdb
def test_17_what_was_repaired_is_exported_and_imported(duckdb_team, tmp_path):
    team = duckdb_team
    team.champion(2.0, 3.0)
    team.ok("rollback", "--steps", "1")
    team.ok("apply")
    team.execute(
        "DROP MACRO ml.churn; CREATE OR REPLACE MACRO ml.churn_v1(x DOUBLE) AS x * 12e0;"
        'CREATE MACRO ml.churn("x" DOUBLE) AS ml.churn_v2("x");'
    )
    team.ok("repair", "0002")
    team.execute(
        'DROP MACRO ml.churn; CREATE OR REPLACE MACRO ml.churn_v2("x" DOUBLE) AS x * 12e0;'
    )
    team.ok("repair", "0004")
    team.ok("repair", "0005")
    comments = "SELECT count(DISTINCT comment) FROM duckdb_functions() WHERE schema_name = 'ml'"
    assert team.fetch(comments) == [(3,)]
    exported(team, tmp_path / "export")
    elsewhere = duckdb.connect()
    elsewhere.execute(f"IMPORT DATABASE '{tmp_path / 'export'}'")
    assert elsewhere.execute("SELECT ml.churn(1), ml.churn_v1(1)").fetchall() == [(3.0, 2.0)]
    elsewhere.close()


def test_17_a_cosmetic_edit_is_recorded_and_another_is_refused(team):
    team.champion(2.0)
    team.edit("0002_churn_v1.up.sql", "-- churn v1", "-- The first churn v1")
    assert team.on("status")[0] == 1
    team.ok("repair", "0002")
    assert team.on("status")[0] == 0
    team.edit("0002_churn_v1.up.sql", "2.0", "2.5")
    code, _, err = team.on("repair", "0002")
    assert code == 3
    assert "0002_churn_v1.up.sql was edited" in err
    assert "put the change into a new migration" in err


def test_17_baseline_believes_a_database_that_agrees(team):
    team.champion(2.0, 3.0)
    team.ok("rollback", "--steps", "1")
    team.ok("apply")
    objects, states = team.objects(), team.states()
    team.execute("DELETE FROM procgen.history; DELETE FROM procgen.models;")
    code, _, err = team.on("baseline", "0004")
    assert code == 3
    assert "ml.churn" in err
    team.ok("baseline", "0005")
    assert (team.objects(), team.states()) == (objects, states)
    assert team.on("status")[0] == 0
    assert team.ok("drift") == "no drift\n"
    code, _, err = team.on("baseline", "0005")
    assert (code, "has a history already" in err) == (3, True)
    team.ok("rollback", "--steps", "1")
    assert team.value("ml.churn(1)") == 2.0
    assert team.on("drift")[0] == 0


def test_17_baseline_makes_its_own_tables_where_there_are_none(team):
    team.champion(2.0)
    tables = "DROP TABLE procgen.history; DROP TABLE procgen.models; DROP TABLE procgen.meta;"
    sequence = "DROP SEQUENCE procgen.history_seq;" if team.engine == "duckdb" else ""
    team.execute(tables + sequence)
    team.ok("baseline", "0003")
    assert team.states() == [("churn", 1, "champion")]
    assert team.events()[-1] == ("baseline", "0003_churn_promote_v1")
    assert team.on("status")[0] == 0


BODY = """
# %s %(name)s :n ::text $1 $$ 100%
text = "a\\n" + '{"a":1}' + "ü 😀 \\\\ $procgen"
return text[0:1]
"""


@pytest.mark.postgres
@pytest.mark.plpython
def test_18_a_python_body_is_stored_byte_for_byte(postgres15_team):
    team = postgres15_team
    script = (
        "DO $do$ BEGIN CREATE EXTENSION IF NOT EXISTS plpython3u; END $do$;\n"
        f"CREATE FUNCTION ml.f(x text) RETURNS text LANGUAGE plpython3u AS $procgen${BODY}"
        "$procgen$;\n"
    )
    name = team.sql("python", script, "DROP FUNCTION ml.f(text);")
    team.ok("apply")
    assert team.value("prosrc FROM pg_proc WHERE proname = 'f'") == BODY
    up = (team.folder / f"{name}.up.sql").read_text(encoding="utf-8")
    hashed = "encode(sha256(convert_to(prosrc, 'UTF8')), 'hex')"
    assert (team.value(f"{hashed} FROM pg_proc WHERE proname = 'f'"),) == body_hashes(up)
    assert team.value("ml.f('')") == "a"


def test_19_an_error_in_line_40_names_file_and_line(team):
    name = team.sql("wrong", "SELECT 1;\n" * 39 + "SELECT nope;\n")
    code, _, err = team.on("apply")
    assert code == 3
    assert f"{name}.up.sql, line 40: " in err


def test_19_a_failed_verification_names_row_expected_and_got(team):
    team.compile(2.0)
    number = "2.0e0" if team.engine == "duckdb" else "'2.0'"
    wrong = number.replace("2.0", "2.0000000000000004")
    path = team.folder / "0002_churn_v1.up.sql"
    text = path.read_text(encoding="utf-8")
    team.edit(path.name, number, wrong)
    code, _, err = team.on("apply")
    assert code == 3
    assert "0002_churn_v1.verify.sql" in err
    assert "parity: row " in err
    assert "churn_v1 gave " in err
    assert ", expected " in err
    assert text != path.read_text(encoding="utf-8")
    assert team.objects() == {}
