"""What the kernel answers to rows: the same as the interpreter, many times faster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from procgen.backends.duckdb import DUCKDB
from procgen.ir.interpreter import Row, Value
from procgen.ir.program import Action, OutputName, Program
from procgen.kernels.packing import pack
from procgen.kernels.runtime.model import Model
from procgen.passes import lower


def kernel_scores(program: Program, rows: Sequence[Row]) -> dict[OutputName, list[Value]]:
    """For each output one value a row; a refused row is None.

    Args:
        program: a Program, lowered or not.
        rows: with every input each, and none for which a policy raises.
    """
    lowered = lower(program, DUCKDB.target)
    messages = {repr(one): "" for one in lowered.requirements if one.action is Action.ERROR}
    model = Model(pack(lowered, "", messages))
    columns = [[row[field.name] for row in rows] for field in lowered.inputs]
    found = model.score(columns)
    return {
        output.name: list(map(_frozen, listed(found[output.name.value])))
        for output in lowered.outputs
    }


def _frozen(value: Any) -> Value:
    """A list as a tuple, or None where the row is refused."""
    if not isinstance(value, list):
        return value  # type: ignore[no-any-return]
    return None if all(item is None for item in value) else tuple(value)


def listed(value: Any) -> list[Any]:
    """An output of the kernel as a Python list, None where it is NULL; of a list a list a row."""
    if isinstance(value, list):
        return [list(row) for row in zip(*(listed(item) for item in value), strict=True)]
    cells, null = value
    found: list[Any] = cells.tolist()
    if null is None:
        return found
    return [None if gone else cell for cell, gone in zip(found, null.tolist(), strict=True)]
