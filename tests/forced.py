"""DuckDB's lowerings, forced upon every model that has them, small as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from procgen.backends import duckdb_lowerings, select
from procgen.backends.duckdb_lowerings import Use
from procgen.backends.lowering import Lowering

FEW = 5


@contextmanager
def forced(lowering: Lowering) -> Iterator[None]:
    """Take this lowering wherever a model has it, for every use, with passes of a few splits."""
    chosen = duckdb_lowerings.chosen

    def taken(costs: dict[Lowering, object], use: Use) -> Lowering:
        return lowering if lowering in costs else chosen(costs, use)

    splits = select.SPLITS_A_PASS
    duckdb_lowerings.chosen = taken
    select.SPLITS_A_PASS = FEW
    try:
        yield
    finally:
        duckdb_lowerings.chosen = chosen
        select.SPLITS_A_PASS = splits
