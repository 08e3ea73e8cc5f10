"""Checks 1 to 4: two appliers, a killed one, scripts that commit, files that were edited."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psycopg
import pytest

COMMAND = [sys.executable, "-m", "procgen"]


def start(team, *words):
    return subprocess.Popen([*COMMAND, *words, "--url", team.url, "-C", str(team.root)])


@pytest.mark.slow
def test_01_two_applies_at_once_apply_each_migration_once(team):
    for factor in (2.0, 3.0):
        team.compile(factor)
    for _ in range(2):
        appliers = [start(team, "apply", "--json") for _ in range(2)]
        assert [applier.wait() for applier in appliers] == [0, 0]
    assert team.events() == [
        ("apply", "0001_init"),
        ("apply", "0002_churn_v1"),
        ("apply", "0003_churn_v2"),
    ]


@pytest.mark.postgres
@pytest.mark.slow
def test_02_a_killed_apply_leaves_nothing_and_no_lock(postgres_team):
    team = postgres_team
    team.champion(2.0)
    before = team.events()
    slow = team.sql("slow", "CREATE TABLE ml.t (x int); SELECT pg_sleep(60);", "DROP TABLE ml.t;")
    applier = start(team, "apply")
    with psycopg.connect(team.url, autocommit=True) as watch:
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        while watch.execute(asleep).fetchone() == (0,):
            assert applier.poll() is None
            time.sleep(0.05)
        applier.send_signal(signal.SIGKILL)
        applier.wait()
        deadline = time.monotonic() + 3
        locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        while watch.execute(locks).fetchone() != (0,):
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert team.events() == before
    assert "pending" in team.on("status")[1]
    team.edit(f"{slow}.up.sql", "SELECT pg_sleep(60);", "")
    team.ok("apply")
    assert team.on("status")[0] == 0


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["duckdb_team", "postgres15_team"])
def test_02_a_kill_at_any_moment_leaves_a_recorded_state(request, fixture):
    team = request.getfixturevalue(fixture)
    team.ok("apply")
    for factor in (2.0, 3.0, 4.0):
        team.write("promote", "churn", f"v{team.compile(factor)}")
    started = time.monotonic()
    assert start(team, "apply").wait() == 0
    whole = time.monotonic() - started
    everything = team.objects()
    team.ok("rollback", "--to", "1")
    for moment in range(6):
        applier = start(team, "apply")
        time.sleep(whole * (0.4 + moment * 0.12))
        applier.send_signal(signal.SIGKILL)
        applier.wait()
        code, out, _ = team.on("status")
        assert out.count("pending") in (0, 6)
        assert team.objects() == ({} if code else everything)
        if code == 0:
            team.ok("rollback", "--to", "1")
    team.ok("apply")
    assert team.objects() == everything


def test_03_a_script_that_commits_is_refused_before_harm(team):
    team.champion(2.0)
    before = team.objects()
    name = team.sql("bad", "CREATE TABLE ml.t (x int); COMMIT; SELECT 1/0;")
    code, _, err = team.on("apply")
    assert code == 3
    assert f"{name}.up.sql" in err
    assert team.objects() == before
    assert team.events()[-1] == ("fail", name)
    assert team.fetch("SELECT count(*) FROM information_schema.tables WHERE table_name = 't'") == [
        (0,)
    ]


@pytest.mark.postgres
def test_03_a_call_of_a_procedure_that_commits_is_refused(postgres_team):
    team = postgres_team
    team.ok("apply")
    team.execute("CREATE PROCEDURE public.commits() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;")
    name = team.sql("call", "CREATE TABLE ml.t (x int); CALL public.commits();")
    code, _, err = team.on("apply")
    assert (code, "invalid transaction termination" in err) == (3, True)
    assert team.events()[1:] == [("fail", name)]
    assert team.value("to_regclass('ml.t')") is None


def test_04_one_digit_of_an_applied_file_is_named_by_each_command(team):
    team.champion(2.0)
    team.edit("0002_churn_v1.up.sql", "2.0", "2.5")
    for command in ("status", "drift", "apply"):
        code, out, err = team.on(command)
        assert code in (1, 3)
        assert "0002_churn_v1" in out + err
        assert "edited" in out + err
    team.edit("0002_churn_v1.up.sql", "2.5", "3.0", sums=False)
    code, out, _ = team.run("check-migrations", "--target", team.engine)
    assert code == 3
    assert "0002_churn_v1.up.sql differs from procgen.sum" in out


def test_04_line_ends_and_a_bom_are_no_edit(team):
    team.compile(2.0)
    path = team.folder / "0002_churn_v1.up.sql"
    content = path.read_bytes()
    path.write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    team.ok("apply")
    assert team.run("check-migrations", "--target", team.engine)[0] == 0
    path.write_bytes(content)
    assert team.on("status")[0] == 0
    assert team.on("drift")[0] == 0
    if team.engine == "postgres":
        stored = "SELECT count(*) FROM pg_proc WHERE position(chr(13) IN prosrc) > 0"
        assert team.fetch(stored) == [(0,)]
