"""What each way to write trees costs on PostgreSQL, of the routine that holds a model's trees.

The figures were measured on PostgreSQL 15, one core, without jit, 30 columns of doubles, with one
tree of 255 splits and ensembles of 1,400 to 66,000.
"""

from __future__ import annotations

import math

from procgen.backends.costs import Cost, Shape
from procgen.backends.lowering import Lowering
from procgen.backends.node_loops import has_loop
from procgen.backends.postgres import POSTGRES
from procgen.backends.postgres_lowerings import LARGEST_EXPRESSION
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble

CALL = 1e-6
"""Seconds that a row takes whatever the model: reading its columns, and writing a score."""


def lowerings(program: Program) -> dict[Lowering, Cost]:
    """Every way that a Program has; none where it has no trees."""
    shape = Shape.of(program)
    ensembles = [b.value for b in program.bindings if isinstance(b.value, Ensemble)]
    if not shape.splits:
        return {}
    costs = {Lowering.EXPRESSION: expression_cost(shape), Lowering.STATEMENTS: grouped_cost(shape)}
    if max(len(one.trees) for one in ensembles) >= POSTGRES.target.max_terms:
        del costs[Lowering.EXPRESSION]
    if any(one.trees and has_loop(one) for one in ensembles):
        costs[Lowering.LOOP] = loop_cost(shape)
        many = costs.get(Lowering.EXPRESSION, costs[Lowering.STATEMENTS])
        if shape.splits + shape.leaves > LARGEST_EXPRESSION:
            many = costs[Lowering.STATEMENTS]
        costs[Lowering.ADAPTIVE] = Cost(costs[Lowering.LOOP].statement, CALL + many.row)
    return costs


def expression_cost(shape: Shape) -> Cost:
    """Nested CASE, inlined: planned by each statement."""
    return Cost(1e-4 + 8e-6 * shape.splits, CALL + _visited(shape))


def grouped_cost(shape: Shape) -> Cost:
    """Nested CASE in PL/pgSQL: prepared anew in each transaction."""
    return Cost(1e-4 + 1.7e-7 * shape.splits, 3 * CALL + 1.2 * _visited(shape))


def loop_cost(shape: Shape) -> Cost:
    """Arrays of nodes: nothing is prepared but the loop, and each visited node is an expression."""
    return Cost(1e-4, 5 * CALL + 2.5e-7 * shape.trees * _levels(shape))


def _levels(shape: Shape) -> float:
    """Splits that a row meets in a tree, if its leaves are reached alike."""
    return math.log2(max(shape.leaves / shape.trees, 2))


def _visited(shape: Shape) -> float:
    """Seconds in nested CASE; large trees fall out of the processor's cache."""
    each = 3e-8 if shape.splits < 40 * shape.trees else 6e-8
    return each * shape.trees * _levels(shape)
