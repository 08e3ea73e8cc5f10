"""Which values of an input pass a test on something computed from it: exact, by searching doubles.

Every operation here rounds a monotonic function, so `(x - mean) / scale <= t` is `x <= b` for one
double b, the largest that passes. It is found by trying the neighbours of the algebraic inverse.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
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
from procgen.ir.types import DType

SMALLEST_INT64, LARGEST_INT64 = -(2**63), 2**63 - 1


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
    return bits if bits >= 0 else -(bits & LARGEST_INT64)


def _double(place: int) -> float:
    bits = place if place >= 0 else (-place) | (1 << 63)
    value: float = struct.unpack("<d", struct.pack("<Q", bits))[0]
    return value
