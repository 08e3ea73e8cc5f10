"""Each way to score where the rows are: what it writes, what it leaves, and its way back."""

from __future__ import annotations

import pytest

from tests.integration.attached import ATTACH, PREDICTIONS, attach, customers, insert


def test_a_trigger_scores_what_is_inserted_and_what_is_changed(team):
    customers(team, 2.0)
    out = attach(team, "trigger")
    assert "attached" in out
    insert(team, (1, 1.5, 10), (2, 2.5, 20))
    assert team.fetch(PREDICTIONS) == [(1, 1, 13.0), (2, 1, 25.0)]
    team.execute("UPDATE app.customers SET age = 3 WHERE id = 2;")
    assert team.fetch(PREDICTIONS) == [(1, 1, 13.0), (2, 1, 26.0)]
    assert team.on("drift")[0] == 0
    team.ok("verify")


def test_an_update_of_other_columns_scores_nothing(team):
    customers(team, 2.0)
    attach(team, "trigger")
    insert(team, (1, 1.5, 10))
    team.execute("UPDATE ml.churn_predictions SET prediction = -1;")
    team.execute("UPDATE app.customers SET note = 'called';")
    assert team.fetch(PREDICTIONS) == [(1, 1, -1.0)]


def test_a_promotion_moves_the_trigger_and_the_view_with_the_facade(team):
    customers(team, 2.0)
    attach(team, "trigger")
    attach(team, "view")
    insert(team, (1, 1.5, 10))
    team.compile(3.0, inputs=("age", "income"))
    team.write("promote", "churn", "v2")
    team.ok("apply")
    insert(team, (2, 1.5, 10))
    assert team.fetch(PREDICTIONS) == [(1, 1, 13.0), (2, 2, 14.5)]
    assert team.fetch("SELECT id, version, prediction FROM ml.customers_churn ORDER BY 1") == [
        (1, 2, 14.5),
        (2, 2, 14.5),
    ]
    assert team.on("drift")[0] == 0
    team.ok("verify")
    team.ok("rollback", "--steps", "1")
    insert(team, (3, 1.5, 10))
    assert team.fetch(PREDICTIONS)[-1] == (3, 1, 13.0)
    assert team.on("drift")[0] == 0


def test_a_rollback_leaves_what_was_there_before(team):
    customers(team, 2.0)
    before = team.objects()
    attach(team, "trigger")
    attach(team, "procedure")
    attach(team, "view")
    assert len(team.objects()) > len(before)
    team.ok("rollback", "--steps", "3")
    assert team.objects() == before


def test_a_detached_trigger_is_left_alone_by_later_promotions(team):
    customers(team, 2.0)
    attach(team, "trigger")
    attach(team, "procedure")
    before = team.objects()
    words = ("detach", "churn", "churn_on_customers", "--target", team.engine)
    code, _, err = team.run(*words)
    assert (code, "churn_score needs what churn_on_customers made" in err) == (3, True)
    team.write("detach", "churn", "churn_score")
    team.write("detach", "churn", "churn_on_customers")
    team.ok("apply")
    team.compile(3.0, inputs=("age", "income"))
    team.write("promote", "churn", "v2")
    team.ok("apply")
    insert(team, (1, 1.5, 10))
    assert not any("customers" in name or "predictions" in name for name in team.objects())
    assert team.on("drift")[0] == 0
    team.ok("rollback", "--steps", "4")
    assert team.objects() == before


def test_score_scores_what_is_not_scored_yet(team):
    customers(team, 2.0)
    insert(team, *((n, n / 4, n) for n in range(1, 26)))
    attach(team, "procedure")
    assert "25 rows scored" in team.ok("score", "churn", "--chunk", "10")
    assert team.fetch(PREDICTIONS) == [(n, 1, n / 2 + n) for n in range(1, 26)]
    assert "0 rows scored" in team.ok("score", "churn")
    insert(team, (100, 1.0, 1))
    assert "1 rows scored" in team.ok("score", "churn")


def test_attach_needs_a_table_that_fits(team):
    customers(team, 2.0)
    before = sorted(team.folder.iterdir())
    for words, said in [
        (("--table", "app.nobody"), "there is no table app.nobody"),
        (("--key", "note"), "may be NULL"),
        (("--map", "income=nothing"), "has no column 'nothing'"),
        (("--map", "income=note"), "does not convert exactly"),
        (("--map", "salary=note"), "has no input 'salary'"),
    ]:
        code, _, err = team.on(*ATTACH, "--as", "trigger", *words)
        assert (code, said in err) == (3, True), err
    assert sorted(team.folder.iterdir()) == before


@pytest.mark.postgres
def test_a_row_trigger_fills_a_column(postgres_team):
    team = customers(postgres_team, 2.0)
    attach(team, "trigger", "--into-column", "score")
    insert(team, (1, 1.5, 10))
    assert team.fetch("SELECT id, score FROM app.customers") == [(1, 13.0)]
    team.execute("UPDATE app.customers SET score = 0;")
    assert team.fetch("SELECT id, score FROM app.customers") == [(1, 13.0)]
    team.execute("UPDATE app.customers SET age = 2;")
    assert team.fetch("SELECT id, score FROM app.customers") == [(1, 14.0)]


@pytest.mark.postgres
def test_a_column_keeps_the_answers_of_its_version(postgres_team):
    team = customers(postgres_team, 2.0)
    before = team.objects()
    insert(team, (1, 1.5, 10))
    attach(team, "column")
    assert team.fetch("SELECT id, churn_v1 FROM app.customers") == [(1, 13.0)]
    assert team.on("drift")[0] == 0
    team.compile(3.0, inputs=("age", "income"))
    assert "app.customers.churn_v1 keeps the answers of churn v1" in team.write(
        "promote", "churn", "v2"
    )
    team.ok("apply")
    attach(team, "column")
    assert team.fetch("SELECT churn_v1, churn_v2 FROM app.customers") == [(13.0, 14.5)]
    team.ok("rollback", "--steps", "4")
    assert team.objects() == before
