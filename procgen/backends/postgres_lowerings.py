"""How PostgreSQL can score trees in SQL and PL/pgSQL, what each way costs, and the usual choice.

    expression   one inlined SQL expression: the fastest for many rows, planned by each query
    statements   PL/pgSQL that adds 20 trees a statement: prepared anew in each transaction
    loop         PL/pgSQL that loops over arrays of nodes: the fastest for a row
    adaptive     PL/pgSQL that calls a loop, and in a statement that goes on one of the others

A routine that cannot be made as it should be is made in the usual way. The figures were measured
on PostgreSQL 15 and 18 with 30 columns of doubles and ensembles of 500 to 84,000 nodes; a model's
own may be twice or half of them.
"""

from __future__ import annotations

import enum

from procgen.backends.costs import Cost, Shape
from procgen.backends.dialect import Dialect
from procgen.backends.lowering import Lowering
from procgen.backends.node_loops import has_loop
from procgen.backends.postgres import POSTGRES
from procgen.backends.work import Work
from procgen.ir.program import Program
from procgen.ir.trees import Ensemble
from procgen.ir.typing import Typing

LARGEST_EXPRESSION = 40_000
"""Tree nodes up to which one expression inside PL/pgSQL is faster than statements."""
PLANNED = 4e-6
"""Seconds that PostgreSQL parses and plans a tree node of a nested CASE, once a session, and again
for each statement whose inputs are constants."""
PREPARED = 0.17e-6
"""Seconds in which a node that is planned becomes steps, in each transaction or statement."""


class Use(enum.StrEnum):
    """Who asks: a statement about one row, or one about many."""

    ROW = "row"
    BATCH = "batch"


ROWS = {Use.ROW: 1, Use.BATCH: 100_000}
"""Rows of the statement for which lowerings are compared."""


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
    return Cost(2 * _patience(_nodes(shape)), 1.5e-6 + many.row)


def _visited(shape: Shape) -> float:
    """Seconds of the tests that a row meets; large models leave the processor's cache."""
    return shape.visits * (13e-9 + 0.5e-12 * _nodes(shape))


def _nodes(shape: Shape) -> int:
    return shape.splits + shape.leaves


def possible(
    work: Work, typing: Typing, dialect: Dialect, *, needs_names: bool
) -> tuple[Lowering, ...]:
    """The lowerings of one routine.

    Args:
        work: what the routine computes itself.
        typing: of its Program.
        dialect: of which database; one without PL/pgSQL has expressions alone.
        needs_names: whether the text needs values that have a name.
    """
    if dialect.largest_inlined is None:
        return (Lowering.EXPRESSION,)
    found = [Lowering.STATEMENTS]
    if not (needs_names and dialect.let is None) and work.terms <= dialect.target.max_terms:
        found.insert(0, Lowering.EXPRESSION)
    ensembles = [typing.bindings[name] for name, _ in work.sums]
    if any(isinstance(one, Ensemble) and one.trees and has_loop(one) for one in ensembles):
        found += [Lowering.LOOP, Lowering.ADAPTIVE]
    return tuple(found)


def usual(work: Work, among: tuple[Lowering, ...], dialect: Dialect) -> Lowering:
    """What a routine is made of where nobody says otherwise.

    Up to `largest_inlined` nodes an expression: there neither planning it for each statement nor
    compiling it (`jit`) takes longer than a second, and a prepared statement keeps its plan.
    """
    largest = dialect.largest_inlined
    if Lowering.EXPRESSION in among and (largest is None or work.nodes <= largest):
        return Lowering.EXPRESSION
    return Lowering.ADAPTIVE if Lowering.ADAPTIVE in among else Lowering.STATEMENTS


def for_many(work: Work, among: tuple[Lowering, ...]) -> Lowering:
    """What an adaptive routine calls in a statement that goes on."""
    if Lowering.EXPRESSION in among and work.nodes <= LARGEST_EXPRESSION:
        return Lowering.EXPRESSION
    return Lowering.STATEMENTS


def patience(work: Work) -> float:
    """Seconds after which a statement is worth the planning of what scores many rows.

    Rows are scored by the loop until then: at worst a statement takes twice what it had to.
    """
    return _patience(work.nodes)


def _patience(nodes: int) -> float:
    return max(5e-3, nodes * PLANNED)
