"""Arithmetic in float32 by way of doubles: `to_float32` after each operation gives float32's bits.

Sums, products and quotients of two float32 are rounded twice this way, and a double has bits enough
for that to change nothing. Only exp() may differ: here it is the double one, rounded; C libraries
have an expf() of their own that is off by one unit in a few rows of a million.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence

LARGEST_FLOAT32 = 3.4028235677973366e38
"""Doubles from here on round to an infinite float32: half a step above the largest one."""
EXP_IS_INFINITE = 88.72283908187069
"""The smallest double whose exp() rounds to an infinite float32."""
EXP_IS_ZERO = -103.9720770839918
"""The largest double whose exp() rounds to a float32 of zero."""
STEEPEST_EXPIT = 88.69999694824219
"""XGBoost cuts the argument of exp() here, at float32(88.7), so that expit() is never zero."""
FLATTEST_EXPIT = 100.0
"""From here on `1 + exp(-x)` is 1 in float32 by far."""
HALF_OF_RANGE = 2.0**127
"""Half of what is too large for a float32."""
HALF_OF_SMALLEST = 2.0**-150
"""Half of the smallest float32: it and what is below round to zero."""


def to_float32(value: float) -> float:
    """Round a double to the nearest float32, ties to even, as the C cast does; returns a double."""
    if abs(value) >= LARGEST_FLOAT32:
        return math.copysign(math.inf, value)
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


def weighted_sum(items: Sequence[float]) -> float:
    """A start and then numbers and their float32 weights by turns, added from left to right."""
    start, *pairs = items
    total = to_float32(start)
    for value, weight in zip(pairs[::2], pairs[1::2], strict=True):
        total = to_float32(total + weighted(value, weight))
    return total


def weighted(value: float, weight: float) -> float:
    """The float32 nearest to the product of a float32 weight and a number, rounded before."""
    return to_float32(to_float32(value) * weight)


def exp(value: float) -> float:
    """The float32 nearest to e to the power of a float32."""
    if value >= EXP_IS_INFINITE:
        return math.inf
    return to_float32(math.exp(value))


def expit(value: float) -> float:
    """`1 / (1 + exp(-value))` in float32, cut off as XGBoost does."""
    power = to_float32(math.exp(-min(max(value, -STEEPEST_EXPIT), FLATTEST_EXPIT)))
    return to_float32(1.0 / to_float32(power + 1.0))


def softmax(items: Sequence[float]) -> tuple[float, ...]:
    """Shares of float32 powers; XGBoost adds them up as doubles and divides by the float32 sum."""
    largest = max(items)
    powers = [exp(to_float32(item - largest)) for item in items]
    total = 0.0
    for power in powers:
        total += power
    return tuple(to_float32(power / to_float32(total)) for power in powers)
