"""`procgen repair` puts back what is attached: triggers, procedures, views, columns and tables."""

from __future__ import annotations

import pytest

from tests.integration.attached import INPUTS, add_version, attach, customers, insert
from tests.integration.teams import linear

HARM = {
    "duckdb": [
        "DROP MACRO ml.churn_v1 CASCADE; DROP VIEW ml.customers_churn;",
        "DROP TRIGGER churn_on_customers_update ON app.customers; "
        "DROP MACRO TABLE ml.churn_score; DROP VIEW ml.customers_churn;"
        "CREATE VIEW ml.customers_churn AS SELECT id, 0.5 AS prediction FROM app.customers;",
    ],
    "postgres": [
        "DROP TRIGGER churn_on_customers_update ON app.customers; DROP PROCEDURE ml.churn_score;"
        "DROP VIEW ml.customers_churn;",
        "CREATE OR REPLACE FUNCTION ml.churn_on_customers() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RETURN NULL; END$$; GRANT SELECT ON ml.customers_churn TO pg_monitor;"
        "GRANT EXECUTE ON FUNCTION ml.churn_on_customers() TO pg_monitor;",
    ],
}


def mended(team):
    """What each repair that drift asks for has said."""
    asked = team.on("drift")[1].partition("procgen repair")[2]
    numbers = {word for word in asked.split() if word.isdigit()}
    assert numbers
    for number in sorted(numbers):
        assert "repaired" in team.ok("repair", number)
    assert team.ok("drift") == "no drift\n"


@pytest.mark.parametrize("harm", [0, 1])
def test_what_is_attached_comes_back_and_scores(team, harm):
    customers(team)
    for form in ("trigger", "procedure", "view"):
        attach(team, form)
    before = team.objects()
    team.execute(HARM[team.engine][harm])
    assert team.objects() != before
    mended(team)
    assert team.objects() == before
    insert(team, (5, 1.0, 2))
    assert team.fetch("SELECT id, prediction FROM ml.churn_predictions") == [(5, 4.0)]
    assert team.on("test", "churn")[0] == 0
    team.ok("rollback", "--to", "4")


def test_what_a_promotion_has_moved_comes_back_as_it_moved_it(team):
    customers(team)
    for form in ("trigger", "procedure", "view"):
        attach(team, form)
    add_version(team, linear(3.0, inputs=INPUTS), 4.0)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    before = team.objects()
    team.execute(HARM[team.engine][1])
    mended(team)
    assert team.objects() == before
    assert team.on("test", "churn")[0] == 0


@pytest.mark.postgres
def test_a_table_and_a_column_are_made_only_where_they_are_missing(postgres15_team):
    team = customers(postgres15_team)
    attach(team, "trigger")
    attach(team, "column")
    before = team.objects()
    team.execute("DROP TABLE ml.churn_predictions; ALTER TABLE app.customers DROP churn_v1;")
    mended(team)
    assert team.objects() == before
    insert(team, (5, 1.0, 2))
    team.execute("ALTER TABLE ml.churn_predictions DROP COLUMN scored_at;")
    code, _, err = team.on("repair", "0005")
    assert (code, "table ml.churn_predictions" in err, "--allow-drift" in err) == (3, True, True)
    assert team.fetch("SELECT id, prediction FROM ml.churn_predictions") == [(5, 4.0)]
