"""Numbers to train transformers on, rows at the edges of doubles, and the sizes of differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from procgen.ir.interpreter import Row, interpret
from procgen.ir.program import OutputName, Program
from tests.unit.frontends.transformer_parity import assert_columns_equal, read_columns, transformed
from tests.unit.frontends.tree_parity import SPECIAL_NUMBERS, names, table

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(60, 3)) * [1.0, 1e-3, 1e5] + [0.1, 7.0, -3.0]
POSITIVE = np.abs(X) + 0.1
HOLED = np.where(RANDOM.random(X.shape) < 0.2, np.nan, X)
Y = (X[:, 0] > 0.1).astype(int)


def rows_of(array: np.ndarray, more: tuple[float, ...] = ()) -> list[dict]:
    """Training rows, and the first one with each column at each edge."""
    columns = names(array.shape[1])
    rows = [dict(zip(columns, row, strict=True)) for row in array[:20].tolist()]
    odd = (*SPECIAL_NUMBERS, None, *more)
    return rows + [{**rows[0], name: value} for name in columns for value in odd]


def assert_equal(step: Any, array: np.ndarray = X, more: tuple[float, ...] = ()) -> tuple[int, int]:
    """The transformer's columns are Python's bit for bit; gives how many rows passed and fell."""
    return assert_columns_equal(step, read_columns(step), rows_of(array, more))


def largest_difference(
    step: Any, program: Program, rows: Sequence[Row], scale: float = 0.0
) -> float:
    """The largest distance from Python in epsilons of the value, or of `scale` if that is more."""
    largest = 0.0
    for row in rows:
        (got,) = interpret(program, [row])[OutputName.MARGIN]
        want = transformed(step, table(step, program.inputs, [row], math.nan))
        assert (got is None) == (want is None), row
        for ours, theirs in zip(got or (), want or (), strict=True):
            assert None not in (ours, theirs)
            size = max(abs(theirs), scale)
            if ours != theirs:
                largest = max(largest, abs(ours - theirs) / size / np.finfo(float).eps)
    return largest
