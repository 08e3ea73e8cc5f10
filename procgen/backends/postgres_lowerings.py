"""How PostgreSQL can score trees in SQL and PL/pgSQL, and the usual choice.

    expression   one inlined SQL expression: the fastest for many rows, planned by each query
    statements   PL/pgSQL that adds 20 trees a statement: prepared anew in each transaction
    loop         PL/pgSQL that loops over arrays of nodes: the fastest for a row
    adaptive     PL/pgSQL that calls a loop, and in a statement that goes on one of the others

A routine that cannot be made as it should be is made in the usual way.
"""

from __future__ import annotations

from procgen.backends.dialect import Dialect
from procgen.backends.lowering import Lowering
from procgen.backends.node_loops import has_loop
from procgen.backends.work import Work
from procgen.ir.trees import Ensemble
from procgen.ir.typing import Typing

LARGEST_EXPRESSION = 150_000
"""Tree nodes up to which one expression inside PL/pgSQL is faster than statements."""
WAITED = 1.5e-6
"""Seconds a tree node for which a statement stays with the loop. What scores many rows is planned
once a session, in 4 microseconds a node, and prepared in each transaction, in 0.2."""


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


def chosen(
    work: Work, among: tuple[Lowering, ...], dialect: Dialect, forced: Lowering | None
) -> Lowering:
    """What a routine is made of: what is forced, where it has that, or the usual."""
    return forced if forced in among else usual(work, among, dialect)


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


def patience(nodes: int) -> float:
    """Seconds after which a statement is worth the preparing of what scores many rows."""
    return max(5e-3, nodes * WAITED)
