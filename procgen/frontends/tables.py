"""Rows as scikit-learn takes them: a DataFrame if it was trained with names, else an array."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from procgen.frontends.reading import entry, known_names
from procgen.ir.interpreter import Row, is_missing
from procgen.ir.types import DType, Field, Scalar


@dataclass(frozen=True, slots=True)
class Table:
    """A DataFrame or an array."""

    content: Any

    def take(self, positions: Sequence[int]) -> Table:
        """These rows, with the same column types."""
        rows = self.content.iloc if hasattr(self.content, "iloc") else self.content
        return Table(rows[list(positions)])


def build_table(
    model: Any, inputs: tuple[Field, ...], rows: Sequence[Row], markers: Mapping[str, None]
) -> Table:
    """The rows as the model was given them when it was trained.

    Args:
        model: the fitted model.
        inputs: its columns in training order.
        rows: at least one row.
        markers: the columns whose missing value is None instead of NaN.
    """
    columns = {
        field.name: _column(
            field.dtype,
            [row[field.name] for row in rows],
            None if field.name in markers else math.nan,
        )
        for field in inputs
    }
    if known_names(entry(model)) is not None:
        try:
            import pandas as pd  # noqa: PLC0415 - it is optional
        except ImportError:
            return Table(_array(list(columns.values())))
        # Without the dtype, pandas 3 makes its own text of an object array: None becomes NaN.
        series = {name: pd.Series(column, dtype=column.dtype) for name, column in columns.items()}
        return Table(pd.DataFrame(series))
    return Table(_array(list(columns.values())))


def _array(columns: list[np.ndarray]) -> np.ndarray:
    if any(column.dtype == object for column in columns):
        columns = [column.astype(object) for column in columns]
    return np.column_stack(columns)


def _column(dtype: DType, values: list[Scalar], marker: float | None) -> np.ndarray:
    has_missing = any(is_missing(value) for value in values)
    match dtype:
        case DType.INT64 if not has_missing:
            return np.array(values, dtype=np.int64)
        case DType.BOOL if not has_missing:
            return np.array(values, dtype=np.bool_)
        case DType.BOOL | DType.TEXT:
            filled = np.empty(len(values), dtype=object)
            filled[:] = [marker if is_missing(value) else value for value in values]
            return filled
        case _:
            numbers = [math.nan if is_missing(value) else value for value in values]
            return np.array(numbers, dtype=np.float64)
