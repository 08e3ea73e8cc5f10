"""Doubles as places on a line, and the search for the last one that passes: 64 steps at most."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

LARGEST_PLACE = 2**63 - 1


def last_passing(accepts: Callable[[float], bool], guess: float) -> float | None:
    """The largest double, infinities included, that `accepts`; None if not even -inf does.

    `accepts` is true up to some double and false above it. `guess` only makes the search short.
    """
    low, high = _order(-math.inf), _order(math.inf)
    if accepts(math.inf):
        return math.inf
    if not accepts(-math.inf):
        return None
    at = min(max(_order(guess) if not math.isnan(guess) else 0, low), high)
    low, high = _bracket(lambda place: accepts(_double(place)), at, (low, high))
    while high - low > 1:
        middle = (low + high) // 2
        if accepts(_double(middle)):
            low = middle
        else:
            high = middle
    return _double(low)


def around(value: float, steps: int) -> list[float]:
    """A double with `steps` of its neighbours on each side, in order."""
    low, high = _order(-math.inf), _order(math.inf)
    place = _order(value)
    return [_double(near) for near in range(max(place - steps, low), min(place + steps, high) + 1)]


def _bracket(accepts: Callable[[int], bool], at: int, limits: tuple[int, int]) -> tuple[int, int]:
    """Two places around the edge: the first accepts, the second does not; steps double."""
    low, high = limits
    step = 1
    if accepts(at):
        low = at
        while at + step < high and accepts(at + step):
            low, step = at + step, step * 2
        return low, min(at + step, high)
    high = at
    while at - step > low and not accepts(at - step):
        high, step = at - step, step * 2
    return max(at - step, low), high


def _order(value: float) -> int:
    """The place of a double among all doubles; -0.0 and 0.0 share one."""
    bits: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return bits if bits >= 0 else -(bits & LARGEST_PLACE)


def _double(place: int) -> float:
    bits = place if place >= 0 else (-place) | (1 << 63)
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value
