"""Weighted sums in float32: one flat chain of guarded products, none of which can raise."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from procgen.backends.dialect import Dialect
from procgen.ir.expressions import Constant, Expr, Fill
from procgen.ir.float32 import HALF_OF_RANGE, HALF_OF_SMALLEST, weighted
from procgen.ir.search import last_passing
from procgen.ir.types import DType

ZERO = Constant(0.0, DType.FLOAT64)


def weighted_sum(
    dialect: Dialect,
    text: Callable[[Expr], str],
    ordered_sum: Callable[[list[str]], str],
    items: Sequence[Expr],
) -> str:
    """The start and every product, added in the database's own float32, as a double."""
    start, *pairs = items
    terms = [dialect.literal(_number(start), DType.FLOAT32)]
    for value, weight in zip(pairs[::2], pairs[1::2], strict=True):
        if _number(weight):  # any other product is a zero, which changes no sum
            terms.append(_product(dialect, text(_unfilled(value)), _number(weight)))
    return dialect.to_float[DType.FLOAT32].format(f"({ordered_sum(terms)})")


def _product(dialect: Dialect, value: str, weight: float) -> str:
    """The product, or 0 of what is missing and of what is so small that the product rounds to 0.

    A cast and a product in PostgreSQL raise where they round to zero, and a NULL or NaN is not
    between two numbers.
    """
    ends = (dialect.literal(end, DType.FLOAT64) for end in (_smallest(weight), HALF_OF_RANGE))
    factor, zero = (dialect.literal(number, DType.FLOAT32) for number in (weight, 0.0))
    product = f"CAST({value} AS {dialect.types[DType.FLOAT32]}) * {factor}"
    return f"CASE WHEN abs({value}) BETWEEN {' AND '.join(ends)} THEN {product} ELSE {zero} END"


def _smallest(weight: float) -> float:
    """The smallest double of which the product is not zero."""
    lost = last_passing(lambda x: x <= 0 or weighted(x, abs(weight)) == 0, HALF_OF_SMALLEST)
    return math.nextafter(lost or 0.0, math.inf)


def _unfilled(value: Expr) -> Expr:
    """A value without the 0 that stands for a missing one: the test in the product does that."""
    match value:
        case Fill(operand, filler) if filler == ZERO:
            return operand
        case _:
            return value


def _number(value: Expr) -> float:
    match value:
        case Constant(float() as found, _):
            return found
        case _:
            raise TypeError(f"{value} stands where a weighted sum in float32 has a number")
