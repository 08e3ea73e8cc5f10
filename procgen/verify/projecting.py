"""Where a value computed from one column changes its mind: cuts of the column that say all.

Between the places where its own branches turn, such a value rises or falls throughout, so that a
test that ends on the side where it began did not turn in between; and where it did, halving finds
the last value before it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from procgen.ir.cuts import WHOLE
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Comparison,
    Constant,
    Element,
    Expr,
    Fill,
    Function,
    Match,
    Membership,
    Reference,
    Sum,
    Test,
    Threshold,
    Unary,
    UnaryOp,
    Vector,
)
from procgen.ir.interpreter import Value, evaluate, is_missing, passes
from procgen.ir.program import Program
from procgen.ir.search import last_passing
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType
from procgen.ir.walk import children, descend
from procgen.verify.axes import MISSING, Axis, Cutter, Number, largest, unseen

Way = bool | None
"""Whether a test holds; None where the value is missing."""


def column_of(expr: Expr) -> Column | None:
    """The one column that a value is computed from in a way that can be followed, if it is."""
    if not all(map(_is_followed, descend(expr))):
        return None
    columns = dict.fromkeys(part for part in descend(expr) if isinstance(part, Column))
    return next(iter(columns)) if len(columns) == 1 else None


def _is_followed(part: Expr) -> bool:
    match part:
        case Constant() | Column() | Unary() | Fill() | Branch() | Match():
            return True
        case Binary(_, left, right):
            return isinstance(left, Constant) or isinstance(right, Constant)
        case Call(_, argument):
            return not any(isinstance(inner, Call) for inner in descend(argument))
        case _:
            return False


SAFE = frozenset({Function.EXPIT, Function.EXPIT_EACH, Function.SOFTMAX, Function.NORMALIZE})
"""Functions that give a number for every finite one."""


def is_sum_of_trees(program: Program, expr: Expr) -> bool:
    """Whether a value is made of what trees add up to and so is never missing, nor NaN."""
    waiting = [expr]
    while waiting:
        part = waiting.pop()
        match part:
            case Reference(name):
                found = program.binding(name)
                if not isinstance(found, Ensemble):
                    waiting.append(found)
            case Constant(int() | float() as value, _) if math.isfinite(value):
                pass
            case Element() | Vector() | Sum():
                waiting.extend(children(part))
            case Call(function, argument) if function in SAFE:
                waiting.append(argument)
            case Binary(op, left, right) if op is not BinaryOp.DIVIDE:
                waiting += [left, right]
            case _:
                return False
    return True


def way_of(expr: Expr, test: Test, column: Column, value: Value) -> Way:
    """How a test on `expr` comes out where the column has this value."""
    found = evaluate(expr, {column.name: value}, {})  # type: ignore[dict-item] # no list is a column's
    return None if is_missing(found) else passes(test, found)


@dataclass(frozen=True, slots=True)
class Projection:
    """A test on a value that is computed from one column, as ranges or texts of the column."""

    expr: Expr
    test: Test
    column: Column
    dtype: DType
    ends: tuple[Number, ...]
    """The last numbers of the ranges in which the test comes out alike."""
    texts: tuple[str, ...]

    @classmethod
    def of(cls, expr: Expr, test: Test, axis: Axis | Cutter) -> Projection:
        """Find where the test turns on the column that the axis is."""
        column, dtype = axis.subject, axis.dtype
        if not isinstance(column, Column):
            raise TypeError("a value is projected on a column")
        if dtype is DType.TEXT:
            tests = [test for _, test in _inner_tests(expr)]
            members = [one.categories for one in tests if isinstance(one, Membership)]
            texts = dict.fromkeys(c for known in members for c in known if isinstance(c, str))
            return cls(expr, test, column, dtype, (), tuple(texts))
        return cls(expr, test, column, dtype, tuple(sorted(cuts(expr, test, column, dtype))), ())

    def cells(self, axis: Axis) -> tuple[int, int]:
        """The cells of the column in which the test holds, and those in which it has no value."""
        sets: dict[Way, int] = {True: 0, False: 0, None: 0}
        sets[self._way(None)] |= MISSING
        everything = (4 << (axis.count - 1)) - 2
        if self.dtype is DType.TEXT:
            named = 0
            for text in self.texts:
                cell = axis.passing(Membership((text,)))
                sets[self._way(text)] |= cell
                named |= cell
            sets[self._way(unseen(axis))] |= everything & ~named
            return sets[True], sets[None]
        below = 0
        for end in (*self.ends, largest(self.dtype)):
            up_to = axis.passing(Threshold(Comparison.LE, end))
            sets[self._way(end)] |= up_to & ~below
            below = up_to
        return sets[True], sets[None]

    def _way(self, value: Value) -> Way:
        known = bool(value) if self.dtype is DType.BOOL and value is not None else value
        return way_of(self.expr, self.test, self.column, known)


def cuts(expr: Expr, test: Test, column: Column, dtype: DType) -> set[Number]:
    """The last value of each range of a column of numbers in which the test comes out alike."""
    found: set[Number] = set()
    for inner, inner_test in [*_inner_tests(expr), (expr, test)]:
        for single in _single(inner_test):

            def way(value: Number, inner: Expr = inner, single: Test = single) -> Way:
                return way_of(inner, single, column, value)

            found |= _turns(way, found, dtype)
    return found


def _inner_tests(expr: Expr) -> Iterator[tuple[Expr, Test]]:
    """The tests inside a value, innermost first, and where it turns without one."""
    for part in reversed(list(descend(expr))):
        match part:
            case Branch(subject, test, _, _, _):
                yield subject, test
            case Match(subject, cases, _, _):
                yield subject, Membership(tuple(case.category for case in cases))
            case Unary(UnaryOp.ABSOLUTE, operand) | Call(_, operand):
                yield operand, Threshold(Comparison.LE, 0.0)
                yield operand, Threshold(Comparison.LT, 0.0)
            case _:
                pass


def _single(test: Test) -> Iterator[Test]:
    """Tests that each turn once on a rising value, and say together what `test` does."""
    if isinstance(test, Threshold):
        yield test
        return
    for category in test.categories:
        if isinstance(category, int | float):
            yield Threshold(Comparison.LT, category)
            yield Threshold(Comparison.LE, category)


def _turns(way: Callable[[Number], Way], known: set[Number], dtype: DType) -> set[Number]:
    low, high = WHOLE.get(dtype, (-math.inf, math.inf))
    found: set[Number] = set()
    start = low
    for end in [*sorted(known), high]:
        while start <= end and way(start) != way(end):
            last = _last_alike(way, start, end, dtype)
            found.add(last)
            start = _next(last, dtype)
        start = _next(end, dtype) if end != high else end
    return found


def _last_alike(way: Callable[[Number], Way], start: Number, end: Number, dtype: DType) -> Number:
    """The last value up to which the outcome is that of `start`."""
    first = way(start)
    if dtype in WHOLE:
        low, high = int(start), int(end)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if way(middle) == first else (low, middle)
        return low
    last = last_passing(lambda v: v < end and (v <= start or way(v) == first), float(start))
    return start if last is None else last + 0.0


def _next(value: Number, dtype: DType) -> Number:
    return int(value) + 1 if dtype in WHOLE else math.nextafter(value, math.inf)
