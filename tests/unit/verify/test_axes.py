from __future__ import annotations

import math

import pytest

from procgen.ir.cuts import cut_at
from procgen.ir.expressions import Column, Comparison, Interval, Membership, Threshold
from procgen.ir.interpreter import passes, to_float32
from procgen.ir.types import DType
from procgen.verify.axes import Cutter, in_type

LE, LT = Comparison.LE, Comparison.LT
INF = math.inf


@pytest.mark.parametrize(
    ("op", "bound", "dtype", "last"),
    [
        (LE, 1.5, DType.FLOAT64, 1.5),
        (LT, 1.5, DType.FLOAT64, math.nextafter(1.5, -INF)),
        (LE, INF, DType.FLOAT64, INF),
        (LT, -INF, DType.FLOAT64, None),
        (LE, -INF, DType.FLOAT64, -INF),
        (LT, 0.0, DType.FLOAT64, -5e-324),
        (LE, 0.1, DType.FLOAT32, to_float32(0.1) - 2.0**-27),
        (LT, 1.0, DType.FLOAT32, 1 - 2.0**-24),
        (LE, 3.7, DType.INT64, 3),
        (LT, 3, DType.INT64, 2),
        (LE, 1e300, DType.INT64, 2**63 - 1),
        (LE, -1e300, DType.INT64, None),
        (LT, -INF, DType.INT64, None),
        (LE, 0.5, DType.BOOL, 0),
    ],
)
def test_the_last_value_that_passes(op, bound, dtype, last):
    assert cut_at(op, bound, dtype) == last


def cut(dtype, tests, *, demands=()):
    cutter = Cutter(Column("x"), dtype, may_be_missing=True)
    for test in tests:
        cutter.cut(test)
    cutter.demands += demands
    return cutter.axis()


def test_values_of_one_cell_take_the_same_way():
    tests = [Threshold(LE, 1.5), Threshold(LT, 1.5), Threshold(LE, -2.0), Membership((7.0,))]
    axis = cut(DType.FLOAT64, tests)
    values = [-INF, -2.0, -1.0, math.nextafter(1.5, 0), 1.5, 2.0, 7.0, 8.0, INF, -0.0]
    for value, bit in zip(values, axis.places(values).tolist(), strict=True):
        for test in tests:
            assert bool(axis.passing(test) >> bit & 1) is passes(test, value)


def test_a_missing_value_is_the_first_bit():
    axis = cut(DType.FLOAT64, [Threshold(LE, 1.5)])
    assert axis.places([None, math.nan, 1.0]).tolist() == [0, 0, 1]
    assert cut(DType.TEXT, [Membership(("a",))]).places([None, "a", "b"]).tolist() == [0, 1, 2]


def test_large_integers_are_told_apart():
    axis = cut(DType.INT64, [Threshold(LE, 2**53, DType.INT64)])
    assert axis.places([2**53, 2**53 + 1]).tolist() == [1, 2]


def test_a_category_that_the_type_cannot_hold_is_none():
    assert in_type(0.1, DType.FLOAT32) is None
    assert in_type(2.5, DType.INT64) is None
    assert in_type(2.0, DType.INT64) == 2
    assert in_type("a", DType.FLOAT64) is None


def test_a_cut_that_was_not_made_is_an_error():
    with pytest.raises(KeyError):
        cut(DType.FLOAT64, [Threshold(LE, 1.5)]).passing(Threshold(LE, 2.5))


def test_an_interval_cuts_below_its_lower_end():
    axis = cut(DType.FLOAT64, [Interval(0.0, 9.0)])
    assert axis.places([-5e-324, -0.0, 9.0, 9.1]).tolist() == [1, 2, 2, 3]
