"""How large and how small, but not zero, the value of an expression can be."""

from __future__ import annotations

import math
from typing import assert_never

from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Column,
    Constant,
    Expr,
    Fill,
    Match,
    Unary,
    UnaryOp,
)
from procgen.ir.types import DType

SMALLEST = 5e-324
SMALLEST_FLOAT32 = 2.0**-149


def least_magnitude(expr: Expr, columns: dict[str, DType]) -> float:
    """A positive number that the absolute value is never below, unless it is zero."""
    match expr:
        case Constant(float() as value, _):
            return abs(value) if value and not math.isnan(value) else math.inf
        case Column(name):
            return _least_of_type(columns[name])
        case Unary(op, operand):
            if op is UnaryOp.TO_FLOAT64 and isinstance(operand, Column):
                return _least_of_type(columns[operand.name])
            return least_magnitude(operand, columns)
        case Fill(operand, value):
            return min(least_magnitude(operand, columns), least_magnitude(value, columns))
        case Match(_, cases, otherwise, missing):
            results = (*(case.result for case in cases), otherwise, missing)
            return min(least_magnitude(result, columns) for result in results)
        case Binary(op, operand, Constant(float() as constant, _)):
            return _least_after(op, least_magnitude(operand, columns), constant)
        case _:
            return SMALLEST


def _least_of_type(dtype: DType) -> float:
    match dtype:
        case DType.INT64 | DType.BOOL:
            return 1.0
        case DType.FLOAT32:
            return SMALLEST_FLOAT32
        case _:
            return SMALLEST


def _least_after(op: BinaryOp, least: float, constant: float) -> float:
    match op:
        case BinaryOp.ADD | BinaryOp.SUBTRACT:
            # Near the constant the difference is a multiple of half its last bit (Sterbenz);
            # elsewhere it is at least half the constant.
            return math.ulp(constant) / 2 or SMALLEST if constant else least
        case BinaryOp.MULTIPLY:
            return max(least * abs(constant), SMALLEST) if constant else math.inf
        case BinaryOp.DIVIDE:
            return max(least / abs(constant), SMALLEST)
        case _:
            assert_never(op)
