"""What each way to write trees costs on PostgreSQL, of a statement about one row and about many.

The figures were measured on PostgreSQL 15 and 18 with 30 columns of doubles and ensembles of 500
to 84,000 nodes; a model's own may be twice or half of them.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from procgen.backends.costs import Cost, Shape
from procgen.backends.lowering import Lowering
from procgen.backends.postgres_lowerings import LARGEST_EXPRESSION, patience
from procgen.ir.program import Program

PLANNED = 4e-6
"""Seconds that PostgreSQL parses and plans a tree node of a nested CASE, once a session, and again
for each statement whose inputs are constants."""
PREPARED = 0.17e-6
"""Seconds in which a node that is planned becomes steps, in each transaction or statement."""


class Use(enum.StrEnum):
    """Who asks: a statement about one row, or one about many."""

    ROW = "row"
    BATCH = "batch"


def lowerings(program: Program, use: Use, among: Sequence[Lowering]) -> dict[Lowering, Cost]:
    """What each of some ways that a lowered Program has would cost for a use."""
    shape = Shape.of(program)
    costs: dict[Lowering, Cost] = {}
    for one in among:
        match one:
            case Lowering.EXPRESSION:
                costs[one] = expression_cost(shape, use)
            case Lowering.STATEMENTS:
                costs[one] = statements_cost(shape)
            case Lowering.LOOP:
                costs[one] = loop_cost(shape)
            case Lowering.ADAPTIVE:
                costs[one] = adaptive_cost(shape, use, costs)
            case _:
                raise TypeError(f"PostgreSQL has no {one}")
    return costs


def expression_cost(shape: Shape, use: Use) -> Cost:
    """One expression: planned by each statement, which takes longer of constants."""
    planned = {Use.ROW: PLANNED, Use.BATCH: PREPARED * 3}[use]
    return Cost(planned * _nodes(shape), 0.5e-6 + _visited(shape))


def statements_cost(shape: Shape) -> Cost:
    """The same tests, which read variables, behind the call of a function."""
    return Cost(PREPARED * _nodes(shape), 1.5e-6 + 1.15 * _visited(shape))


def loop_cost(shape: Shape) -> Cost:
    """Only what a row visits."""
    return Cost(0.0, 3e-6 + 0.2e-6 * shape.trees + 0.1e-6 * shape.visits)


def adaptive_cost(shape: Shape, use: Use, others: dict[Lowering, Cost]) -> Cost:
    """The loop and a call more; in a long statement its patience, then the faster of the others."""
    if use is Use.ROW:
        return Cost(1e-6, others[Lowering.LOOP].row)
    large = Lowering.EXPRESSION not in others or _nodes(shape) > LARGEST_EXPRESSION
    many = others[Lowering.STATEMENTS if large else Lowering.EXPRESSION]
    return Cost(2 * patience(_nodes(shape)), 1.5e-6 + many.row)


def _visited(shape: Shape) -> float:
    """Seconds of the tests that a row meets; large models leave the processor's cache."""
    return shape.visits * (13e-9 + 0.5e-12 * _nodes(shape))


def _nodes(shape: Shape) -> int:
    return shape.splits + shape.leaves
