"""Scores on ingest: whichever way rows come in, and whatever is wrong with one."""

from __future__ import annotations

import psycopg
import pytest

from procgen.errors import DatabaseError
from procgen.migrations.init import init_project
from tests.integration.attached import (
    INPUTS,
    PREDICTIONS,
    add_version,
    attach,
    copy,
    customers,
    insert,
    strict,
    strict_customers,
)
from tests.integration.teams import Team

ROWS = 10_000
BAD = 7_777
FAILURES = "SELECT model, version, source, key ->> 'id', code FROM procgen.failures"


def rows_with_one_bad():
    return [(n, 200.0 if n == BAD else n / 100, n) for n in range(ROWS)]


def wanted(n):
    return 2.0 * (n / 100) + n


WAYS = [(15, "sql"), (15, "plpython"), (18, "sql")]
"""A server and a language; the wheel of PostgreSQL 18 has no PL/Python."""


@pytest.fixture(params=WAYS, ids=lambda way: f"postgres{way[0]}-{way[1]}")
def refuser(request, tmp_path, capsys):
    """A champion that refuses some rows, which PL/Python scores in batches."""
    version, language = request.param
    init_project(tmp_path / "team")
    url = request.getfixturevalue(f"postgres{version}_url")
    return strict_customers(Team(tmp_path / "team", url, capsys), language)


@pytest.mark.parametrize("column", [(), ("--into-column", "score")], ids=["statement", "row"])
def test_one_bad_row_of_a_copy_aborts_it_all(refuser, column):
    attach(refuser, "trigger", *column)
    with pytest.raises(psycopg.errors.DataException, match="beyond 150"):
        copy(refuser, *rows_with_one_bad())
    assert refuser.value("count(*) FROM app.customers") == 0


def test_one_bad_row_of_a_copy_is_stored_with_a_null_score(refuser):
    attach(refuser, "trigger", "--on-error", "null")
    attach(refuser, "trigger", "--into-column", "score", "--name", "fill", "--on-error", "null")
    copy(refuser, *rows_with_one_bad())
    scores = [None if n == BAD else wanted(n) for n in range(ROWS)]
    assert refuser.fetch(PREDICTIONS) == [(n, 1, score) for n, score in enumerate(scores)]
    assert refuser.fetch("SELECT id, score FROM app.customers ORDER BY 1") == list(
        enumerate(scores)
    )
    assert refuser.fetch(FAILURES) == []


def test_one_bad_row_of_a_copy_is_stored_and_its_failure_queued(refuser):
    attach(refuser, "trigger", "--on-error", "queue")
    attach(refuser, "trigger", "--into-column", "score", "--name", "fill", "--on-error", "queue")
    copy(refuser, *rows_with_one_bad())
    good = [(n, wanted(n)) for n in range(ROWS) if n != BAD]
    assert refuser.fetch(PREDICTIONS) == [(n, 1, score) for n, score in good]
    assert refuser.value("count(*) FROM app.customers") == ROWS
    failed = ("churn", 1, "app.customers", str(BAD), "22000")
    assert refuser.fetch(FAILURES) == [failed, failed]
    messages = "SELECT DISTINCT routine, message LIKE '%beyond 150%' FROM procgen.failures"
    assert sorted(refuser.fetch(messages)) == [
        ("ml.churn_on_customers", True),
        ("ml.fill", True),
    ]


def test_a_batch_queues_the_row_that_cannot_be_scored_and_goes_on(refuser):
    copy(refuser, *rows_with_one_bad())
    attach(refuser, "procedure", "--on-error", "queue")
    out = refuser.ok("score", "churn", "--chunk", "3000")
    assert "9,999 rows scored, 1 failed" in out
    assert refuser.value("count(*) FROM ml.churn_predictions") == ROWS - 1
    assert refuser.fetch(FAILURES) == [("churn", 1, "app.customers", str(BAD), "22000")]
    assert refuser.fetch("SELECT chunks, scored, failed, state FROM procgen.jobs") == [
        (4, ROWS - 1, 1, "done")
    ]


def test_a_shadow_that_fails_disturbs_nobody(postgres15_team):
    team = customers(postgres15_team, 3.0)
    attach(team, "trigger")
    add_version(team, strict(2.0), 3.0)
    team.write("promote", "churn", "--shadow", "v2")
    team.ok("apply")
    copy(team, (1, 10.0, 1), (2, 200.0, 2))
    assert team.fetch(PREDICTIONS) == [(1, 1, 31.0), (1, 2, 21.0), (2, 1, 602.0)]
    assert team.fetch(FAILURES) == [("churn", 2, "app.customers", "2", "22000")]


def test_an_upsert_scores_what_it_inserts_and_what_it_updates(postgres_team):
    team = customers(postgres_team, 2.0)
    attach(team, "trigger")
    insert(team, (1, 1.0, 1))
    team.execute(
        'INSERT INTO app.customers (id, age, "In""come") VALUES (1, 5, 1), (2, 6, 1) '
        "ON CONFLICT (id) DO UPDATE SET age = excluded.age;"
    )
    assert team.fetch(PREDICTIONS) == [(1, 1, 11.0), (2, 1, 13.0)]
    team.execute(
        "MERGE INTO app.customers AS t USING (VALUES (2, 7.0), (3, 8.0)) AS s(id, age) "
        "ON t.id = s.id WHEN MATCHED THEN UPDATE SET age = s.age "
        'WHEN NOT MATCHED THEN INSERT (id, age, "In""come") VALUES (s.id, s.age, 1);'
    )
    assert team.fetch(PREDICTIONS) == [(1, 1, 11.0), (2, 1, 15.0), (3, 1, 17.0)]


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT OR REPLACE INTO app.customers (id, age) VALUES (1, 5)",
        "INSERT INTO app.customers (id, age) VALUES (1, 5) ON CONFLICT DO UPDATE SET age = 5",
        "MERGE INTO app.customers AS t USING (SELECT 1 AS id, 5.0 AS age) AS s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET age = s.age",
    ],
)
def test_duckdb_refuses_what_its_triggers_do_not_cover(duckdb_team, statement):
    team = customers(duckdb_team, 2.0)
    attach(team, "trigger")
    insert(team, (1, 1.0, 1))
    with pytest.raises(DatabaseError, match=r"not (yet )?supported"):
        team.execute(statement + ";")
    assert team.fetch(PREDICTIONS) == [(1, 1, 3.0)]


def test_rows_of_partitions_are_scored_through_the_parent(postgres_team):
    team = customers(postgres_team, 2.0)
    team.execute("""
        CREATE TABLE app.parts (id integer PRIMARY KEY, age double precision, income integer)
            PARTITION BY RANGE (id);
        CREATE TABLE app.low PARTITION OF app.parts FOR VALUES FROM (0) TO (10);
        CREATE TABLE app.high PARTITION OF app.parts FOR VALUES FROM (10) TO (20);
    """)
    words = ("attach", "churn", "--table", "app.parts", "--key", "id", "--as", "trigger")
    assert team.on(*words)[0] == 0
    team.ok("apply")
    team.execute("INSERT INTO app.parts VALUES (1, 1, 1), (11, 1.5, 1);")
    team.execute("UPDATE app.parts SET id = 12 WHERE id = 1;")
    assert team.fetch(PREDICTIONS) == [(1, 1, 3.0), (11, 1, 4.0), (12, 1, 3.0)]
    assert team.on("drift")[0] == 0


def test_a_trigger_that_feeds_itself_is_stopped(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    team.execute("""
        CREATE FUNCTION app.back() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE app.customers SET note = 'scored'; RETURN NULL; END $$;
        CREATE TRIGGER back AFTER INSERT OR UPDATE ON ml.churn_predictions
            FOR EACH STATEMENT EXECUTE FUNCTION app.back();
    """)
    insert(team, (1, 1.0, 1))
    assert team.fetch("SELECT note FROM app.customers") == [("scored",)]
    team.execute("""
        CREATE OR REPLACE FUNCTION app.back() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN UPDATE app.customers SET age = age + 1; RETURN NULL; END $$;
    """)
    with pytest.raises(Exception, match="churn_on_customers fires itself again and again"):
        insert(team, (2, 1.0, 1))


def test_a_change_by_one_bit_is_scored_again(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    insert(team, (1, 0.0, 0), (2, None, 0))
    team.execute("UPDATE ml.churn_predictions SET prediction = -1;")
    team.execute("UPDATE app.customers SET age = '-0' WHERE id = 1;")
    team.execute("UPDATE app.customers SET age = NULL WHERE id = 2;")
    assert team.fetch(PREDICTIONS) == [(1, 1, 0.0), (2, 1, -1.0)]


def test_a_disabled_trigger_is_drift_and_fails_verify(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    team.execute("ALTER TABLE app.customers DISABLE TRIGGER churn_on_customers_update;")
    code, out, _ = team.on("drift")
    assert (code, "enabled is no, was yes" in out) == (1, True)
    assert team.on("verify")[0] != 0
    team.execute("DROP TRIGGER churn_on_customers_insert ON app.customers;")
    assert "missing" in team.on("drift")[1]


@pytest.mark.parametrize(
    ("by_hand", "name"),
    [
        ("ALTER TABLE ml.churn_predictions ADD COLUMN extra int;", "ml.churn_predictions"),
        ("CREATE OR REPLACE VIEW ml.customers_churn AS SELECT id, model, version, digest, 1::float8"
         " AS prediction FROM ml.churn_predictions;", "ml.customers_churn"),
        ("CREATE OR REPLACE FUNCTION ml.churn_on_customers() RETURNS trigger LANGUAGE plpgsql AS"
         " $$ BEGIN RETURN NULL; END $$;", "ml.churn_on_customers()"),
        ("ALTER PROCEDURE ml.churn_score SECURITY DEFINER;", "ml.churn_score"),
    ],
)  # fmt: skip
def test_drift_sees_an_edit_of(postgres15_team, by_hand, name):
    team = customers(postgres15_team, 2.0)
    for form in ("trigger", "procedure", "view"):
        attach(team, form)
    assert team.on("drift")[0] == 0
    team.execute(by_hand)
    code, out, _ = team.on("drift")
    assert (code, name in out) == (1, True), out


def test_several_promotions_keep_one_row_a_version(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    insert(team, (1, 1.0, 1))
    team.compile(3.0, inputs=INPUTS)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    team.execute("UPDATE app.customers SET age = 2;")
    assert team.fetch(PREDICTIONS) == [(1, 1, 3.0), (1, 2, 7.0)]
    digests = "SELECT count(*) FROM ml.churn_predictions AS p JOIN procgen.models AS m "
    digests += "ON (p.model, p.version, p.digest) = (m.name, m.version, m.digest)"
    assert team.fetch(digests) == [(2,)]
