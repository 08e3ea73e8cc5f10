"""Eight writers at once on a table whose triggers score: no score lost or wrong, no deadlock.

    python -m examples.concurrent_writers [--engine postgres] [--seconds 60]

A writer inserts rows of its own and changes rows of all. Rows of PostgreSQL are scored twice: by a
row trigger into a column and by a statement trigger into the predictions.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import numpy as np
import psycopg

from examples.customers import COLUMNS, Setting, asked_setting, options, people

WRITERS, SHARED = 8, 100
INSERT = "INSERT INTO app.customers (id, age, income, visits, basket, tenure) VALUES ({})"
UPDATE = "UPDATE app.customers SET age = {0}, income = {1} WHERE id = {2}"


@dataclass(slots=True)
class Writer:
    """One connection; it does its statements again where DuckDB says that another was first."""

    number: int
    here: Setting
    until: float
    inserted: int = 0
    updated: int = 0
    conflicts: int = 0
    failures: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        """Write until the time is over."""
        chance = random.Random(self.number)  # noqa: S311 - not a secret
        try:
            with _connect(self.here) as connection:
                while time.monotonic() < self.until:
                    self._write(connection, chance)
        except (psycopg.Error, duckdb.Error) as error:
            self.failures.append(error)

    def _write(self, connection: Any, chance: random.Random) -> None:
        place = "?" if self.here.engine == "duckdb" else "%s"
        values = [chance.gauss(0, 10) for _ in COLUMNS]
        if chance.random() < 0.5:
            key = SHARED + self.inserted * WRITERS + self.number
            statement = INSERT.format(", ".join([place] * (len(COLUMNS) + 1)))
            self._execute(connection, statement, [key, *values])
            self.inserted += 1
        else:
            self._execute(
                connection, UPDATE.format(*[place] * 3), [*values[:2], chance.randrange(SHARED)]
            )
            self.updated += 1

    def _execute(self, connection: Any, statement: str, values: list[Any]) -> None:
        while not self._is_done(connection, statement, values):
            self.conflicts += 1

    def _is_done(self, connection: Any, statement: str, values: list[Any]) -> bool:
        try:
            connection.execute(statement, values)
        except (duckdb.TransactionException, duckdb.ConstraintException):
            return False  # two writers of one row: DuckDB lets the first one win
        return True


def _connect(here: Setting) -> Any:
    if here.engine == "duckdb":
        return duckdb.connect(here.url.removeprefix("duckdb:///"))
    return psycopg.connect(here.url, autocommit=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write, then compare every score with Python's for the row as it is."""
    parser = options(__doc__, 0)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args(arguments)
    with asked_setting(asked) as here:
        attach = ("attach", "spend", "--table", "app.customers", "--key", "id", "--as", "trigger")
        here.run(*attach)
        if here.engine == "postgres":
            here.run(*attach, "--into-column", "score", "--name", "fill")
        here.run("apply")
        here.load(people(SHARED))
        writers = _written(here, asked.seconds)
        inserted = sum(one.inserted for one in writers)
        updated = sum(one.updated for one in writers)
        conflicts = sum(one.conflicts for one in writers)
        print(f"{WRITERS} writers, {asked.seconds:g} s: {inserted:,} rows inserted, ", end="")
        print(f"{updated:,} changed, {conflicts:,} conflicts tried again")
        _check(here, inserted)


def _written(here: Setting, seconds: float) -> list[Writer]:
    until = time.monotonic() + seconds
    writers = [Writer(number, here, until) for number in range(WRITERS)]
    threads = [threading.Thread(target=one.run) for one in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in writers:
        for failure in one.failures:
            raise SystemExit(f"writer {one.number}: {failure}")
    return writers


def _check(here: Setting, inserted: int) -> None:
    listed = ", ".join(COLUMNS)
    rows = here.execute(f"SELECT {listed} FROM app.customers ORDER BY id")
    if len(rows) != inserted + SHARED:
        raise SystemExit(f"{len(rows):,} rows, and {inserted + SHARED:,} were written")
    table = np.array(rows, dtype=np.float64)
    here.check(table, "SELECT prediction FROM ml.spend_predictions ORDER BY id")
    if here.engine == "postgres":
        here.check(table, "SELECT score FROM app.customers ORDER BY id", what="filled score")
        dead = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        if deadlocks := here.execute(dead)[0][0]:
            raise SystemExit(f"{deadlocks} deadlocks")


if __name__ == "__main__":
    main()
