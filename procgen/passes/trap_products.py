"""Products and quotients of columns keep clear of the range in which PostgreSQL raises.

`x * y` raises where it overflows, and also where it rounds to zero; no test of the product itself
can be made first. So each of k factors is required to be 0 or from 1e-200 to 1e200 by their k-th
root, which leaves room for the weight and the sum around the product.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Call,
    Column,
    Constant,
    Expr,
    Fill,
    Interval,
    Membership,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.program import Program, Requirement
from procgen.ir.target import Target
from procgen.ir.types import DType
from procgen.ir.walk import children, columns_of, descend, expressions

REASON = "too large or too small for the database's arithmetic"
RANGE = 200.0
"""Decimal places that a product may have before and after the point."""


def trap_products(program: Program, target: Target) -> Program:
    """Require of each factor that no product of it leaves the range, where the target would raise.

    These requirements stand first: later ones may compute the product.
    """
    if not target.traps_range_errors:
        return program
    floats = {field.name for field in program.inputs if field.dtype.is_float}
    added = dict.fromkeys(
        demand
        for expr in expressions(program)
        for part in descend(expr)
        if _multiplies_columns(part)
        for demand in _demands(part, floats)
    )
    return replace(program, requirements=(*added, *program.requirements)) if added else program


def _multiplies_columns(expr: Expr) -> bool:
    match expr:
        case Binary(BinaryOp.MULTIPLY, left, right):
            return bool(columns_of(left) and columns_of(right))
        case Binary(BinaryOp.DIVIDE, _, right):
            return bool(columns_of(right))
        case _:
            return False


def _demands(product: Expr, floats: set[str]) -> Iterator[Requirement]:
    factors = list(_factors(product))
    # A pair at least: what stands beside the product must fit as well.
    most = 10.0 ** (RANGE / max(len(factors), 2))
    for factor, divides in factors:
        if not floats.isdisjoint(columns_of(factor)) or divides:
            yield from _in_range(factor, most, divides=divides)


def _factors(product: Expr) -> Iterator[tuple[Expr, bool]]:
    """Each factor, and whether it divides."""
    waiting = [(product, False)]
    while waiting:
        part, divides = waiting.pop()
        match part:
            case Binary(BinaryOp.DIVIDE, left, right):
                waiting += ((right, True), (left, divides))
            case Binary(BinaryOp.MULTIPLY, left, right):
                waiting += ((right, divides), (left, divides))
            case Constant():
                pass
            case Column() | Fill() | Unary() | Binary():
                yield part, divides
            case Branch() | Call():
                # A norm is made of what is divided by it, and a function of what it is called with.
                waiting.extend((child, False) for child in reversed(children(part)))
            case _:
                pass


def _in_range(factor: Expr, most: float, *, divides: bool) -> Iterator[Requirement]:
    yield Requirement(factor, Interval(-most, most), accepts_missing=True, reason=REASON)
    size = Unary(UnaryOp.ABSOLUTE, factor)
    nothing = Constant(None, DType.FLOAT64)
    at_zero = number(0.0 if divides else 1.0)
    subject = Branch(factor, Membership((0.0,)), at_zero, size, nothing)
    yield Requirement(subject, Interval(1.0 / most, most), accepts_missing=True, reason=REASON)
