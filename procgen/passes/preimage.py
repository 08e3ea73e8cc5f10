"""Which values of an input pass a test on something computed from it: exact, by searching doubles.

Every operation here rounds a monotonic function, so `(x - mean) / scale <= t` is `x <= b` for one
double b, the largest that passes. It is found by trying the neighbours of the algebraic inverse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from procgen.ir.curves import Curve, curve
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Comparison,
    Constant,
    Expr,
    Fill,
    Match,
    Membership,
    Test,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.interpreter import is_missing, passes
from procgen.ir.search import around, last_passing
from procgen.ir.types import DType

SMALLEST_INT64, LARGEST_INT64 = -(2**63), 2**63 - 1
CLOSE = 16
"""Doubles on each side of a threshold at which a library's function is tried."""


@dataclass(frozen=True, slots=True)
class Preimage:
    """`subject` passes `test` (or fails it, where `negated`); a missing subject gives `missing`."""

    subject: Expr
    test: Test
    negated: bool
    missing: bool


def preimage(expr: Expr, test: Test, *, missing: bool, columns: dict[str, DType]) -> Preimage:
    """Move a test on `expr` as far towards the input column as it stays exact.

    Args:
        expr: what is tested; anything that is not a chain over one column stays the subject.
        test: a double or integer threshold, or a membership.
        missing: the outcome where `expr` is missing.
        columns: the types of the inputs.
    """
    found = Preimage(expr, test, negated=False, missing=missing)
    while True:
        inner = _step(found, columns)
        if inner is None:
            return found
        found = inner


def _step(found: Preimage, columns: dict[str, DType]) -> Preimage | None:
    match found.subject:
        case Fill(operand, value):
            return Preimage(operand, found.test, found.negated, _outcome(found, value))
        case Match():
            return _through_match(found, found.subject)
        case Unary(UnaryOp.TO_FLOAT64, Column(name) as column):
            return _through_cast(found, column, columns[name])
        case Unary(UnaryOp.NEGATE, operand):
            return _through_monotonic(found, operand, Monotonic(_negate, _negate, rising=False))
        case Binary(op, operand, Constant(float() as constant, _)):
            function = _monotonic(op, constant)
            return _through_monotonic(found, operand, function) if function else None
        case Binary() | Branch() | Call() as expr:
            found_curve = curve(expr)
            return through_curve(found, found_curve) if found_curve else None
        case _:
            return None


def _outcome(found: Preimage, value: Constant) -> bool:
    if is_missing(value.value):
        return found.missing
    return passes(found.test, value.value) is not found.negated


def _through_match(found: Preimage, table: Match) -> Preimage:
    otherwise = _outcome(found, table.otherwise)
    others = tuple(
        case.category for case in table.cases if _outcome(found, case.result) is not otherwise
    )
    missing = _outcome(found, table.missing)
    return Preimage(table.subject, Membership(others), negated=otherwise, missing=missing)


def _through_cast(found: Preimage, column: Column, dtype: DType) -> Preimage | None:
    match found.test, dtype:
        case _, DType.FLOAT32 | DType.FLOAT64:
            return Preimage(column, found.test, found.negated, found.missing)
        case test, DType.BOOL:
            members = tuple(value for value in (False, True) if passes(test, float(value)))
            return Preimage(column, Membership(members), found.negated, found.missing)
        case Threshold() as threshold, DType.INT64:
            return Preimage(column, _integers(threshold), found.negated, found.missing)
        case Membership(categories), DType.INT64 if all(map(_is_small_integer, categories)):
            integers = tuple(int(value) for value in categories)  # type: ignore[arg-type]
            return Preimage(column, Membership(integers), found.negated, found.missing)
        case _:
            return None


def _is_small_integer(value: object) -> bool:
    return isinstance(value, float) and value.is_integer() and abs(value) < 2**53


def _integers(threshold: Threshold) -> Test:
    """The integers whose nearest double passes."""
    low, high = SMALLEST_INT64 - 1, LARGEST_INT64
    while low < high:
        middle = (low + high + 1) // 2
        if passes(threshold, float(middle)):
            low = middle
        else:
            high = middle - 1
    if low < SMALLEST_INT64:
        return Membership(())
    return Threshold(Comparison.LE, low, DType.INT64)


@dataclass(frozen=True, slots=True)
class Monotonic:
    """A rounded monotonic function of a double, and roughly its inverse."""

    apply: Callable[[float], float]
    invert: Callable[[float], float]
    rising: bool


def _negate(value: float) -> float:
    return -value


def _monotonic(op: BinaryOp, constant: float) -> Monotonic | None:
    if not math.isfinite(constant):
        return None
    match op:
        case BinaryOp.ADD:
            return Monotonic(lambda x: x + constant, lambda y: y - constant, rising=True)
        case BinaryOp.SUBTRACT:
            return Monotonic(lambda x: x - constant, lambda y: y + constant, rising=True)
        case _ if constant == 0:
            return None
        case BinaryOp.MULTIPLY:
            return Monotonic(lambda x: x * constant, lambda y: y / constant, rising=constant > 0)
        case BinaryOp.DIVIDE:
            return Monotonic(lambda x: x / constant, lambda y: y * constant, rising=constant > 0)


def _through_monotonic(found: Preimage, operand: Expr, function: Monotonic) -> Preimage | None:
    if not isinstance(found.test, Threshold) or found.test.precision is not DType.FLOAT64:
        return None
    test, bound = found.test, float(found.test.value)
    if function.rising:
        edge = last_passing(lambda x: passes(test, function.apply(x)), function.invert(bound))
        below = Threshold(Comparison.LE, edge) if edge is not None else Membership(())
        return Preimage(operand, below, found.negated, found.missing)
    # A falling function passes from some point on: everything but what lies below that point.
    edge = last_passing(lambda x: not passes(test, function.apply(x)), function.invert(bound))
    below = Threshold(Comparison.LE, edge) if edge is not None else Membership(())
    return Preimage(operand, below, not found.negated, found.missing)


def through_curve(found: Preimage, shape: Curve) -> Preimage | None:
    """A test on a curve becomes a test on what is inside it.

    Where the curve has no value (a logarithm below 0) it is missing. If no single threshold can say
    that, the new subject is the value inside, itself missing there.
    """
    test, piece = found.test, shape.piece
    if not isinstance(test, Threshold) or test.precision is not DType.FLOAT64:
        return None

    def is_before(value: float) -> bool:
        if not piece.low <= value <= piece.high:
            return value < piece.low
        return passes(test, shape.at(value)) is (piece.sign > 0)

    edge = last_passing(is_before, 0.0)
    # The library's function is taken to be monotonic; where it is not quite, it is left alone.
    near = [] if edge is None or shape.wavers else around(edge, CLOSE)
    if edge is not None and any(is_before(value) is not (value <= edge) for value in near):
        return None
    ends = {math.inf} if edge is None else {edge, math.inf}
    limits = {math.nextafter(piece.low, -math.inf), piece.high} - {-math.inf}
    missing = _at(found, shape, None)
    single = _threshold(found, shape, sorted(ends | limits))
    if single is not None:
        return replace(single, missing=missing)
    within = {end for end in ends if piece.low <= end < piece.high} | {piece.high}
    inside = _threshold(found, shape, sorted(within))
    if inside is None or missing is not found.missing:
        return None
    return replace(inside, subject=_within(shape), missing=missing)


def _at(found: Preimage, shape: Curve, value: float | None) -> bool:
    result = shape.at(value)
    return found.missing if is_missing(result) else passes(found.test, result) is not found.negated


def _threshold(found: Preimage, shape: Curve, ends: list[float]) -> Preimage | None:
    """One test on what is inside, given the last doubles of the ranges with one outcome each."""
    outcomes = [_at(found, shape, end) for end in ends]
    changes = [place for place in range(1, len(ends)) if outcomes[place] is not outcomes[place - 1]]
    match changes:
        case []:
            return Preimage(shape.inner, Membership(()), outcomes[-1], found.missing)
        case [place]:
            below = Threshold(Comparison.LE, ends[place - 1])
            return Preimage(shape.inner, below, not outcomes[0], found.missing)
        case _:
            return None


def _within(shape: Curve) -> Expr:
    """The value inside a curve, missing where the curve has no value."""
    nothing = Constant(None, DType.FLOAT64)
    subject, piece = shape.inner, shape.piece
    if piece.high < math.inf:
        last = Threshold(Comparison.LE, piece.high)
        subject = Branch(shape.inner, last, subject, nothing, nothing)
    if piece.low > -math.inf:
        below = Threshold(Comparison.LT, piece.low)
        subject = Branch(shape.inner, below, nothing, subject, nothing)
    return subject
