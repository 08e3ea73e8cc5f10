"""The tables that are scored, as Arrow: `rows` of random doubles, and `asked` with its gaps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.exactness import Asked
from benchmarks.models import COLUMNS, data


def rows_table(count: int) -> pa.Table:
    """An id and 30 columns."""
    table = data(count, seed=1)[0]
    return pa.table({"id": np.arange(count)} | dict(zip(COLUMNS, table.T, strict=True)))


def asked_table(asked: Asked) -> pa.Table:
    """The same columns, with NULL and NaN where there are gaps."""
    cells = {
        name: pa.array(column, mask=nulls)
        for name, column, nulls in zip(COLUMNS, asked.table.T, asked.nulls.T, strict=True)
    }
    return pa.table({"id": np.arange(len(asked.table))} | cells)


def write(table: pa.Table, path: Path) -> Path:
    """The table as a file that other processes read."""
    pq.write_table(table, path)  # type: ignore[no-untyped-call]
    return path
