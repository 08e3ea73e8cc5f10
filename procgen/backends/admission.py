"""Which rows are scored, in as few comparisons as prove it: thirty columns are thirty times two."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence

from procgen.backends import conditions
from procgen.backends.printer import Printer
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Column,
    Comparison,
    Constant,
    Expr,
    Interval,
    Reference,
    Sum,
    Threshold,
    Unary,
    UnaryOp,
)
from procgen.ir.program import Action, Requirement
from procgen.ir.trees import Ensemble
from procgen.ir.types import DType

FEWEST = 4
"""Columns from which one condition for all of them is shorter than one for each."""
MOST = 100
"""Arguments that PostgreSQL passes to a function."""
FINITE = Interval(-sys.float_info.max, sys.float_info.max)
ZERO = Constant(0.0, DType.FLOAT64)


def admission(printer: Printer, implied: frozenset[Requirement] = frozenset()) -> tuple[str, ...]:
    """Conditions that all hold for a row that is scored, and are not all true of any other.

    Args:
        printer: of the routine.
        implied: what need not be asked, because the value would be missing anyway.
    """
    asked = [one for one in printer.program.requirements if one not in implied]
    raising = [one for one in asked if one.action is Action.ERROR]
    kinds = (_ranges(printer, asked, accepts_missing=kind) for kind in (False, True))
    parts = [part for kind in kinds for part in kind]
    together = {one for part in parts for one in part}
    others = [one for one in asked if one not in together and one.action is not Action.ERROR]
    texts = [_acceptable(printer, one) for one in (*raising, *others)]
    texts += [_together(printer, part) for part in parts]
    return tuple(dict.fromkeys(text for text in texts if text != "true"))


def _ranges(
    printer: Printer, asked: Sequence[Requirement], *, accepts_missing: bool
) -> list[list[Requirement]]:
    """Requirements of one kind, in parts of which each is one condition."""
    ranges = [
        one for one in asked if _is_range(printer, one) and one.accepts_missing is accepts_missing
    ]
    if not printer.dialect.ranges or len(ranges) < FEWEST:
        return []
    return [ranges[first : first + MOST] for first in range(0, len(ranges), MOST)]


def admitted(
    printer: Printer, root: str, elsewhere: Mapping[str, str], value: str
) -> tuple[tuple[str, ...], str]:
    """The conditions of a routine, and its value, which may stand for some of them."""
    certain = implied(printer, root, elsewhere)
    if certain:
        value = (printer.dialect.finite or "{0}").format(value)
    return admission(printer, certain), value


def _acceptable(printer: Printer, requirement: Requirement) -> str:
    subject = printer.text(requirement.subject)
    dtype = printer.typing.item_type(requirement.subject)
    return conditions.admitting(printer.dialect, subject, dtype, requirement, printer.raiser)


def _is_range(printer: Printer, requirement: Requirement) -> bool:
    return (
        requirement.action is Action.REFUSE
        and isinstance(requirement.test, Interval)
        and isinstance(requirement.subject, Column)
        and printer.typing.item_type(requirement.subject) is DType.FLOAT64
    )


def _together(printer: Printer, ranges: Sequence[Requirement]) -> str:
    """The narrowest range for all; only a row outside of it is asked about each column's own."""
    tests = [one.test for one in ranges if isinstance(one.test, Interval)]
    bounds = max(test.low for test in tests), min(test.high for test in tests)
    low, high = (printer.dialect.literal(bound, DType.FLOAT64) for bound in bounds)
    names = ", ".join(printer.text(one.subject) for one in ranges)
    accepts_missing = ranges[0].accepts_missing
    quick = printer.dialect.ranges[accepts_missing].format(names, low, high)
    if not accepts_missing and all((test.low, test.high) == bounds for test in tests):
        return quick
    each = "\n    AND ".join(_acceptable(printer, one) for one in ranges)
    return f"({quick}\n    OR {each})"


def implied(printer: Printer, root: str, elsewhere: Mapping[str, str]) -> frozenset[Requirement]:
    """The requirements of finite columns that the binding `root` would not be finite without.

    It is made of sums and of products with constants alone. These pass on what is missing or not
    finite, and raise where finite numbers give an infinite one: the value is finite exactly where
    all its columns are.
    """
    if printer.dialect.finite is None:
        return frozenset()
    found = _passing_on(printer, Reference(root), elsewhere)
    requirements = frozenset(
        one
        for one in printer.program.requirements
        if _is_range(printer, one)
        and not one.accepts_missing
        and one.test == FINITE
        and isinstance(one.subject, Column)
        and one.subject.name in (found or ())
    )
    return requirements if len(requirements) >= FEWEST else frozenset()


def _passing_on(
    printer: Printer, root: Expr, elsewhere: Mapping[str, str]
) -> frozenset[str] | None:
    """The columns without which an expression is not finite; None if something else could be."""
    columns: set[str] = set()
    waiting = [root]
    while waiting:
        expr = waiting.pop()
        match expr:
            case Column(name) if printer.typing.item_type(expr) is DType.FLOAT64:
                columns.add(name)
            case Reference(name) if name not in elsewhere:
                bound = printer.program.binding(name)
                if isinstance(bound, Ensemble):
                    return None
                waiting.append(bound)
            case _:
                parts = _parts(expr)
                if parts is None:
                    return None
                waiting += parts
    return frozenset(columns)


def _parts(expr: Expr) -> Sequence[Expr] | None:
    """What a number is made of, if none of it can vanish in it and nothing else comes in."""
    match expr:
        case Constant(float() as number, _) if math.isfinite(number):
            return ()
        case Sum(terms):
            return terms
        case Binary(BinaryOp.ADD | BinaryOp.SUBTRACT, left, right):
            return left, right
        case Binary(BinaryOp.MULTIPLY | BinaryOp.DIVIDE, left, Constant(float() as factor, _)):
            return (left,) if factor and math.isfinite(factor) else None
        case Branch() if _is_guard(expr):
            return (expr.otherwise,)
        case _:
            return None


def _is_guard(branch: Branch) -> bool:
    """Whether it is a product that is 0 of a number so small that it would raise (passes)."""
    product = branch.otherwise
    return (
        isinstance(branch.subject, Unary)
        and branch.subject.op is UnaryOp.ABSOLUTE
        and isinstance(branch.test, Threshold)
        and branch.test.op is Comparison.LE
        and branch.then == ZERO
        and branch.missing == product
        and isinstance(product, Binary)
        and product.op is BinaryOp.MULTIPLY
        and product.left == branch.subject.operand
    )
