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
class Total:
    """A variable of a procedural routine: where it starts, and what it becomes, step by step."""

    variable: str
    type: str
    start: str
    groups: tuple[str, ...]


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
