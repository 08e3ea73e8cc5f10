"""What the routines of a version are made of, what else they could be made of, and the costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from procgen.backends import duckdb_lowerings, postgres_costs
from procgen.backends.costs import Cost
from procgen.backends.dialect import Dialect
from procgen.backends.duckdb_lowerings import Use
from procgen.backends.lowering import Lowering
from procgen.errors import LimitError
from procgen.ir.program import Program
from procgen.ir.walk import trees_of


@dataclass(frozen=True, slots=True)
class Choice:
    """One routine, and the ways in which its trees can be written.

    Attributes:
        routine: what stands behind the version's name; empty for the prediction itself.
        asked: by whom it is called.
        taken: the way that was taken.
        why: in a few words.
        costs: of every way that the model has.
    """

    routine: str
    asked: str
    taken: Lowering
    why: str
    costs: Mapping[Lowering, Cost]


def choices(
    program: Program, dialect: Dialect, forced: Lowering | None = None
) -> tuple[Choice, ...]:
    """The choices for a lowered Program; none for one without trees.

    Raises:
        LimitError: no routine of the model can be written in the way that is forced.
    """
    found = tuple(_OF_ENGINES[dialect.name](program, dialect, forced))
    possible = dict.fromkeys(one for choice in found for one in choice.costs)
    if forced is not None and forced not in possible:
        listed = ", ".join(possible) or "none: there are no trees"
        raise LimitError(
            f"the trees of this model cannot be written as {forced}", hint=f"possible: {listed}"
        )
    return found


def _of_duckdb(program: Program, _: Dialect, forced: Lowering | None) -> Iterator[Choice]:
    """The macros, which a query calls, and the table macro, which takes a whole relation."""
    for use, routine, asked in (
        (Use.ROUTINE, "", "a query"),
        (Use.ROWS, "_rows", "a whole relation"),
    ):
        costs = duckdb_lowerings.lowerings(program, use)
        taken = duckdb_lowerings.lowering_of(program, use, forced)
        if len(costs) > 1:
            rows = duckdb_lowerings.ROWS[use]
            why = f"the fastest for {rows:,} rows"
            if taken is forced:
                why = "asked for"
            elif taken is Lowering.EXPRESSION and _is_small(costs[taken], use):
                why = "planned at once, and may stand anywhere"
            yield Choice(routine, asked, taken, why, costs)


def _is_small(cost: Cost, use: Use) -> bool:
    return use is not Use.SELECT and cost.statement <= duckdb_lowerings.SMALL_PLANNING


def _of_postgres(program: Program, dialect: Dialect, forced: Lowering | None) -> Iterator[Choice]:
    """The routine that holds the trees; the others call it."""
    costs = postgres_costs.lowerings(program)
    if not costs:
        return
    nodes = sum(len(tree.nodes) for tree in trees_of(program))
    largest = dialect.largest_inlined or 0
    taken, why = Lowering.ADAPTIVE, "one row is ready at once, and many rows are scored faster"
    if forced in costs:
        taken, why = forced, "asked for"
    elif nodes <= largest and Lowering.EXPRESSION in costs:
        taken, why = Lowering.EXPRESSION, f"up to {largest:,} nodes planning takes no time"
    elif taken not in costs:
        taken, why = Lowering.STATEMENTS, "no other way holds these trees"
    yield Choice("_margin", "a query", taken, why, costs)


_OF_ENGINES = {"duckdb": _of_duckdb, "postgres": _of_postgres}
