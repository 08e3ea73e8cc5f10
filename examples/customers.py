"""What the examples share: a project with a trained model, its table, and the check of its scores.

A score is right when it has the very bits of `model.predict`.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import skops.io
from numpy.typing import NDArray
from sklearn.ensemble import GradientBoostingRegressor

from examples.servers import own_folder, own_server
from procgen.cli import main
from procgen.databases.opening import engine_of

COLUMNS = ("age", "income", "visits", "basket", "tenure")
TYPES = {"postgres": "double precision", "duckdb": "DOUBLE"}
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Setting:
    """A project whose model `spend` answers in the database of `url`, and the model itself."""

    folder: Path
    url: str
    model: Any

    @property
    def engine(self) -> str:
        """Which database it is."""
        return engine_of(self.url)

    def run(self, *words: str) -> None:
        """A command of procgen's, shown and run; it must succeed."""
        print(f"$ procgen {' '.join(words)}")
        where = [] if words[0] in ("compile", "promote") else ["--url", self.url]
        target = ["--target", self.engine] if words[0] in ("compile", "promote") else []
        if main([*words, *where, *target, "-C", str(self.folder)]) != 0:
            raise SystemExit(f"procgen {words[0]} failed")

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """One statement in a transaction of its own; its rows, if it has any."""
        if self.engine == "duckdb":
            with duckdb.connect(self.url.removeprefix("duckdb:///")) as connection:
                return connection.execute(statement).fetchall()
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def load(self, table: Floats, first: int = 0) -> None:
        """The rows into app.customers: COPY, or one INSERT from Arrow in DuckDB."""
        if self.engine == "postgres":
            self._copy(table, first)
            return
        columns = [pa.array(range(first, first + len(table))), *map(pa.array, table.T)]
        rows = pa.table(columns, names=["id", *COLUMNS])
        with duckdb.connect(self.url.removeprefix("duckdb:///")) as connection:
            connection.register("arriving", rows)
            connection.execute("INSERT INTO app.customers BY NAME FROM arriving")

    def _copy(self, table: Floats, first: int) -> None:
        """Binary COPY: the eight bytes of a double arrive as they are."""
        cells = np.dtype(
            [
                ("count", ">i2"),
                ("id", [("size", ">i4"), ("value", ">i8")]),
                ("cell", [("size", ">i4"), ("value", ">f8")], (len(COLUMNS),)),
            ]
        )
        rows = np.zeros(len(table), dtype=cells)
        rows["count"] = len(COLUMNS) + 1
        rows["id"]["size"], rows["id"]["value"] = 8, np.arange(first, first + len(table))
        rows["cell"]["size"], rows["cell"]["value"] = 8, table
        head = b"PGCOPY\n\xff\r\n\0" + bytes(8)
        listed = ", ".join(COLUMNS)
        statement = f"COPY app.customers (id, {listed}) FROM STDIN (FORMAT binary)"
        with psycopg.connect(self.url) as connection:
            cursor = connection.cursor()
            with cursor.copy(statement.encode()) as copy:
                copy.write(head + rows.tobytes() + b"\xff\xff")

    def check(self, table: Floats, query: str, *, what: str = "score") -> None:
        """Raise unless the query answers one score a row, in the order of ids, each exact."""
        found = np.array([row[0] for row in self.execute(query)], dtype=np.float64)
        wanted = self.model.predict(pd.DataFrame(table, columns=list(COLUMNS)))
        if len(found) != len(wanted):
            raise SystemExit(f"{len(found):,} {what}s for {len(wanted):,} rows")
        wrong = int((found.view(np.int64) != wanted.view(np.int64)).sum())
        if wrong:
            raise SystemExit(f"{wrong:,} wrong {what}s")
        print(f"{len(found):,} {what}s, each equal to Python's bit for bit")


def people(rows: int, seed: int = 0) -> Floats:
    """Made-up customers."""
    return np.random.default_rng(seed).normal(size=(rows, len(COLUMNS))) * 10


@contextmanager
def setting(url: str, *, trees: int = 30) -> Iterator[Setting]:
    """A model trained, compiled, promoted and applied, beside an empty table of customers."""
    table = people(2_000, seed=1)
    frame = pd.DataFrame(table, columns=list(COLUMNS))
    target = table[:, 0] * table[:, 1] + np.abs(table[:, 2]) * 5
    model = GradientBoostingRegressor(n_estimators=trees, random_state=0).fit(frame, target)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        if main(["init", str(folder)]) != 0:
            raise SystemExit("procgen init failed")
        (folder / "spend.skops").write_bytes(skops.io.dumps(model))
        one = Setting(folder, url, model)
        one.run("compile", str(folder / "spend.skops"), "--name", "spend")
        one.run("promote", "spend", "v1")
        one.run("apply")
        kind = TYPES[one.engine]
        columns = ", ".join(f"{column} {kind}" for column in (*COLUMNS, "score"))
        one.execute("CREATE SCHEMA app")
        one.execute(f"CREATE TABLE app.customers (id bigint PRIMARY KEY, {columns})")
        yield one


def options(described: str | None, rows: int) -> argparse.ArgumentParser:
    """The options that every example has."""
    parser = argparse.ArgumentParser(description=described)
    parser.add_argument("--url", help="an empty database: postgresql://... or duckdb:///FILE")
    parser.add_argument(
        "--engine",
        choices=("duckdb", "postgres"),
        default="duckdb",
        help="without --url: a database that is made, and goes with the example",
    )
    parser.add_argument("--rows", type=int, default=rows)
    return parser


@contextmanager
def asked_setting(asked: argparse.Namespace) -> Iterator[Setting]:
    """The setting in the database that the options name."""
    with ExitStack() as stack:
        url = asked.url
        if url is None:
            folder = stack.enter_context(own_folder())
            url = f"duckdb:///{folder / 'example.duckdb'}"
            if asked.engine == "postgres":
                url = own_server(folder)
        yield stack.enter_context(setting(url))
