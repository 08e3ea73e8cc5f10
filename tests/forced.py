"""DuckDB's lowerings, forced upon every model that has them, small as it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from procgen.backends import duckdb_lowerings, row_order, select
from procgen.backends.duckdb_lowerings import Use
from procgen.backends.lowering import Lowering

FEW = 5


@contextmanager
def forced(lowering: Lowering) -> Iterator[None]:
    """Take this lowering wherever a model has it, for every use.

    Passes have a few splits each, and their rows an order wherever there is one.
    """
    chosen = duckdb_lowerings.chosen

    def taken(costs: dict[Lowering, object], use: Use) -> Lowering:
        return lowering if lowering in costs else chosen(costs, use)

    with (
        patch.object(duckdb_lowerings, "chosen", taken),
        patch.multiple(select, SPLITS_A_PASS=FEW, ORDERED_SPLITS_A_PASS=FEW),
        patch.object(row_order, "COLUMN", 0.0),
    ):
        yield
