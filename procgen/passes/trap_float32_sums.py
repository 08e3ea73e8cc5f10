"""A row whose weighted sum may leave the range of float32 is refused in every database.

PostgreSQL raises there and DuckDB goes on with an infinity, but either raises where a number is
cast that is no float32. Each of n products may take its n-th share of half of the range, and the
other half is more than rounding n sums can add.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from procgen.ir.expressions import Call, Constant, Expr, Function, Interval, Vector
from procgen.ir.float32 import HALF_OF_RANGE
from procgen.ir.program import Program, Requirement
from procgen.ir.target import Target
from procgen.ir.walk import descend, expressions

REASON = "too large for a sum in float32"


def trap_float32_sums(program: Program, _: Target) -> Program:
    """Require that each number of each sum takes no more than its share of the range."""
    added = dict.fromkeys(
        demand
        for expr in expressions(program)
        for part in descend(expr)
        if isinstance(part, Call) and part.function is Function.WEIGHTED_SUM_FLOAT32
        for demand in _demands(part.argument)
    )
    return replace(program, requirements=(*program.requirements, *added)) if added else program


def _demands(argument: Expr) -> Iterator[Requirement]:
    match argument:
        case Vector((Constant(float() as start, _), *pairs)):
            share = (HALF_OF_RANGE - abs(start)) / max(len(pairs) // 2, 1)
        case _:
            raise TypeError("a weighted sum in float32 is a list that begins with a number")
    for value, weight in zip(pairs[::2], pairs[1::2], strict=True):
        match weight:
            case Constant(float() as factor, _) if factor:
                most = min(share / abs(factor), HALF_OF_RANGE)
                yield Requirement(value, Interval(-most, most), True, REASON)  # noqa: FBT003
            case _:
                pass
