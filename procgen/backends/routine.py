"""One function or macro as values, before a template writes it."""

from __future__ import annotations

from dataclasses import dataclass

from procgen.ir.program import OutputName


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter: its quoted name and its type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class NodeLoop:
    """A loop over trees that are arrays (node_loops.py).

    Attributes:
        node: the variable that holds the place in the trees.
        numbers: the variable that holds the row as numbers.
        row: what `numbers` becomes, or None where an earlier loop has set it.
        roots: where each tree begins; this and what follows are constant arrays.
        sums: variables, each with the values of the leaves that are added to it.
    """

    node: str
    numbers: str
    row: str | None
    roots: str
    features: str
    thresholds: str
    lefts: str
    rights: str
    sums: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Total:
    """A variable of a procedural routine: where it starts, and what it becomes, step by step."""

    variable: str
    type: str
    start: str
    groups: tuple[str, ...] = ()
    loops: tuple[NodeLoop, ...] = ()


@dataclass(frozen=True, slots=True)
class Halves:
    """A routine that only calls: one for single rows, another in a statement that goes on.

    Attributes:
        patience: the age of a statement from which it is thought to score many rows.
        one: the call for a young statement.
        many: the call for an older one.
    """

    patience: str
    one: str
    many: str


@dataclass(frozen=True, slots=True)
class Routine:
    """One function or macro.

    Attributes:
        name: the name without its schema, not quoted.
        output: what it answers, or None for a named function.
        admission: conditions that hold for the rows that are scored; the others give NULL.
        totals: sums that are computed before `value`; a routine with totals is procedural.
        value: the result.
        cost: the planner's estimate, in units of one comparison.
        raises: whether it raises `value` as an error instead.
        in_python: whether the text is not SQL, and written elsewhere.
        halves: the two routines that it calls instead of computing `value`.
    """

    name: str
    output: OutputName | None
    parameters: tuple[Parameter, ...]
    returns: str
    value: str
    admission: tuple[str, ...] = ()
    totals: tuple[Total, ...] = ()
    cost: int = 100
    raises: bool = False
    in_python: bool = False
    halves: Halves | None = None
