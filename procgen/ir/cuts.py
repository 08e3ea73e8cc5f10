"""The last value of a type that passes a threshold: where a sorted column is cut in two."""

from __future__ import annotations

import math

import numpy as np

from procgen.ir.expressions import Comparison
from procgen.ir.float32 import to_float32
from procgen.ir.types import DType

WHOLE = {DType.INT64: (-(2**63), 2**63 - 1), DType.BOOL: (0, 1)}
"""Types of whole numbers, with their smallest and their largest value."""


def cut_at(op: Comparison, bound: float | int, dtype: DType) -> float | int | None:
    """The largest value of the type that is `<=` or `<` the bound; None if there is none."""
    if dtype in WHOLE:
        return _last_integer(op, bound, *WHOLE[dtype])
    if op is Comparison.LE:
        last = float(bound)
    elif bound == -math.inf:
        return None
    else:
        last = math.nextafter(bound, -math.inf)
    if dtype is DType.FLOAT32:
        single = to_float32(last)
        last = single if single <= last else float(np.nextafter(np.float32(single), -np.inf))
    return last + 0.0


def _last_integer(op: Comparison, bound: float | int, low: int, high: int) -> int | None:
    if math.isinf(bound):
        return high if bound > 0 else None
    last = math.floor(bound) if op is Comparison.LE else math.ceil(bound) - 1
    return None if last < low else min(last, high)
