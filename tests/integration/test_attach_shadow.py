"""A shadow scores beside the champion: rows of both versions, and no answer changes."""

from __future__ import annotations

from tests.integration.attached import INPUTS, PREDICTIONS, attach, customers, insert


def test_a_shadow_writes_its_rows_beside_the_champions_until_it_is_promoted(team):
    customers(team, 2.0)
    attach(team, "trigger")
    attach(team, "procedure")
    attach(team, "view")
    team.compile(3.0, inputs=INPUTS)
    team.ok("apply")
    before = team.objects()
    team.write("promote", "churn", "--shadow", "v2")
    team.ok("apply")
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "shadow")]
    assert "shadow" in team.ok("status")
    insert(team, (1, 1.5, 10))
    assert team.fetch(PREDICTIONS) == [(1, 1, 13.0), (1, 2, 14.5)]
    assert team.fetch("SELECT version, prediction FROM ml.customers_churn") == [(1, 13.0)]
    assert team.value("ml.churn(1.5, 10)") == 13.0
    team.execute("DELETE FROM ml.churn_predictions;")
    out = team.ok("score", "churn")
    assert "churn v1: 1 rows" in out
    assert "churn v2: 1 rows" in out
    assert team.fetch(PREDICTIONS) == [(1, 1, 13.0), (1, 2, 14.5)]
    assert team.on("drift")[0] == 0

    team.write("promote", "churn", "v2")
    team.ok("apply")
    assert team.states() == [("churn", 1, "created"), ("churn", 2, "champion")]
    insert(team, (2, 1.5, 10))
    assert team.fetch(PREDICTIONS)[2:] == [(2, 2, 14.5)]
    assert not any("churn_shadow" in name for name in team.objects())
    assert team.on("drift")[0] == 0
    assert team.on("drift", "--against", "files")[0] == 0

    team.ok("rollback", "--steps", "1")
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "shadow")]
    insert(team, (3, 1.5, 10))
    assert team.fetch(PREDICTIONS)[3:] == [(3, 1, 13.0), (3, 2, 14.5)]
    team.ok("rollback", "--steps", "1")
    assert team.objects() == before
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "created")]
    insert(team, (4, 1.5, 10))
    assert team.fetch(PREDICTIONS)[5:] == [(4, 1, 13.0)]


def test_one_command_names_champion_and_shadow(duckdb_team):
    team = customers(duckdb_team, 2.0)
    team.compile(3.0, inputs=INPUTS)
    team.compile(4.0, inputs=INPUTS)
    team.write("promote", "churn", "v2", "--shadow", "v3")
    team.ok("apply")
    assert team.states() == [
        ("churn", 1, "created"),
        ("churn", 2, "champion"),
        ("churn", 3, "shadow"),
    ]
    code, _, err = team.run("promote", "churn", "--shadow", "v2", "--target", "duckdb")
    assert (code, "is answered by churn v2 already" in err) == (3, True)
    before = sorted(team.folder.iterdir())
    code, _, err = team.run("promote", "churn", "v1", "--shadow", "v9", "--target", "duckdb")
    assert (code, "creates no churn v9" in err) == (3, True)
    assert sorted(team.folder.iterdir()) == before


def test_a_shadow_of_other_inputs_is_refused_where_something_is_attached(duckdb_team):
    team = customers(duckdb_team, 2.0)
    attach(team, "trigger")
    team.compile(3.0, inputs=("age",))
    code, _, err = team.run("promote", "churn", "--shadow", "v2", "--target", "duckdb")
    assert (code, "churn_attach_trigger_customers calls churn v1" in err) == (3, True)
