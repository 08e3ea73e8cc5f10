"""Checks 7 to 9: rolling back from any checkout, to what was there, and forward again."""

from __future__ import annotations

import json

import pytest

from tests.integration.teams import exported
from tests.projects import write_sums


def test_07_a_migration_that_left_the_checkout_is_rolled_back_from_history(team):
    for factor in (2.0, 3.0, 4.0):
        team.compile(factor)
    team.ok("apply")
    for path in team.folder.glob("0004_*"):
        path.unlink()
    out = team.ok("rollback", "--to", "0003")
    assert "0004_churn_v3" in out
    assert len(team.objects()) == (4 if team.engine == "duckdb" else 2)


def test_08_a_down_script_of_another_champion_is_refused(team):
    team.champion(2.0, 3.0)
    team.compile(4.0)
    team.write("promote", "churn", "v3")
    team.edit("0007_churn_promote_v3.down.sql", "churn_v2", "churn_v1")
    team.ok("apply")
    code, _, err = team.on("rollback", "--steps", "1")
    assert code == 3
    assert "do not restore" in err
    assert "ml.churn" in err
    assert team.value("ml.churn(1)") == 4.0
    assert team.on("drift")[0] == 0


def test_09_going_back_to_an_older_version_is_normal(team):
    team.champion(2.0, 3.0)
    team.write("promote", "churn", "v1")
    team.ok("apply")
    assert team.value("ml.churn(1)") == 2.0
    assert team.states() == [("churn", 1, "champion"), ("churn", 2, "created")]
    team.ok("rollback", "--steps", "1")
    assert team.value("ml.churn(1)") == 3.0
    assert team.states() == [("churn", 1, "created"), ("churn", 2, "champion")]
    team.ok("apply")
    moments = json.loads(team.on("history", "churn", "--json")[1])
    answers = [one["answers"] for one in moments if one["answers"]]
    assert answers == ["churn = v1", "churn = v2", "churn = v1", "churn = v2", "churn = v1"]
    assert [one["event"] for one in moments][-3:] == ["apply", "rollback", "apply"]
    assert team.on("history", "nobody")[1] == "there is no history of nobody\n"


def test_09_back_and_forth_leaves_what_a_fresh_install_has(team, schema_of):
    team.champion(2.0, 3.0)
    fresh = schema_of(team)
    team.ok("rollback", "--to", "0003")
    team.ok("apply")
    team.ok("rollback", "--steps", "1")
    team.ok("apply")
    assert schema_of(team) == fresh


def test_09_failures_are_in_history_too(team):
    team.champion(2.0)
    name = team.sql("bad", "SELECT nope;")
    assert team.on("apply")[0] == 3
    out = team.ok("history")
    assert ["fail", name] in [line.split()[2:4] for line in out.splitlines()]
    assert "nope" in out


@pytest.fixture
def schema_of(request, tmp_path):
    """What the engine itself exports of a schema."""

    def read(team):
        if team.engine == "duckdb":
            folder = tmp_path / f"export{len(list(tmp_path.iterdir()))}"
            return exported(team, folder)
        return request.getfixturevalue("dump")(team.url)

    return read


def test_09_what_was_overtaken_is_refused_unless_it_is_allowed(team):
    team.compile(2.0)
    team.ok("apply")
    make, drop = "CREATE TABLE ml.{} (x int);", "DROP TABLE ml.{};"
    early = team.sql("early", make.format("a"), drop.format("a"))
    late = team.sql("late", make.format("b"), drop.format("b"))
    paths = [team.folder / f"{early}.{part}.sql" for part in ("up", "down")]
    texts = [path.read_bytes() for path in paths]
    for path in paths:  # the other branch has it, under this number
        path.write_text("SELECT 1;")
    team.edit(f"{early}.up.sql", "SELECT 1;", "SELECT 2;")
    team.ok("apply")
    team.execute(f"DELETE FROM procgen.history WHERE migration = '{early}';")
    for path, text in zip(paths, texts, strict=True):
        path.write_bytes(text)
    write_sums(team.folder)
    code, _, err = team.on("apply")
    assert code == 3
    assert "--out-of-order" in err
    team.ok("apply", "--out-of-order")
    assert team.on("status")[0] == 0
    assert late > early
    assert team.fetch("SELECT count(*) FROM ml.a") == [(0,)]
