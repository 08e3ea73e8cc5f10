"""A test pulled back to an input accepts the rows whose preprocessed value passes it."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from procgen.ir.domain import neighbours
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Case,
    Column,
    Comparison,
    Constant,
    Fill,
    Interval,
    Match,
    Membership,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.interpreter import evaluate, is_missing, passes
from procgen.ir.types import DType
from procgen.passes.preimage import preimage

FINITE = st.floats(allow_nan=False, allow_infinity=False)
ORDINARY = st.floats(-1e6, 1e6)
CONSTANTS = ORDINARY | FINITE
CATEGORIES = {
    DType.INT64: st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1),
    DType.BOOL: st.booleans(),
    DType.TEXT: st.text(max_size=3),
}
VALUES = {
    DType.FLOAT64: st.floats() | ORDINARY,
    DType.FLOAT32: st.floats(width=32) | st.floats(-1e6, 1e6, width=32),
    **CATEGORIES,
}


@st.composite
def chains(draw, dtype):
    """What a pipeline of one column computes: a number, or missing."""
    column = Column("x")
    expr = draw(starts(column, dtype))
    for _ in range(draw(st.integers(0, 4))):
        step = draw(st.sampled_from(["fill", "negate", *BinaryOp]))
        constant = draw(CONSTANTS)
        if step == "fill":
            expr = Fill(expr, number(constant))
        elif step == "negate":
            expr = Unary(UnaryOp.NEGATE, expr)
        elif step != BinaryOp.DIVIDE or constant:
            expr = Binary(step, expr, number(constant))
    return expr


def starts(column, dtype):
    if dtype in (DType.FLOAT64, DType.FLOAT32):
        return st.sampled_from([column, Unary(UnaryOp.TO_FLOAT64, column)])
    tables = st.builds(
        lambda cases, otherwise, missing: Match(
            column,
            tuple(Case(key, number(value)) for key, value in cases.items()),
            number(otherwise),
            Constant(missing, DType.FLOAT64),
        ),
        st.dictionaries(CATEGORIES[dtype], ORDINARY, max_size=4),
        ORDINARY,
        st.none() | ORDINARY,
    )
    return tables if dtype is DType.TEXT else tables | st.just(Unary(UnaryOp.TO_FLOAT64, column))


def answers(subject, test, row, *, missing):
    value = evaluate(subject, row, {})
    return missing if is_missing(value) else passes(test, value)


@given(st.data(), st.sampled_from(DType), st.sampled_from(Comparison), st.booleans())
def test_a_threshold_means_the_same_on_the_input(data, dtype, op, missing):
    expr = data.draw(chains(dtype))
    values = [None, *data.draw(st.lists(VALUES[dtype], min_size=1, max_size=6))]
    # A bound that some value meets exactly is where a wrong rounding shows.
    met = [v for v in (evaluate(expr, {"x": value}, {}) for value in values) if not is_missing(v)]
    test = Threshold(op, float(data.draw(st.sampled_from(met) if met else CONSTANTS)))
    found = preimage(expr, test, missing=missing, columns={"x": dtype})
    for value in [*values, *beside(found.test, dtype), *extremes(dtype)]:
        row = {"x": value}
        want = answers(expr, test, row, missing=missing)
        got = answers(found.subject, found.test, row, missing=found.missing ^ found.negated)
        assert (got is not found.negated) is want, (expr, test, found, value)


def beside(test, dtype):
    """The values around a test on the input itself."""
    match test:
        case Threshold(_, value, _) | Interval(value, _) if dtype is not DType.TEXT:
            if dtype in (DType.INT64, DType.FLOAT64):
                return [near for near in neighbours(value, dtype) if not is_missing(near)]
        case Membership(categories):
            return list(categories)
    return []


def extremes(dtype):
    match dtype:
        case DType.FLOAT64:
            largest = 1.7976931348623157e308
            return [0.0, -0.0, 5e-324, largest, -largest, math.inf, -math.inf, math.nan]
        case DType.INT64:
            return [0, -(2**63), 2**63 - 1, 2**53 + 1]
        case DType.BOOL:
            return [False, True]
        case _:
            return []
