"""A batch: what it skips, where it goes on, and what other sessions see of it."""

from __future__ import annotations

import threading

import psycopg
import pytest

from procgen.databases.batches import Wanted, find_batch
from procgen.databases.opening import open_database
from tests.integration.attached import ATTACH, INPUTS, PREDICTIONS, attach, customers, insert

JOBS = "SELECT version, state, chunks, scored FROM procgen.jobs ORDER BY job"
MANY = (
    'INSERT INTO app.customers (id, age, "In""come") '
    "SELECT n, n / 4.0, n FROM generate_series(1, 20000) AS s(n);"
)


def test_a_row_that_was_changed_since_is_scored_again(team):
    customers(team, 2.0)
    attach(team, "procedure", "--changed", "changed")
    insert(team, (1, 1.0, 1), (2, 2.0, 2), (3, 3.0, 3))
    team.execute("UPDATE app.customers SET changed = TIMESTAMP '2020-01-01 00:00:00';")
    assert "3 rows scored" in team.ok("score", "churn")
    team.execute(
        "UPDATE app.customers SET age = 9, changed = TIMESTAMP '2100-01-01 00:00:00' WHERE id = 2;"
    )
    assert "0 rows scored" in team.ok("score", "churn", "--since", "2101-01-01 00:00:00")
    assert "1 rows scored" in team.ok("score", "churn", "--since", "2090-01-01 00:00:00")
    assert team.fetch(PREDICTIONS) == [(1, 1, 3.0), (2, 1, 20.0), (3, 1, 9.0)]


def test_since_needs_a_column_that_says_when(team):
    customers(team, 2.0)
    attach(team, "procedure")
    code, _, err = team.on("score", "churn", "--since", "2026-01-01")
    assert (code, "does not know when a row of app.customers was changed" in err) == (3, True)
    code, _, err = team.on(*ATTACH, "--as", "procedure", "--name", "b", "--changed", "note")
    assert (code, "cannot say when a row changed" in err) == (3, True)
    code, _, err = team.on("score", "nobody")
    assert (code, "procgen attach nobody --as procedure" in err) == (3, True)


def test_a_batch_is_named_by_its_table_its_key_and_where_it_writes(team):
    customers(team, 2.0)
    attach(team, "procedure")
    insert(team, (1, 1.0, 1))
    asked = ("--table", "app.customers", "--key", "id", "--into")
    code, _, err = team.on("score", "churn", *asked, "other")
    known = "there is: app.customers by id into churn_predictions"
    told = "procgen attach churn --as procedure --table app.customers --key id --into other"
    assert (code, known in err, told in err) == (3, True, True)
    assert "1 rows scored" in team.ok("score", "churn", *asked, "churn_predictions")


def test_a_facade_with_two_batches_asks_which_is_meant(team):
    customers(team, 2.0)
    attach(team, "procedure")
    attach(team, "procedure", "--into", "elsewhere", "--name", "churn_again")
    insert(team, (1, 1.0, 1))
    code, _, err = team.on("score", "churn")
    assert (code, "choose with --table, --key or --into" in err) == (3, True)
    assert "1 rows scored" in team.ok("score", "churn", "--into", "ml.elsewhere")
    assert [scores for _, scores in team.fetch("SELECT id, version FROM ml.elsewhere")] == [1]
    assert team.fetch(PREDICTIONS) == []


def test_a_batch_of_a_new_champion_scores_all_rows_once_more(team):
    customers(team, 2.0)
    attach(team, "procedure")
    insert(team, (1, 1.0, 1), (2, 2.0, 2))
    team.ok("score", "churn")
    team.compile(3.0, inputs=INPUTS)
    team.write("promote", "churn", "v2")
    team.ok("apply")
    assert "churn v2: 2 rows scored" in team.ok("score", "churn")
    assert team.fetch(PREDICTIONS) == [(1, 1, 3.0), (1, 2, 4.0), (2, 1, 6.0), (2, 2, 8.0)]
    assert team.fetch(JOBS) == [(1, "done", 1, 2), (2, "done", 1, 2)]


def test_a_key_of_several_columns_is_walked_in_its_order(team):
    customers(team, 2.0)
    kind = "DOUBLE" if team.engine == "duckdb" else "double precision"
    team.execute(
        "CREATE TABLE app.visits (place varchar NOT NULL, day date NOT NULL,"
        f" number bigint NOT NULL, age {kind}, income {kind}, UNIQUE (place, day, number));"
        "INSERT INTO app.visits SELECT p, DATE '2026-01-01' + d, n, n, d FROM "
        "(VALUES ('a'), ('B'), ('ä')) AS places(p), (VALUES (0), (1)) AS days(d), "
        "(VALUES (1), (2), (3)) AS numbers(n);"
    )
    keys = [word for key in ("place", "day", "number") for word in ("--key", key)]
    words = ("attach", "churn", "--table", "app.visits", *keys, "--as", "procedure")
    assert team.on(*words)[0] == 0
    team.ok("apply")
    assert "18 rows scored" in team.ok("score", "churn", "--chunk", "4")
    joined = (
        "SELECT count(*) FROM app.visits AS v JOIN ml.churn_predictions AS p USING (place, day,"
    )
    assert team.fetch(f"{joined} number) WHERE p.prediction = 2 * v.age + v.income") == [(18,)]


def test_a_batch_on_duckdb_tells_how_far_it_is(duckdb_team):
    customers(duckdb_team, 2.0)
    attach(duckdb_team, "procedure")
    insert(duckdb_team, (1, 1.0, 1), (2, 2.0, 2))
    duckdb_team.ok("score", "churn")
    insert(duckdb_team, *((number, 1.0, 1) for number in range(3, 8)))
    told = []
    with open_database(duckdb_team.url) as database:
        batch = find_batch(duckdb_team.project, database, Wanted("churn"), chunk=2)
        database.run_batch(batch, lambda *progress: told.append(progress))
    assert told == [(f"churn v1: {done} rows", done, 5) for done in (2, 4, 5)]


def test_a_cancelled_batch_keeps_its_chunks_and_goes_on(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "procedure")
    team.execute(MANY)
    notices: list[str] = []
    with (
        psycopg.connect(team.url, autocommit=True) as caller,
        psycopg.connect(team.url, autocommit=True) as watcher,
    ):
        caller.add_notice_handler(lambda told: notices.append(told.message_primary or ""))
        seen = []

        def cancel() -> None:
            while not seen or seen[-1] < 1000:
                found = watcher.execute("SELECT coalesce(max(scored), 0) FROM procgen.jobs")
                seen.extend(row[0] for row in found)
            caller.cancel_safe()

        other = threading.Thread(target=cancel)
        other.start()
        with pytest.raises(psycopg.errors.QueryCanceled):
            caller.execute("CALL ml.churn_score(chunk => 10)")
        other.join()
        kept = watcher.execute("SELECT count(*) FROM ml.churn_predictions").fetchall()[0][0]
        assert 1000 <= kept < 20_000
        told = [f"churn v1: {count} rows of app.customers" for count in (kept, kept - 10)]
        assert notices[-1] in told  # a chunk is told after its commit
        caller.execute("CALL ml.churn_score(chunk => 5000)")
        assert watcher.execute("SELECT state, scored FROM procgen.jobs").fetchall() == [
            ("done", 20_000)
        ]
    exact = "SELECT count(*) FROM ml.churn_predictions WHERE prediction = 2 * (id / 4.0) + id"
    assert team.fetch(exact) == [(20_000,)]


def test_two_callers_share_the_work(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "procedure")
    team.execute(MANY)

    def call() -> None:
        with psycopg.connect(team.url, autocommit=True) as connection:
            connection.execute("CALL ml.churn_score(chunk => 500)")

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert team.fetch("SELECT count(*), count(DISTINCT id) FROM ml.churn_predictions") == [
        (20_000, 20_000)
    ]
    assert team.fetch("SELECT sum(scored)::int, bool_and(state = 'done') FROM procgen.jobs") == [
        (20_000, True)
    ]


def test_a_procedure_is_of_one_table(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "procedure")
    with (
        psycopg.connect(team.url, autocommit=True) as connection,
        pytest.raises(psycopg.errors.RaiseException, match="not pg_class"),
    ):
        connection.execute("CALL ml.churn_score(source => 'pg_class')")


def test_the_layout_of_the_tables_comes_and_goes_by_a_migration(team):
    customers(team, 2.0)
    layout = "max(layout) FROM procgen.meta"
    assert team.value(layout) == 1
    attach(team, "procedure")
    assert team.value(layout) == 2
    assert [path.name for path in sorted(team.folder.glob("*_serving.*"))] == [
        "0004_serving.down.sql",
        "0004_serving.up.sql",
    ]
    team.ok("rollback", "--to", "0003")
    assert team.value(layout) == 1
    assert team.states() == [("churn", 1, "champion")]
    team.ok("apply")
    assert team.value(layout) == 2
