"""What each function makes of an interval, or of a list of intervals (spans.py)."""

from __future__ import annotations

import math

from procgen.ir import float32
from procgen.ir.expressions import Function
from procgen.ir.interpreter import OF_NUMBERS
from procgen.ir.numpy_functions import numpy_sum, weighted_median
from procgen.ir.spans import (
    ANYTHING,
    EPSILON,
    FLOAT32_SLACK,
    LINK_ULPS,
    MISSING,
    OF_FLOAT32,
    SAME_EVERYWHERE,
    Enclosed,
    Item,
    Options,
    Span,
    ends_of,
    item_of,
    number_of,
    span_of,
)

ULPS = {Function.NORMAL_QUANTILE: 8}
"""Of functions that two libraries compute by other formulas, as tests/integration measure it."""


def apply_call(function: Function, argument: Enclosed) -> Enclosed:
    """What a function makes of an item or a list."""
    if isinstance(argument, tuple):
        spans = [number_of(item) for item in argument]
        known = [span for span in spans if span is not None]
        return _call_list(function, known) if len(known) == len(spans) else ANYTHING
    if argument == MISSING:
        return MISSING
    span = number_of(argument)
    if span is None:
        return ANYTHING
    low, high = (OF_NUMBERS[function](end) for end in ends_of(span))
    if function in SAME_EVERYWHERE:
        return span_of(low, high)
    ulps = ULPS.get(function, LINK_ULPS)
    return _widened(low, high, ulps, single=function in OF_FLOAT32)


def _widened(low: float, high: float, ulps: int = LINK_ULPS, *, single: bool = False) -> Item:
    if math.isnan(low) or math.isnan(high):
        return ANYTHING
    if single:
        low = min(low, float32.LARGEST_FLOAT32)  # infinity less a part of it would be NaN
        return Span(low - abs(low) * FLOAT32_SLACK, high + abs(high) * FLOAT32_SLACK)
    for _ in range(ulps):
        low, high = math.nextafter(low, -math.inf), math.nextafter(high, math.inf)
    return Span(low, high)


def _call_list(function: Function, spans: list[Span]) -> Enclosed:
    match function:
        case Function.ARGMAX:
            floor = max(span.low for span in spans)
            first = next(place for place, span in enumerate(spans) if span.low == floor)
            # The first of equal values wins, so a later one must be able to exceed the floor.
            return Options(
                frozenset(
                    place
                    for place, span in enumerate(spans)
                    if span.high > floor or (span.high == floor and place <= first)
                )
            )
        case Function.WEIGHTED_MEDIAN:
            half = len(spans) // 2
            weights = [span.low for span in spans[half:]]
            low, high = (
                weighted_median([*values, *weights])
                for values in ([s.low for s in spans[:half]], [s.high for s in spans[:half]])
            )
            return Span(low, high)
        case Function.WEIGHTED_SUM_FLOAT32:
            return _weighted_sum(spans)
        case Function.EXPIT_EACH:
            return tuple(item_of(apply_call(Function.EXPIT, span)) for span in spans)
        case Function.NORMALIZE:
            return _shares(spans, slack=0.0)
        case Function.SOFTMAX | Function.SOFTMAX_FLOAT32 | Function.SOFTMAX_OF_LOGS:
            return _softmax(function, spans)
        case _:
            return ANYTHING


def _weighted_sum(spans: list[Span]) -> Item:
    """Rounding is monotonic: the low ends of what has a positive weight give the low end."""
    start, *pairs = spans
    low, high = [start.low], [start.high]
    for value, weight in zip(pairs[::2], pairs[1::2], strict=True):
        rising = weight.low >= 0
        low += (value.low if rising else value.high, weight.low)
        high += (value.high if rising else value.low, weight.low)
    return span_of(float32.weighted_sum(low), float32.weighted_sum(high))


def _softmax(function: Function, spans: list[Span]) -> Enclosed:
    """Each share with its own exponential at one end, and the others' at the other end."""
    largest = max(span.high for span in spans)
    if not math.isfinite(largest):
        return ANYTHING
    size = max((span.size for span in spans if math.isfinite(span.size)), default=0.0)
    slack = FLOAT32_SLACK if function is Function.SOFTMAX_FLOAT32 else 2 * LINK_ULPS * EPSILON
    if function is Function.SOFTMAX_OF_LOGS:  # a logarithm was subtracted, and rounded like x
        slack += 4 * EPSILON * size
    exps = [Span(math.exp(s.low - largest), math.exp(s.high - largest)) for s in spans]
    return _shares(exps, slack=slack)


def _shares(spans: list[Span], *, slack: float) -> Enclosed:
    if any(span.low < 0 or not math.isfinite(span.high) for span in spans):
        return ANYTHING
    points = all(span.low == span.high for span in spans)
    if points and not slack:
        total = numpy_sum([span.low for span in spans])
        shares = [s.low / total if total else 1.0 / len(spans) for s in spans]
        return tuple(Span(share, share) for share in shares)
    rounding = slack + len(spans) * EPSILON
    found: list[Item] = []
    for place, span in enumerate(spans):
        others = [other for index, other in enumerate(spans) if index != place]
        most = math.fsum(other.high for other in others)
        least = math.fsum(other.low for other in others)
        low = span.low / (span.low + most) if span.low + most else 0.0
        high = span.high / (span.high + least) if span.high + least else 1.0
        found.append(Span(max(low * (1 - rounding) - 1e-322, 0.0), high * (1 + rounding) + 1e-322))
    return tuple(found)
