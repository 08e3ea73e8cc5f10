"""Functions with NumPy's own bits, which are not the C library's, and division as IEEE has it.

NumPy gives the same bits for a number alone as for a number in an array of any length or stride
(tests/unit/ir/test_numpy_functions.py), so a threshold that was moved with these is exact.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cache
from statistics import NormalDist
from typing import Any

import numpy as np

from procgen.ir.expressions import Function


@cache
def _ndtri() -> Any:
    """SciPy's function, or None; it is imported when it is first asked for."""
    try:
        from scipy.special import ndtri  # noqa: PLC0415
    except ImportError:
        return None
    return ndtri


def _of_numpy(ufunc: Any) -> Callable[[float], float]:
    def call(value: float) -> float:
        with np.errstate(all="ignore"):
            return float(ufunc(value))

    return call


def normal_quantile(value: float) -> float:
    """The value that a standard normal variable stays below with this probability.

    It has SciPy's bits where SciPy is installed, as it is wherever a model can be read. Unlike the
    others it rises only but for a unit or two in the last place.
    """
    of_scipy = _ndtri()
    if of_scipy is not None:
        return float(of_scipy(value))
    if 0.0 < value < 1.0:
        return NormalDist().inv_cdf(value)
    return {0.0: -math.inf, 1.0: math.inf}.get(value, math.nan)


NUMBER_FUNCTIONS: dict[Function, Callable[[float], float]] = {
    Function.EXPM1: _of_numpy(np.expm1),
    Function.LOG: _of_numpy(np.log),
    Function.LOG10: _of_numpy(np.log10),
    Function.LOG1P: _of_numpy(np.log1p),
    Function.LOG2: _of_numpy(np.log2),
    Function.NORMAL_QUANTILE: normal_quantile,
    Function.NUMPY_EXP: _of_numpy(np.exp),
    Function.SQRT: _of_numpy(np.sqrt),
}
"""Each takes one double and rises with it; where it has no value, it gives NaN."""


def weighted_median(items: Sequence[float]) -> float:
    """Of values followed by weights: the first in rising order at which half the weight is reached.

    The weights are added up in that order, and equal values keep their places.
    """
    count = len(items) // 2
    order = sorted(range(count), key=items.__getitem__)
    reached = np.cumsum([items[count + place] for place in order])
    return items[order[int(np.argmax(reached >= 0.5 * reached[-1]))]]


def divide(left: float, right: float) -> float:
    """The quotient, which Python refuses by zero."""
    if right:
        return left / right
    if not left or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def numpy_sum(items: Sequence[float]) -> float:
    """The sum of up to 128 numbers as numpy adds a contiguous row: eight lanes, then what is left.

    Source: `pairwise_sum` in numpy/_core/src/umath/loops_utils.h.src.
    """
    whole = len(items) - len(items) % 8
    lanes = [0.0] * 8
    for place, item in enumerate(items[:whole]):
        lanes[place % 8] += item
    a, b, c, d, e, f, g, h = lanes
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for item in items[whole:]:
        total += item
    return total


def argmax(items: Sequence[float]) -> int:
    """The place of the first largest item; NaN is larger than any number, as in NumPy."""
    for place, item in enumerate(items):
        if math.isnan(item):
            return place
    return max(range(len(items)), key=items.__getitem__)
