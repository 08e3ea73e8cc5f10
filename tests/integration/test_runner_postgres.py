"""What only PostgreSQL can do to a batch: settings, roles, PL/Python, a connection that ends."""

from __future__ import annotations

import psycopg
import pytest

from procgen.databases.history import read_events
from procgen.databases.opening import open_database
from procgen.databases.runner import apply
from procgen.errors import DatabaseError
from procgen.migrations.create import add_create_migration
from tests.projects import add_sql, doubling, new_project

pytestmark = pytest.mark.postgres


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "project")


def run(project, url):
    with open_database(url) as database:
        return apply(project, database)


def events_of(url):
    with open_database(url) as database, database.rehearsal():
        return [(event.event.value, event.migration) for event in read_events(database)]


def fetch(url, statement):
    with open_database(url) as database, database.rehearsal():
        return database.fetch(statement)


def test_settings_of_one_script_do_not_reach_the_next(project, postgres15_url):
    leak = "SET search_path = ml; SET lock_timeout = '1ms'; CREATE ROLE leaky; SET ROLE leaky;"
    add_sql(project, "postgres", "leak", leak, "DROP ROLE leaky;")
    look = (
        "CREATE TABLE ml.seen AS SELECT current_setting('search_path') AS path,"
        " current_setting('lock_timeout') AS lock, current_user::text AS who;"
    )
    add_sql(project, "postgres", "look", look, "DROP TABLE ml.seen;")
    add_sql(project, "postgres", "drop", "DROP ROLE leaky;", "SELECT 1;")
    run(project, postgres15_url)
    assert fetch(postgres15_url, "SELECT * FROM ml.seen") == [('""', "30s", "postgres")]


@pytest.mark.plpython
@pytest.mark.parametrize("body", ["return '%s :n %% $1 {\"a\": 1} \\n ü 😀'", "return x[0:1]"])
def test_a_script_arrives_byte_for_byte(project, postgres15_url, body):
    script = (
        "DO $do$ BEGIN CREATE EXTENSION IF NOT EXISTS plpython3u; END $do$;\n"
        "CREATE FUNCTION ml.f(x text) RETURNS text LANGUAGE plpython3u AS $procgen$\n"
        f"{body}\n$procgen$;\n"
    )
    add_sql(project, "postgres", "python", script, "DROP FUNCTION ml.f(text);")
    run(project, postgres15_url)
    stored = fetch(postgres15_url, "SELECT prosrc FROM pg_proc WHERE proname = 'f'")
    assert stored == [(f"\n{body}\n",)]


def test_a_server_that_ends_the_connection_leaves_a_failure(project, postgres15_url):
    run(project, postgres15_url)
    name = add_sql(
        project, "postgres", "end", "SELECT pg_terminate_backend(pg_backend_pid());", "SELECT 1;"
    )
    with pytest.raises(DatabaseError, match=r"0002_end\.up\.sql: terminating connection"):
        run(project, postgres15_url)
    assert events_of(postgres15_url) == [("apply", "0001_init"), ("fail", name)]


def test_made_schemas_need_no_right_to_create_schemas(project, postgres15_url, engine_role):
    role, url = engine_role
    with psycopg.connect(postgres15_url) as connection:
        for schema in ("procgen", "ml"):
            connection.execute(f"CREATE SCHEMA {schema} AUTHORIZATION {role}")
    add_create_migration(project, doubling("postgres"), {})
    assert len(run(project, url).steps) == 2
    assert fetch(url, "SELECT by_role FROM procgen.history") == [(role,), (role,)]


@pytest.fixture
def engine_role(postgres15_url):
    role = f"deployer_{postgres15_url.split('@/')[1].split('?')[0]}"
    with psycopg.connect(postgres15_url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN")
        yield role, postgres15_url.replace("postgres@", f"{role}@")
        connection.execute(f"DROP OWNED BY {role}")
        connection.execute(f"DROP ROLE {role}")
