"""The ways to write the trees of a model; which of them an engine has, its own module says."""

from __future__ import annotations

import enum


class Lowering(enum.StrEnum):
    """What a routine that adds trees is made of.

    EXPRESSION: one expression, a nested CASE for each tree.
    NODES: DuckDB, the trees as lists of nodes in a table, walked level by level (walks.py).
    PASSES: DuckDB, nested CASE, a few hundred splits a subquery that is kept (passes.py).
    STATEMENTS: PL/pgSQL that adds 20 trees a statement, prepared anew in each transaction.
    LOOP: PL/pgSQL that loops over arrays of nodes, the fastest for a row (node_loops.py).
    ADAPTIVE: PL/pgSQL that calls a loop, and in a statement that goes on one of the others.
    STEPS: stumps as one step function a feature (ir/steps.py), written as one of the others. The
        only one that is not exact, and never taken by itself.
    """

    EXPRESSION = "expression"
    NODES = "nodes"
    PASSES = "passes"
    STATEMENTS = "statements"
    LOOP = "loop"
    ADAPTIVE = "adaptive"
    STEPS = "steps"


KNOWN: dict[str, tuple[Lowering, ...]] = {
    "duckdb": (Lowering.EXPRESSION, Lowering.NODES, Lowering.PASSES, Lowering.STEPS),
    "postgres": (
        Lowering.EXPRESSION,
        Lowering.STATEMENTS,
        Lowering.LOOP,
        Lowering.ADAPTIVE,
        Lowering.STEPS,
    ),
}
BOUNDED = "within the bound of a sum"
NOT_EXACT = f"not exact: {BOUNDED}"
"""What is said of STEPS wherever the others need no word."""
STEPS_NOTES = (
    "Not exact, as was asked for: each tree is the step function of a feature, whose leaves are",
    "added already, so that a score is within the bound of a sum of Python's, n eps sum|leaf|, and",
    "not equal to its last bit.",
)
"""The same at the head of a script."""
