"""Which rows the library refuses: it says so for a whole table, so rows are told apart by asking.

A cell that gets an accepted row refused, such as a missing number, spoils every row that holds it:
scikit-learn checks columns apart. Such rows are left out first; halving finds the others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from procgen.frontends.registry import Registry
from procgen.frontends.tables import Table, build_table
from procgen.ir.interpreter import LARGEST_FLOAT32, Row, is_missing
from procgen.ir.types import DType, Field, Scalar

Cell = tuple[str, Scalar]
CANDIDATES = 5
"""How many ordinary rows are tried as the accepted one."""
WORTH_TESTING = 4
"""Cells that occur in fewer rows are left to the halving."""


PREDICTIONS = Registry("reader of the question")
"""For a class whose predict() does not take the table as it is: what to ask of it instead."""

OTHER_REFUSALS = frozenset({"CatBoostError"})
"""Names of the errors by which other libraries than scikit-learn refuse rows."""


def is_refusal(error: Exception) -> bool:
    """Whether a library says by this error that it does not score some row.

    CategoricalNB looks an unseen category up beyond the end of its table.
    """
    return isinstance(error, ValueError | IndexError) or type(error).__name__ in OTHER_REFUSALS


def accepted_rows(
    model: Any,
    inputs: tuple[Field, ...],
    rows: Sequence[Row],
    others: Sequence[Row],
    markers: Mapping[str, None],
) -> list[int]:
    """Positions of the rows that the model accepts.

    Args:
        model: the fitted model.
        inputs: its columns in training order.
        rows: the rows to tell apart.
        others: more rows, one of which may be an accepted one.
        markers: as for `build_table`.
    """
    odd = [odd_cells(inputs, row) for row in rows]
    ordinary = _ordinary(model, inputs, rows, others, markers)
    spoiling = _spoiling_cells(model, inputs, rows, ordinary, markers)
    order = sorted(
        (position for position in range(len(rows)) if not spoiling.intersection(odd[position])),
        key=lambda position: (len(odd[position]), str(odd[position])),
    )
    # Beside an accepted row no column is missing throughout, which would change its type in pandas.
    beside = [] if ordinary is None else [ordinary]
    table = build_table(model, inputs, [*rows, *beside], markers)
    return sorted(_halved(model, table, order, range(len(rows), len(rows) + len(beside))))


def odd_cells(inputs: tuple[Field, ...], row: Row) -> list[Cell]:
    """The cells that a model may refuse whatever the rest of the row: not plain numbers."""
    cells: list[Cell] = []
    for field in inputs:
        value = row[field.name]
        value = None if is_missing(value) else value
        if value is None or field.dtype is DType.TEXT or abs(value) >= LARGEST_FLOAT32:  # type: ignore[arg-type]
            cells.append((field.name, value))
    return cells


def _ordinary(
    model: Any,
    inputs: tuple[Field, ...],
    rows: Sequence[Row],
    others: Sequence[Row],
    markers: Mapping[str, None],
) -> Row | None:
    """A row that is accepted, with as few odd and missing cells as may be."""
    candidates = sorted(others, key=lambda row: _oddness(inputs, row))[:CANDIDATES]
    table = build_table(model, inputs, [*rows, *candidates], markers)
    places = range(len(rows), len(rows) + len(candidates))
    found = next((place for place in places if _accepts(model, table, place)), None)
    return None if found is None else candidates[found - len(rows)]


def _oddness(inputs: tuple[Field, ...], row: Row) -> tuple[int, int]:
    missing = sum(is_missing(row[field.name]) for field in inputs)
    return missing, len(odd_cells(inputs, row))


def _spoiling_cells(
    model: Any,
    inputs: tuple[Field, ...],
    rows: Sequence[Row],
    ordinary: Row | None,
    markers: Mapping[str, None],
) -> set[Cell]:
    if ordinary is None:
        return set()
    counts = Counter(cell for row in rows for cell in odd_cells(inputs, row))
    cells = [cell for cell, count in counts.items() if count >= WORTH_TESTING]
    changed = [{**ordinary, name: value} for name, value in cells]
    table = build_table(model, inputs, [*rows, *changed, ordinary], markers)
    sound = len(rows) + len(changed)
    return {
        cell for i, cell in enumerate(cells) if not _accepts(model, table, len(rows) + i, sound)
    }


def _accepts(model: Any, table: Table, *positions: int) -> bool:
    ask = PREDICTIONS.find(model) or type(model).predict
    try:
        ask(model, table.take(positions).content)
    except Exception as error:
        if not is_refusal(error):
            raise
        return False
    return True


def _halved(model: Any, table: Table, order: list[int], beside: Sequence[int]) -> Iterator[int]:
    waiting = [order] if order else []
    while waiting:
        part = waiting.pop()
        if _accepts(model, table, *part, *beside):
            yield from part
        elif len(part) > 1:
            middle = len(part) // 2
            waiting += part[middle:], part[:middle]
