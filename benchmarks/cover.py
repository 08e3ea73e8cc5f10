"""Rows that reach every leaf of a large forest, and how long they take to find.

Run `python -m benchmarks.cover [--json]`.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

import sklearn
from rich.console import Console
from rich.table import Column, Table
from sklearn.ensemble import RandomForestRegressor

from benchmarks.models import COLUMNS, data
from procgen.backends.duckdb import DUCKDB
from procgen.frontends import read_model
from procgen.ir.interpreter import Row
from procgen.ir.program import Program
from procgen.passes import lower
from procgen.verify.cover import cover_rows
from procgen.verify.coverage import measure, measure_grid
from procgen.verify.grid import Grid

ROWS = 60_000


def forest() -> RandomForestRegressor:
    """A hundred nearly full trees of depth 10: every column matters a little."""
    table, noise = data(ROWS)
    target = table.sum(axis=1) + noise
    model = RandomForestRegressor(100, max_depth=10, max_features=5, random_state=0, n_jobs=-1)
    return model.fit(table, target)


def figures(model: Any) -> dict[str, Any]:
    """What a cover comes to, in one process on one core."""
    lowered = lower(read_model(model, COLUMNS).program, DUCKDB.target)
    start = time.perf_counter()
    rows = cover_rows(lowered)
    found = time.perf_counter()
    coverage = measure(lowered, rows)
    measured = time.perf_counter()
    return {
        "leaves": coverage.leaves,
        "reached": coverage.reached,
        "sides": coverage.reachable_sides,
        "sides reached": coverage.reached_sides,
        "floor": coverage.floor,
        "rows": coverage.rows,
        "of them for all leaves": rows_for_leaves(lowered, rows),
        "seconds": round(found - start, 2),
        "seconds to measure": round(measured - found, 2),
    }


def rows_for_leaves(program: Program, rows: Sequence[Row]) -> int:
    """How many of the first rows reach every leaf; the others are for missing sides."""
    grid = Grid.of(program)
    return bisect_left(
        range(len(rows)), 0, key=lambda count: -len(measure_grid(grid, rows[:count]).missed)
    )


def main() -> None:
    """Measure the forest, and print a table or JSON."""
    found = figures(forest())
    if "--json" in sys.argv:
        print(json.dumps(found, indent=2))
        return
    title = (
        f"Cover, 100 trees of depth 10, {platform.machine()}, scikit-learn {sklearn.__version__}"
    )
    table = Table("what", Column("how many", justify="right"), title=title)
    for name, value in found.items():
        table.add_row(name, f"{value:,}")
    Console().print(table)


if __name__ == "__main__":
    main()
