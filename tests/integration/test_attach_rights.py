"""Least privilege: who may call and write scores, and nobody by a trick of names."""

from __future__ import annotations

import os

import psycopg
import pytest

from procgen.migrations.init import init_project
from tests.integration.attached import PREDICTIONS, attach, strict_customers
from tests.integration.teams import Team

HOSTILE = """
CREATE SCHEMA evil;
CREATE FUNCTION evil.clock_timestamp() RETURNS timestamptz LANGUAGE sql RETURN 'epoch'::timestamptz;
CREATE FUNCTION evil.churn_v1(double precision, double precision) RETURNS double precision
    LANGUAGE sql RETURN 666;
CREATE FUNCTION evil.record_image_eq(record, record) RETURNS boolean LANGUAGE plpgsql
    AS 'BEGIN RETURN true; END';
CREATE FUNCTION evil.equal(integer, integer) RETURNS boolean LANGUAGE sql RETURN true;
CREATE OPERATOR evil.= (FUNCTION = evil.equal, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION evil.times(double precision, double precision) RETURNS double precision
    LANGUAGE sql RETURN 666;
CREATE OPERATOR evil.* (FUNCTION = evil.times, LEFTARG = double precision,
    RIGHTARG = double precision);
CREATE DOMAIN evil.text AS integer;
CREATE TABLE evil.jobs (job bigint);
GRANT USAGE ON SCHEMA evil TO PUBLIC;
"""


WAYS = [(15, "sql"), (15, "plpython"), (18, "sql")]
"""A server and a language; the wheel of PostgreSQL 18 has no PL/Python."""


@pytest.fixture(params=WAYS, ids=lambda way: f"postgres{way[0]}-{way[1]}")
def way(request, tmp_path, capsys):
    """A team without a version yet, and the language of its first."""
    version, language = request.param
    url = request.getfixturevalue(f"postgres{version}_url")
    init_project(tmp_path / "team")
    return Team(tmp_path / "team", url, capsys), language


@pytest.fixture
def roles(way):
    """A role that procgen.toml names, and one that it does not; both may write customers."""
    team, _ = way
    number = len(os.fspath(team.root)) * 10_000 + os.getpid()  # roles are the whole server's
    names = [f"scorer_{number}", f"other_{number}"]
    path = team.root / "procgen.toml"
    path.write_text(path.read_text().replace("roles = []", f'roles = ["{names[0]}"]'))
    with psycopg.connect(team.url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE ROLE {name} LOGIN")
    yield names
    with psycopg.connect(team.url, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")


def test_a_role_with_execute_and_table_rights_scores_and_another_cannot(way, roles):
    team = strict_customers(*way)
    for words in (("trigger", "--on-error", "queue"), ("procedure",), ("view",)):
        attach(team, *words)
    scorer, other = roles
    for name in roles:
        team.execute(
            f"GRANT USAGE ON SCHEMA app, ml, procgen TO {name};"
            f"GRANT SELECT, INSERT, UPDATE ON app.customers TO {name};"
        )
    row = "INSERT INTO app.customers (id, age) VALUES"
    with psycopg.connect(team.url, user=scorer, autocommit=True) as connection:
        connection.execute(f"{row} (1, 1.0)")
        connection.execute("CALL ml.churn_score()")
        assert connection.execute("SELECT count(*) FROM ml.customers_churn").fetchall() == [(1,)]
    with psycopg.connect(team.url, user=other, autocommit=True) as connection:
        for statement in (
            f"{row} (2, 1.0)",
            "CALL ml.churn_score()",
            "SELECT prediction FROM ml.customers_churn",
            "SELECT ml.churn_v1(1, 2)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)
    assert team.fetch(PREDICTIONS) == [(1, 1, None)]
    definers = "count(*) FROM pg_proc WHERE prosecdef AND pronamespace = 'ml'::regnamespace"
    assert team.value(definers) == 0
    team.ok("rollback", "--steps", "3")


def test_a_hostile_schema_first_in_the_path_does_not_change_a_score(way):
    team = strict_customers(*way)
    attach(team, "trigger", "--on-error", "queue")
    attach(team, "trigger", "--into-column", "score", "--name", "fill")
    attach(team, "procedure", "--on-error", "null")
    attach(team, "view")
    team.execute(HOSTILE)
    with psycopg.connect(team.url, autocommit=True) as connection:
        connection.execute("SET search_path = evil, pg_catalog, app, ml")
        connection.execute('INSERT INTO app.customers (id, age, "In""come") VALUES (1, 1.5, 10)')
        connection.execute("UPDATE app.customers SET age = 2.5")
        assert connection.execute(PREDICTIONS).fetchall() == [(1, 1, 15.0)]
        connection.execute("DELETE FROM ml.churn_predictions")
        connection.execute("CALL ml.churn_score()")
        assert connection.execute(PREDICTIONS).fetchall() == [(1, 1, 15.0)]
        views = "SELECT prediction FROM ml.customers_churn"
        assert connection.execute(views).fetchall() == [(15.0,)]
    assert team.fetch("SELECT score FROM app.customers") == [(15.0,)]
    assert team.fetch("SELECT count(*) FROM ml.churn_predictions WHERE scored_at < now()") == [(1,)]


def test_names_that_need_quotes_are_quoted_everywhere(team):
    team.champion(2.0)
    strange = "Ta\"b'le; -- $procgen$"
    key, column = 'k"ey $1', "chunk"
    quoted = strange.replace('"', '""')
    kind = "DOUBLE" if team.engine == "duckdb" else "double precision"
    table = f'app."{quoted}"'
    text = key.replace('"', '""')
    team.execute(f"CREATE SCHEMA app; CREATE TABLE {table} "
                 f'("{text}" integer PRIMARY KEY, "{column}" {kind});')  # fmt: skip
    for form in ("trigger", "procedure", "view"):
        code, out, err = team.on(
            *("attach", "churn", "--table", table, "--key", key, "--map", f"x={column}"),
            *("--as", form),
        )
        assert code == 0, out + err
        team.ok("apply")
    team.execute(f"INSERT INTO {table} VALUES (1, 1.5);")
    wanted = [(1, 3.0)]
    query = f'SELECT "{text}", prediction FROM ml.churn_predictions'
    assert team.fetch(query) == wanted
    team.execute("DELETE FROM ml.churn_predictions;")
    assert "1 rows scored" in team.ok("score", "churn")
    assert team.fetch(query) == wanted
    assert team.on("drift")[0] == 0
    assert team.run("check-migrations")[0] == 0
    team.ok("rollback", "--steps", "3")
