"""Attachments of a version in PL/Python: rows one by one, in one call and in several, alike."""

from __future__ import annotations

import json
import threading

import psycopg
import pytest

from procgen.artifacts import attached as attached_scripts
from procgen.artifacts import batch_calls
from tests.integration.attached import (
    INPUTS,
    PREDICTIONS,
    add_version,
    attach,
    customers,
    insert,
    linear,
    strict_customers,
)

pytestmark = [pytest.mark.postgres, pytest.mark.plpython]
MANY = (
    'INSERT INTO app.customers (id, age, "In""come") '
    "SELECT {0} * 1000 + n, n / 16.0, n FROM generate_series(1, {1}) AS s(n);"
)
WRONG = (
    "SELECT count(*) FROM app.customers AS c LEFT JOIN ml.churn_predictions AS p USING (id) "
    'WHERE p.prediction IS DISTINCT FROM 2 * c.age + c."In""come"'
)


@pytest.fixture
def team(postgres15_team, monkeypatch):
    """Calls of at most 50 rows, so that 120 take three."""
    monkeypatch.setattr(batch_calls, "CHUNK", 50)
    return strict_customers(postgres15_team, "plpython")


def test_statements_of_any_size_are_scored(team):
    attach(team, "trigger")
    few = attached_scripts.FEW
    sizes = (1, few - 1, few, few + 1, 50, 51, 120)
    for number, size in enumerate(sizes):
        team.execute(MANY.format(number, size))
    assert team.fetch("SELECT count(*) FROM ml.churn_predictions") == [(sum(sizes),)]
    assert team.fetch(WRONG) == [(0,)]
    team.execute("UPDATE app.customers SET age = age + 1 WHERE id % 2 = 0;")
    team.execute("UPDATE app.customers SET age = age + 1 WHERE id = 1001;")
    team.execute("UPDATE app.customers SET age = NULL WHERE id BETWEEN 6000 AND 6090;")
    assert team.fetch(WRONG) == [(0,)]


def test_one_bad_row_in_the_third_call_is_found(team):
    attach(team, "trigger", "--on-error", "queue")
    values = ", ".join(f"({n}, {500.0 if n == 117 else float(n)}, {n})" for n in range(120))
    team.execute(f'INSERT INTO app.customers (id, age, "In""come") VALUES {values};')
    assert team.fetch("SELECT key ->> 'id', code FROM procgen.failures") == [("117", "22000")]
    assert team.fetch("SELECT count(*) FROM ml.churn_predictions") == [(119,)]


def test_a_procedure_gives_no_more_rows_to_a_call_than_it_holds(team, monkeypatch):
    monkeypatch.setattr(attached_scripts, "LARGEST_CALL", 100)
    attach(team, "procedure")
    team.execute(MANY.format(0, 350))
    assert "350 rows scored" in team.ok("score", "churn", "--chunk", "100000")
    assert team.fetch(WRONG) == [(0,)]
    assert team.fetch("SELECT chunk, chunks, scored FROM procgen.jobs") == [(100, 4, 350)]


def test_every_form_is_asked_by_batches(team):
    attach(team, "trigger")
    attach(team, "procedure")
    code, out, err = team.on("test", "churn", "--json", "-")
    report = json.loads(out)["databases"][0]
    asked = {one["name"]: (one["rows"] > 0, one["mismatches"]) for one in report["paths"]}
    assert (code, report["unasked"]) == (0, []), err
    assert asked["ml.churn_score"] == asked["ml.churn_on_customers"] == (True, 0)


def test_a_version_in_sql_and_its_shadow_in_python_score_the_same(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    attach(team, "procedure")
    team.execute("CREATE EXTENSION plpython3u;")
    add_version(team, linear(3.0, inputs=INPUTS), 4.0, "plpython")
    team.write("promote", "churn", "--shadow", "v2")
    team.ok("apply")
    insert(team, (1, 1.0, 1), (2, None, 2))
    wanted = [(1, 1, 3.0), (1, 2, 4.0), (2, 1, None), (2, 2, None)]
    assert team.fetch(PREDICTIONS) == wanted
    team.execute("DELETE FROM ml.churn_predictions;")
    team.ok("score", "churn")
    assert team.fetch(PREDICTIONS) == wanted
    team.write("promote", "churn", "v2")
    team.ok("apply")
    team.ok("rollback", "--steps", "2")
    assert team.on("drift")[0] == 0


def test_a_promotion_while_writers_run_loses_no_score_and_mixes_none(postgres15_team):
    team = customers(postgres15_team, 2.0)
    attach(team, "trigger")
    team.execute("CREATE EXTENSION plpython3u;")
    add_version(team, linear(3.0, inputs=INPUTS), 4.0, "plpython")
    team.write("promote", "churn", "v2")
    stop, failed = threading.Event(), []

    def write(writer: int) -> None:
        number = 0
        try:
            with psycopg.connect(team.url, autocommit=True) as connection:
                while not stop.is_set():
                    first = writer * 1_000_000 + number * 1000
                    size = 1 if number % 2 else 60
                    statement = MANY.format(first // 1000, size)
                    connection.execute(statement.encode())
                    number += 1
        except psycopg.Error as error:
            failed.append(error)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(1, 4)]
    for one in writers:
        one.start()
    try:
        wait_for_rows(team, version=1)
        team.ok("apply")
        wait_for_rows(team, version=2)
    finally:
        stop.set()
        for one in writers:
            one.join()
    assert failed == []
    lost = (
        "SELECT count(*) FROM app.customers AS c LEFT JOIN ml.churn_predictions AS p USING (id) "
        "WHERE p.prediction IS DISTINCT FROM "
        'CASE p.version WHEN 1 THEN 2 ELSE 3 END * c.age + c."In""come"'
    )
    assert team.fetch(lost) == [(0,)]
    mixed = (
        "SELECT count(*) FROM ml.churn_predictions AS p LEFT JOIN procgen.models AS m "
        "ON (p.model, p.version, p.digest) = (m.name, m.version, m.digest) WHERE m.name IS NULL"
    )
    assert team.fetch(mixed) == [(0,)]
    versions = "SELECT DISTINCT version FROM ml.churn_predictions ORDER BY 1"
    assert team.fetch(versions) == [(1,), (2,)]


def wait_for_rows(team, version):
    with psycopg.connect(team.url, autocommit=True) as watcher:
        count = f"SELECT count(*) FROM ml.churn_predictions WHERE version = {version}"
        while watcher.execute(count.encode()).fetchone() < (500,):
            pass


def test_names_are_quoted_everywhere(team):
    columns = 'k"ey $1', "chunk", "procgen_rows"
    key, age, income = ('"' + name.replace('"', '""') + '"' for name in columns)
    team.execute(
        f'CREATE TABLE app."Ta""b\'le" ({key} integer PRIMARY KEY, '
        f"{age} double precision, {income} double precision);"
    )
    words = ("--key", columns[0], "--map", f"age={columns[1]}", "--map", f"income={columns[2]}")
    for form in ("trigger", "procedure", "view"):
        code, out, err = team.on(
            "attach", "churn", "--table", 'app."Ta""b\'le"', *words, "--as", form
        )
        assert code == 0, out + err
        team.ok("apply")
    team.execute('INSERT INTO app."Ta""b\'le" SELECT n, n, 1 FROM generate_series(1, 120) AS s(n);')
    query = f"SELECT {key}, prediction FROM ml.churn_predictions ORDER BY 1"
    wanted = [(number, 2.0 * number + 1) for number in range(1, 121)]
    assert team.fetch(query) == wanted
    team.execute("DELETE FROM ml.churn_predictions;")
    assert "120 rows scored" in team.ok("score", "churn")
    assert team.fetch(query) == wanted
    assert team.on("drift")[0] == 0
