"""What the routines of a version are made of, what else they could be made of, and the costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from procgen.backends import duckdb_lowerings, postgres_costs, postgres_lowerings
from procgen.backends.costs import Cost
from procgen.backends.dialect import Dialect
from procgen.backends.kernel_costs import kernel_costs
from procgen.backends.lowering import NOT_EXACT, Lowering
from procgen.backends.sharing import shared_values
from procgen.backends.work import Work
from procgen.errors import LimitError
from procgen.ir.expressions import Reference
from procgen.ir.program import OutputName, Program
from procgen.ir.steps import as_steps
from procgen.ir.stumps import can_be_steps, in_any_order
from procgen.ir.typing import Typing
from procgen.ir.walk import trees_of

SIZES = (1, 1_000, 1_000_000)
"""Rows of a statement for which costs are told."""
Seconds = Mapping[int, float]
"""What a statement is estimated to take, by its rows."""

REASONS = {
    Lowering.EXPRESSION: "up to {:,} nodes it is planned at once",
    Lowering.ADAPTIVE: "one row is answered at once, and many rows fast",
    Lowering.STATEMENTS: "no loop can hold these trees",
}
"""Why PostgreSQL's routines are what they are, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One routine, and the ways in which its trees can be written.

    Attributes:
        routine: what stands behind the version's name; empty for the prediction itself.
        asked: by whom it is called.
        taken: the way that was taken; None where the language is another.
        why: in a few words.
        costs: of every way that the model has, for each of SIZES.
    """

    routine: str
    asked: str
    taken: str | None
    why: str
    costs: Mapping[str, Seconds]


def choices(
    program: Program, dialect: Dialect, forced: Lowering | None = None
) -> tuple[Choice, ...]:
    """The choices for a lowered Program; none for one without trees.

    Raises:
        LimitError: no routine of the model can be written in the way that is forced.
    """
    if forced is Lowering.STEPS:  # the Program is made of steps already
        return tuple(map(_as_asked, _found(program, dialect)))
    found = _found(program, dialect, forced)
    possible = dict.fromkeys(one for choice in found if choice.taken for one in choice.costs)
    if forced is not None and forced not in possible:
        listed = ", ".join(possible) or "none: there are no trees"
        raise LimitError(
            f"the trees of this model cannot be written as {forced}", hint=f"possible: {listed}"
        )
    if not can_be_steps(program):
        return found
    steps = _found(as_steps(in_any_order(program)), dialect)
    return tuple(map(_with_steps, found, steps))


def _found(
    program: Program, dialect: Dialect, forced: Lowering | None = None
) -> tuple[Choice, ...]:
    has_trees = any(len(tree.nodes) > 1 for tree in trees_of(program))
    return tuple(_OF_ENGINES[dialect.name](program, dialect, forced)) if has_trees else ()


def _as_asked(choice: Choice) -> Choice:
    """Steps, whatever they are written as; the kernel's are no choice."""
    if choice.taken is None:
        return choice
    costs: dict[str, Seconds] = {Lowering.STEPS: choice.costs[choice.taken]}
    return replace(choice, taken=Lowering.STEPS, why=f"asked for; {NOT_EXACT}", costs=costs)


def _with_steps(choice: Choice, steps: Choice) -> Choice:
    """With what the steps of the same model would cost, which only a user can ask for."""
    if steps.taken is None:
        return choice
    return replace(choice, costs={**choice.costs, Lowering.STEPS: steps.costs[steps.taken]})


def _of_duckdb(program: Program, _: Dialect, forced: Lowering | None) -> Iterator[Choice]:
    """The macros, which a query calls, and the table macro, which takes a whole relation."""
    uses = duckdb_lowerings.Use
    for use, routine, asked in ((uses.ROUTINE, "", "a query"), (uses.ROWS, "_rows", "a relation")):
        costs = duckdb_lowerings.lowerings(program, use)
        taken = duckdb_lowerings.lowering_of(program, use, forced)
        why = f"the fastest for {duckdb_lowerings.ROWS[use]:,} rows"
        if taken is forced:
            why = "asked for"
        elif costs[Lowering.EXPRESSION].statement <= duckdb_lowerings.SMALL_PLANNING:
            why = "planned at once, and may stand anywhere"
        yield Choice(routine, asked, taken, why, {one: _told(costs[one]) for one in costs})
    yield _by_the_kernel(program, "duckdb", "", "--language python")


def _by_the_kernel(program: Program, engine: str, routine: str, language: str) -> Choice:
    costs = kernel_costs(program, engine)
    return Choice(routine, language, None, "", {tier: _told(costs[tier]) for tier in costs})


def _told(cost: Cost) -> dict[int, float]:
    return {rows: cost.of(rows) for rows in SIZES}


def _from_one(one: Cost, many: Cost) -> dict[int, float]:
    """Of one row, and of many rows at least as much."""
    return {rows: max(one.of(1), many.of(rows) if rows > 1 else 0.0) for rows in SIZES}


def _of_postgres(program: Program, dialect: Dialect, forced: Lowering | None) -> Iterator[Choice]:
    """The routine that holds the trees; the others call it."""
    typing, margin = Typing.of(program), program.output(OutputName.MARGIN)
    root = (margin or program.outputs[0]).binding
    work = Work.of(typing, Reference(root), {})
    shared = shared_values(program, typing, root, {})
    among = postgres_lowerings.possible(work, typing, dialect, needs_names=bool(shared))
    taken = postgres_lowerings.chosen(work, among, dialect, forced)
    why = "asked for" if taken is forced else REASONS[taken].format(dialect.largest_inlined or 0)
    yield Choice("_margin", "a query", taken, why, _postgres_costs(program, among))
    yield _by_the_kernel(program, "postgres", "_batch", "--language plpython")


def _postgres_costs(program: Program, among: Sequence[Lowering]) -> dict[str, Seconds]:
    uses = postgres_costs.Use
    one, many = (postgres_costs.lowerings(program, use, among) for use in (uses.ROW, uses.BATCH))
    costs: dict[str, Seconds] = {own: _from_one(one[own], many[own]) for own in many}
    if Lowering.ADAPTIVE in costs:  # it is a loop until the statement has lasted a while
        loop, adaptive = costs[Lowering.LOOP], costs[Lowering.ADAPTIVE]
        costs[Lowering.ADAPTIVE] = {rows: min(adaptive[rows], loop[rows]) for rows in SIZES}
    return costs


_OF_ENGINES = {"duckdb": _of_duckdb, "postgres": _of_postgres}
