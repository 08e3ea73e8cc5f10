from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from procgen.ir.expressions import Function
from procgen.ir.numpy_functions import NUMBER_FUNCTIONS, divide
from procgen.ir.search import around

UFUNCS = {
    Function.EXPM1: np.expm1,
    Function.LOG: np.log,
    Function.LOG10: np.log10,
    Function.LOG1P: np.log1p,
    Function.LOG2: np.log2,
    Function.NUMPY_EXP: np.exp,
    Function.SQRT: np.sqrt,
}
RANDOM = np.random.default_rng(0)
EDGES = [0.0, -0.0, 5e-324, -1.0, 1e-310, np.inf, -np.inf, np.nan, 709.8, -745.2]
VALUES = np.concatenate(
    [
        RANDOM.normal(size=700),
        10.0 ** RANDOM.uniform(-300, 300, 700),
        RANDOM.uniform(-1, 99, 700),
        EDGES,
    ]
)


def bits(values) -> list[bytes]:
    return [np.float64(value).tobytes() for value in np.where(np.isnan(values), np.nan, values)]


@pytest.mark.parametrize("function", UFUNCS)
def test_numpy_has_the_same_bits_for_numbers_alone_and_in_arrays(function) -> None:
    with np.errstate(all="ignore"):
        want = UFUNCS[function](VALUES)
        alone = np.array([NUMBER_FUNCTIONS[function](value) for value in VALUES.tolist()])
        assert bits(alone) == bits(want)
        for length in range(1, 17):
            parts = [VALUES[start : start + length] for start in range(0, 320, length)]
            got = np.concatenate([UFUNCS[function](part) for part in parts])
            assert bits(got) == bits(want[: len(got)])
        strided = np.asfortranarray(VALUES[:2100].reshape(-1, 3))[::2]
        assert bits(UFUNCS[function](strided).ravel()) == bits(
            want[:2100].reshape(-1, 3)[::2].ravel()
        )


@pytest.mark.parametrize("function", UFUNCS)
def test_functions_rise_from_each_double_to_the_next(function) -> None:
    assert all(map(rises_around(function), VALUES[:2100:7].tolist()))


def test_the_normal_quantile_wavers_by_two_units_in_the_last_place_at_most() -> None:
    values = np.random.default_rng(1).uniform(0, 1, 200).tolist()
    for value in (*values, math.exp(-2)):
        results = [NUMBER_FUNCTIONS[Function.NORMAL_QUANTILE](v) for v in around(value, 20)]
        falls = np.maximum.accumulate(results) - results
        assert (falls <= 2 * np.spacing(np.abs(results))).all()


def rises_around(function) -> Callable[[float], bool]:
    def rises(value: float) -> bool:
        results = [NUMBER_FUNCTIONS[function](near) for near in around(value, 20)]
        known = [result for result in results if not math.isnan(result)]
        return known == sorted(known)

    return rises


@pytest.mark.parametrize("left", [0.0, -0.0, 1.0, -2.5, math.inf, math.nan])
@pytest.mark.parametrize("right", [0.0, -0.0, 3.0, -math.inf, math.nan])
def test_division_is_that_of_ieee(left, right) -> None:
    with np.errstate(all="ignore"):
        want = float(np.divide(left, right))
    assert bits([divide(left, right)]) == bits([want])
