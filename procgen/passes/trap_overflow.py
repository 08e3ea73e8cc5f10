"""PostgreSQL raises where a product or a sum overflows; such rows are refused instead.

The bound is close to the largest double (over 1e306 for weights of 1 and 30 inputs), and one such
row would otherwise abort the whole statement. Engines with IEEE arithmetic need nothing.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import replace

from procgen.errors import LimitError
from procgen.ir.bounds import Bounds, has_references
from procgen.ir.expressions import (
    Binary,
    BinaryOp,
    Branch,
    Column,
    Constant,
    Element,
    Expr,
    Interval,
    Reference,
    Sum,
    Unary,
    UnaryOp,
    Vector,
)
from procgen.ir.float32 import LARGEST_FLOAT32
from procgen.ir.program import Program, Requirement
from procgen.ir.target import Target
from procgen.ir.trees import Ensemble, Leaf
from procgen.ir.types import DType
from procgen.ir.walk import children, columns_of, expressions

REASON = "too large for the database's arithmetic"
HALF = sys.float_info.max / 2
ROOT = math.sqrt(HALF)
LARGEST = {
    DType.FLOAT32: math.nextafter(LARGEST_FLOAT32, 0.0),  # a sum that rounds to inf raises as well
    DType.FLOAT64: sys.float_info.max,
}
SMALLEST_SAFE_LEAF = 1e-290


def trap_overflow(program: Program, target: Target) -> Program:
    """Require that no operation of a row overflows, where the target would raise.

    Raises:
        LimitError: the leaf values of an ensemble alone can leave the range of doubles.
    """
    if not target.traps_range_errors:
        return program
    for binding in program.bindings:
        if isinstance(binding.value, Ensemble):
            _check_leaves(binding.value, target)
    bounds = Bounds({binding.name: binding.value for binding in program.bindings})
    added = dict.fromkeys(
        demand for expr in expressions(program) for demand in _demands(expr, bounds)
    )
    return replace(program, requirements=(*program.requirements, *added))


def _demands(expr: Expr, bounds: Bounds) -> Iterator[Requirement]:
    """Each operand of a sum may take its share of the range; any other operation half of it.

    What is computed of one column has a requirement of its own. The share of anything else goes to
    its operands: a requirement that adds or multiplies them could overflow itself.
    """
    shares: list[tuple[Expr, float]] = [(expr, HALF)]
    while shares:
        part, share = shares.pop()
        alone = not has_references(part) and len(columns_of(part)) == 1
        match part:
            case Reference() | Element(Reference(), _):
                if bounds.of(part) > share:
                    shares += ((value, share) for value in _values(part, bounds))
            case Unary(UnaryOp.TO_FLOAT64, Column()) if share == HALF:
                pass  # a conversion overflows nothing, whatever its type can hold
            case Unary(UnaryOp.TRUNCATE, _):
                # The code of a category, which nothing adds up.
                shares += ((child, HALF) for child in children(part))
            case Column() if ROOT < share < HALF:
                # Of a column itself that is added to others; products have their own requirement.
                yield Requirement(part, Interval(-share, share), True, REASON)  # noqa: FBT003
            case Binary() | Unary() if alone:
                yield Requirement(part, Interval(-share, share), True, REASON)  # noqa: FBT003
                shares += ((child, HALF) for child in children(part))
            case _:
                shares += _distributed(part, share)


def _values(part: Reference | Element, bounds: Bounds) -> tuple[Expr, ...]:
    """What a name, or an item of the list of that name, stands for."""
    vector = part.vector if isinstance(part, Element) else part
    while isinstance(vector, Reference):
        value = bounds.bindings[vector.name]
        if isinstance(value, Ensemble):
            return ()
        vector = value
    if isinstance(part, Element) and isinstance(vector, Vector):
        return (vector.items[part.index],)
    return (vector,)


def _distributed(part: Expr, share: float) -> Iterator[tuple[Expr, float]]:
    """The operands, and how large each may be for the whole to stay within its share."""
    match part:
        case Sum(terms):
            yield from ((term, share / (len(terms) + 1)) for term in terms)
        case Binary(BinaryOp.ADD | BinaryOp.SUBTRACT, left, right):
            yield from ((operand, share / 3) for operand in (left, right))
        case Binary(BinaryOp.MULTIPLY, operand, Constant(float() as factor, _)) if factor:
            yield operand, min(share / max(abs(factor), sys.float_info.min), HALF)
        case Binary(BinaryOp.DIVIDE, operand, Constant(float() as divisor, _)):
            yield operand, min(share * min(abs(divisor), 1.0), HALF)
        case Binary(BinaryOp.MULTIPLY, left, right):
            yield from ((operand, math.sqrt(share)) for operand in (left, right))
        case Unary() | Vector() | Element():
            yield from ((child, share) for child in children(part))
        case Branch(subject, _, then, otherwise, missing):
            yield subject, HALF
            yield from ((side, share) for side in (then, otherwise, missing))
        case _:
            yield from ((child, HALF) for child in children(part))


def _check_leaves(ensemble: Ensemble, target: Target) -> None:
    values = [
        abs(value)
        for tree in ensemble.trees
        for node in tree.nodes
        if isinstance(node, Leaf)
        for value in node.values
    ]
    total = sum(abs(base) for base in ensemble.base_score) + len(ensemble.trees) * max(
        values, default=0.0
    )
    tiny = min((value for value in values if value), default=1.0)
    averaged_away = ensemble.divisor is not None and tiny < SMALLEST_SAFE_LEAF
    largest = LARGEST[ensemble.accumulate]
    if not total <= largest or averaged_away:
        raise LimitError(
            f"the leaf values run from {tiny!r} to {max(values, default=0.0)!r}, and {target.name} "
            f"raises where their sum or mean leaves the range of {ensemble.accumulate}",
            hint="scale the target and train again",
        )
