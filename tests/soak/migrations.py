"""Migrations under stress, with figures; run by scripts/soak only.

Appliers are killed at random moments and started in pairs, and other tools run what is exported.
Those tools stand in the folders of PROCGEN_EXPORT_TOOLS; each that is not there fails its test.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import make_url

from procgen.databases.drift import find_drift
from procgen.databases.opening import open_database
from procgen.databases.runner import apply
from tests.projects import write_sums

COMMAND = [sys.executable, "-m", "procgen"]
KILLS = int(os.environ.get("PROCGEN_SOAK_KILLS", "50"))
ROUNDS = int(os.environ.get("PROCGEN_SOAK_ROUNDS", "20"))
LONG = {
    "duckdb": "CREATE MACRO ml.long{n}(x DOUBLE) AS list_reduce({}, lambda a, b: a + b);\n",
    "postgres": (
        "CREATE FUNCTION ml.long{n}(x double precision) RETURNS double precision LANGUAGE plpgsql "
        "IMMUTABLE SET search_path = pg_catalog AS $procgen$\nBEGIN\n{}    RETURN x;\nEND\n"
        "$procgen$;\n"
    ),
}
SPLIT = (
    "CASE WHEN x <= 1.2512345678901234e0 THEN -0.51234567890123456e0 ELSE 2.5123456789012346e0 END"
)
FILLER = {
    "duckdb": lambda size: "[" + ", ".join([SPLIT] * (size // (len(SPLIT) + 2))) + "]",
    "postgres": lambda size: "    IF x = 1.25 THEN RETURN 2.5; END IF;\n" * (size // 41),
}
DROP = {
    "duckdb": "DROP MACRO ml.long{n};",
    "postgres": "DROP FUNCTION ml.long{n}(double precision);",
}


def start(team, *words):
    return subprocess.Popen(
        [*COMMAND, *words, "--url", team.url, "-C", str(team.root)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def add_long(team, number, size):
    engine = team.engine
    up = LONG[engine].format(FILLER[engine](size), n=number)
    return team.sql(f"long{number}", up, DROP[engine].format(n=number))


def test_an_apply_that_is_killed_at_any_moment_loses_nothing(team, capsys):
    team.ok("apply")
    for number in range(5):
        add_long(team, number, 2_000_000)
    started = time.monotonic()
    team.ok("apply")
    whole = time.monotonic() - started
    everything = team.objects()
    team.ok("rollback", "--to", "1")
    pick = random.Random(0)
    finished = 0
    for _ in range(KILLS):
        applier = start(team, "apply")
        time.sleep(pick.uniform(0.0, whole * 2 + 1))
        applier.send_signal(signal.SIGKILL)
        applier.communicate()
        code, out, err = team.on("status")
        assert code in (0, 1), out + err
        assert team.ok("drift") == "no drift\n"
        assert team.objects() in ({}, everything)
        if code == 0:
            finished += 1
            assert team.objects() == everything
            team.ok("rollback", "--to", "1")
    team.ok("apply")
    assert team.objects() == everything
    with capsys.disabled():
        sys.stdout.write(f"\n{team.url[:12]} {KILLS} kills, {finished} of them too late\n")


def test_two_appliers_at_once_never_meet(team, capsys):
    for factor in (2.0, 3.0):
        team.compile(factor)
    for round_number in range(ROUNDS):
        appliers = [start(team, "apply") for _ in range(2)]
        messages = [applier.communicate()[1] for applier in appliers]
        assert [applier.returncode for applier in appliers] == [0, 0], messages
        names = [name for event, name in team.events() if event == "apply"]
        assert len(names) == 2 * round_number + 3
        team.ok("rollback", "--to", "1")
    with capsys.disabled():
        sys.stdout.write(f"\n{team.url[:12]} {ROUNDS} rounds of two appliers\n")


def test_two_hundred_routines_are_compared_within_a_second(team, capsys):
    for number in range(200):
        up = LONG[team.engine].format(FILLER[team.engine](20_000), n=number)
        path = team.folder / f"{number + 2:04d}_r{number}"
        path.with_suffix(".up.sql").write_text(up)
        path.with_suffix(".down.sql").write_text(DROP[team.engine].format(n=number))
    write_sums(team.folder)
    team.ok("apply")
    with open_database(team.url, read_only=True) as database:
        started = time.monotonic()
        assert find_drift(team.project, database) == ()
        took = time.monotonic() - started
    with capsys.disabled():
        sys.stdout.write(f"\n{team.url[:12]} drift of 200 routines: {took:.2f} s\n")
    assert took < 1


def test_five_megabytes_are_applied_within_five_seconds(team, capsys):
    team.ok("apply")
    add_long(team, 1, 5_000_000)
    with open_database(team.url) as database:
        started = time.monotonic()
        apply(team.project, database)
        took = time.monotonic() - started
        started = time.monotonic()
        assert find_drift(team.project, database) == ()
        compared = time.monotonic() - started
    with capsys.disabled():
        sys.stdout.write(f"\n{team.url[:12]} 5 MB: apply {took:.2f} s, drift {compared:.2f} s\n")
    assert (took < 5, compared < 1) == (True, True)


@pytest.fixture
def busy(postgres15_team):
    """A team with every kind of migration, and its objects once they are applied."""
    team = postgres15_team
    for factor in (2.0, 3.0):
        team.write("promote", "churn", f"v{team.compile(factor)}")
    team.write("retire", "churn", "v1")
    add_long(team, 1, 200_000)
    team.ok("apply")
    return team


@pytest.fixture
def elsewhere(postgres15_server):
    with postgres15_server.database() as url:
        yield url


def tool(name):
    path = os.environ.get("PROCGEN_EXPORT_TOOLS", "") + os.pathsep + os.environ["PATH"]
    found = shutil.which(name, path=path)
    assert found, f"{name} is not in PROCGEN_EXPORT_TOOLS or PATH"
    return found


def run(folder, *words, **environ):
    done = subprocess.run(
        [str(word) for word in words],
        cwd=folder,
        env=os.environ | {"PATH": str(Path(words[0]).parent) + ":" + os.environ["PATH"]} | environ,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def check(busy, url, back):
    """The other tool's database is what an apply leaves; then the way back removes all of it."""
    wanted, busy.url = busy.objects(), url
    assert busy.objects() == wanted
    busy.ok("baseline", "0007")
    assert busy.on("drift")[0] == 0  # what a hand-written migration made is only named
    busy.execute("DELETE FROM procgen.history; DELETE FROM procgen.models;")
    back()
    assert busy.fetch("SELECT count(*) FROM pg_namespace WHERE nspname IN ('ml', 'procgen')") == [
        (0,)
    ]


def parts(url):
    found = make_url(url)
    return found.database, found.query["host"]


def test_dbmate_runs_its_export(busy, elsewhere, tmp_path):
    busy.write("export", "--layout", "dbmate", tmp_path)
    name, host = parts(elsewhere)
    url = f"postgres://postgres@/{name}?socket={host}"
    program = tool("dbmate")
    run(tmp_path, program, "--no-dump-schema", "--url", url, "migrate")

    def back():
        for _ in range(7):
            run(tmp_path, program, "--no-dump-schema", "--url", url, "rollback")

    check(busy, elsewhere, back)


def test_yoyo_runs_its_export(busy, elsewhere, tmp_path):
    busy.write("export", "--layout", "yoyo", tmp_path / "out")
    name, host = parts(elsewhere)
    url = f"postgresql://postgres@/{name}?host={host}"
    program, words = tool("yoyo"), ("--batch", "--no-config-file", "--database", url, "out")
    run(tmp_path, program, "apply", *words)
    check(busy, elsewhere, lambda: run(tmp_path, program, "rollback", "-r", "0001_init", *words))


ENV = """
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""


def test_alembic_runs_its_export(busy, elsewhere, tmp_path):
    busy.write("export", "--layout", "alembic", tmp_path / "out")
    (tmp_path / "out" / "env.py").write_text(ENV)
    name, host = parts(elsewhere)
    url = f"postgresql+psycopg://postgres@/{name}?host={host}"
    settings = f"[alembic]\nscript_location = out\nsqlalchemy.url = {url}\n"
    (tmp_path / "alembic.ini").write_text(settings)
    program = tool("alembic")
    run(tmp_path, program, "upgrade", "procgen@head")
    check(busy, elsewhere, lambda: run(tmp_path, program, "downgrade", "procgen@base"))


PROFILE = """
procgen:
  target: t
  outputs:
    t: {{type: postgres, host: {host}, user: postgres, password: x, port: 5432, dbname: {name},
        schema: public, threads: 1}}
"""


def test_dbt_runs_its_export(busy, elsewhere, tmp_path):
    busy.write("export", "--layout", "dbt", tmp_path)
    name, host = parts(elsewhere)
    (tmp_path / "profiles.yml").write_text(PROFILE.format(name=name, host=host))
    (tmp_path / "dbt_project.yml").write_text("name: procgen\nversion: 1.0.0\nprofile: procgen\n")
    program = tool("dbt")
    words = ("--profiles-dir", tmp_path, "--project-dir", tmp_path)
    environ = {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"}

    def operation(name):
        run(tmp_path, program, "run-operation", name, *words, **environ)

    operation("procgen_apply")
    operation("procgen_apply")

    def back():
        for _ in range(7):
            operation("procgen_rollback")

    check(busy, elsewhere, back)


def test_sqitch_runs_its_export(busy, elsewhere, programs, tmp_path):
    busy.write("export", "--layout", "sqitch", tmp_path)
    name, host = parts(elsewhere)
    target = f"db:pg://postgres@/{name}?host={host}"
    program = tool("sqitch")
    client = ("--client", programs(elsewhere) / "psql")
    words = {"SQITCH_EMAIL": "t@localhost", "SQITCH_FULLNAME": "t", "HOME": str(tmp_path)}
    run(tmp_path, program, "deploy", *client, "--verify", target, **words)
    check(busy, elsewhere, lambda: run(tmp_path, program, "revert", *client, "-y", target, **words))
