"""Named functions over whole columns, with the bounds of the interpreter's."""

from __future__ import annotations

import statistics

import numpy as np


def power_of_two(x):
    """2 to the power of `x`."""
    return np.power(2.0, x)


def expit(x):
    """`1 / (1 + exp(-x))`."""
    return 1.0 / (1.0 + np.exp(-x))


def softplus(x):
    """`log(1 + exp(x))`."""
    return np.log1p(np.exp(x))


def as_float32(x):
    """Doubles rounded to float32, still doubles."""
    return x.astype(np.float32).astype(np.float64)


def exp_float32(x):
    """The float32 nearest to exp."""
    return as_float32(np.exp(x))


def expit_float32(x):
    """XGBoost's logistic: cut at 88.7, every step rounded to float32."""
    power = as_float32(np.exp(-np.minimum(np.maximum(x, -88.69999694824219), 100.0)))
    return as_float32(1.0 / as_float32(power + 1.0))


def normal_quantile(x):
    """The inverse of the normal distribution function, number by number."""
    distribution = statistics.NormalDist()
    ends = {0.0: -np.inf, 1.0: np.inf}

    def one(p):
        return distribution.inv_cdf(p) if 0.0 < p < 1.0 else ends.get(p, np.nan)

    return np.array([one(p) for p in x.tolist()], dtype=np.float64)


OF_NUMBERS = {
    "exp": np.exp,
    "expit": expit,
    "softplus": softplus,
    "exp_float32": exp_float32,
    "expit_float32": expit_float32,
    "sqrt": np.sqrt,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "expm1": np.expm1,
    "numpy_exp": np.exp,
    "normal_quantile": normal_quantile,
    "exp2": power_of_two,
}


def shares(items):
    """Each item over their sum, added in eight lanes as NumPy adds a row; equal if that is 0."""
    whole = len(items) - len(items) % 8
    lanes = [np.zeros_like(items[0]) for _ in range(8)]
    for place, item in enumerate(items[:whole]):
        lanes[place % 8] = lanes[place % 8] + item
    a, b, c, d, e, f, g, h = lanes
    total = ((a + b) + (c + d)) + ((e + f) + (g + h))
    for item in items[whole:]:
        total = total + item
    return [np.where(total == 0.0, 1.0 / len(items), item / total) for item in items]


def largest_of(items):
    """The largest item, as `max` of a list finds it: the first wins where nothing compares."""
    best = items[0]
    for item in items[1:]:
        best = np.where(item > best, item, best)
    return best


def softmax(items):
    """Shares of the powers, after the largest is subtracted."""
    largest = largest_of(items)
    return shares([np.exp(item - largest) for item in items])


def softmax_float32(items):
    """XGBoost's: float32 powers, added up as doubles, divided by the float32 sum."""
    largest = largest_of(items)
    powers = [exp_float32(as_float32(item - largest)) for item in items]
    total = np.zeros_like(items[0])
    for power in powers:
        total = total + power
    return [as_float32(power / as_float32(total)) for power in powers]


def argmax(items):
    """The place of the first largest item; NaN is larger than any number, as in NumPy."""
    best, place = items[0], np.zeros(len(items[0]), dtype=np.int64)
    for index, item in enumerate(items[1:], start=1):
        larger = (item > best) | ((item != item) & (best == best))  # noqa: PLR0124 - true of NaN
        best, place = np.where(larger, item, best), np.where(larger, index, place)
    return place


def weighted_median(items):
    """Of values followed by weights: the first in rising order that reaches half of the weight."""
    count = len(items) // 2
    values, weights = np.stack(items[:count], axis=1), np.stack(items[count:], axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    place = np.argmax(reached >= 0.5 * reached[:, -1:], axis=1)
    rows = np.arange(len(values))
    return values[rows, order[rows, place]]


def weighted_sum_float32(items):
    """A start, then numbers and their weights by turns; every step rounded to float32."""
    total = as_float32(items[0])
    for value, weight in zip(items[1::2], items[2::2], strict=True):
        total = as_float32(total + as_float32(as_float32(value) * weight))
    return total


def expit_each(items):
    """The logistic function of every item."""
    return [expit(item) for item in items]


OF_LISTS = {
    "expit_each": expit_each,
    "softmax": softmax,
    "softmax_of_logs": softmax,
    "softmax_float32": softmax_float32,
    "normalize": shares,
    "argmax": argmax,
    "weighted_median": weighted_median,
    "weighted_sum_float32": weighted_sum_float32,
}
