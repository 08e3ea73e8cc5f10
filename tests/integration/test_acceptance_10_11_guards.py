"""Checks 10 and 11: stored answers stop a promotion, and callers stop a retirement."""

from __future__ import annotations

import pytest

STORED = """\
CREATE SCHEMA app;
CREATE TABLE app.customers (id int, "Income" double precision,
    score double precision GENERATED ALWAYS AS (ml.churn("Income")) STORED,
    CONSTRAINT low CHECK (ml.churn("Income") < 1000));
INSERT INTO app.customers VALUES (1, 10), (2, 15);
CREATE INDEX customers_churn_idx ON app.customers (ml.churn("Income"));
CREATE VIEW app.scores AS SELECT id, ml.churn("Income") AS s FROM app.customers;
CREATE VIEW app.outer_scores AS SELECT * FROM app.scores;
CREATE MATERIALIZED VIEW app.kept AS SELECT * FROM app.outer_scores;
CREATE DOMAIN app.scorable AS double precision CHECK (ml.churn(VALUE) > 0);
"""


@pytest.fixture
def pending(postgres_team):
    """A promotion of v2 that waits, over stored answers of v1."""
    team = postgres_team
    team.champion(2.0)
    team.execute(STORED)
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    return team


@pytest.mark.postgres
def test_10_a_promotion_names_all_that_stores_answers_and_refuses(pending):
    code, _, err = pending.on("apply")
    assert code == 3
    for name in (
        "index app.customers_churn_idx",
        "generated column app.customers.score",
        "check constraint low of app.customers",
        "check constraint scorable_check of app.scorable",
        "materialized view app.kept",
    ):
        assert name in err
    assert "app.outer_scores" not in err
    assert pending.value("ml.churn(1)") == 2.0


@pytest.mark.postgres
def test_10_the_statements_that_it_prints_make_the_answers_right(pending):
    out = pending.ok("apply", "--allow-stale")
    assert pending.fetch("SELECT score FROM app.customers ORDER BY id") == [(20.0,), (30.0,)]
    printed = out.partition("Stored answers are stale until you run:\n")[2]
    for statement in printed.splitlines():
        pending.execute(statement.strip())
    assert pending.fetch("SELECT score FROM app.customers ORDER BY id") == [(30.0,), (45.0,)]
    assert pending.fetch("SELECT s FROM app.kept ORDER BY id") == [(30.0,), (45.0,)]
    pending.execute("SET enable_seqscan = off;")
    found = 'SELECT id FROM app.customers WHERE ml.churn("Income") = 30'
    assert pending.fetch(found) == [(1,)]


@pytest.mark.postgres
def test_10_the_way_back_is_guarded_as_well(pending):
    pending.ok("apply", "--allow-stale")
    code, _, err = pending.on("rollback", "--steps", "1")
    assert code == 3
    assert "REFRESH MATERIALIZED VIEW app.kept" in err
    assert "REINDEX INDEX app.customers_churn_idx" in pending.ok(
        "rollback", "--steps", "1", "--allow-stale"
    )


def test_10_a_plain_view_does_not_stop_a_promotion(team):
    team.champion(2.0)
    team.execute(
        "CREATE VIEW v AS SELECT ml.churn(10.0) AS s;"
        if team.engine == "duckdb"
        else "CREATE VIEW public.v AS SELECT ml.churn(10.0) AS s;"
    )
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    assert team.value("s FROM " + ("v" if team.engine == "duckdb" else "public.v")) == 30.0


@pytest.mark.duckdb
def test_10_duckdb_itself_protects_a_generated_column(duckdb_team):
    team = duckdb_team
    team.champion(2.0)
    team.execute("CREATE TABLE t (x DOUBLE, s DOUBLE GENERATED ALWAYS AS (ml.churn(x)));")
    team.compile(3.0)
    team.write("promote", "churn", "v2")
    code, _, err = team.on("apply")
    assert code == 3
    assert 'table "t" depends on macro function "churn"' in err
    assert team.value("ml.churn(1)") == 2.0


def test_11_the_champion_cannot_be_retired(team):
    team.champion(2.0)
    code, _, err = team.run("retire", "churn", "v1", "--target", team.engine)
    assert code == 3
    assert "ml.churn" in err
    assert "promote another version first" in err


def test_11_a_champion_by_hand_cannot_be_retired_either(team):
    team.champion(2.0, 3.0)
    team.write("retire", "churn", "v1")
    team.ok("rollback", "--steps", "1", "--allow-drift")  # v1 answers again, v2 is not promoted
    for path in team.folder.glob("0005_*"):
        path.write_text("SELECT 1;\n")
    team.edit("0005_churn_promote_v2.up.sql", "SELECT 1;", "SELECT 2;")
    code, _, err = team.on("apply")
    assert code == 3
    assert 'function "churn_rows" depends on' in err or "ml.churn" in err
    assert team.value("ml.churn(1)") == 2.0


def test_11_a_retired_version_comes_back_by_a_rollback(team):
    team.champion(2.0, 3.0)
    team.write("retire", "churn", "v1")
    before = team.objects()
    team.ok("apply")
    assert team.states() == [("churn", 1, "retired"), ("churn", 2, "champion")]
    assert len(before) - len(team.objects()) == (2 if team.engine == "duckdb" else 1)
    assert team.on("drift")[0] == 0
    team.ok("verify")
    team.ok("rollback", "--steps", "1")
    assert team.objects() == before
    assert team.states() == [("churn", 1, "created"), ("churn", 2, "champion")]
    code, _, err = team.run("retire", "churn", "v1", "--target", team.engine)
    assert (code, "retired already" in err) == (3, True)
    code, _, err = team.run("promote", "churn", "v1", "--target", team.engine)
    assert (code, "is retired" in err) == (3, True)


@pytest.mark.duckdb
@pytest.mark.parametrize(
    ("by_hand", "name"),
    [
        ("CREATE VIEW risky AS SELECT ml.churn_v1(1.0) AS s;", "risky"),
        ('CREATE MACRO risk(x) AS 1 - "ml"."churn_v1"(x);', "risk"),
    ],
)
def test_11_duckdb_views_and_macros_that_call_a_version_are_found(duckdb_team, by_hand, name):
    team = duckdb_team
    team.champion(2.0, 3.0)
    team.execute(by_hand)
    team.write("retire", "churn", "v1")
    code, _, err = team.on("apply")
    assert code == 3
    assert name in err
    assert team.value("ml.churn_v1(1)") == 2.0
    code, _, err = team.on("rollback", "--to", "1")
    assert (code, name in err) == (3, True)


@pytest.mark.postgres
def test_11_postgres_names_the_view_that_calls_a_version(postgres15_team):
    team = postgres15_team
    team.champion(2.0, 3.0)
    team.execute("CREATE VIEW public.risky AS SELECT ml.churn_v1(1.0) AS s;")
    team.write("retire", "churn", "v1")
    code, _, err = team.on("apply")
    assert (code, "view public.risky depends on function" in err) == (3, True)


@pytest.mark.duckdb
def test_11_a_macro_named_like_a_function_of_duckdb_is_refused(duckdb_team):
    team = duckdb_team
    team.compile(2.0, name="abs")
    team.write("promote", "abs", "v1")
    code, _, err = team.on("apply")
    assert (code, "has the name of a function of duckdb" in err) == (3, True)
