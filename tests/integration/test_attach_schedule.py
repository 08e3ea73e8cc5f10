"""Schedules: by pg_cron where it is installed, and a line for another scheduler elsewhere."""

from __future__ import annotations

import psycopg
import pytest

from procgen.migrations.init import init_project
from tests.integration.attached import ATTACH, attach, customers
from tests.integration.teams import Team
from tests.servers import DEBIAN_BINARIES, Server, close_run, open_run, start

EVERY_NIGHT = ("--as", "schedule", "--at", "0 2 * * *")


@pytest.fixture(scope="module")
def cron_url():
    """A database of a server of its own: pg_cron must be loaded at its start."""
    folder, watcher = open_run()
    settings = {"shared_preload_libraries": "pg_cron", "cron.database_name": "scheduled"}
    start(folder / "cron", DEBIAN_BINARIES, **settings, **{"cron.host": str(folder / "cron")})
    server = Server(folder / "cron", "cron")
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE DATABASE scheduled")
    url = server.url("scheduled")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_cron")
    yield url
    close_run(watcher)


def test_pg_cron_calls_the_procedure(tmp_path, cron_url, capsys):
    init_project(tmp_path / "team")
    team = customers(Team(tmp_path / "team", cron_url, capsys), 2.0)
    code, _, err = team.on(*ATTACH, *EVERY_NIGHT)
    assert (code, "attach one first with --as procedure" in err) == (3, True)
    attach(team, "procedure")
    before = team.objects()
    assert team.on(*ATTACH, *EVERY_NIGHT)[0] == 0
    team.ok("apply")
    jobs = "SELECT jobname, schedule, command, active FROM cron.job"
    wanted = ("churn_score_customers", "0 2 * * *", 'CALL "ml"."churn_score"()', True)
    assert team.fetch(jobs) == [wanted]
    assert (team.on("drift")[0], team.on("verify")[0]) == (0, 0)
    team.execute("UPDATE cron.job SET schedule = '0 3 * * *';")
    assert "schedule is 0 3 * * *, was 0 2 * * *" in team.on("drift")[1]
    team.execute("UPDATE cron.job SET schedule = '0 2 * * *';")
    team.ok("rollback", "--steps", "1")
    assert team.fetch(jobs) == []
    assert team.objects() == before


def test_without_a_scheduler_a_line_for_crontab_is_printed(duckdb_team):
    team = customers(duckdb_team, 2.0)
    before = list(team.folder.iterdir())
    code, out, _ = team.on(*ATTACH, *EVERY_NIGHT)
    assert code == 0
    assert "  0 2 * * * procgen score churn --table 'app.customers' --env duckdb -C" in out
    assert list(team.folder.iterdir()) == before
