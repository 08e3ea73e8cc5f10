"""How DuckDB can be given the trees of a model, what each way costs, and which one is taken.

    expression   one nested CASE a tree, in one expression
    nodes        the trees as lists of nodes in a table, walked level by level (walks.py)
    passes       nested CASE again, a few hundred splits a subquery that is kept (select.py)

All answer the same bits. The figures were measured on DuckDB 2.0, one thread, 30 columns of
doubles, with trees of 230 to 3,000 splits and ensembles of up to 42,000.
"""

from __future__ import annotations

import enum
from dataclasses import replace

from procgen.backends.costs import Cost, Shape
from procgen.backends.dialect import Dialect
from procgen.backends.lowering import Lowering
from procgen.backends.node_lists import has_lists
from procgen.backends.row_order import row_order
from procgen.backends.walks import Walk, walks_of
from procgen.errors import LimitError
from procgen.ir.program import Program
from procgen.ir.walk import ensembles_of


class Use(enum.StrEnum):
    """Who asks: the macros, the table macro, or a SELECT of its own."""

    ROUTINE = "routine"
    ROWS = "rows"
    SELECT = "select"


ROWS = {Use.ROUTINE: 3_000, Use.ROWS: 100_000, Use.SELECT: 100_000}
"""Rows of the statement for which a lowering is chosen; many rows belong to the table macro."""
LONGEST_PLANNING = 0.25
"""Seconds: what takes longer before the first row is taken only where there is nothing else."""
SMALL_PLANNING = 0.03
"""Seconds within which a model stays one plain expression, which may stand where a subquery may
not: in a generated column, in RETURNING, in a lambda."""


def lowerings(program: Program, use: Use = Use.ROUTINE) -> dict[Lowering, Cost]:
    """Every way that a Program can take for a use, and its cost."""
    ensembles = ensembles_of(program)
    inputs = len(program.inputs)
    whole = Shape.of_ensembles(ensembles.values(), inputs)
    costs = {Lowering.EXPRESSION: case_cost(whole, use)}
    listed = [one for one in ensembles.values() if has_lists(one)]
    if listed:
        others = [one for one in ensembles.values() if not has_lists(one)]
        walked = nodes_cost(Shape.of_ensembles(listed, inputs), use)
        rest = case_cost(Shape.of_ensembles(others, inputs), use)
        costs[Lowering.NODES] = Cost(walked.statement + rest.statement, walked.row + rest.row)
    if use is Use.ROWS and ensembles:
        costs[Lowering.PASSES] = _in_passes(program, whole)
    return costs


def _in_passes(program: Program, whole: Shape) -> Cost:
    """Passes over rows in the order of the model, which is looked for where they may be taken."""
    cost = passes_cost(whole)
    order = row_order(program) if cost.statement <= LONGEST_PLANNING else None
    return cost if order is None else replace(cost, row=cost.row - order.saving(whole.inputs))


def chosen(costs: dict[Lowering, Cost], use: Use) -> Lowering:
    """The way that a use takes of itself."""
    if use is not Use.SELECT and costs[Lowering.EXPRESSION].statement <= SMALL_PLANNING:
        return Lowering.EXPRESSION
    quick = [one for one in costs if costs[one].statement <= LONGEST_PLANNING]
    if use is Use.SELECT or not quick:
        quick = list(costs)
    return min(quick, key=lambda one: costs[one].of(ROWS[use]))


def lowering_of(program: Program, use: Use, forced: Lowering | None = None) -> Lowering:
    """The way that is taken: the one that is forced, where the use and the model have it.

    Raises:
        LimitError: the model cannot be written that way.
    """
    costs = lowerings(program, use)
    if forced is Lowering.NODES and forced not in costs:
        raise LimitError(
            "no trees of this model can be lists of nodes", hint=f"choose one of {', '.join(costs)}"
        )
    if forced in costs:
        return forced
    return chosen(costs, use)


def walked(
    program: Program, dialect: Dialect, use: Use, forced: Lowering | None = None
) -> dict[str, Walk]:
    """The ensembles that are walked, by their bindings; none where the engine plans CASE well."""
    if not dialect.walks or lowering_of(program, use, forced) is not Lowering.NODES:
        return {}
    named = ensembles_of(program)
    listed = (name for name, one in named.items() if has_lists(one))
    return walks_of(program, dialect, listed, repeated=use is Use.ROUTINE)


def case_cost(shape: Shape, use: Use) -> Cost:
    """Nested CASE: planning grows with the splits, and a row pays for those it does not reach.

    A table macro calls the margin's macro for each output, and a SELECT is parsed each time.
    """
    planning = {Use.ROUTINE: 50e-6, Use.ROWS: 100e-6, Use.SELECT: 85e-6}[use]
    row = 1e-7 + 10e-9 * shape.trees + 1.3e-9 * shape.splits
    return Cost(1e-3 + planning * shape.splits, row)


def nodes_cost(shape: Shape, use: Use) -> Cost:
    """A walk: planning grows with the levels, and every tree is walked as far as the deepest.

    A scalar subquery copies what it reads, and a SELECT has all of it in its text. A macro repeats
    the same levels, so that its planning does not grow with them.
    """
    read = {Use.ROUTINE: 1.3e-7, Use.ROWS: 1e-8, Use.SELECT: 4e-6}[use]
    planned = 1e-3 if use is Use.ROUTINE else 4e-4 * shape.deepest
    start, level = (3e-7, 17e-9) if use is Use.ROWS else (8e-7, 25e-9)
    nodes = shape.splits + shape.leaves
    return Cost(3e-3 + planned + read * nodes, start + level * shape.levels)


def passes_cost(shape: Shape) -> Cost:
    """CASE in passes: inputs are copied for each, and trees do not leave the processor's cache."""
    row = 4e-7 + 6e-9 * shape.trees + 0.56e-9 * shape.splits
    return Cost(5e-3 + 32e-6 * shape.splits, row)
