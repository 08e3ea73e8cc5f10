"""Two appliers, locks, and an applier that is killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from procgen.databases.history import read_events
from procgen.databases.opening import engine_of, open_database
from procgen.databases.runner import apply
from procgen.errors import DatabaseError
from procgen.migrations.create import add_create_migration
from tests.projects import add_sql, doubling, new_project

APPLIER = """
import sys
from pathlib import Path
from procgen.databases.opening import open_database
from procgen.databases.runner import apply
from procgen.migrations.project import load_project
with open_database(sys.argv[2], wait=30) as database:
    apply(load_project(Path(sys.argv[1])), database)
"""


@pytest.fixture
def project(tmp_path):
    return new_project(tmp_path / "project")


def start_applier(project, url):
    return subprocess.Popen([sys.executable, "-c", APPLIER, str(project.root), url])


def events_of(url):
    with open_database(url) as database, database.rehearsal():
        return [(event.event.value, event.migration) for event in read_events(database)]


def test_two_processes_apply_each_migration_once(project, database_url):
    add_create_migration(project, doubling(engine_of(database_url)), {})
    appliers = [start_applier(project, database_url) for _ in range(2)]
    assert [applier.wait() for applier in appliers] == [0, 0]
    assert events_of(database_url) == [("apply", "0001_init"), ("apply", "0002_double_v1")]


def test_two_threads_apply_each_migration_once(project, database_url):
    add_create_migration(project, doubling(engine_of(database_url)), {})
    reports = []

    def run():
        with open_database(database_url, wait=30) as database:
            reports.append(apply(project, database))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(report.steps) for report in reports) == [0, 2]
    assert events_of(database_url) == [("apply", "0001_init"), ("apply", "0002_double_v1")]


@pytest.mark.postgres
def test_the_holder_of_the_postgres_lock_is_named(project, postgres15_url):
    with (
        open_database(postgres15_url) as holder,
        open_database(postgres15_url, wait=0.2) as waiter,
        holder.locked(),
        pytest.raises(DatabaseError, match=r"process \d+ \(procgen, user postgres, since 2"),
    ):
        apply(project, waiter)


@pytest.mark.duckdb
def test_the_holder_of_a_duckdb_file_is_named(project, duckdb_url):
    code = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(1, flush=True);"
        " sys.stdin.read(); c.close()"
    )
    path = duckdb_url.removeprefix("duckdb:///")
    with subprocess.Popen(
        [sys.executable, "-c", code, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        holder.stdout.readline()
        with (
            pytest.raises(DatabaseError, match=rf"PID {holder.pid}"),
            open_database(duckdb_url, wait=0.2),
        ):
            raise AssertionError
        holder.communicate()
    with open_database(duckdb_url, wait=5) as database:
        assert len(apply(project, database).steps) == 1


@pytest.mark.postgres
@pytest.mark.slow
def test_a_killed_applier_leaves_nothing(project, postgres15_url):
    with open_database(postgres15_url) as database:
        apply(project, database)
    slow = "CREATE TABLE ml.t (x int); SELECT pg_sleep(60);"
    name = add_sql(project, "postgres", "slow", slow, "DROP TABLE ml.t;")
    applier = start_applier(project, postgres15_url)
    with psycopg.connect(postgres15_url, autocommit=True) as watch:
        sleeping = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while watch.execute(sleeping).fetchone() == (0,):
            time.sleep(0.05)
        applier.send_signal(signal.SIGKILL)
        applier.wait()
        killed = time.monotonic()
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        while watch.execute(locks).fetchone() != (0,):
            assert time.monotonic() < killed + 4
            time.sleep(0.05)
    assert events_of(postgres15_url) == [("apply", "0001_init")]
    folder = project.folder("postgres")
    for path in folder.glob(f"{name}.*"):
        path.unlink()
    add_sql(project, "postgres", "quick", "CREATE TABLE ml.t (x int);", "DROP TABLE ml.t;")
    with open_database(postgres15_url) as database:
        assert [step.id for step in apply(project, database).steps] == ["0002_quick"]


@pytest.mark.duckdb
@pytest.mark.slow
def test_a_killed_applier_leaves_nothing_in_duckdb(project, duckdb_url, tmp_path):
    with open_database(duckdb_url) as database:
        apply(project, database)
    slow = (
        f"CREATE TABLE ml.t (x int);\nCOPY (SELECT 1) TO '{tmp_path / 'started'}';\n"
        "SELECT sum(sin(a.range * b.range)) FROM range(1000000) a, range(1000000) b;"
    )
    add_sql(project, "duckdb", "slow", slow, "DROP TABLE ml.t;")
    applier = start_applier(project, duckdb_url)
    while not (tmp_path / "started").exists():
        assert applier.poll() is None
        time.sleep(0.05)
    applier.send_signal(signal.SIGKILL)
    applier.wait()
    assert events_of(duckdb_url) == [("apply", "0001_init")]
