"""kill -9 in the middle of a batch: it goes on where it was, and every row is scored once.

    python -m examples.kill_and_resume [--rows 1000000] [--engine postgres|duckdb]

PostgreSQL gets a private server, because the whole server is killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from examples.customers import Setting, options, people, setting
from examples.servers import own_folder, own_server, private_servers

PREDICTIONS = "SELECT prediction FROM ml.spend_predictions ORDER BY id"
JOBS = "SELECT job, scored, chunks, state FROM procgen.jobs ORDER BY job"
CHILD = """
import sys
from pathlib import Path
from procgen.databases.batches import Wanted, find_batch
from procgen.databases.opening import open_database
from procgen.migrations.project import load_project
with open_database(sys.argv[2]) as database:
    project = load_project(Path(sys.argv[1]))
    batch = find_batch(project, database, Wanted("spend"), chunk=int(sys.argv[3]))
    database.run_batch(batch, lambda text, *_: print(text, flush=True))
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Kill, start again, go on, and count."""
    parser = options(__doc__, 1_000_000)
    parser.set_defaults(engine="postgres")
    asked = parser.parse_args(arguments)
    if asked.url is not None:
        parser.error("the server is killed, so it is one of the example's own: leave --url out")
    run = _in_duckdb if asked.engine == "duckdb" else _in_postgres
    with own_folder() as folder:
        run(folder, asked.rows)


def _attached(here: Setting, rows: int) -> None:
    here.load(people(rows))
    here.run("attach", "spend", "--table", "app.customers", "--key", "id", "--as", "procedure")
    here.run("apply")


def _check(here: Setting, rows: int, before: int) -> None:
    """One job, which went on from what was committed, and every row's exact score."""
    jobs = here.execute(JOBS)
    print("procgen.jobs:", *jobs, sep="\n  ")
    ((_, scored, _, state),) = jobs
    if (scored, state) != (rows, "done") or not 0 < before < rows:
        raise SystemExit(f"{scored:,} rows were scored, {before:,} before the kill")
    here.check(people(rows), PREDICTIONS)


def _in_postgres(folder: Path, rows: int) -> None:
    private, url = private_servers(), own_server(folder)
    with setting(url) as here:
        _attached(here, rows)
        caller = threading.Thread(target=_call, args=(url, max(rows // 20, 1)))
        caller.start()
        committed = _wait_for(here, rows // 3)
        _kill_server(folder / "15")
        caller.join()
        print(f"killed the server after {committed:,} rows; starting it again")
        private.serve(folder / "15", private.binaries(folder, 15))
        before = here.execute("SELECT count(*) FROM ml.spend_predictions")[0][0]
        here.run("score", "spend", "--chunk", str(max(rows // 20, 1)))
        _check(here, rows, before)


def _call(url: str, chunk: int) -> None:
    with (
        contextlib.suppress(psycopg.OperationalError),
        psycopg.connect(url, autocommit=True) as connection,
    ):
        connection.execute("CALL ml.spend_score(chunk => %s::integer)", [chunk], prepare=False)


def _wait_for(here: Setting, rows: int) -> int:
    """What another session sees of the job, once that is enough."""
    while True:
        found = here.execute("SELECT coalesce(max(scored), 0) FROM procgen.jobs")
        if found[0][0] >= rows:
            return int(found[0][0])
        time.sleep(0.01)


def _kill_server(folder: Path) -> None:
    """The postmaster and every process below it, at once."""
    postmaster = int((folder / "data" / "postmaster.pid").read_text().split()[0])
    below = subprocess.run(  # noqa: S603
        ["/usr/bin/pgrep", "-P", str(postmaster)], capture_output=True, check=False, text=True
    )
    for pid in [postmaster, *map(int, below.stdout.split())]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while private_servers().is_running(postmaster):
        time.sleep(0.01)


def _in_duckdb(folder: Path, rows: int) -> None:
    with setting(f"duckdb:///{folder / 'example.duckdb'}") as here:
        _attached(here, rows)
        words = [sys.executable, "-c", CHILD, str(here.folder), here.url, str(max(rows // 20, 1))]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as child:  # noqa: S603
            told = (line for line in child.stdout or () if line.startswith(b"spend"))
            for line, _ in zip(told, range(7), strict=False):
                print(line.decode(), end="")
            child.send_signal(signal.SIGKILL)
        print("killed the process; scoring again")
        before = here.execute("SELECT count(*) FROM ml.spend_predictions")[0][0]
        here.run("score", "spend", "--chunk", str(max(rows // 20, 1)))
        _check(here, rows, before)


if __name__ == "__main__":
    main()
