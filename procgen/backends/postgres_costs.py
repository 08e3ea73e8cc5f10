"""What each way to write trees costs on PostgreSQL, of a statement about one row and about many.

The figures were measured on PostgreSQL 15 and 18 with 30 columns of doubles and ensembles of 500
to 84,000 nodes; a model's own may be twice or half of them.
"""

from __future__ import annotations

import enum

from procgen.backends.costs import Cost, Shape
from procgen.backends.lowering import Lowering
from procgen.backends.node_loops import has_loop
from procgen.backends.postgres import POSTGRES
from procgen.backends.postgres_lowerings import LARGEST_EXPRESSION, patience
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble

PLANNED = 4e-6
"""Seconds that PostgreSQL parses and plans a tree node of a nested CASE, once a session, and again
for each statement whose inputs are constants."""
PREPARED = 0.17e-6
"""Seconds in which a node that is planned becomes steps, in each transaction or statement."""


class Use(enum.StrEnum):
    """Who asks: a statement about one row, or one about many."""

    ROW = "row"
    BATCH = "batch"


def lowerings(program: Program, use: Use = Use.BATCH) -> dict[Lowering, Cost]:
    """Every way that a lowered Program can take for a use, and its cost."""
    values = [binding.value for binding in program.bindings]
    ensembles = [value for value in values if isinstance(value, Ensemble) and value.trees]
    shape = Shape.of_ensembles(ensembles, len(program.inputs))
    costs = {}
    if all(len(one.trees) < POSTGRES.target.max_terms for one in ensembles):
        costs[Lowering.EXPRESSION] = expression_cost(shape, use)
    if ensembles:
        costs[Lowering.STATEMENTS] = statements_cost(shape)
    if any(map(has_loop, ensembles)):
        costs[Lowering.LOOP] = loop_cost(shape)
        costs[Lowering.ADAPTIVE] = adaptive_cost(shape, use, costs)
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
