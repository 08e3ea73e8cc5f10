"""PostgreSQL raises where a product of two numbers that are not zero rounds to zero.

`x * w` is guarded by a test of x against the smallest double whose product is not zero, computed
here; where x is a whole number or a difference from a mean, it cannot be that small and no test is
made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Comparison,
    Constant,
    Expr,
    Threshold,
    Unary,
    UnaryOp,
    number,
)
from procgen.ir.program import Program
from procgen.ir.search import last_passing
from procgen.ir.target import Target
from procgen.ir.types import DType
from procgen.ir.walk import rewrite_program
from procgen.passes.arithmetic import least_magnitude

LARGEST_LOST_SQUARE = 1.5717277847026285e-162
"""The largest double whose square is 0."""
LARGEST_LOST_SHARE = 1e-320
"""Of a share of a sum: a few of the smallest doubles."""


def trap_underflow(program: Program, target: Target) -> Program:
    """Give 0 where the target would raise an underflow."""
    if not target.traps_range_errors:
        return program
    columns = {field.name: field.dtype for field in program.inputs}

    def guard(expr: Expr) -> Expr:
        match expr:
            case Binary(
                BinaryOp.MULTIPLY | BinaryOp.DIVIDE, operand, Constant(float() as value, _)
            ):
                return _guarded(expr, operand, value, columns)
            case Binary(BinaryOp.MULTIPLY, left, right) if left == right:
                return _lost_below(expr, left, LARGEST_LOST_SQUARE)
            case Binary(BinaryOp.DIVIDE, operand, divisor) if not isinstance(divisor, Constant):
                return _lost_below(expr, operand, LARGEST_LOST_SHARE)
            case _:
                return expr

    return rewrite_program(program, guard)


def _guarded(expr: Binary, operand: Expr, constant: float, columns: dict[str, DType]) -> Expr:
    product = _operation(expr.op, constant)
    least = least_magnitude(_unguarded(operand), columns)
    if constant == 0 or product(least) != 0:
        return expr
    largest_lost = last_passing(lambda x: product(x) == 0 if x >= 0 else True, least)
    if largest_lost is None:
        return expr
    return _lost_below(expr, operand, largest_lost)


def _lost_below(expr: Binary, operand: Expr, largest_lost: float) -> Branch:
    test = Threshold(Comparison.LE, largest_lost, DType.FLOAT64)
    return Branch(Unary(UnaryOp.ABSOLUTE, operand), test, number(0.0), expr, expr)


def _operation(op: BinaryOp, constant: float) -> Callable[[float], float]:
    match op:
        case BinaryOp.MULTIPLY:
            return lambda x: x * abs(constant)
        case BinaryOp.DIVIDE:
            return lambda x: x / abs(constant)
        case BinaryOp.ADD | BinaryOp.SUBTRACT:
            raise ValueError(f"{op} does not underflow")
        case _:
            assert_never(op)


def _unguarded(expr: Expr) -> Expr:
    """An operand without the guard that this pass has put around it."""
    return expr.otherwise if isinstance(expr, Branch) else expr
