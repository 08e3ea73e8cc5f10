"""PostgreSQL raises where a product or a sum overflows; such rows are refused instead.

The bound is close to the largest double (over 1e306 for weights of 1 and 30 inputs), and one such
row would otherwise abort the whole statement. Engines with IEEE arithmetic need nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace

from procgen.errors import LimitError
from procgen.ir.expressions import Binary, Expr, Interval, Reference, Sum, Unary
from procgen.ir.program import Program, Requirement
from procgen.ir.target import Target
from procgen.ir.trees import Ensemble, Leaf
from procgen.ir.walk import children, descend, expressions

REASON = "too large for the database's arithmetic"
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
    added = dict.fromkeys(demand for expr in expressions(program) for demand in _demands(expr))
    return replace(program, requirements=(*program.requirements, *added))


def _demands(expr: Expr) -> Iterator[Requirement]:
    """Each operand of a sum may take its share of the range; any other operation half of it."""
    if any(isinstance(part, Reference) for part in descend(expr)):
        return
    shares: list[tuple[Expr, float]] = [(expr, sys.float_info.max / 2)]
    while shares:
        part, share = shares.pop()
        match part:
            case Sum(terms):
                shares += ((term, share / (len(terms) + 1)) for term in terms)
                continue
            case Binary() | Unary():
                yield Requirement(part, Interval(-share, share), True, REASON)  # noqa: FBT003
            case _:
                pass
        shares += ((child, sys.float_info.max / 2) for child in children(part))


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
    if not total <= sys.float_info.max or averaged_away:
        raise LimitError(
            f"the leaf values run from {tiny!r} to {max(values, default=0.0)!r}, and {target.name} "
            f"raises where their sum or mean leaves the range of doubles",
            hint="scale the target and train again",
        )
